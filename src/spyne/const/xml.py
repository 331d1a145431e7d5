"""XML namespaces, the prefixes that documents use for them, and makers of qualified names."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NS_XML = "http://www.w3.org/XML/1998/namespace"
NS_XSD = "http://www.w3.org/2001/XMLSchema"
NS_XSI = "http://www.w3.org/2001/XMLSchema-instance"
NS_WSA = "http://schemas.xmlsoap.org/ws/2003/03/addressing"
NS_XOP = "http://www.w3.org/2004/08/xop/include"
NS_HTTP = "http://schemas.xmlsoap.org/wsdl/http/"
NS_PLINK = "http://schemas.xmlsoap.org/ws/2003/05/partner-link/"
NS_WSDL11 = "http://schemas.xmlsoap.org/wsdl/"
NS_WSDL11_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
NS_WSDL11_SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
NS_SOAP11_ENC = "http://schemas.xmlsoap.org/soap/encoding/"
NS_SOAP11_ENV = "http://schemas.xmlsoap.org/soap/envelope/"
NS_SOAP12_ENC = "http://www.w3.org/2003/05/soap-encoding"
NS_SOAP12_ENV = "http://www.w3.org/2003/05/soap-envelope"

NSMAP = MappingProxyType(
    {
        "xs": NS_XSD,
        "xsi": NS_XSI,
        "plink": NS_PLINK,
        "wsdlsoap11": NS_WSDL11_SOAP,
        "wsdlsoap12": NS_WSDL11_SOAP12,
        "wsdl": NS_WSDL11,
        "soap11enc": NS_SOAP11_ENC,
        "soap11env": NS_SOAP11_ENV,
        "soap12env": NS_SOAP12_ENV,
        "soap12enc": NS_SOAP12_ENC,
        "wsa": NS_WSA,
        "xop": NS_XOP,
        "http": NS_HTTP,
    }
)
"""Prefix to namespace, in the order in which documents declare them."""
PREFMAP = MappingProxyType({namespace: prefix for prefix, namespace in NSMAP.items()} | {NS_XML: "xml"})
"""Namespace to prefix."""
DEFAULT_NS = None
"""The namespace of a class that leaves it to its application."""


def Tnswrap(namespace: str) -> Callable[[str], str]:  # noqa: N802 - the documented name
    """A maker of qualified names in Clark's notation: ``Tnswrap("urn:x")("a")`` is ``{urn:x}a``."""
    return lambda name: f"{{{namespace}}}{name}"


XML = Tnswrap(NS_XML)
XSD = Tnswrap(NS_XSD)
XSI = Tnswrap(NS_XSI)
WSA = Tnswrap(NS_WSA)
XOP = Tnswrap(NS_XOP)
HTTP = Tnswrap(NS_HTTP)
PLINK = Tnswrap(NS_PLINK)
WSDL11 = Tnswrap(NS_WSDL11)
WSDL11_SOAP = Tnswrap(NS_WSDL11_SOAP)
WSDL11_SOAP12 = Tnswrap(NS_WSDL11_SOAP12)
SOAP11_ENC = Tnswrap(NS_SOAP11_ENC)
SOAP11_ENV = Tnswrap(NS_SOAP11_ENV)
SOAP12_ENC = Tnswrap(NS_SOAP12_ENC)
SOAP12_ENV = Tnswrap(NS_SOAP12_ENV)
