"""Agents' efficiency levels: K-means on standardised features, and how stable a level is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

LEVELS = ("low", "middle", "high")
LEAST_AGENTS = 6
RESAMPLES = 40
FEATURES = {"sessions": 1, "answer_s": -1, "handling_s": -1, "resolved_rate": 1, "score": 1, "angry_rate": -1}
"""Feature and whether more of it is better; times by their logarithm, for they are skewed."""


def features(days: pd.DataFrame) -> pd.DataFrame:
    """One row an agent: sessions a day, seconds to answer and to handle, rates resolved and ended angry, mean score.

    Args:
        days: the mart `agent_days`.
    """
    weights = days["sessions"]
    told = pd.DataFrame(
        {
            "agent_id": days["agent_id"],
            "days": 1,
            "sessions": weights,
            "answer": days["answer_ms"].fillna(0) * weights * days["answer_ms"].notna(),
            "answered": weights * days["answer_ms"].notna(),
            "handling": days["handling_ms"].fillna(0) * weights,
            "resolved": days["resolved"],
            "angry": days["angry_end"],
            "score": days["score"].fillna(0) * days["scores"],
            "scores": days["scores"],
        }
    )
    told = told.groupby("agent_id").sum()
    per = told["sessions"].where(told["sessions"] > 0)
    return pd.DataFrame(
        {
            "sessions": told["sessions"] / told["days"],
            "answer_s": told["answer"] / told["answered"].where(told["answered"] > 0) / 1000,
            "handling_s": told["handling"] / per / 1000,
            "resolved_rate": told["resolved"] / per,
            "score": told["score"] / told["scores"].where(told["scores"] > 0),
            "angry_rate": told["angry"] / per,
        }
    )


def levels(days: pd.DataFrame, *, seed: int = 7) -> pd.DataFrame | None:
    """Each agent's level; None for fewer than six agents, where groups mean nothing.

    Returns:
        By `agent_id`: the features, `index` (mean of the standardised features, good is positive), `level`, `stability`
        (share of 40 draws of the same agents' days, with replacement, that give the same level). `attrs["agreement"]`:
        mean adjusted Rand index between those draws and the whole; near 1 the grouping can be relied upon.
    """
    whole = features(days)
    if len(whole) < LEAST_AGENTS:
        return None
    told, score = _levels(whole, seed)
    draw = np.random.default_rng(seed)
    per_agent = [np.asarray(rows) for rows in days.groupby("agent_id").indices.values()]
    same = pd.Series(0.0, index=whole.index)
    agreement = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([draw.choice(rows, len(rows)) for rows in per_agent])
        again, _ = _levels(features(days.iloc[drawn]).reindex(whole.index), seed)
        same += again == told
        agreement.append(adjusted_rand_score(told, again))
    found = whole.assign(index=score, level=told, stability=same / RESAMPLES).sort_values(
        "index", ascending=False
    )
    found.attrs["agreement"] = float(np.mean(agreement))
    return found


def _levels(table: pd.DataFrame, seed: int) -> tuple[pd.Series, pd.Series]:
    filled = table.fillna(table.median()).fillna(0)
    filled[["answer_s", "handling_s"]] = np.log1p(filled[["answer_s", "handling_s"]])
    good = StandardScaler().fit_transform(filled) * np.array([FEATURES[name] for name in filled])
    with threadpool_limits(1):  # small matrices: threads would only wait for one another
        groups = KMeans(len(LEVELS), n_init=4, random_state=seed).fit_predict(good)
    score = pd.Series(good.mean(axis=1), index=table.index)
    order = score.groupby(groups).mean().sort_values().index
    names = dict(zip(order, LEVELS, strict=True))
    return pd.Series([names[group] for group in groups], index=table.index), score
