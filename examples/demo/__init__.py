"""One declaration, served over SOAP 1.1 and over JSON by the standard library's HTTP server."""
