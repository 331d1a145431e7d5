"""soapbar: SOAP only. Records arrive as dicts; datetime/uuid stay strings in it (its own design)."""

import warnings

warnings.simplefilter("ignore")
from soapbar import AsgiSoapApp, SoapApplication, SoapService, WsgiSoapApp, soap_operation
from soapbar.core.binding import OperationParameter as P
from soapbar.core.types import ArrayXsdType, ComplexXsdType, xsd

from benchmarks import workloads as W

x = {n: xsd.resolve(n) for n in ("string", "int", "double", "decimal", "dateTime", "boolean")}
Q = dict(target_namespace=W.NS, qualified=True)
Address = ComplexXsdType("Address", [(n, x["string"]) for n in ("street", "city", "zip", "country")], **Q)
Customer = ComplexXsdType("Customer", [("name", x["string"]), ("email", x["string"]), ("address", Address)], **Q)
Tags = ArrayXsdType("Tags", x["string"], "tag", **Q)
Item = ComplexXsdType("Item", [("sku", x["string"]), ("qty", x["int"]), ("price", x["decimal"]), ("tags", Tags)], **Q)
Items = ArrayXsdType("Items", Item, "item", **Q)
Order = ComplexXsdType(
    "Order",
    [
        ("id", x["int"]),
        ("uuid", x["string"]),
        ("customer", Customer),
        ("created", x["dateTime"]),
        ("total", x["decimal"]),
        ("items", Items),
    ],
    **Q,
)
Row = ComplexXsdType(
    "Row",
    [("id", x["int"]), ("name", x["string"]), ("value", x["double"]), ("when", x["dateTime"]), ("flag", x["boolean"])],
    **Q,
)
Rows = ArrayXsdType("Rows", Row, "row", **Q)
Strs = ArrayXsdType("Strs", x["string"], "string", **Q)
OUT_ROWS = [dict(r, when=W.iso(r["when"])) for r in W.ROWS]


class Bench(SoapService):
    __service_name__ = "Bench"
    __tns__ = W.NS

    @soap_operation(input_params=[P("name", x["string"]), P("times", x["int"])], output_params=[P("return", Strs)])
    def say_hello(self, name, times):
        return ["Hello, %s" % name] * times

    @soap_operation(input_params=[P("order", Order)], output_params=[P("return", Order)])
    def put_order(self, order):
        return {"return": order}

    @soap_operation(input_params=[P("n", x["int"])], output_params=[P("return", Rows)])
    def get_rows(self, n):
        return OUT_ROWS[:n]

    @soap_operation(input_params=[P("rows", Rows)], output_params=[P("return", x["int"])])
    def put_rows(self, rows):
        return len(rows)


app = SoapApplication(service_url="https://localhost/soap", max_body_size=64 << 20)
app.register(Bench())
asgi_app = AsgiSoapApp(app)
wsgi_app = WsgiSoapApp(app)


def call(data, action):
    st, ct, out = app.handle_request(data, soap_action=action, content_type="text/xml")
    if st != 200:
        raise AssertionError("%s %r" % (st, out[:600]))
    return out


def cases():
    for w in W.WORKLOADS:
        data = W.soap_request(w)
        yield "soapbar", w, "soap", (lambda d=data, o=W.OP[w]: call(d, "%s/%s" % (W.NS, o)))
