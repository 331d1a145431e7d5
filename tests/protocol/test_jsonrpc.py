"""JsonRpc: the specification's own examples, the mapping of faults, batches, notifications, and clients."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.protocol.dict_victims import check_response, send, strict_json

from spyne import (
    AnyDict,
    Application,
    ArgumentError,
    Array,
    ComplexModel,
    Fault,
    Integer,
    InvalidCredentialsError,
    NullServer,
    ResourceNotFoundError,
    Service,
    Unicode,
    ValidationError,
    rpc,
)
from spyne import Decimal as DecimalType
from spyne.auxproc.sync import SyncAuxProc
from spyne.client import ResponseError
from spyne.client.http import HttpClient
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication

TNS = "rpc"
SEEN = []


class Point(ComplexModel):
    __namespace__ = TNS
    x = Integer
    y = Integer


class OddFault(Fault):
    CODE = "Client.Odd"

    def __init__(self, what):
        super().__init__(self.CODE, f"{what} is odd", detail={"what": what})


class Rpc(Service):
    @rpc(Integer, Integer, _returns=Integer)
    def subtract(ctx, minuend, subtrahend):
        return minuend - subtrahend

    @rpc(Integer(max_occurs="unbounded"), _returns=Integer)
    def sum(ctx, numbers):
        return sum(numbers)

    @rpc(Integer, Integer, Integer, Integer, Integer)
    def update(ctx, a, b, c, d, e):
        SEEN.append(("update", a, b, c, d, e))

    @rpc()
    def foobar(ctx):
        SEEN.append(("foobar",))

    @rpc(_returns=(Unicode, Integer))
    def get_data(ctx):
        return "hello", 5

    @rpc(Unicode, Array(DecimalType), _returns=Array(DecimalType))
    def decimals(ctx, name, values):
        return values

    @rpc(Point, _returns=Point)
    def mirror(ctx, point):
        return Point(x=-point.x, y=-point.y)

    @rpc(Point, _body_style="bare", _returns=Point)
    def bare_point(ctx, point):
        return point

    @rpc(Unicode, _body_style="bare", _returns=Unicode)
    def bare_text(ctx, text):
        return text

    @rpc(Array(Integer), _body_style="bare", _returns=Array(Integer))
    def bare_numbers(ctx, numbers):
        return numbers

    @rpc(AnyDict, _returns=AnyDict)
    def free(ctx, it):
        return it

    @rpc(Unicode, _throws=OddFault)
    def fail(ctx, how):
        raise FAILURES[how]()

    @rpc(Unicode, _one_way=True)
    def tell(ctx, text):
        SEEN.append(("tell", text))


FAILURES = {
    "client": lambda: Fault("Client.Some", "text", "actor", {"a": [1, None]}),
    "server": lambda: Fault("Server.Some", "text"),
    "another": lambda: Fault("Elsewhere", "text"),
    "odd": lambda: OddFault("x"),
    "crash": lambda: ZeroDivisionError("secret"),
    "not found": lambda: ResourceNotFoundError("x"),
    "credentials": InvalidCredentialsError,
    "argument": lambda: ArgumentError("x"),
    "value": lambda: ValidationError("x"),
}


def application(validator="soft", limits=None, **options):
    """The service in JSON-RPC, both ways."""
    protocols = {"in_protocol": JsonRpc(validator=validator), "out_protocol": JsonRpc(**options)}
    return Application([Rpc], TNS, limits=limits, **protocols)


WEB = WsgiApplication(application())


def ask(body, web=WEB, **environ):
    """The status and the parsed answer, None where there is none."""
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    reply = send(web, "json-rpc", data, **environ)
    return reply.status, strict_json(reply.body) if reply.body else None


def error_of(answer):
    """Code and id of an error."""
    assert answer["error"]["message"]
    return answer["error"]["code"], answer["id"]


# --- the specification's examples (§7) ---

EXAMPLES = {
    "positional": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        {"jsonrpc": "2.0", "result": 19, "id": 1},
    ),
    "positional, the other way round": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
        {"jsonrpc": "2.0", "result": -19, "id": 2},
    ),
    "named": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        {"jsonrpc": "2.0", "result": 19, "id": 3},
    ),
    "named, the other way round": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        {"jsonrpc": "2.0", "result": 19, "id": 4},
    ),
    "a notification": ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    "a notification without params": ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    "no such method": ('{"jsonrpc": "2.0", "method": "foobaz", "id": "1"}', (-32601, "1")),
    "invalid JSON": ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', (-32700, None)),
    "an invalid request": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', (-32600, None)),
    "a batch of invalid JSON": (
        '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
        (-32700, None),
    ),
    "an empty array": ("[]", (-32600, None)),
    "an invalid batch": ("[1]", [(-32600, None)]),
    "an invalid batch of three": ("[1,2,3]", [(-32600, None)] * 3),
    "a batch": (
        """[
        {"jsonrpc": "2.0", "method": "sum", "params": [[1,2,4]], "id": "1"},
        {"jsonrpc": "2.0", "method": "update", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
        ]""",
        [
            {"jsonrpc": "2.0", "result": 7, "id": "1"},
            {"jsonrpc": "2.0", "result": 19, "id": "2"},
            (-32600, None),
            (-32601, "5"),
            {"jsonrpc": "2.0", "result": {"get_dataResult0": "hello", "get_dataResult1": 5}, "id": "9"},
        ],
    ),
    "a batch of notifications": (
        '[{"jsonrpc": "2.0", "method": "update", "params": [1,2]}, {"jsonrpc": "2.0", "method": "update", "params": [7]}]',
        None,
    ),
}


@pytest.mark.parametrize(("body", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_the_specification(body, expected):
    """Each request of §7 gets the answer that stands there; where there is none the status is 204."""
    status, answer = ask(body)
    assert status == (204 if expected is None else 200)
    if isinstance(expected, tuple):
        assert error_of(answer) == expected
    elif isinstance(expected, list):
        shown = [
            found if isinstance(wanted, dict) else error_of(found)
            for found, wanted in zip(answer, expected, strict=True)
        ]
        assert shown == expected
    else:
        assert answer == expected


def test_notifications_are_carried_out():
    """They run like other calls, alone and in a batch; what they raise is not told."""
    SEEN.clear()
    note = {"jsonrpc": "2.0", "method": "foobar"}
    failing = {"jsonrpc": "2.0", "method": "fail", "params": ["client"]}
    unknown, misfit = {"jsonrpc": "2.0", "method": "x"}, {"jsonrpc": "2.0", "method": "update", "params": ["x"]}
    for body in (note, [note, note], failing, unknown, misfit, [note, failing, unknown, misfit]):
        assert ask(body) == (204, None)
    assert SEEN == [("foobar",)] * 4


# --- requests ---

IDS = [
    "1",
    "-7",
    "0",
    '"a"',
    '""',
    '"\\u00e9\\n\\\\"',
    '"é"',
    "null",
    "1.5",
    "1e5",
    "-0.0",
    "1" * 40,
    '"%s"' % ("x" * 500),
    '"a,b"',
]


FORMS = {
    "usual": '{"jsonrpc":"2.0","method":"foobar","params":{},"id":%s}',
    "id first": '{"jsonrpc":"2.0","id":%s,"method":"foobar","params":{}}',
    "backwards": '{"id" : %s, "params":{}, "method":"foobar","jsonrpc":"2.0"}',
    "spaces": ' \n{"jsonrpc" :"2.0", "method": "foobar" ,"id"\t: %s } \r\n',
}


@pytest.mark.parametrize("given", IDS)
@pytest.mark.parametrize("form", FORMS)
def test_ids(given, form):
    """A string, a number or null comes back as it was, wherever it stands, in requests of any size."""
    for body in (FORMS[form] % given, " " * 3000 + FORMS[form] % given + " " * 3000):
        assert ask(body) == (200, {"jsonrpc": "2.0", "result": None, "id": json.loads(given)})


PARAMS = {
    "none": ("foobar", None),
    "an empty object": ("foobar", "{}"),
    "an empty array": ("foobar", "[]"),
    "null": ("foobar", "null"),
    "in order": ("mirror", '[{"x": 1, "y": 2}]'),
    "by name": ("mirror", '{"point": {"x": 1, "y": 2}}'),
    "objects in order": ("mirror", "[[1, 2]]"),
    "a bare object": ("bare_point", '{"x": -1, "y": -2}'),
    "a bare object in order": ("bare_point", "[-1, -2]"),
    "a bare text": ("bare_text", '["x"]'),
    "no bare text": ("bare_text", None),
    "bare numbers": ("bare_numbers", "[[1, 2]]"),
    "an unknown member": ("foobar", '{"x": [1, {"id": 5}]}'),
}
RESULTS = {"foobar": None, "mirror": {"x": -1, "y": -2}, "bare_point": {"x": -1, "y": -2}, "bare_numbers": [1, 2]}


@pytest.mark.parametrize(("method", "params"), PARAMS.values(), ids=PARAMS)
def test_params(method, params):
    """They are an object or an array; a bare value that is no object stands in an array."""
    members = "" if params is None else f', "params": {params}'
    expected = RESULTS.get(method, "x" if params else None)
    usual = '{"jsonrpc": "2.0", "method": "%s"%s, "id": 1}'
    for form in (usual, " " * 3000 + usual, '{"id": 1, "method": "%s"%s, "jsonrpc": "2.0"}'):
        assert ask(form % (method, members)) == (200, {"jsonrpc": "2.0", "result": expected, "id": 1})


TWICE = {
    "the id": ('{"jsonrpc":"2.0","method":"foobar","params":{},"id":1,"id":2}', (None, 2)),
    "the params": ('{"jsonrpc":"2.0","method":"bare_text","params":["a"],"params":["b"],"id":1}', ("b", 1)),
    "the version": ('{"jsonrpc":"2.0","method":"foobar","params":{},"jsonrpc":"2.0","id":1}', (None, 1)),
    "a wrong method first": ('{"jsonrpc":"2.0","method":1,"method":"foobar","id":1}', (None, 1)),
    "the same method": ('{"jsonrpc":"2.0","method":"foobar","params":{},"method":"foobar","id":1}', (None, 1)),
    "another method": ('{"jsonrpc":"2.0","method":"foobar","params":{},"method":"subtract","id":1}', -32600),
    "a wrong version last": ('{"jsonrpc":"2.0","method":"foobar","params":{},"jsonrpc":"1.0","id":1}', -32600),
}


@pytest.mark.parametrize(("body", "expected"), TWICE.values(), ids=TWICE)
def test_members_that_come_twice(body, expected):
    """The last one counts, or all are refused; a method is never called by the name of another."""
    for answer in (ask(body)[1], ask(" " * 3000 + body)[1]):
        if isinstance(expected, tuple):
            assert (answer.get("result"), answer["id"]) == expected
    _, answer = ask(" " * 3000 + body)
    if not isinstance(expected, tuple):
        assert answer["error"]["code"] == expected
    strict = WsgiApplication(
        Application([Rpc], TNS, in_protocol=JsonRpc(duplicate_keys="refuse"), out_protocol=JsonRpc())
    )
    assert error_of(ask(body, strict)[1]) == (-32700, None)


INVALID = {
    "no version": {"method": "foobar", "id": 1},
    "version 1": {"jsonrpc": "1.0", "method": "foobar", "id": 1},
    "a number as version": {"jsonrpc": 2.0, "method": "foobar", "id": 1},
    "no method": {"jsonrpc": "2.0", "id": 1},
    "a number as method": {"jsonrpc": "2.0", "method": 1, "id": 1},
    "a text as params": {"jsonrpc": "2.0", "method": "foobar", "params": "x", "id": 1},
    "a number as params": {"jsonrpc": "2.0", "method": "foobar", "params": 1, "id": 1},
    "false as params": {"jsonrpc": "2.0", "method": "foobar", "params": False, "id": 1},
}


@pytest.mark.parametrize("request_", INVALID.values(), ids=INVALID)
def test_invalid_requests(request_):
    """They are answered with their id where it can be read, alone and in a batch, even if they have none."""
    assert error_of(ask(request_)[1]) == (-32600, 1)
    assert [error_of(each) for each in ask([request_, request_])[1]] == [(-32600, 1)] * 2
    without = {name: value for name, value in request_.items() if name != "id"}
    assert error_of(ask(without)[1]) == (-32600, None)


@pytest.mark.parametrize("given", [{}, [], True, False], ids=str)
def test_ids_that_are_none(given):
    """They make the request invalid rather than a notification."""
    assert error_of(ask({"jsonrpc": "2.0", "method": "foobar", "params": {}, "id": given})[1]) == (-32600, None)


# --- errors ---

ERRORS = {
    "client": (-32000, "Client.Some"),
    "server": (-32001, "Server.Some"),
    "another": (-32001, "Elsewhere"),
    "odd": (-32000, "Client.Odd"),
    "crash": (-32603, "Server"),
    "not found": (-32000, "Client.ResourceNotFound"),
    "credentials": (-32000, "Client.InvalidCredentialsError"),
    "argument": (-32602, "Client.ArgumentError"),
    "value": (-32602, "Client.ValidationError"),
}


@pytest.mark.parametrize(("how", "expected"), ERRORS.items(), ids=ERRORS)
def test_the_codes_of_faults(how, expected):
    """Each kind of fault has its number, and its own code in data."""
    status, answer = ask({"jsonrpc": "2.0", "method": "fail", "params": [how], "id": 1})
    assert status == 200
    assert (answer["error"]["code"], answer["error"]["data"]["faultcode"]) == expected


def test_what_is_in_an_error():
    """The message is the fault's text; data has the rest of what there is."""
    _, answer = ask({"jsonrpc": "2.0", "method": "fail", "params": ["client"], "id": 1})
    data = {"faultcode": "Client.Some", "faultactor": "actor", "detail": {"a": [1, None]}}
    assert answer["error"] == {"code": -32000, "message": "text", "data": data}
    _, answer = ask({"jsonrpc": "2.0", "method": "fail", "params": ["crash"], "id": 1})
    assert answer["error"] == {"code": -32603, "message": "Internal Error", "data": {"faultcode": "Server"}}


def test_codes_of_ones_own():
    """The nearest fault code up the dotted path decides."""
    web = WsgiApplication(application(error_codes={"Client.Odd": 42, "Server.Some": 43, "Client.ValidationError": 44}))
    call = {"jsonrpc": "2.0", "method": "fail", "id": 1}
    found = {
        how: ask({**call, "params": [how]}, web)[1]["error"]["code"] for how in ("odd", "server", "client", "value")
    }
    assert found == {"odd": 42, "server": 43, "client": -32000, "value": 44}


@pytest.mark.parametrize("number", ["-32000", 1.5, True, None])
def test_codes_that_are_none(number):
    """A number of an error is an integer (§5.1)."""
    with pytest.raises(DeclarationError, match="error_codes"):
        JsonRpc(error_codes={"Client": number})


STATUS = {"client": 400, "server": 500, "crash": 500, "not found": 404, "credentials": 401}


@pytest.mark.parametrize(("how", "status"), STATUS.items(), ids=STATUS)
def test_http_errors(how, status):
    """On request, errors have the HTTP status that other protocols have."""
    web = WsgiApplication(application(http_errors=True))
    assert ask({"jsonrpc": "2.0", "method": "fail", "params": [how], "id": 1}, web)[0] == status


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_other_verbs(method):
    """Requests are sent by POST."""
    web = WsgiApplication(application())
    started = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/", "CONTENT_LENGTH": "0"}
    b"".join(web(environ, lambda status, headers: started.extend([status, dict(headers)])))
    assert (started[0][:3], started[1]["Allow"]) == ("405", "POST")


# --- batches ---


def test_the_limit_of_a_batch():
    """What reaches the limit is served, what passes it is refused as a whole."""
    call = {"jsonrpc": "2.0", "method": "foobar", "id": 1}
    for limit, web in ((100, WEB), (3, WsgiApplication(application(limits=Limits(calls=3))))):
        assert len(ask([call] * limit, web)[1]) == limit
        status, answer = ask([call] * (limit + 1), web)
        assert (status, *error_of(answer)) == (413, -32600, None)
        assert f"limit calls={limit}" in answer["error"]["message"]
    assert len(ask([call] * 101, WsgiApplication(application(limits=Limits(calls=None))))[1]) == 101


def test_a_batch_of_all_kinds():
    """Each part stands for itself: what fails in one leaves the others alone."""
    crash = {"jsonrpc": "2.0", "method": "fail", "params": ["crash"], "id": 1}
    fine = {"jsonrpc": "2.0", "method": "free", "params": [{"é": [1, {}]}], "id": "é"}
    status, answer = ask([crash, fine, {**crash, "params": [{}]}, fine])
    assert status == 200
    assert [check_response(each)[0] for each in answer] == ["Server", "", "Client.ValidationError", ""]
    assert answer[1] == {"jsonrpc": "2.0", "result": {"é": [1, {}]}, "id": "é"}


def test_a_batch_of_one():
    """It is answered by an array of one."""
    assert ask('[{"jsonrpc": "2.0", "method": "foobar", "id": 1}]')[1] == [{"jsonrpc": "2.0", "result": None, "id": 1}]


def test_auxiliary_methods_of_a_batch():
    """They run once for each part that names them."""
    seen = []

    class Main(Service):
        @rpc(Integer, _returns=Integer)
        def twice(ctx, n):
            return 2 * n

    class Beside(Service):
        __aux__ = SyncAuxProc()

        @rpc(Integer, _returns=Integer)
        def twice(ctx, n):
            seen.append(n)

    web = WsgiApplication(Application([Main, Beside], TNS, in_protocol=JsonRpc(), out_protocol=JsonRpc()))
    calls = [{"jsonrpc": "2.0", "method": "twice", "params": [n], "id": n} for n in (1, 2)]
    assert [each["result"] for each in ask(calls, web)[1]] == [2, 4]
    assert ask(calls[0], web)[1]["result"] == 2
    assert seen == [1, 2, 1]


# --- options ---


@pytest.mark.parametrize("version", [2, 2.0, "2", "2.0"])
def test_the_version(version):
    """2 is the only one, however it is written."""
    assert JsonRpc(version).mime_type == "application/json"
    assert JsonRpc(version=version).mime_type == "application/json"


@pytest.mark.parametrize("version", ["spyne", 1, "1.0", None])
def test_other_versions(version):
    """The flavour of Spyne 2 is refused, with the reason."""
    with pytest.raises(DeclarationError, match="speaks version 2 of JSON-RPC"):
        JsonRpc(version)


def test_the_options_of_json_documents():
    """Objects as lists, wrappers, and a charset in the Content-Type."""
    call = '{"jsonrpc": "2.0", "method": "mirror", "params": [[1, 2]], "id": "é"}'
    assert ask(call, WsgiApplication(application(complex_as=list)))[1]["result"] == [-1, -2]
    wrapped = ask(call, WsgiApplication(application(ignore_wrappers=False)))[1]["result"]
    assert wrapped == {"mirrorResponse": {"mirrorResult": {"Point": {"x": -1, "y": -2}}}}
    answer = ask(call.encode("latin-1"), CONTENT_TYPE="application/json; charset=latin-1")[1]
    assert answer["id"] == "é"


def test_another_protocol_answers():
    """The way in and the way out are independent; a JSON-RPC answer to another protocol has no id."""
    app = Application([Rpc], TNS, in_protocol=JsonDocument(), out_protocol=JsonRpc())
    assert ask({"subtract": [3, 1]}, WsgiApplication(app))[1] == {"jsonrpc": "2.0", "result": 2, "id": None}
    app = Application([Rpc], TNS, in_protocol=JsonRpc(), out_protocol=JsonDocument())
    body = json.dumps({"jsonrpc": "2.0", "method": "subtract", "params": [3, 1], "id": 5}).encode()
    assert send(WsgiApplication(app), "hybrid", body).body == b"2"


def test_the_document_of_the_request():
    """Listeners see the whole request and the whole response."""
    app = application()
    seen = []
    app.in_protocol.event_manager.add_listener("before_deserialize", lambda ctx: seen.append(ctx.in_document))
    app.event_manager.add_listener("method_return_document", lambda ctx: seen.append(ctx.out_document))
    call = {"jsonrpc": "2.0", "method": "subtract", "params": [3, 1], "id": 7}
    assert ask(call, WsgiApplication(app))[1]["result"] == 2
    assert seen == [call, {"jsonrpc": "2.0", "result": 2, "id": 7}]


# --- clients ---


@pytest.fixture(params=["http", "wire"])
def service(request, serve):
    """The service behind a real HTTP server, and the same in this process."""
    if request.param == "wire":
        return NullServer(application(), wire=True).service
    return HttpClient(serve(WsgiApplication(application())), application(), timeout=10).service


def test_a_client(service):
    """Arguments and results of every shape come through."""
    assert service.subtract(42, 23) == 19
    assert service.subtract(subtrahend=23, minuend=42) == 19
    assert tuple(service.get_data()) == ("hello", 5)
    assert service.foobar() is None
    assert service.decimals("é", [Decimal("1.50"), Decimal("1e-9")]) == [Decimal("1.50"), Decimal("0.000000001")]
    assert service.mirror(Point(x=1, y=2)).x == -1
    assert service.bare_point(Point(x=1, y=2)).y == 2
    assert service.bare_text("x") == "x"
    assert service.bare_numbers([1, 2]) == [1, 2]
    assert service.free({"a": [1, None]}) == {"a": [1, None]}


@pytest.mark.parametrize("how", ERRORS)
def test_faults_come_back(service, how):
    """Code, text, actor and detail of a fault are what was raised, in the class that the method declares."""
    with pytest.raises(Fault) as caught:
        service.fail(how)
    raised = FAILURES[how]()
    expected = raised if isinstance(raised, Fault) else Fault("Server", "Internal Error")
    found = caught.value
    assert (found.faultcode, found.faultstring, found.faultactor, found.detail) == (
        expected.faultcode,
        expected.faultstring,
        expected.faultactor,
        expected.detail,
    )
    assert isinstance(found, OddFault) == (how == "odd")


def test_one_way_methods_are_notifications(service):
    """Nothing comes back, and the method has run."""
    SEEN.clear()
    assert service.tell("x") is None
    assert SEEN == [("tell", "x")]


FOREIGN = {
    "a result": (b'{"jsonrpc": "2.0", "result": 5, "id": %s}', 5),
    "another id": (b'{"jsonrpc": "2.0", "result": 5, "id": "other"}', "the response is that of another request"),
    "no id": (b'{"jsonrpc": "2.0", "result": 5}', "the response is that of another request"),
    "no version": (b'{"result": 5, "id": %s}', "no response of JSON-RPC 2.0"),
    "an array": (b"[5]", "no response of JSON-RPC 2.0"),
    "nothing": (b"", "is not well-formed JSON"),
    "neither": (b'{"jsonrpc": "2.0", "id": %s}', "neither a result nor an error"),
    "another type": (b'{"jsonrpc": "2.0", "result": "x", "id": %s}', "is not an integer"),
    "an error": (b'{"jsonrpc": "2.0", "error": {"code": -32601, "message": "No"}, "id": %s}', ("Client.ResourceNotFound", None)),
    "an error without id": (b'{"jsonrpc": "2.0", "error": {"code": -32700, "message": "No"}, "id": null}', ("Client.JsonDecodeError", None)),
    "an error with data": (b'{"jsonrpc": "2.0", "error": {"code": -32602, "message": "No", "data": 1}, "id": %s}', ("Client.ValidationError", {"code": -32602, "data": 1})),
    "an error of its own": (b'{"jsonrpc": "2.0", "error": {"code": 42, "message": "No"}, "id": %s}', ("Server", {"code": 42, "data": None})),
    "an error that is none": (b'{"jsonrpc": "2.0", "error": "No", "id": %s}', ("Client.InvalidResponse", None)),
}  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), FOREIGN.values(), ids=FOREIGN)
def test_answers_of_other_servers(serve, template, expected):
    """Errors without our data become faults by their number; what is no answer to this request is said to be none."""

    def server(environ, start_response):
        request = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        assert request["jsonrpc"] == "2.0"
        body = template % json.dumps(request["id"]).encode() if b"%s" in template else template
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    service = HttpClient(serve(server), application(), timeout=10).service
    if isinstance(expected, int):
        assert service.subtract(1, 2) == expected
    elif isinstance(expected, str):
        with pytest.raises(ResponseError, match=expected):
            service.subtract(1, 2)
    else:
        with pytest.raises(Fault) as caught:
            service.subtract(1, 2)
        assert (caught.value.faultcode, caught.value.detail) == expected
