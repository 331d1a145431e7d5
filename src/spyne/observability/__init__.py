"""What operators look at: spans and metrics, and the messages themselves."""

from __future__ import annotations

from spyne.observability.telemetry import ClientTelemetry, OpenTelemetry
from spyne.observability.wire import WireLog

__all__ = ["ClientTelemetry", "OpenTelemetry", "WireLog"]
