"""``python -m spyne`` is the command ``spyne``."""

from __future__ import annotations

import sys

from spyne.cli.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
