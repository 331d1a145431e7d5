"""The service: declared once, with types, knowing nothing of protocols."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Le

from spyne import Service, rpc


class HelloWorldService(Service):
    """Says hello."""

    @rpc
    def say_hello(ctx, name: str, times: Annotated[int, Ge(0), Le(100)] = 1) -> Iterator[str]:
        """Greet somebody a number of times."""
        for _ in range(times):
            yield f"Hello, {name}"
