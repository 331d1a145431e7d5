"""The public API is what the snapshot says: a change to it is seen in review.

``python -m tests.test_public_api --write`` writes the snapshot anew.
"""

from __future__ import annotations

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

SNAPSHOT = Path(__file__).parent / "public_api.txt"
MODULES = [
    "spyne",
    "spyne.application",
    "spyne.auxproc",
    "spyne.auxproc.sync",
    "spyne.auxproc.thread",
    "spyne.client",
    "spyne.client.http",
    "spyne.client.msgpack",
    "spyne.client.queue",
    "spyne.const",
    "spyne.const.http",
    "spyne.const.xml",
    "spyne.context",
    "spyne.decorator",
    "spyne.descriptor",
    "spyne.error",
    "spyne.evmgr",
    "spyne.interface",
    "spyne.interface.documents",
    "spyne.interface.wsdl",
    "spyne.interface.xml_schema",
    "spyne.limits",
    "spyne.middleware",
    "spyne.model",
    "spyne.model.addtl",
    "spyne.model.binary",
    "spyne.model.complex",
    "spyne.model.enum",
    "spyne.model.fault",
    "spyne.model.primitive",
    "spyne.model.store_as",
    "spyne.model.table",
    "spyne.observability",
    "spyne.protocol",
    "spyne.protocol.csv",
    "spyne.protocol.dictdoc",
    "spyne.protocol.html",
    "spyne.protocol.http",
    "spyne.protocol.json",
    "spyne.protocol.msgpack",
    "spyne.protocol.soap",
    "spyne.protocol.xml",
    "spyne.protocol.yaml",
    "spyne.pytest_plugin",
    "spyne.queue",
    "spyne.queue.doctor",
    "spyne.schema",
    "spyne.server",
    "spyne.server.asgi",
    "spyne.server.http",
    "spyne.server.msgpack",
    "spyne.server.null",
    "spyne.server.queue",
    "spyne.server.wsgi",
    "spyne.service",
    "spyne.store.relational",
    "spyne.testing",
    "spyne.util.address",
    "spyne.util.dictdoc",
    "spyne.util.simple",
    "spyne.util.wsgi_wrapper",
    "spyne.util.xml",
]


def names_of(module):
    """Return the public names of a module: its `__all__`, or what it defines."""
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return sorted(declared)
    own = (
        name for name, value in vars(module).items() if getattr(value, "__module__", module.__name__) == module.__name__
    )
    return sorted(
        name for name in own if name[0] != "_" and not inspect.ismodule(getattr(module, name)) and name != "annotations"
    )


def signature_of(value):
    """Return the parameters of a function or constructor, without the addresses of default objects."""
    try:
        text = str(inspect.signature(value))
    except (TypeError, ValueError):
        return "(...)"
    return re.sub(r" at 0x[0-9a-f]+", "", re.sub(r"\b(typing|collections\.abc)\.", "", text))


def members_of(cls):
    """Yield a line for each public member that the class itself defines."""
    for name, raw in sorted(vars(cls).items()):
        value = raw.__func__ if isinstance(raw, staticmethod | classmethod) else raw
        if name[0] == "_":
            continue
        if inspect.isfunction(value):
            yield f"{name}{signature_of(value)}"
        elif isinstance(value, property):
            yield f"{name}: property"
        elif not inspect.isclass(value):
            yield name


def describe(name, value):
    """Yield the lines of one public name."""
    if inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        yield f"class {name}({bases})"
        if value.__init__ is not object.__init__ and "__init__" in vars(value):
            yield f"    __init__{signature_of(value.__init__)}"
        yield from (f"    {line}" for line in members_of(value))
    elif inspect.isfunction(value):
        yield f"{name}{signature_of(value)}"
    else:
        yield f"{name}: {type(value).__name__}"


def snapshot():
    """Return the public API as text: each name in full where it is defined, and where else it can be imported from."""
    lines, seen = [], {}
    for module_name in sorted(MODULES, key=lambda name: (-name.count("."), name)):
        module = import_module(module_name)
        lines += ["", f"[{module_name}]"]
        for name in names_of(module):
            value = getattr(module, name)
            home = seen.setdefault(id(value), f"{module_name}.{name}") if callable(value) else f"{module_name}.{name}"
            lines += [f"{name} = {home}"] if home != f"{module_name}.{name}" else describe(name, value)
    return "\n".join(lines[1:]) + "\n"


def test_the_public_api_is_the_snapshot():
    """Names, signatures and members are those of the snapshot; write it anew after an intended change."""
    assert snapshot() == SNAPSHOT.read_text("utf-8"), "python -m tests.test_public_api --write"


def test_what_was_documented_is_there():
    """The documented top-level names that exist so far can be imported from the package."""
    documented = """
        Application Service ServiceBase rpc srpc mrpc MethodContext MethodDescriptor EventManager Interface
        InterfaceDocuments InterfaceDocumentsBase LogicError __version__ M D NATIVE_MAP Fault ClientBase
        RemoteProcedureBase RemoteService ServerBase NullServer DEFAULT_LANGUAGE AuxMethodContext TransportContext
        ProtocolContext EventContext Address BODY_STYLE_WRAPPED BODY_STYLE_BARE BODY_STYLE_OUT_BARE BODY_STYLE_EMPTY
        BODY_STYLE_EMPTY_OUT_BARE Unicode String AnyUri ImageUri Uuid MimeType MediaType Ltree NormalizedString Token
        Name NCName ID QName NMToken Language Decimal Double Float Integer UnsignedInteger NonNegativeInteger Integer8
        Integer16 Integer32 Integer64 Byte Short Int Long UnsignedInteger8 UnsignedByte UnsignedShort UnsignedInt
        UnsignedLong Boolean Date Time DateTime Duration MacAddress IpAddress Ipv4Address Ipv6Address Point Line Polygon
        MultiPoint MultiLine MultiPolygon AnyXml AnyHtml AnyDict Any ByteArray File Enum Null Mandatory ComplexModel
        ComplexModelBase Array Iterable SelfReference XmlAttribute XmlData Ignored InvalidCredentialsError
        ResourceNotFoundError RespawnError RequestNotAllowed RequestTooLongError ArgumentError InvalidInputError
        InvalidRequestError MissingFieldError ValidationError ResourceAlreadyExistsError InternalError Redirect
        MethodAlreadyExistsError
    """.split()  # noqa: SIM905 - a table is read better so
    package = import_module("spyne")
    assert [name for name in documented if not hasattr(package, name)] == []
    assert [name for name in documented if name not in package.__all__ and name != "__version__"] == []


def test_importing_the_package_is_cheap():
    """``import spyne`` loads no XML, no HTTP and no event loop; those who need them import them."""
    import subprocess

    program = "import sys; import spyne; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"lxml", "http", "urllib", "asyncio", "email", "ssl", "socket", "dataclasses", "concurrent", "httpx"}
    assert heavy & set(done.stdout.split()) == set()


if __name__ == "__main__":
    assert sys.argv[1:] == ["--write"], __doc__
    SNAPSHOT.write_text(snapshot(), "utf-8")
