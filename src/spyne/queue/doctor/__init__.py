"""The doctor: looks at a queue and its database for what is wrong or will be, and says what to do about it. It changes nothing."""

from __future__ import annotations

from spyne.queue.doctor._examine import examine
from spyne.queue.doctor._finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
