"""The models as Spyne's own: what travels is what is stored."""

from sqlalchemy import MetaData

from spyne import Array, Unicode, UnsignedInteger32
from spyne.model.complex import table
from spyne.model.table import TTableModel

TableModel = TTableModel(MetaData())


class Permission(TableModel):
    __tablename__ = "permission"

    id = UnsignedInteger32(pk=True)
    application = Unicode(30, nullable=False)
    operation = Unicode(30, nullable=False)


class User(TableModel):
    __tablename__ = "user"

    id = UnsignedInteger32(pk=True)
    user_name = Unicode(32, min_len=4, pattern="[a-z0-9.]+", unique=True, nullable=False)
    full_name = Unicode(64, nullable=False)
    email = Unicode(64, pattern="[^@ ]+@[^@ ]+", nullable=False)
    permissions = Array(Permission, store_as=table(right="user_id", lazy="selectin", cascade="all, delete-orphan"))
