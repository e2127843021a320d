"""Every action test has a shop in memory and a secret of its own."""

from __future__ import annotations

import pytest

from actions import wiring
from actions.settings import Settings
from tests.actions.fakes import Shop
from tests.actions.talk import SECRET


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop behind the gateways."""
    made = Shop()
    gateways = made.gateways()
    monkeypatch.setattr(wiring, "gateways", lambda: gateways)
    monkeypatch.setattr(wiring, "settings", lambda: Settings("http://127.0.0.1:1", SECRET, SECRET))
    return made
