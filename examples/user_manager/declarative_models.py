"""The same models as SQLAlchemy's declarative classes, which are types as they are."""

from typing import Annotated

from msgspec import Meta
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Permission(Base):
    __tablename__ = "permission"

    id: Mapped[int] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(String(30))
    operation: Mapped[str] = mapped_column(String(30))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), info={"spyne": None})


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[Annotated[str, Meta(min_length=4, pattern="^[a-z0-9.]+$")]] = mapped_column(
        String(32), unique=True
    )
    full_name: Mapped[str] = mapped_column(String(64))
    email: Mapped[Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$")]] = mapped_column(String(64))
    permissions: Mapped[list[Permission]] = relationship(lazy="selectin", cascade="all, delete-orphan")
