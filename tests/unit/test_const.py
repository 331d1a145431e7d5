"""Names that `spyne.const` decides are those at the time of declaration and of building the application."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from spyne import Application, Array, ComplexModel, Integer, Mandatory, Service, Unicode, const, rpc

CHANGES = {
    "ARRAY_PREFIX": "Pre",
    "ARRAY_SUFFIX": "Suf",
    "TYPE_SUFFIX": "Typ",
    "MANDATORY_PREFIX": "MP",
    "MANDATORY_SUFFIX": "MS",
    "RESULT_SUFFIX": "Res",
    "RESPONSE_SUFFIX": "Resp",
    "REQUEST_SUFFIX": "Req",
}


@dataclass
class Row:
    n: list[int]


@pytest.fixture
def changed(monkeypatch):
    """All names changed, and back after the test."""
    for name, value in CHANGES.items():
        monkeypatch.setattr(const, name, value)


def declare():
    """An application with one of each generated name."""

    class A(ComplexModel):
        __namespace__ = "tns"

        u = Unicode(max_len=3)
        z = Array(Unicode(max_len=4))
        m = Mandatory(Unicode)

    class Names(Service):
        @rpc(A, Array(A), Array(Unicode), Mandatory(A), Mandatory(Array(A)), Mandatory(Array(Integer)), _returns=A)
        def get(ctx, a, b, c, d, e, f):
            return a

        @rpc(Unicode, _returns=[Unicode, Unicode])
        def two(ctx, a):
            return a, a

        @rpc(A, _returns=Unicode, _body_style="bare")
        def bare(ctx, a):
            return ""

        @rpc
        def rows(ctx, rows: list[Row]) -> None:
            pass

    return Application([Names], "tns")


def names_of(application):
    """The names of types, of request and response elements, and of results."""
    calls = application.interface.calls.values()
    types = {name for (_, name), node in application.interface.types.items() if not node.namespace.startswith("http:")}
    elements = {message.name for call in calls for message in (call.request, call.response)}
    results = {field.wire_name for call in calls if call.response.wrapped for field in call.response.field.type.fields}
    return types, elements, results


def test_names_by_default():
    """As they are, the names are those of existing contracts."""
    types, elements, results = names_of(declare())
    assert {"A_uType", "A_zType", "A_zTypeArray", "AArray", "stringArray", "RowArray", "integerArray"} <= types
    assert {"Mandatorystring", "MandatoryA", "MandatoryAArray", "MandatoryintegerArray"} <= types
    assert elements == {f"{name}{suffix}" for name in ("get", "two", "bare", "rows") for suffix in ("", "Response")}
    assert results == {"getResult", "twoResult0", "twoResult1"}


@pytest.mark.usefixtures("changed")
def test_changed_names():
    """A change shows in every name that is made after it."""
    types, elements, results = names_of(declare())
    assert {"A_uTyp", "A_zTyp", "PreA_zTypSuf", "PreASuf", "PrestringSuf", "PreRowSuf", "PreintegerSuf"} <= types
    assert {"MPstringMS", "MPAMS", "MPPreASufMS", "MPPreintegerSufMS"} <= types
    assert elements == {f"{name}{suffix}" for name in ("get", "two", "bare", "rows") for suffix in ("Req", "Resp")}
    assert results == {"getRes", "twoRes0", "twoRes1"}
