# lxml has no types of its own; its objects are Any here.
from typing import Any

def __getattr__(name: str) -> Any: ...
