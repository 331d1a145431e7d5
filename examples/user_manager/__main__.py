"""Serve the users, or with --once call the service over SOAP and JSON, print the answers and end."""

import argparse
import json
import threading
from importlib import import_module
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen
from wsgiref.simple_server import make_server

from examples.user_manager.app import open_database, user_application
from spyne.server.wsgi import WsgiApplication


def main():
    options = argparse.ArgumentParser(prog="python -m examples.user_manager", description=__doc__)
    options.add_argument("--database", help="an SQLAlchemy URL; otherwise the file users.db")
    options.add_argument("--models", choices=("table", "declarative"), default="table")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--once", action="store_true")
    given = options.parse_args()
    models = import_module(f"examples.user_manager.{given.models}_models")
    with TemporaryDirectory() as folder:
        file = f"{folder}/users.db" if given.once else "users.db"
        engine = open_database(given.database or f"sqlite:///{file}")
        application = WsgiApplication(user_application(engine, models.User))
        with make_server("127.0.0.1", 0 if given.once else given.port, application) as server:
            address = f"http://127.0.0.1:{server.server_port}/"
            print(f"{address}?wsdl")
            if given.once:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                call_soap(address)
                call_json(address)
                server.shutdown()
            else:
                server.serve_forever()
        engine.dispose()


def call_soap(address):
    """Make a user with zeep, which knows the service from its WSDL alone."""
    from zeep import Client

    with Client(f"{address}?wsdl") as client:
        permissions = {"Permission": [{"application": "library", "operation": "lend"}]}
        user = {"user_name": "lovelace", "full_name": "Ada", "email": "ada@example.com", "permissions": permissions}
        print("create_user over SOAP:", client.service.create_user(user))


def call_json(address):
    """List the users with the standard library alone."""
    request = Request(address, b'{"list_users": {}}', {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as response:
        print("list_users over JSON:", json.load(response))


if __name__ == "__main__":
    main()
