"""Candidate design: one deserialiser / serialiser function generated per type with exec.

Input forms: an lxml or ElementTree element tree (`gen_decoder`).  The fast path takes the
children in schema order; anything else (missing, repeated, reordered, comments) goes to a
tolerant dispatch loop.  Output: string pieces joined once (`gen_encoder`).
"""

import datetime as dt
import uuid
from decimal import Decimal

from benchmarks import workloads as W

BOOL = {"true": True, "1": True, "false": False, "0": False}
CONV = {"i": "int", "f": "float", "d": "Decimal", "b": "BOOL.__getitem__", "t": "fromiso", "u": "UUID"}
ENV = {
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "BOOL": BOOL,
    "fromiso": dt.datetime.fromisoformat,
    "UUID": uuid.UUID,
}
CTRL = bytes(i for i in range(32) if i not in (9, 10, 13))


def esc(s):
    if "&" in s:
        s = s.replace("&", "&amp;")
    if "<" in s:
        s = s.replace("<", "&lt;")
    if ">" in s:
        s = s.replace(">", "&gt;")
    return s


class Gen:
    def __init__(self, env):
        self.env = env
        self.names = {}

    def const(self, prefix, v):
        k = "%s%d" % (prefix, len(self.names))
        self.names[k] = v
        return k

    def build(self, name, lines):
        ns = dict(self.env, **self.names)
        exec("\n".join(lines), ns)
        self.names[name] = ns[name]
        return ns[name]


def gen_decoder(spec, ns=W.NS, new="slots"):
    g = Gen(ENV)

    def expr(kind, var):
        if kind == "s":
            return "(%s.text or '')" % var
        if isinstance(kind, str):
            return "%s(%s.text)" % (CONV[kind], var)
        if kind[0] == "list":
            _, tag, sub = kind
            t = g.const("T", "{%s}%s" % (ns, tag))
            if not isinstance(sub, str):
                fn = obj(sub)
                return "[%s(x) for x in %s if x.tag == %s]" % (fn, var, t)
            return "[%s for x in %s if x.tag == %s]" % (expr(sub, "x"), var, t)
        return "%s(%s)" % (obj(kind), var)

    def obj(spec):
        cls, fields = spec
        name = "dec_" + cls.__name__
        if name in g.names:
            return name
        cn = g.const("C", cls)
        vs = ["c%d" % i for i in range(len(fields))]
        tags = [g.const("T", "{%s}%s" % (ns, f)) for f, _ in fields]
        ex = [expr(k, v) for (f, k), v in zip(fields, vs)]
        L = ["def slow_%s(e):" % name, "    d = {}", "    for c in e:", "        t = c.tag"]
        for i, (f, k) in enumerate(fields):
            L += ["        %s t == %s: d[%r] = %s" % ("if" if i == 0 else "elif", tags[i], f, expr(k, "c"))]
        L += ["        elif isinstance(t, str): raise ValueError('unexpected element ' + t)", "    return %s(**d)" % cn]
        g.build("slow_" + name, L)
        L = [
            "def %s(e):" % name,
            "    if len(e) != %d: return slow_%s(e)" % (len(fields), name),
            "    %s, = e" % ", ".join(vs),
            "    if %s: return slow_%s(e)" % (" or ".join("%s.tag != %s" % (v, t) for v, t in zip(vs, tags)), name),
        ]
        if new == "slots":
            L += (
                ["    o = %s.__new__(%s)" % (cn, cn)]
                + ["    o.%s = %s" % (f, x) for (f, _), x in zip(fields, ex)]
                + ["    return o"]
            )
        else:
            L += ["    return %s(%s)" % (cn, ", ".join(ex))]
        g.build(name, L)
        return name

    if spec[0] == "list":
        g.build("root", ["def root(v):", "    return " + expr(spec, "v")])
    else:
        g.build("root", ["def root(v):", "    return %s(v)" % obj(spec)])
    return g.names["root"]


def zulu(d):
    s = d.isoformat()
    return s[:-6] + "Z" if s[-6:] == "+00:00" else s


def gen_encoder(spec, tag):
    """encoder(value) -> str; default-namespace form, so tags carry no prefix."""
    g = Gen({"esc": esc, "zulu": zulu})

    def piece(kind, var):
        return {
            "s": "{esc(%s)}",
            "i": "{%s}",
            "f": "{%s!r}",
            "d": "{%s}",
            "u": "{%s}",
            "b": "{'true' if %s else 'false'}",
            "t": "{zulu(%s)}",
        }[kind] % var

    def body(kind, var):
        if isinstance(kind, str):
            return piece(kind, var)
        if kind[0] == "list":
            _, t, sub = kind
            if isinstance(sub, str):
                fn = "enc_list%d" % len(g.names)
                g.build(
                    fn,
                    ["def %s(v):" % fn, "    return ''.join([f\"<%s>%s</%s>\" for x in v])" % (t, piece(sub, "x"), t)],
                )
            else:
                f1 = obj(sub, t)
                fn = "enc_list%d" % len(g.names)
                g.build(fn, ["def %s(v):" % fn, "    return ''.join([%s(x) for x in v])" % f1])
            return "{%s(%s)}" % (fn, var)
        return None

    def obj(spec, tag):
        cls, fields = spec
        name = "enc_%s_%s" % (cls.__name__, tag)
        if name in g.names:
            return name
        s = "<%s>" % tag
        for f, k in fields:
            if isinstance(k, str) or k[0] == "list":
                s += "<%s>%s</%s>" % (f, body(k, "o." + f), f)
            else:
                s += "{%s(o.%s)}" % (obj(k, f), f)
        s += "</%s>" % tag
        g.build(name, ["def %s(o):" % name, '    return f"""%s"""' % s])
        return name

    if isinstance(spec, tuple) and spec[0] == "list":
        g.build("root", ["def root(v):", '    return f"<%s>%s</%s>"' % (tag, body(spec, "v"), tag)])
    else:
        n = obj(spec, tag)
        g.build("root", ["def root(v):", "    return %s(v)" % n])
    return g.names["root"]
