"""The user manager of the examples, driven by zeep and by JSON, on each database and with either kind of models."""

from __future__ import annotations

import threading
from importlib import import_module

import httpx
import pytest
import zeep
from tests.transport.test_asgi import serving

from examples.user_manager.app import open_database, user_application
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication

ADA = {"user_name": "lovelace", "full_name": "Ada", "email": "ada@example.com"}
LEND = {"application": "library", "operation": "lend"}
READ = {"application": "library", "operation": "read"}


@pytest.fixture(params=["table", "declarative"])
def application(request, engine):
    """The application on an empty database, opened by its URL."""
    models = import_module(f"examples.user_manager.{request.param}_models")
    own = open_database(engine.url.render_as_string(hide_password=False))
    yield user_application(own, models.User)
    own.dispose()


@pytest.fixture
def url(application, serve):
    """The address of the application under a WSGI server."""
    return serve(WsgiApplication(application))


class OverJson:
    """Calls by name; a fault is its code and text."""

    def __init__(self, url):
        self.url = url

    def __call__(self, name, **arguments):
        response = httpx.post(self.url, json={name: arguments}, timeout=20)
        if response.status_code != 200:
            fault = response.json()
            return fault["faultcode"], fault["faultstring"]
        return response.json() if response.content else None


class OverSoap:
    """The same by zeep, which wants arrays in their wrappers."""

    def __init__(self, url):
        self.client = zeep.Client(f"{url}/?wsdl")

    def __call__(self, name, **arguments):
        if "permissions" in arguments.get("user", {}):
            user = arguments["user"]
            arguments["user"] = {**user, "permissions": {"Permission": user["permissions"]}}
        try:
            return plain(zeep.helpers.serialize_object(self.client.service[name](**arguments), dict))
        except zeep.exceptions.Fault as fault:
            return fault.code.partition(":")[2], fault.message


def plain(value):
    """What zeep gives, in JSON's form."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Permission"]:
        return [plain(item) for item in value["Permission"]]
    return {name: plain(item) for name, item in value.items() if item is not None}


@pytest.fixture(params=[OverJson, OverSoap], ids=["json", "soap"])
def call(request, url):
    """A function that calls a method."""
    caller = request.param(url)
    yield caller
    if isinstance(caller, OverSoap):
        caller.client.transport.session.close()


def without_ids(user):
    """The user as it was sent."""
    permissions = [{name: item[name] for name in LEND} for item in user.get("permissions") or []]
    return {**{name: user[name] for name in ADA}, "permissions": permissions}


def test_life_of_a_user(call):
    """A user is created, read, changed, listed and deleted; what is not sent stays as it was."""
    number = call("create_user", user={**ADA, "permissions": [LEND, READ]})
    user = call("read_user", user_id=number)
    assert without_ids(user) == {**ADA, "permissions": [LEND, READ]}
    kept = [item for item in user["permissions"] if item["operation"] == "read"]
    changed = call("update_user", user={**user, "full_name": "Ada L.", "permissions": kept})
    assert without_ids(changed) == {**ADA, "full_name": "Ada L.", "permissions": [READ]}
    assert without_ids(call("update_user", user={**ADA, "id": number})) == {**ADA, "permissions": [READ]}
    other = call("create_user", user={**ADA, "user_name": "countess"})
    assert [item["id"] for item in call("list_users")] == [number, other]
    assert [item["id"] for item in call("list_users", after_id=number)] == [other]
    assert [item["id"] for item in call("list_users", limit=1)] == [number]
    assert not call("delete_user", user_id=number)
    assert [item["id"] for item in call("list_users")] == [other]
    code, _ = call("read_user", user_id=number)
    assert code == "Client.ResourceNotFound"


def test_names_are_taken_once(call):
    """Two users cannot have one name, and the fault says which member it is."""
    call("create_user", user=ADA)
    code, text = call("create_user", user=ADA)
    assert (code, text) == ("Client.ResourceAlreadyExists", "user_name: another one with this value exists already")
    assert len(call("list_users")) == 1


BAD = {
    "short": ({**ADA, "user_name": "ada"}, "user_name"),
    "long": ({**ADA, "user_name": "a" * 33}, "user_name"),
    "pattern": ({**ADA, "email": "nobody"}, "email"),
    "missing": ({"user_name": "lovelace", "email": "a@b"}, "full_name"),
    "member of a member": ({**ADA, "permissions": [{**LEND, "operation": "x" * 31}]}, "operation"),
}


@pytest.mark.parametrize(("user", "member"), BAD.values(), ids=BAD)
def test_bad_users_are_refused(url, user, member):
    """What the model forbids never reaches the database, over SOAP and over JSON."""
    code, text = OverJson(url)("create_user", user=user)
    assert (code, member in text) == ("Client.ValidationError", True)
    soap = OverSoap(url)
    if member == "full_name":
        soap.client.transport.session.close()
        return  # zeep refuses to send it
    with soap.client:
        code, text = soap("create_user", user=user)
    assert code.startswith("Client.")
    assert member in text
    assert OverJson(url)("list_users") == []


def test_both_protocols_see_one_another(url):
    """What is made over SOAP is read over JSON."""
    soap = OverSoap(url)
    with soap.client:
        number = soap("create_user", user={**ADA, "permissions": [READ]})
    assert without_ids(OverJson(url)("read_user", user_id=number)) == {**ADA, "permissions": [READ]}


def test_many_at_once(application):
    """Callers at the same time, under an ASGI server, make each user once."""
    with serving(AsgiApplication(application)) as url:
        found = []

        def create(name):
            found.append(OverJson(url)("create_user", user={**ADA, "user_name": name}))

        threads = [threading.Thread(target=create, args=(f"user{number % 4}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        users = OverJson(url)("list_users")
    assert sorted(user["user_name"] for user in users) == ["user0", "user1", "user2", "user3"]
    assert len([number for number in found if isinstance(number, int)]) == 4
    refused = {code for code, _ in (each for each in found if not isinstance(each, int))}
    assert refused <= {"Client.ResourceAlreadyExists", "Server.TryAgain"}
