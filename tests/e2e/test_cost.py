"""What the running processes may cost."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.stack import Stack

MEMORY_MIB = 850  # the sentence encoder in it


def test_rasa_holds_no_networks_and_little_memory(stack: Stack) -> None:
    customer = stack.customer("C000001")
    assert customer.say("你好")
    process = Path("/proc") / str(stack.pid("rasa"))
    assert "libtensorflow" not in (process / "maps").read_text()
    resident = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS:"))
    assert int(resident.split()[1]) / 1024 < MEMORY_MIB
