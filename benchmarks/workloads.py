"""The four workloads, defined once (standard library only).

Every peer imports this module: it supplies the Python values, the request bytes
of each (workload, protocol) and the check of a reply.  Wire form of SOAP is
SOAP 1.1 document/literal wrapped, elements qualified in NS, arrays written as
<items><item/>..</items>.
"""

import datetime as dt
import json
import uuid
from decimal import Decimal
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

NS = "urn:bench"
SOAPENV = "http://schemas.xmlsoap.org/soap/envelope/"
WORKLOADS = ("hello", "order", "rows", "bulk")
OP = {"hello": "say_hello", "order": "put_order", "rows": "get_rows", "bulk": "put_rows"}
N_ROWS, N_BULK, TIMES, NAME = 1000, 10000, 5, "Dave & Ana"
UTC = dt.UTC
_T0 = dt.datetime(2024, 3, 1, 12, 34, 56, tzinfo=UTC)


def iso(d):
    return d.strftime("%Y-%m-%dT%H:%M:%S") + (".%06d" % d.microsecond if d.microsecond else "") + "Z"


def make_order():
    """The order as a plain dict of Python values."""
    return {
        "id": 481516,
        "uuid": uuid.UUID("12345678-9abc-4def-8123-456789abcdef"),
        "customer": {
            "name": "Zoë Müller <Sons & Daughters>",
            "email": "zoe.mueller@example.com",
            "address": {"street": "17 Long Market Street", "city": "Port Elizabeth", "zip": "06001", "country": "ZA"},
        },
        "created": _T0 + dt.timedelta(microseconds=123456),
        "total": Decimal("18273.45"),
        "items": [
            {
                "sku": "SKU-%05d-%s" % (i * 37, "ABCDEF"[i % 6]),
                "qty": i + 1,
                "price": Decimal("19.99") + i,
                "tags": ["colour-%d" % (i % 7), "size & fit", "warehouse-%03d" % i],
            }
            for i in range(20)
        ],
    }


def make_rows(n):
    return [
        {
            "id": i,
            "name": "record number %d" % i,
            "value": i * 1.25 + 0.1,
            "when": _T0 + dt.timedelta(seconds=i),
            "flag": i % 3 == 0,
        }
        for i in range(n)
    ]


ORDER = make_order()
ROWS = make_rows(N_ROWS)
BULK = make_rows(N_BULK)
HELLO = ["Hello, %s" % NAME] * TIMES


# ---- text of leaf values -------------------------------------------------
def text(v):
    if v is True:
        return "true"
    if v is False:
        return "false"
    if isinstance(v, dt.datetime):
        return iso(v)
    if isinstance(v, float):
        return repr(v)
    return str(v)


def jsonable(v):
    if isinstance(v, dict):
        return {k: jsonable(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [jsonable(x) for x in v]
    if isinstance(v, dt.datetime):
        return iso(v)
    if isinstance(v, (Decimal, uuid.UUID)):
        return str(v)
    return v


# ---- request bytes ------------------------------------------------------
ITEM_TAG = {"items": "item", "tags": "tag", "rows": "row"}


def _xml(tag, v, out):
    if isinstance(v, dict):
        out.append("<%s>" % tag)
        for k, x in v.items():
            _xml(k, x, out)
        out.append("</%s>" % tag)
    elif isinstance(v, list):
        out.append("<%s>" % tag)
        for x in v:
            _xml(ITEM_TAG[tag], x, out)
        out.append("</%s>" % tag)
    else:
        out.append("<%s>%s</%s>" % (tag, escape(text(v)), tag))


def args_of(w):
    return {
        "hello": {"name": NAME, "times": TIMES},
        "order": {"order": ORDER},
        "rows": {"n": N_ROWS},
        "bulk": {"rows": BULK},
    }[w]


def soap_request(w):
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="%s"><soapenv:Body><%s xmlns="%s">' % (SOAPENV, OP[w], NS)
    ]
    for k, v in args_of(w).items():
        _xml(k, v, out)
    out.append("</%s></soapenv:Body></soapenv:Envelope>" % OP[w])
    return "".join(out).encode()


def json_request(w, wrapped):
    """wrapped: {"op": {args}} (Spyne); else the bare argument object (REST peers):
    the order and the row list are then the body themselves."""
    a = jsonable(args_of(w))
    if wrapped:
        a = {OP[w]: a}
    elif w in ("order", "bulk"):
        a = next(iter(a.values()))
    return json.dumps(a, separators=(",", ":"), ensure_ascii=False).encode()


def bare_obj(w, wrapped):
    return json.loads(json_request(w, wrapped))


# ---- check of a reply ---------------------------------------------------
def _leaves(v, out):
    if isinstance(v, dict):
        for x in v.values():
            _leaves(x, out)
    elif isinstance(v, (list, tuple)):
        for x in v:
            _leaves(x, out)
    elif v is not None:
        out.append(v)
    return out


def _xml_leaves(e, out):
    kids = list(e)
    if kids:
        for k in kids:
            _xml_leaves(k, out)
    elif e.text and e.text.strip():
        out.append(e.text)
    return out


def _norm(t):
    t = text(t)
    if t[:2] == "20" and len(t) > 18 and t[4] == "-" and t[10:11] in "T ":
        d = dt.datetime.fromisoformat(t)
        return iso(d.astimezone(UTC) if d.tzinfo else d)
    try:
        return repr(float(t))
    except ValueError:
        return t.lower() if t in ("True", "False") else t


EXPECT = {
    "hello": [_norm(x) for x in HELLO],
    "order": [_norm(x) for x in _leaves(ORDER, [])],
    "rows": [_norm(x) for x in _leaves(ROWS, [])],
    "bulk": [_norm(N_BULK)],
}


def check(w, proto, body):
    """Raise unless the reply carries exactly the expected leaf values, in order."""
    if proto == "soap":
        root = ET.fromstring(body)
        b = root.find("{%s}Body" % SOAPENV)
        leaves = _xml_leaves(b, [])
    elif proto == "json":
        leaves = _leaves(json.loads(body), [])
    else:
        # msgpack: the caller passes the decoded object; Spyne 2.14 sends text as bin, tolerated
        leaves = [x.decode() if isinstance(x, bytes) else x for x in _leaves(body, [])]
    got = [_norm(x) for x in leaves]
    exp = EXPECT[w]
    if got != exp:
        for i, (a, b) in enumerate(zip(got, exp)):
            if a != b:
                raise AssertionError("%s/%s leaf %d: got %r want %r" % (w, proto, i, a, b))
        raise AssertionError("%s/%s: %d leaves, want %d" % (w, proto, len(got), len(exp)))


if __name__ == "__main__":
    for w in WORKLOADS:
        print(w, "soap", len(soap_request(w)), "json", len(json_request(w, False)))
