"""Results as HTML, for people and for scripts that put them into a page. Output only."""

from __future__ import annotations

from spyne.protocol.html._base import HtmlBase
from spyne.protocol.html.microformat import HtmlMicroFormat
from spyne.protocol.html.table import HtmlColumnTable, HtmlRowTable, HtmlTableBase

__all__ = ["HtmlBase", "HtmlColumnTable", "HtmlMicroFormat", "HtmlRowTable", "HtmlTableBase"]
