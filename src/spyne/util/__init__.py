"""Small things without ties to the rest; each is imported from its own module."""
