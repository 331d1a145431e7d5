"""HTTP status lines, as WSGI wants them: ``HTTP_404`` is ``"404 Not Found"``."""

from __future__ import annotations

from http import HTTPStatus

_PHRASES = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}
"""Those that Python 3.13 renamed; the same words everywhere."""

STATUS = {code.value: f"{code.value} {_PHRASES.get(code.value, code.phrase)}" for code in HTTPStatus}
"""Status code to status line."""

globals().update({f"HTTP_{code}": line for code, line in STATUS.items()})

HTTP_200 = STATUS[200]
HTTP_202 = STATUS[202]
HTTP_302 = STATUS[302]
HTTP_400 = STATUS[400]
HTTP_401 = STATUS[401]
HTTP_403 = STATUS[403]
HTTP_404 = STATUS[404]
HTTP_405 = STATUS[405]
HTTP_413 = STATUS[413]
HTTP_415 = STATUS[415]
HTTP_500 = STATUS[500]
