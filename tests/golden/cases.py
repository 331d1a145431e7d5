"""The exchanges that `record.py` records: tables of (module, case, protocols, validator, request)."""

from __future__ import annotations

import json
from typing import Any

XSI = "http://www.w3.org/2001/XMLSchema-instance"
ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="{xsi}" xmlns:t="{tns}" xmlns:m="services.{module}">{header}<e:Body>{body}</e:Body></e:Envelope>'

CASES: list[dict[str, Any]] = []


def add(module: str, name: str, request: str, protocol_in: str, content_type: str, **options: Any) -> None:
    """One case; options: validator, in_options, protocol_out (default: as in), out_options."""
    CASES.append(
        {
            "module": module,
            "name": name,
            "protocol_in": protocol_in,
            "in_options": options.get("in_options", {}),
            "protocol_out": options.get("protocol_out", protocol_in),
            "out_options": options.get("out_options", {}),
            "validator": options.get("validator"),
            "request": request,
            "content_type": content_type,
        }
    )


def tns_of(module: str) -> str:
    """The target namespace of a service module."""
    return "spyne.examples.hello" if module == "hello" else f"golden.{module}"


def soap(module: str, name: str, body: str, *, header: str = "", **options: Any) -> None:
    """A SOAP 1.1 exchange.

    `body` and `header` may use the prefixes t (the target namespace), m (the module's name, the namespace of classes
    that name none) and xsi.
    """
    head = f"<e:Header>{header}</e:Header>" if header else ""
    text = ENVELOPE.format(xsi=XSI, tns=tns_of(module), module=module, header=head, body=body)
    add(module, name, text, "Soap11", "text/xml; charset=utf-8", **options)


def xml(module: str, name: str, body: str, **options: Any) -> None:
    """A plain XML exchange; the root element declares t and xsi if `body` says so with a leading `@`."""
    text = body.replace("@", f' xmlns:t="{tns_of(module)}" xmlns:m="services.{module}" xmlns:xsi="{XSI}"', 1)
    add(module, name, text, "XmlDocument", "text/xml", **options)


def js(module: str, name: str, body: Any, **options: Any) -> None:
    """A JSON exchange; a str is sent as it is, everything else is dumped."""
    add(
        module, name, body if isinstance(body, str) else json.dumps(body), "JsonDocument", "application/json", **options
    )


# The same call, answered by every protocol: (module, method, arguments as XML, arguments as JSON).
EVERYWHERE: list[tuple[str, str, str, Any]] = [
    ("hello", "say_hello", "<t:name>Dave</t:name><t:times>2</t:times>", {"name": "Dave", "times": 2}),
    *[("values_out", f"get:{kind}", f"<t:kind>{kind}</t:kind>", {"kind": kind}) for kind in (
        ["unicode", "integer", "decimal", "double", "float", "boolean", "date", "time", "moment", "duration", "uuid", "bytes", "letter"]
    )],
    *[("values_out", method, "", {}) for method in (
        ["nones", "firsts", "big_exponent", "small_decimal", "infinity", "not_a_number", "micro"]
    )],
    *[("returns", method, "", {}) for method in ["as_dict", "as_tuple", "as_list", "nested_dicts", "array_of_dicts", "ignored", "none", "none_required", "none_model", "none_model_required", "none_array", "empty_array", "none_item", "empty_string", "text_for_integer", "integer_for_text", "generator", "empty_generator", "failing_generator", "array_of_range", "array_of_set"]],
    *[("faults", method, "", {}) for method in (
        ["several", "plain", "default", "weird_code", "detail_dict", "detail_element", "value_error"]
    )],
    ("faults", "declared", "<t:day>monday</t:day>", {"day": "monday"}),
    *[("faults", f"builtin:{kind}", f"<t:kind>{kind}</t:kind>", {"kind": kind}) for kind in (
        ["argument", "internal", "credentials", "request", "not_allowed", "too_long", "exists", "not_found", "validation", "validation_msg"]
    )],
    *[("multiple_returns", method, "", {}) for method in ("unnamed", "named", "nones", "too_few")],
    *[("empty", method, "", {}) for method in ("neither", "no_args", "returns_anyway")],
    *[("array_fields", method, "", {}) for method in ("empty", "none", "holes")],
    ("arrays", "primitives", "<t:names><t:string>a</t:string><t:string/><t:string xsi:nil='true'/></t:names>", {"names": ["a", "", None]}),
    ("arrays", "rows", "<t:rows><m:Row><m:id>1</m:id></m:Row><m:Row xsi:nil='true'/></t:rows>", {"rows": [{"id": 1}, None]}),
    ("arrays", "named", "<t:rows><m:row><m:id>1</m:id></m:row></t:rows>", {"rows": [{"id": 1}]}),
    ("arrays", "unwrapped", "<t:rows><m:id>1</m:id></t:rows><t:rows><m:name>n</m:name></t:rows>", {"rows": [{"id": 1}, {"name": "n"}]}),
    ("arrays", "unbounded", "<t:numbers>1</t:numbers><t:numbers>2</t:numbers>", {"numbers": [1, 2]}),
    ("arrays", "generate", "<t:n>2</t:n>", {"n": 2}),
    ("arrays", "lazy", "", {}),
    ("arrays", "required", "", {}),
    ("array_names", "typed", "<t:tags><t:tag>a</t:tag></t:tags>", {"tags": ["a"]}),
    ("array_arrays", "matrix", "<t:rows><t:integerArray><t:integer>1</t:integer></t:integerArray><t:integerArray/></t:rows>", {"rows": [[1], []]}),
    ("array_arrays", "deep", "", {}),
    ("enums", "shirt", "<t:value><m:color>red</m:color><m:size>M</m:size><m:others><t:Color>blue</t:Color></m:others></t:value>", {"value": {"color": "red", "size": "M", "others": ["blue"]}}),
    ("enums", "color", "<t:value>green</t:value>", {"value": "green"}),
    ("enums", "all", "", {}),
    ("attributes", "echo", "<t:tag id='5' lang='en' ok='true'><m:text>x</m:text></t:tag>", {"tag": {"id": 5, "lang": "en", "text": "x"}}),
    ("attributes", "special", "<t:tag id='5' extra='e'/>", {"tag": {"id": 5, "extra": "e"}}),
    ("attributes", "bare_tag", "", {}),
    ("xmldata", "price", "<t:value currency='EUR'>1.50</t:value>", {"value": {"value": "1.50", "currency": "EUR"}}),
    ("xmldata", "offer", "<t:value><m:price currency='EUR'>1</m:price><m:labels><m:Label>a</m:Label></m:labels></t:value>", {"value": {"price": {"value": "1"}, "labels": [{"text": "a"}]}}),
    ("choices", "echo", "<t:contact><m:name>n</m:name><m:email>e</m:email><m:born>5</m:born></t:contact>", {"contact": {"name": "n", "email": "e", "born": 5}}),
    ("anys", "made", "", {}),
    ("anys", "data", "<t:value><a>1</a><b>x</b><b>y</b><c><d/></c></t:value>", {"value": {"a": 1, "b": ["x", "y"], "c": {"d": None}}}),
    ("anys", "xml", "<t:value><q a='1'><w/>text</q></t:value>", {"value": "<q a='1'><w/>text</q>"}),
    ("anys", "anything", "<t:value><q>1</q></t:value>", {"value": {"q": [1, None]}}),
    ("anys", "html", "<t:value><p>x</p></t:value>", {"value": "<p>x</p>"}),
    ("anys", "holder", "<t:value><m:xml><a/></m:xml><m:data><k>v</k></m:data><m:name>n</m:name></t:value>", {"value": {"xml": "<a/>", "data": {"k": "v"}, "name": "n"}}),
    ("binary", "base64", "<t:value>YWJj</t:value>", {"value": "YWJj"}),
    ("binary", "urlsafe", "<t:value>__77</t:value>", {"value": "__77"}),
    ("binary", "hex", "<t:value>00ff</t:value>", {"value": "00ff"}),
    *[("binary", method, "", {}) for method in ("hex_out", "pieces", "whole", "nothing")],
    ("mandatory", "person", "<t:person><m:name>n</m:name><m:age>1</m:age><m:nick>x</m:nick></t:person>", {"person": {"name": "n", "age": 1, "nick": "x"}}),
    ("occurrences", "blank", "", {}),
    ("occurrences", "args", "", {}),
    ("occurrences", "echo", "<t:combo/>", {"combo": {}}),
    ("occurrences", "see", "<t:combo><m:e/><m:f/><m:g/></t:combo>", {"combo": {"e": "", "f": None, "g": None}}),
    ("occurrences", "outer", "<t:outer><m:inner/></t:outer>", {"outer": {"inner": {}}}),
    ("sub_names", "echo", "<t:record the-attr='a'><m:class>c</m:class><m:from>1</m:from><m:placed>p</m:placed><m:Both>b</m:Both></t:record>", {"record": {"class": "c", "from": 1, "placed": "p", "Both": "b", "the-attr": "a"}}),
    ("sub_names", "args", "<t:q>x</t:q>", {"q": "x"}),
    ("inheritance", "grow", "<t:puppy><m:name>n</m:name><m:breed>b</m:breed><m:weeks>3</m:weeks></t:puppy>", {"puppy": {"name": "n", "breed": "b", "weeks": 3}}),
    ("inheritance", "zoo", "<t:animal><m:name>n</m:name></t:animal>", {"animal": {"name": "n"}}),
    ("inheritance_ns", "echo", "<t:wheel><number>1</number><inches>2</inches><studs>3</studs><spare><x><inches>4</inches></x></spare></t:wheel>", {"wheel": {"number": "1", "inches": 2, "studs": 3, "spare": [{"inches": 4}]}}),
    ("inheritance_ns", "base", "<t:wheel><number>1</number><inches>2</inches></t:wheel>", {"wheel": {"number": "1", "inches": 2}}),
    ("namespaces", "mix", "<t:four><t:limited>abc</t:limited></t:four><t:one><x>1</x></t:one>", {"four": {"limited": "abc"}, "one": {"x": 1}}),
    ("nested", "put_order", "<t:order><m:id>00000000-0000-0000-0000-000000000005</m:id><m:created>2024-01-02T03:04:05Z</m:created><m:paid>true</m:paid><m:customer><m:name>n</m:name><m:address><m:street>s</m:street></m:address></m:customer><m:items><m:item><m:sku>a</m:sku><m:qty>2</m:qty><m:price>1.10</m:price></m:item><m:item/></m:items><m:notes>1</m:notes><m:notes/></t:order>", {"order": {"id": "00000000-0000-0000-0000-000000000005", "created": "2024-01-02T03:04:05Z", "paid": True, "customer": {"name": "n", "address": {"street": "s"}}, "items": [{"sku": "a", "qty": 2, "price": "1.10"}, {}], "notes": ["1", ""]}}),
    ("native_types", "scalars", "<t:i>1</t:i><t:s>x</t:s><t:f>1.5</t:f><t:b>true</t:b>", {"i": 1, "s": "x", "f": 1.5, "b": True}),
    ("native_types", "echo", "<t:plain><m:i>1</m:i><m:d>1.0</m:d><m:span>PT1S</m:span><m:day>2024-01-02</m:day></t:plain>", {"plain": {"i": 1, "d": "1.0", "span": "PT1S", "day": "2024-01-02"}}),
    ("message_names", "InMessage", "<t:value>v</t:value>", {"value": "v"}),
    ("message_names", "Operate", "<t:value>v</t:value>", {"value": "v"}),
    ("message_names", "placed", "<t:value>v</t:value>", {"value": "v"}),
    ("variable_names", "args", "<t:class>c</t:class><t:N>1</t:N>", {"class": "c", "N": 1}),
    ("variable_names", "result", "<t:Value>v</t:Value>", {"Value": "v"}),
    ("variable_names", "results", "<t:value>v</t:value>", {"value": "v"}),
    ("out_bare", "reply", "<t:text>x</t:text>", {"text": "x"}),
    ("out_bare", "text", "<t:value>x</t:value>", {"value": "x"}),
    ("out_bare", "replies", "", {}),
    ("out_bare", "nothing", "", {}),
    ("polymorphism", "all", "", {}),
    ("self_reference", "echo", "<t:node><m:name>a</m:name><m:parent><m:name>p</m:name></m:parent><m:children><m:Node><m:name>c</m:name></m:Node></m:children><m:peers><m:name>x</m:name></m:peers></t:node>", {"node": {"name": "a", "parent": {"name": "p"}, "children": [{"name": "c"}], "peers": [{"name": "x"}]}}),
    ("self_reference", "cycle", "", {}),
    ("mixins", "echo", "<t:doc><m:title>t</m:title><m:number>1</m:number><m:by>b</m:by></t:doc>", {"doc": {"title": "t", "number": 1, "by": "b"}}),
    ("hidden", "echo", "<t:value><m:shown>s</m:shown><m:unlisted>u</m:unlisted><m:never>1</m:never></t:value>", {"value": {"shown": "s", "unlisted": "u", "never": 1}}),
    ("child_attrs", "create", "<t:account><m:id>5</m:id><m:name>n</m:name></t:account>", {"account": {"id": 5, "name": "n"}}),
    ("type_info_style", "echo", "<t:later><m:zeta>z</m:zeta><m:last><m:a>1</m:a></m:last></t:later>", {"later": {"zeta": "z", "last": {"a": 1}}}),
    ("srpc_style", "add", "<t:a>1</t:a><t:b>2</t:b>", {"a": 1, "b": 2}),
    ("app_events", "echo", "<t:value>v</t:value>", {"value": "v"}),
]  # fmt: skip

# The XML protocols write what SOAP writes, so plain XML is asked about a part of the modules only.
XML_TOO = {"values_out", "faults", "attributes", "arrays", "returns", "inheritance_ns", "xmldata"}
# JSON's other shapes.
WRAPPED_TOO = {
    "values_out",
    "returns",
    "nested",
    "arrays",
    "multiple_returns",
    "inheritance",
    "polymorphism",
    "enums",
    "empty",
    "array_arrays",
    "hello",
}
LISTS_TOO = {"nested", "returns", "multiple_returns", "attributes", "inheritance", "polymorphism", "faults"}

for module, call, xml_args, json_args in EVERYWHERE:
    method, _, suffix = call.partition(":")
    title = f"{method}_{suffix}" if suffix else method
    soap(module, f"soap11_{title}", f"<t:{method}>{xml_args}</t:{method}>")
    js(module, f"json_{title}", {method: json_args})
    if module in XML_TOO:
        xml(module, f"xml_{title}", f"<t:{method}@>{xml_args}</t:{method}>")
    if module in WRAPPED_TOO:
        js(module, f"json_wrapped_out_{title}", {method: json_args}, out_options={"ignore_wrappers": False})
    if module in LISTS_TOO and not suffix:
        js(module, f"json_list_out_{title}", {method: json_args}, out_options={"complex_as": "list"})

# Validation: (method, text in the element or None for no element, value in JSON or `SKIP`).
SKIP = object()
FACETS: list[tuple[str, list[str | None], list[Any]]] = [
    ("max_len", ["abc", "abcd", "", "\u00e9\u00e9\u00e9"], ["abc", "abcd", None, 5]),
    ("min_len", ["ab", "a", ""], ["ab", "a", ""]),
    ("pattern", ["aa", "ab", "xaa"], ["aa", "ab"]),
    ("values", ["p", "z", ""], ["p", "z"]),
    ("ge", ["3", "2", "x", "", " 5 ", "+5", "5.0", "1_0"], [3, 2, "5", 3.5, True, None]),
    ("gt", ["4", "3"], [4, 3]),
    ("le", ["3", "4"], [3, 4]),
    ("lt", ["2", "3"], [2, 3]),
    ("int_values", ["1", "3"], [1, 3]),
    ("int8", ["127", "128", "-128", "-129"], [127, 128, -128, -129]),
    ("uint8", ["254", "255", "256", "-1"], [255, 256, -1]),
    ("int64", ["9223372036854775807", "9223372036854775808"], [2**63 - 1, 2**63]),
    ("digits", ["123.45", "1234.567", "x", "1e5"], ["123.45", "1234.567", "x", 1.5, 1]),
    ("decimal_ge", ["1.0", "0.5", "NaN"], ["1.0", "0.5"]),
    ("double", ["1e5", "x", "INF", "NaN", ""], [1, 1.5, "1.5", None, True]),
    ("boolean", ["true", "1", "false", "0", "True", "yes", "", " true "], [True, 1, 0, 2, "true", None]),
    ("date", ["2024-02-29", "2024-13-01", "2024-02-29Z", "x", "", "2024-02-29T00:00:00"], ["2024-02-29", "x", 5, None]),
    ("date_ge", ["2020-01-01", "2019-12-31"], ["2019-12-31"]),
    ("time", ["01:02:03.5", "25:00:00", "01:02", "01:02:03Z"], ["01:02:03", "x", None]),
    ("moment", ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.5+02:00", "2024-01-02T03:04:05", "2024-01-02 03:04:05", "2024-13-02T03:04:05", "x", "2024-01-02"], ["2024-01-02T03:04:05Z", "x", 5, None]),
    ("moment_ge", ["2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z", "2021-01-01T00:00:00"], ["2019-12-31T23:59:59Z"]),
    ("duration", ["PT1.5S", "P1Y2M", "-P1DT1H", "x"], ["PT1S", "x"]),
    ("uuid", ["00000000-0000-0000-0000-00000000000A", "x", "0000000000000000000000000000000a"], ["00000000-0000-0000-0000-00000000000a", "x", 5]),
    ("letter", ["a", "c", ""], ["a", "c", None]),
    ("bytes", ["YWJj", "!!!", "YWJ", ""], ["YWJj", "!!!", ""]),
    ("ipv4", ["1.2.3.4", "300.1.1.1"], ["1.2.3.4", "300.1.1.1"]),
    ("solid", ["", None, "x"], [None, ""]),
    ("must", [None, "", "x"], [SKIP, None]),
    ("mandatory", [None, "", "x"], [SKIP, None, ""]),
    ("mandatory_int", [None, "", "1"], [SKIP, None, 1]),
    ("twice", [None], [["a"], ["a", "b", "c"], "ab", None]),
    ("two_to_three", [None, "1"], [[1], [1, 2], [1, 2, 3, 4], SKIP]),
    ("short_items", [None], [["ab"], ["ab", "abc"], "xyz", 5, None, [["a"]]]),
    ("unicode", ["", "<q/>x", "a<!--c-->b"], [5, True, ["a"], {}, None]),
    ("integer", ["12345678901234567890123", "<q/>"], [10**30, "x", [], {}]),
    ("decimal", ["-0.0", ".5", "5.", "+1"], ["-0.0", None]),
]  # fmt: skip
for method, texts, values in FACETS:
    for number, text in enumerate(texts):
        inner = "" if text is None else f"<t:value>{text}</t:value>"
        for validator in (None, "soft", "lxml"):
            soap(
                "facets",
                f"soap11_{validator}_{method}_{number}",
                f"<t:{method}>{inner}</t:{method}>",
                validator=validator,
            )
    for number, value in enumerate(values):
        for validator in (None, "soft"):
            js(
                "facets",
                f"json_{validator}_{method}_{number}",
                {method: {} if value is SKIP else {"value": value}},
                validator=validator,
            )

NIL = '<t:value xsi:nil="true"/>'
MORE_FACETS = {
    "nil_unicode": f"<t:unicode>{NIL}</t:unicode>",
    "nil_integer": f"<t:integer>{NIL}</t:integer>",
    "nil_solid": f"<t:solid>{NIL}</t:solid>",
    "nil_must": f"<t:must>{NIL}</t:must>",
    "nil_mandatory": f"<t:mandatory>{NIL}</t:mandatory>",
    "nil_call": '<t:unicode xsi:nil="true"/>',
    "two_of_one": "<t:unicode><t:value>a</t:value><t:value>b</t:value></t:unicode>",
    "three_of_two": "<t:twice><t:value>a</t:value><t:value>b</t:value><t:value>c</t:value></t:twice>",
    "two_of_two": "<t:twice><t:value>a</t:value><t:value>b</t:value></t:twice>",
    "items": "<t:short_items><t:value><t:short_items_valueType>ab</t:short_items_valueType></t:value></t:short_items>",
    "long_items": "<t:short_items><t:value><t:short_items_valueType>abc</t:short_items_valueType></t:value></t:short_items>",
    "odd_items": "<t:short_items><t:value><t:odd>ab</t:odd></t:value></t:short_items>",
    "unknown_element": "<t:unicode><t:value>a</t:value><t:unknown/></t:unicode>",
    "no_namespace": "<unicode><value>a</value></unicode>",
    "no_namespace_inside": "<t:unicode><value>a</value></t:unicode>",
    "wrong_namespace_inside": '<t:unicode><q:value xmlns:q="urn:q">a</q:value></t:unicode>',
    "wrong_namespace": '<q:unicode xmlns:q="urn:q"/>',
    "unknown_method": "<t:unheard_of/>",
    "two_calls": "<t:unicode/><t:integer/>",
    "cdata": "<t:unicode><t:value><![CDATA[<a>&]]></t:value></t:unicode>",
    "references": "<t:unicode><t:value>&lt;&#233;&amp;</t:value></t:unicode>",
}
for title, body in MORE_FACETS.items():
    for validator in (None, "soft", "lxml"):
        soap("facets", f"soap11_{validator}_{title}", body, validator=validator)

# Broken documents.
BROKEN_XML = {
    "empty": "",
    "cut": "<a",
    "mismatch": "<a></b>",
    "no_envelope": "<a/>",
    "no_body": '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>',
    "empty_body": '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
    "soap12": '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>',
    "entity": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
}
for title, text in BROKEN_XML.items():
    add("hello", f"soap11_broken_{title}", text, "Soap11", "text/xml; charset=utf-8")
    add("hello", f"xml_broken_{title}", text, "XmlDocument", "text/xml")
BROKEN_JSON = {
    "empty": "", "cut": "{", "list": "[]", "number": "5", "null": "null", "nothing": "{}", "two": '{"say_hello":{},"b":{}}',
    "unknown": '{"unheard_of":{}}', "trailing": '{"say_hello":{}} x', "null_args": '{"say_hello":null}',
    "list_args": '{"say_hello":["Dave",1]}', "empty_list_args": '{"say_hello":[]}', "unknown_arg": '{"say_hello":{"zzz":1,"times":0}}',
    "nan": '{"say_hello":{"times":NaN}}', "text_args": '{"say_hello":"x"}', "duplicate": '{"say_hello":{"times":5,"times":1}}',
}  # fmt: skip
for title, text in BROKEN_JSON.items():
    js("hello", f"json_broken_{title}", text)

# Headers.
AUTH = "<t:Auth><t:user>u</t:user><t:token>s</t:token></t:Auth>"
TRACE = '<x:Trace xmlns:x="urn:golden:trace"><x:id>7</x:id></x:Trace>'
for title, header in {
    "both": AUTH + TRACE,
    "swapped": TRACE + AUTH,
    "first": AUTH,
    "second": TRACE,
    "none": "",
    "unknown": '<q:Other xmlns:q="urn:q" e:mustUnderstand="1"/>' + AUTH,
    "twice": AUTH + AUTH.replace(">u<", ">v<"),
    "invalid": "<t:Auth/>",
}.items():
    for validator in (None, "soft", "lxml"):
        soap("headers", f"soap11_{validator}_who_{title}", "<t:who/>", header=header, validator=validator)
    soap("headers", f"soap11_seen_{title}", "<t:seen/>", header=header)
soap("headers", "soap11_first_only", "<t:first_only/>", header=AUTH)
SESSION = "<m:RequestHeader><m:session>s1</m:session></m:RequestHeader>"
soap("header_single", "soap11_call", "<t:call><t:value>v</t:value></t:call>", header=SESSION)
soap("header_single", "soap11_call_none", "<t:call><t:value>v</t:value></t:call>")
soap(
    "header_single",
    "soap11_swapped",
    "<t:swapped/>",
    header="<m:ResponseHeader><m:served_by>x</m:served_by></m:ResponseHeader>",
)
js("header_single", "json_call", {"call": {"value": "v"}})

# Bare bodies.
BARE = {
    "model": "<t:model><m:q>x</m:q></t:model>",
    "model_empty": "<t:model/>",
    "text": "<t:text>x</t:text>",
    "text_empty": "<t:text/>",
    "array": "<t:array><t:string>ab</t:string><t:string>c</t:string></t:array>",
    "nothing": "<t:nothing/>",
    "no_args": "<t:no_args/>",
    "no_return": "<t:no_return>x</t:no_return>",
    "placed": '<t:placed><x:v xmlns:x="urn:golden:placed">1</x:v></t:placed>',
    "customized": "<t:customized>5</t:customized>",
    "customized_bad": "<t:customized>0</t:customized>",
}
for title, body in BARE.items():
    for validator in (None, "soft", "lxml"):
        soap("bare", f"soap11_{validator}_{title}", body, validator=validator)
js("bare", "json_model", {"model": {"q": "x"}})
js("bare", "json_text", {"text": "x"})
soap("message_names", "soap11_bare", "<t:BareIn>v</t:BareIn>")

# Fields: defaults, nils, occurrences under validation.
COMBO = {
    "empty": "<t:combo/>",
    "full": "<t:combo><m:a/><m:b>b</m:b><m:c>c</m:c><m:d>d</m:d><m:e/><m:f>1</m:f><m:g>2</m:g><m:h>3</m:h><m:i>4</m:i><m:j>2024-01-02</m:j><m:k>k</m:k><m:k/></t:combo>",
    "nils": '<t:combo><m:a xsi:nil="true"/><m:b xsi:nil="1"/><m:d>d</m:d><m:e xsi:nil="true"/><m:f xsi:nil="true"/><m:g xsi:nil="true"/><m:h>1</m:h><m:k xsi:nil="true"/><m:k/></t:combo>',
    "nil_false": '<t:combo><m:a xsi:nil="false">x</m:a></t:combo>',
    "combo_nil": '<t:combo xsi:nil="true"/>',
}
for title, body in COMBO.items():
    for validator in (None, "soft", "lxml"):
        soap("occurrences", f"soap11_{validator}_see_{title}", f"<t:see>{body}</t:see>", validator=validator)
        soap("occurrences", f"soap11_{validator}_echo_{title}", f"<t:echo>{body}</t:echo>", validator=validator)
soap(
    "occurrences", "soap11_keep_nil", f"<t:see>{COMBO['nils']}</t:see>", in_options={"replace_null_with_default": False}
)
for title, value in {
    "empty": {},
    "nulls": dict.fromkeys("abcdefghij") | {"k": []},
    "full": {
        "a": "",
        "b": "b",
        "c": "c",
        "d": "d",
        "e": "",
        "f": 1,
        "g": 2,
        "h": 3,
        "i": [4],
        "j": "2024-01-02",
        "k": ["k", None],
    },
    "scalar_for_list": {"i": 4},
    "list_form": ["a", "b", "c", "d"],
    "null": None,
    "text": "x",
}.items():
    for validator in (None, "soft"):
        js("occurrences", f"json_{validator}_see_{title}", {"see": {"combo": value}}, validator=validator)
        js("occurrences", f"json_{validator}_echo_{title}", {"echo": {"combo": value}}, validator=validator)

# Attributes, choices, mandatory and customized fields under validation.
UNDER_VALIDATION = [
    ("attributes", "no_required", "<t:echo><t:tag lang='en'/></t:echo>"),
    ("attributes", "long_lang", "<t:echo><t:tag id='1' lang='toolong'/></t:echo>"),
    ("attributes", "bad_id", "<t:echo><t:tag id='x'/></t:echo>"),
    ("attributes", "unknown", "<t:echo><t:tag id='1' other='x'/></t:echo>"),
    ("choices", "both", "<t:echo><t:contact><m:name>n</m:name><m:email>e</m:email><m:phone>p</m:phone></t:contact></t:echo>"),
    ("choices", "declared_order", "<t:echo><t:contact><m:name>n</m:name><m:email>e</m:email><m:age>1</m:age><m:last>l</m:last></t:contact></t:echo>"),
    ("choices", "schema_order", "<t:echo><t:contact><m:name>n</m:name><m:last>l</m:last><m:email>e</m:email><m:age>1</m:age></t:contact></t:echo>"),
    ("mandatory", "missing", "<t:scalars/>"),
    ("mandatory", "empty", "<t:scalars><t:name/><t:age/></t:scalars>"),
    ("mandatory", "no_person", "<t:person/>"),
    ("mandatory", "array_empty", "<t:array><t:names/></t:array>"),
    ("mandatory", "array_missing", "<t:array/>"),
    ("customized_fields", "good", "<t:echo><t:article><m:code>ABC</m:code><m:title>t</m:title><m:color>green</m:color><m:stock>1</m:stock><m:price>1.50</m:price><m:rating>1</m:rating><m:rating>5</m:rating><m:tags><m:Article_tagsType>a</m:Article_tagsType></m:tags></t:article></t:echo>"),
    ("customized_fields", "bad_code", "<t:echo><t:article><m:code>abc</m:code></t:article></t:echo>"),
    ("customized_fields", "bad_stock", "<t:echo><t:article><m:code>ABC</m:code><m:stock>-1</m:stock></t:article></t:echo>"),
    ("customized_fields", "order", "<t:echo><t:article><m:title>t</m:title><m:code>ABC</m:code></t:article></t:echo>"),
    ("xmldata", "bad", "<t:price><t:value currency='EUR'>x</t:value></t:price>"),
    ("xmldata", "empty", "<t:price><t:value currency='EUR'/></t:price>"),
    ("named_types", "good", "<t:scalars><t:code>ABC</t:code><t:qty>1234</t:qty><t:level>9</t:level></t:scalars>"),
    ("named_types", "bad", "<t:scalars><t:code>ABC</t:code><t:qty>1234</t:qty><t:level>10</t:level></t:scalars>"),
    ("arrays", "three_of_two", "<t:up_to_two><t:rows/><t:rows/><t:rows/></t:up_to_two>"),
    ("arrays", "none_of_one", "<t:up_to_two/>"),
    ("inheritance_ns", "qualified", '<t:echo><t:wheel><b:number xmlns:b="urn:golden:base">1</b:number><w:inches xmlns:w="urn:golden:wheels">2</w:inches></t:wheel></t:echo>'),
    ("nested", "missing_city", "<t:move><t:address><m:street>s</m:street></t:address></t:move>"),
    ("element_form", "unqualified", "<t:echo><item><n>1</n><s>ab</s></item></t:echo>"),
    ("element_form", "qualified", "<t:echo><t:item><t:n>1</t:n></t:item></t:echo>"),
]  # fmt: skip
for module, title, body in UNDER_VALIDATION:
    for validator in (None, "soft", "lxml"):
        soap(module, f"soap11_{validator}_{title}", body, validator=validator)

# Polymorphism.
POLY = {"out_options": {"polymorphic": True}, "in_options": {"polymorphic": True}}
CIRCLE = '<t:shape xsi:type="m:Circle"><m:name>c</m:name><m:radius>2</m:radius></t:shape>'
SQUARE = '<t:shape xmlns:q="urn:golden:square" xsi:type="q:Square"><m:name>c</m:name><q:side>2</q:side></t:shape>'
for title, options in {"plain": {}, "poly": POLY}.items():
    soap("polymorphism", f"soap11_{title}_all", "<t:all/>", **options)
    soap("inheritance", f"soap11_{title}_zoo", "<t:zoo/>", **options)
    for shape, text in {"circle": CIRCLE, "square": SQUARE}.items():
        soap("polymorphism", f"soap11_{title}_{shape}", f"<t:echo>{text}</t:echo>", **options)
        soap("polymorphism", f"soap11_{title}_kind_{shape}", f"<t:kind>{text}</t:kind>", **options)
    js("polymorphism", f"json_{title}_all", {"all": {}}, **options)
for title, type_ in {
    "unknown": "m:Nothing",
    "prefix": "zz:Circle",
    "unrelated": "m:Canvas",
    "bare": "Circle",
    "empty": "",
}.items():
    for validator in (None, "soft", "lxml"):
        soap(
            "polymorphism",
            f"soap11_{validator}_type_{title}",
            f'<t:kind><t:shape xsi:type="{type_}"/></t:kind>',
            validator=validator,
        )
soap("polymorphism", "soap11_no_xsi_type", f"<t:kind>{CIRCLE}</t:kind>", in_options={"parse_xsi_type": False})
WRAPPERS = {"in_options": {"ignore_wrappers": False}, "out_options": {"ignore_wrappers": False}}
WRAPPERS_POLY = {k: v | {"polymorphic": True} for k, v in WRAPPERS.items()}
for title, options in {"wrapped": WRAPPERS, "wrapped_poly": WRAPPERS_POLY}.items():
    js("polymorphism", f"json_{title}_all", {"all": {}}, **options)
    js("polymorphism", f"json_{title}_circle", {"echo": {"shape": {"Circle": {"name": "c", "radius": 2}}}}, **options)
    js("polymorphism", f"json_{title}_shape", {"echo": {"shape": {"Shape": {"name": "c"}}}}, **options)
    js("polymorphism", f"json_{title}_flat", {"echo": {"shape": {"name": "c"}}}, **options)
    js("json_document", f"json_{title}_items", {"items": {"items": [{"Item": {"n": 1, "s": "x"}}]}}, **options)

# JSON and XML applications of their own.
js("attributes", "json_boolean", {"echo": {"tag": {"id": 5, "ok": True}}})
js("json_document", "json_echo", {"echo": {"item": {"n": 1, "s": "x", "d": "1.50", "more": [1, 2]}}})
js("json_document", "json_echo_soft_bad", {"echo": {"item": {"n": -1, "s": "x"}}}, validator="soft")
js("json_document", "json_echo_soft_missing", {"echo": {"item": {"n": 1}}}, validator="soft")
js("json_document", "json_two", {"two": {"a": "x"}})
js("json_document", "json_fail", {"fail": {}})
js(
    "json_document",
    "json_lists_in",
    {"echo": [[1, "x", "2.5", [3]]]},
    in_options={"complex_as": "list"},
    out_options={"complex_as": "list"},
)
js("json_document", "json_as_list_items", {"items": {"items": [[1, "x"], [2]]}}, out_options={"complex_as": "list"})
xml("xml_document", "xml_echo", "<t:echo@><t:item><t:n>1</t:n><t:s/></t:item></t:echo>")
xml("xml_document", "xml_text", "<t:text@><t:value>v</t:value></t:text>")
xml("xml_document", "xml_fail", "<t:fail@/>")
xml("xml_document", "xml_unknown", "<t:unheard_of@/>")
xml("xml_document", "xml_no_namespace", "<text><value>v</value></text>")
for validator in ("soft", "lxml"):
    xml("xml_document", f"xml_{validator}_bad", "<t:echo@><t:item><t:n>-1</t:n></t:item></t:echo>", validator=validator)
soap("soap_in_json_out", "soap11_make", "<t:make><t:s>x</t:s></t:make>", protocol_out="JsonDocument")
soap("several_services", "soap11_one", "<t:one><t:value><t:n>1</t:n></t:value></t:one>")
soap("several_services", "soap11_also_two", "<t:also_two/>")
soap("port_types", "soap11_read", "<t:read/>")
soap("binary", "soap11_blob", "<t:blob><t:value><t:name>n</t:name><t:data>YWJj</t:data></t:value></t:blob>")
js("binary", "json_blob", {"blob": {"value": {"name": "n", "data": "YWJj"}}})

# SOAP 1.2.
ENVELOPE12 = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:t="golden.soap12"><e:Body>{}</e:Body></e:Envelope>'
for title, body in {
    "echo": "<t:echo><t:item><t:n>1</t:n></t:item></t:echo>",
    "fail": "<t:fail/>",
    "unknown": "<t:unheard_of/>",
}.items():
    add("soap12", f"soap12_{title}", ENVELOPE12.format(body), "Soap12", "application/soap+xml; charset=utf-8")
