"""What goes wrong while types are declared."""

from __future__ import annotations


class DeclarationError(ValueError, TypeError):
    """A mistake in a declaration; the message names the place and the fix."""
