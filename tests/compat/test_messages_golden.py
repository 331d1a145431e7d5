"""Every recorded exchange of Spyne 2.14 is answered alike, or as the table of intended differences says."""

from __future__ import annotations

import json
import re
from collections import Counter
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import pytest
from tests.compat.golden_messages import ABORTED, GOLDEN, PROTOCOLS, Answer, FaultSeen, ask, meaning

PAGE = GOLDEN.parent.parent / "docs" / "why" / "differences-from-2.14.md"


class Difference(NamedTuple):
    """A reason, word for word as in the documentation, and our answers.

    answers: a pattern of module/case (+validator, when it is another than the file's own) to a text of the response, to the
    fault's class, one of `FAULTS`, or to `ABORTED`.
    """

    reason: str
    answers: dict[str, str]


FAULTS = ("Client", "Server", "MustUnderstand", "VersionMismatch")

DIFFERENCES = [
    # --- what is written ---
    Difference(
        "Numbers and durations are written as XSD has them, never as Python does: `100000` and not `1E+5`, `INF`, `NaN`, `1` for an Integer that is True, all digits of a second.",
        {
            "values_out/*_big_exponent": "100000",
            "values_out/*_small_decimal": "0.0000001",
            "values_out/*_micro": "PT1.000005S",
            "values_out/soap11_infinity": ">INF<",
            "values_out/xml_infinity": ">INF<",
            "values_out/soap11_not_a_number": ">NaN<",
            "values_out/xml_not_a_number": ">NaN<",
            "values_out/soap11_firsts": "integer>1<",
            "values_out/xml_firsts": "integer>1<",
            "values_out/soap11_get_integer": ":v>1</",
            "values_out/xml_get_integer": ":v>1</",
            "faults/soap11_detail_dict": "<d>true</d>",
            "faults/xml_detail_dict": "<d>true</d>",
        },
    ),
    Difference(
        "JSON has no infinity and no NaN (RFC 8259 §6): they are null.",
        {
            "values_out/json_infinity": "null",
            "values_out/json_not_a_number": "null",
            "values_out/json_wrapped_out_infinity": '"infinityResult":null',
            "values_out/json_wrapped_out_not_a_number": '"not_a_numberResult":null',
        },
    ),
    Difference(
        "In JSON, UTC is written `Z` and not `+00:00`.",
        {
            "values_out/json*_get_moment": '"2024-01-02T03:04:05Z"',
            "nested/json*_put_order": '"2024-01-02T03:04:05Z"',
        },
    ),
    Difference(
        "A result that is not of the declared type is written as that type where it has a text of it; otherwise the answer is a fault with status 500, and so it is when a generator fails before its first item; later the connection is aborted. There is no answer with status 200 and a fault, or an Envelope without a Body.",
        {
            "returns/json_integer_for_text": '"5"',
            "returns/json_list_out_integer_for_text": '"5"',
            "returns/json_wrapped_out_integer_for_text": '"integer_for_textResult":"5"',
            "returns/soap11_integer_for_text": "integer_for_textResult>5</",
            "returns/xml_integer_for_text": "integer_for_textResult>5</",
            "returns/*_text_for_integer": "Server",
            "returns/json_failing_generator": ABORTED,
            "returns/json_list_out_failing_generator": ABORTED,
            "returns/json_wrapped_out_failing_generator": "Server",
            "returns/soap11_failing_generator": ABORTED,
            "returns/xml_failing_generator": ABORTED,
        },
    ),
    Difference(
        "A generator without items is an empty array.",
        {
            "returns/json_empty_generator": "[]",
            "returns/json_list_out_empty_generator": "[]",
            "returns/json_wrapped_out_empty_generator": '"empty_generatorResult":[]',
            "returns/soap11_empty_generator": "empty_generatorResult/>",
            "returns/xml_empty_generator": "empty_generatorResult/>",
        },
    ),
    Difference(
        "When a function returns fewer results than it declares, the others are None, in JSON as in XML.",
        {
            "multiple_returns/json_too_few": '{"too_fewResult0":"a"}',
            "multiple_returns/json_wrapped_out_too_few": '{"too_fewResponse":{"too_fewResult0":"a"}}',
            "multiple_returns/json_list_out_too_few": '["a",null]',
        },
    ),
    Difference(
        "The response of a bare method without result is an empty element, not a nil one, which the published schema does not allow; in JSON it is `{}`, as for other methods.",
        {
            "bare/soap11_*_no_return*": "no_returnResponse/>",
            "bare/soap11_*_nothing*": "nothingResponse/>",
            "out_bare/soap11_nothing": "nothingResponse/>",
            "out_bare/json_nothing": "{}",
        },
    ),
    Difference(
        "The prefixes in xsi:type are declared.",
        {
            "inheritance/soap11_poly_zoo": 'xmlns:s0="services.inheritance"',
            "polymorphism/soap11_poly_all": 'xsi:type="s1:Square"',
        },
    ),
    Difference(
        "A member with both sub_name and sub_ns is found in requests.",
        {"sub_names/json_echo": '"Both":"b"', "sub_names/soap11_echo": ":Both>b</"},
    ),
    Difference(
        "Bare methods, XmlData and Boolean attributes work in JSON, ByteArray(encoding='hex') everywhere.",
        {
            "bare/json_model": '{"q":"x"}',
            "bare/json_text": '"x"',
            "xmldata/json_price": '{"value":"1.50","currency":"EUR"}',
            "xmldata/json_offer": '{"price":{"value":"1"},"labels":[{"text":"a"}]}',
            "attributes/json_boolean": '"ok":true',
            "binary/json_hex": '"00ff"',
            "binary/soap11_hex": "hexResult>00ff<",
        },
    ),
    Difference(
        "Faults tell people what they were made with: InvalidRequestError its text alone, InternalError `Internal Error`, and an XML element as detail is its text in JSON.",
        {
            "faults/*_builtin_request": "bad request",
            "faults/*_builtin_internal": "Internal Error",
            "faults/json*_detail_element": "<x>1</x></d>",
        },
    ),
    # --- what is read ---
    Difference(
        "Values are read in XSD's lexical forms only, which neither Python's nor others are: `1_0` is no integer, `1e5` and `NaN` no decimals, `yes` and `True` no booleans, `!!!` no base64. White space around a boolean does not matter.",
        {
            "facets/soap11_None_ge_7*": "Client",
            "facets/soap11_None_digits_3*": "Client",
            "facets/soap11_None_decimal_ge_2": "Client",
            "facets/soap11_None_boolean_[45]*": "Client",
            "facets/soap11_None_boolean_7*": "booleanResult>True<",
            "facets/*_None_bytes_1*": "Client",
        },
    ),
    Difference(
        "An element of a simple type with child elements is refused, not read as empty.",
        {"facets/soap11_None_integer_1*": "Client", "facets/soap11_None_unicode_1*": "Client"},
    ),
    Difference(
        "In JSON a value of another kind is refused, not handed through: a boolean or a fraction for an Integer, a text for an array or an object, an array for a Unicode.",
        {
            "facets/json_None_double_4*": "Client",
            "facets/json_None_ge_[34]": "Client",
            "facets/json_None_short_items_[25]*": "Client",
            "facets/json_None_twice_2*": "Client",
            "facets/json_None_unicode_[23]": "Client",
            "occurrences/json_None_*_text": "Client",
        },
    ),
    Difference(
        "In JSON a value of a near kind becomes one of the declared type: 1 is True for a Boolean and 1.0 for a Double; without validation a number or a boolean is its text for a Unicode; a Decimal may be a number.",
        {
            "facets/json_None_boolean_1*": '"True"',
            "facets/json_None_boolean_2*": '"False"',
            "facets/json_None_double_0*": '"1.0"',
            "facets/json_None_max_len_3": "\"'5'\"",
            "facets/json_None_unicode_0": "\"'5'\"",
            "facets/json_None_unicode_1": "\"'true'\"",
            "facets/json_None_digits_3*": "\"Decimal('1.5')\"",
            "facets/json_None_digits_4*": "\"Decimal('1')\"",
        },
    ),
    Difference(
        "In JSON null is None for every nullable type, under validation too, and for an array an empty one, as it was; a call with null has no arguments, members that are missing or unknown are no reason to fail.",
        {
            "facets/json_soft_date_3": '"None"',
            "facets/json_soft_moment_3": '"None"',
            "facets/json_soft_time_2": '"None"',
            "facets/json_None_twice_3*": '"None"',
            "occurrences/json_None_see_null": '"None"',
            "occurrences/json_None_see_null+soft": '"None"',
            "occurrences/json_None_see_nulls": "('a', None)",
            "occurrences/json_None_echo_nulls": '"b":null',
            "hello/json_broken_null_args": "[]",
            "hello/json_broken_empty_list_args": "[]",
            "hello/json_broken_unknown_arg": "[]",
        },
    ),
    Difference(
        "A call element that is nil has no arguments, and an element with xsi:nil=\"false\" is not nil.",
        {
            "facets/soap11_None_nil_call*": "unicodeResult>None<",
            "occurrences/soap11_None_echo_nil_false": ":a>x</",
            "occurrences/soap11_None_see_nil_false": "('a', 'x')",
        },
    ),
    Difference(
        "An empty element of a type that has no empty text is None where the type is not validated.",
        {"facets/soap11_None_letter_2": "letterResult>None<"},
    ),
    Difference(
        "Zones of dates and times are datetime.timezone objects, not pytz's; a Time keeps its zone; the repr of an Enum's member names its type.",
        {
            "facets/*_None_moment_0*": "datetime.timezone.utc",
            "facets/soap11_None_moment_1*": "datetime.timezone(datetime.timedelta(seconds=7200))",
            "facets/*_None_moment_ge_0*": "datetime.timezone.utc",
            "facets/soap11_None_moment_ge_1": "datetime.timezone.utc",
            "facets/soap11_None_time_3*": "datetime.time(1, 2, 3, tzinfo=datetime.timezone.utc)",
            "facets/*_None_letter_0*": "Letter.a",
        },
    ),
    Difference(
        "Sized integers take their whole range and nothing is counted in characters; without validation no range is checked. Doubles take INF and NaN.",
        {
            "facets/soap11_None_int8_2*": "int8Result>-128<",
            "facets/soap11_soft_int8_2": "int8Result>-128<",
            "facets/soap11_None_int8_3": "int8Result>-129<",
            "facets/soap11_soft_uint8_1": "uint8Result>255<",
            "facets/json_soft_uint8_0": '"255"',
            "facets/soap11_soft_double_2": "doubleResult>inf<",
            "facets/soap11_soft_double_3": "doubleResult>nan<",
        },
    ),
    Difference(
        "Soft validation also checks what it let pass though the schema forbids it: digits of decimals, the length of an empty text, attributes, and max_occurs in JSON.",
        {
            "facets/*_None_digits_1+soft": "Client",
            "facets/soap11_None_min_len_2+soft": "Client",
            "facets/json_None_twice_1+soft": "Client",
            "attributes/soap11_None_long_lang+soft": "Client",
            "attributes/soap11_None_no_required+soft": "Client",
        },
    ),
    Difference(
        "Soft validation takes what the schema allows: an empty text for one that is not nillable, the members of a choice that were not chosen, arrays in JSON with min_occurs above one.",
        {
            "facets/soap11_soft_solid_0": "solidResult>''<",
            "choices/soap11_soft_*_order": ":email>e</",
            "facets/json_soft_two_to_three_1": '"[1, 2]"',
            "occurrences/json_soft_echo_full": '"k":["k",null]',
            "occurrences/json_soft_see_full": "('k', ['k', None])",
        },
    ),
    Difference(
        "A Uuid may also come as 32 digits, or after `urn:uuid:`, under soft validation too.",
        {"facets/soap11_soft_uuid_2": "00000000-0000-0000-0000-00000000000a"},
    ),
    Difference(
        "An xsi:type that names an unrelated class is refused.",
        {"polymorphism/soap11_None_type_unrelated*": "Client"},
    ),
    # --- faults before a method is found ---
    Difference(
        "An unknown method is Client.ResourceNotFound whatever the validator.",
        {"facets/soap11_lxml_unknown_method": "Client.ResourceNotFound", "facets/soap11_lxml_wrong_namespace": "Client.ResourceNotFound"},
    ),
    # --- SOAP ---
    Difference(
        "A request with a header block that says mustUnderstand, and that the method does not declare, is a MustUnderstand fault; `must_understand=False` ignores it as before.",
        {"headers/soap11_*_unknown*": "MustUnderstand"},
    ),
    Difference(
        "An Envelope of a version of SOAP that is not served is a VersionMismatch fault.",
        {"hello/soap11_broken_soap12": "VersionMismatch"},
    ),
    Difference(
        "SOAP 1.2: faults of the client have HTTP status 400, Subcodes are qualified names in the target namespace, and there is no empty Role.",
        {
            "soap12/soap12_fail": ">tns:Some</",
            "soap12/soap12_unknown": ">tns:ResourceNotFound</",
        },
    ),
    Difference(
        "A document with a DOCTYPE is refused (SOAP 1.1 §3), whatever is in it.",
        {"hello/*_broken_entity": "Client"},
    ),
    Difference(
        "What is wrong with a malformed document is told in the parser's words, with the place.",
        {
            "hello/json_broken_cut": "the document is not well-formed JSON: it ends too early (byte",
            "hello/json_broken_empty": "the document is not well-formed JSON: it ends too early (byte 0)",
            "hello/json_broken_trailing": "trailing characters",
            "hello/*_broken_mismatch": "(line 1, column 8)",
            "hello/soap11_broken_cut": "(line 1, column 3)",
            "hello/xml_broken_cut": "(line 1, column 3)",
            "hello/xml_broken_empty": "(line 1, column 1)",
        },
    ),
]  # fmt: skip

# Texts that are ours: they name the place and the rule, where 2.14 showed the value alone.
OWN_WORDS = ("Client.ValidationError", "Client.SchemaValidationError")
PLACE_AND_RULE = re.compile(
    r"(line \d+: Element '\S+'[:,]|[\w.-]+([/[][\w.\]-]+)*: (the value '.*'|\w+)|the value '.*') .+"
).match


def exchanges():
    """Yield (key, module, exchange, validator) of each recorded exchange."""
    for file in sorted((GOLDEN / "messages").glob("*/*.json")):
        exchange = json.loads(file.read_text("utf-8"))
        for validator in (exchange["validator"], *exchange["also"]):
            suffix = "" if validator == exchange["validator"] else f"+{validator}"
            yield f"{file.parent.name}/{file.stem}{suffix}", file.parent.name, exchange, validator


EXCHANGES = list(exchanges())
PATTERNS = [(pattern, answer) for difference in DIFFERENCES for pattern, answer in difference.answers.items()]


def is_defect(exchange: dict[str, Any]) -> bool:
    """Whether 2.14 gave no answer: an exception out of the WSGI callable, or an Envelope without Body."""
    return "crash" in exchange or (exchange["protocol_out"] == "Soap11" and "Body" not in exchange["response"])


def result_of(exchange: dict[str, Any]) -> tuple[str, Any]:
    """2.14's status and the meaning of its response."""
    return exchange["status"], meaning(exchange["protocol_out"], exchange["response"])


def assert_fault(answer: Answer, protocol: str, faultcode: str) -> None:
    """The answer is a fault of this class, with the status that belongs to it."""
    seen = meaning(protocol, answer.text)
    assert isinstance(seen, FaultSeen)
    assert seen.code.startswith(faultcode)
    assert seen.text
    if protocol == "Soap11" or faultcode != "Client":
        assert answer.status == "500 Internal Server Error"
    else:
        assert answer.status.startswith("4")


def assert_same(exchange: dict[str, Any], answer: Answer) -> None:
    """Status, content type and meaning are those of 2.14; a validation fault has our words, which name what is wrong."""
    protocol = exchange["protocol_out"]
    theirs, ours = meaning(protocol, exchange["response"]), meaning(protocol, answer.text)
    assert (answer.status, answer.content_type) == (exchange["status"], exchange["response_content_type"])
    if isinstance(theirs, FaultSeen) and theirs.code in OWN_WORDS and ours != theirs:
        assert ours.code == theirs.code
        assert PLACE_AND_RULE(ours.text)
    else:
        assert ours == theirs


def cases():
    """The parameters of the test: each exchange, with its mark where it is open."""
    for key, *rest in EXCHANGES:
        yield pytest.param(key, *rest, id=key)


@pytest.mark.parametrize(("key", "module", "exchange", "validator"), list(cases()))
def test_message(key, module, exchange, validator):
    """The answer is 2.14's by meaning, or the one that the table says; where 2.14 gave none it is a fault of the client."""
    if exchange["protocol_in"] not in PROTOCOLS or exchange["protocol_out"] not in PROTOCOLS:
        pytest.skip(f"there is no {exchange['protocol_in']} yet")
    answer = ask(module, exchange, validator)
    protocol = exchange["protocol_out"]
    expected = [ours for pattern, ours in PATTERNS if fnmatchcase(key, pattern)]
    if not expected and is_defect(exchange):
        assert_fault(answer, protocol, "Client")
    elif not expected:
        assert_same(exchange, answer)
    else:
        (ours,) = expected
        if ours == ABORTED:
            assert answer.status == ABORTED
            return
        assert is_defect(exchange) or result_of(exchange) != (answer.status, meaning(protocol, answer.text))
        if ours in FAULTS:
            assert_fault(answer, protocol, ours)
        else:
            assert ours in unescaped(answer.text)


def unescaped(text: str) -> str:
    """The response without XML's character references."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_every_row_has_a_case():
    """Each pattern of the table is about a recorded exchange."""
    matched = Counter(pattern for pattern, _ in PATTERNS for key, *_ in EXCHANGES if fnmatchcase(key, pattern))
    assert [pattern for pattern, _ in PATTERNS if not matched[pattern]] == []


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: d.reason.partition(":")[0])
def test_differences_are_documented(difference):
    """Users can read each reason, word for word."""
    assert difference.reason in " ".join(PAGE.read_text("utf-8").split())
