"""The demo shop: customers, goods and orders made from a fixed seed and the moment of seeding."""

from __future__ import annotations

from backoffice.seed.shop import seed

__all__ = ["seed"]
