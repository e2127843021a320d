"""Money: integer fen inside, strings of yuan with two decimals outside."""

from __future__ import annotations


def yuan(fen: int) -> str:
    """19900 → "199.00"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
