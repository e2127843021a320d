"""Why a figure moved: which part of the business carries the change."""

from __future__ import annotations

import pandas as pd


def contributions(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """How much each part adds to the change of a mean or rate; the parts add up to the whole change.

    Args:
        now, before: by part: `part`, `value` (mean or rate within the part) and `n` (its weight).

    Returns:
        `part`, `value_now`, `value_before`, `n_now`, `n_before`, `within` (the part itself changed), `mix` (it became more
        or less frequent), `contribution` (both), the largest first whatever its sign.
    """
    both = (
        now.set_index("part")[["value", "n"]]
        .join(before.set_index("part")[["value", "n"]], how="outer", lsuffix="_now", rsuffix="_before")
        .astype(float)
    )
    both[["n_now", "n_before"]] = both[["n_now", "n_before"]].fillna(0)
    share_now = both["n_now"] / max(both["n_now"].sum(), 1)
    share_before = both["n_before"] / max(both["n_before"].sum(), 1)
    whole = (both["value_before"] * share_before).sum()
    value_now = both["value_now"].fillna(both["value_before"])
    value_before = both["value_before"].fillna(both["value_now"])
    both["within"] = (value_now - value_before) * share_now
    both["mix"] = (value_before - whole) * (share_now - share_before)
    both["contribution"] = both["within"] + both["mix"]
    return both.sort_values("contribution", key=abs, ascending=False).reset_index()
