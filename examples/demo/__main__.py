"""Serve the demo on http://127.0.0.1:8000, or with --once on a free port: call it, print the answers and end."""

import json
import sys
import threading
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server

from examples.demo.app import demo

EXPECTED = ["Hello, Dave", "Hello, Dave"]
JSON_REQUEST = '{"say_hello": {"name": "Dave", "times": 2}}'
SOAP_REQUEST = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<say_hello xmlns="spyne.examples.demo"><name>Dave</name><times>2</times></say_hello>'
    "</e:Body></e:Envelope>"
)


class QuietHandler(WSGIRequestHandler):
    """A request handler that keeps the terminal for the answers."""

    def log_message(self, *args):
        """Say nothing."""


def how_to_call(url):
    """Tell where the WSDL is, and a command line for each protocol."""
    return f"""\
WSDL  {url}/?wsdl
SOAP  curl -H 'Content-Type: text/xml; charset=utf-8' -d '{SOAP_REQUEST}' {url}/
JSON  curl -H 'Content-Type: application/json' -d '{JSON_REQUEST}' {url}/
"""


def call_soap(url, port):
    """Call over a version of SOAP with zeep, which knows the service from its WSDL alone."""
    from zeep import Client

    with Client(f"{url}/?wsdl", port_name=port) as client:
        return client.service.say_hello("Dave", 2)


def call_json(url):
    """Call over JSON with the standard library alone."""
    request = urllib.request.Request(f"{url}/", JSON_REQUEST.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def once():
    """Serve on a free port, call over all protocols, print the answers; return the exit status."""
    with make_server("127.0.0.1", 0, demo, handler_class=QuietHandler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            print(how_to_call(url))
            answers = {
                "zeep, SOAP 1.1": call_soap(url, "Demo"),
                "zeep, SOAP 1.2": call_soap(url, "DemoSoap12"),
                "urllib, JSON": call_json(url),
            }
        finally:
            server.shutdown()
    for client, answer in answers.items():
        print(f"{client}: {answer}" if answer == EXPECTED else f"{client}: {answer} is wrong, expected {EXPECTED}")
    return int(any(answer != EXPECTED for answer in answers.values()))


def forever():
    """Serve on port 8000 until interrupted; return the exit status or what went wrong."""
    try:
        server = make_server("127.0.0.1", 8000, demo)
    except OSError as error:
        return f"http://127.0.0.1:8000 cannot be served: {error.strerror}; stop what listens there, or try --once"
    with server:
        print(how_to_call("http://127.0.0.1:8000"), flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(once() if "--once" in sys.argv[1:] else forever())
