"""The service and the application, for either kind of models."""

from sqlalchemy import create_engine, event, select

from spyne import Application, Integer, Iterable, ResourceNotFoundError, Service, UnsignedInteger32, rpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.store.relational import SessionPerCall, session_of


def user_service(User):  # noqa: N803 - a class
    """The service for one class of users."""

    def find(ctx, user_id):
        user = session_of(ctx).get(User, user_id)
        if user is None:
            raise ResourceNotFoundError(user_id)
        return user

    class UserManagerService(Service):
        @rpc(User, _returns=UnsignedInteger32)
        def create_user(ctx, user):
            session_of(ctx).add(user)
            session_of(ctx).flush()
            return user.id

        @rpc(UnsignedInteger32, _returns=User)
        def read_user(ctx, user_id):
            return find(ctx, user_id)

        @rpc(User, _returns=User)
        def update_user(ctx, user):
            find(ctx, user.id)
            return session_of(ctx).merge(user)  # members that were not sent stay as they are

        @rpc(UnsignedInteger32)
        def delete_user(ctx, user_id):
            session_of(ctx).delete(find(ctx, user_id))

        @rpc(Integer(ge=0), Integer(ge=1, le=1000, default=100), _returns=Iterable(User))
        def list_users(ctx, after_id, limit):
            query = select(User).where(User.id > (after_id or 0)).order_by(User.id).limit(limit)
            yield from session_of(ctx).scalars(query)

    return UserManagerService


def user_application(engine, User):  # noqa: N803
    """The application on a database; makes the tables that are missing."""
    User.__table__.metadata.create_all(engine)
    return Application(
        [user_service(User)],
        tns="spyne.examples.user_manager",
        in_protocol=[Soap11(validator="lxml"), JsonDocument(validator="soft")],
        middleware=[SessionPerCall(engine)],
    )


def open_database(url):
    """The engine; SQLite checks foreign keys where it is told to."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return engine
