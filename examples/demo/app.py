"""The service at one address: SOAP 1.1, SOAP 1.2 and JSON, each answered in kind."""

from examples.demo.service import HelloWorldService
from spyne import Application
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

application = Application(
    [HelloWorldService],
    tns="spyne.examples.demo",
    name="Demo",
    in_protocol=[Soap11(validator="soft"), Soap12(validator="soft"), JsonDocument(validator="soft")],
)
demo = WsgiApplication(application)
