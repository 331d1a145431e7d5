"""One declaration, served over SOAP 1.1, SOAP 1.2 and JSON at one address by the standard library's HTTP server."""
