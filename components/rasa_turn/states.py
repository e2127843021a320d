"""Policies' states."""

from __future__ import annotations

from components.rasa_turn.replacing import Replacement

REPLACEMENTS: tuple[Replacement, ...] = ()
