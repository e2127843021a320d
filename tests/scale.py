"""How much a test tries: little in `make test`, at full size in `make soak`."""

from __future__ import annotations

import os

SCALE = int(os.environ.get("LINGXI_TEST_SCALE", "1"))


def times(examples: int) -> int:
    """The number of generated examples for a property that `make test` tries with so many."""
    return SCALE * examples
