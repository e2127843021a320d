"""The account: what is in it, and how its owner changes it. The assistant itself changes nothing and asks for no code."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from rasa_sdk.events import EventType, FollowupAction

from actions import focus, wiring
from actions.base import CustomerAction, Turn
from actions.facts import facts
from actions.gateways.account import Assets
from actions.words import fits, variant_meant

PERSON_AT_ONCE = ("stolen",)
GIFT_CARDS = "gift_cards"
AGAIN = "again"
STILL_OTHERS, ONESELF = "others_again", "oneself"
"""The kind of who was told that another person's account stays closed, and goes on about it."""
LATELY = 3
"""For so many of the customer's messages the list of matters is not shown a second time."""


class ActionAccountAssets(CustomerAction):
    """Level, points, balance and gift cards: the one asked for, else all; and what lapses soon."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer from the account."""
        _warn_of_secrets(turn)
        assets = await turn.call(wiring.gateways().account.assets, turn.reader)
        asked = variant_meant(turn, "utter_account_assets", turn.typed)
        told = _told(assets)
        special = {
            "points": "points_expiring" if assets.points_expiring else "",
            "level": "level_top" if assets.next_level is None else "",
            "gift_cards": "" if assets.gift_cards else "gift_cards_none",
        }
        named = _coins_named(turn, assets) if asked == "points" else None
        turn.utter("utter_account_assets", "points_named" if named else special.get(asked) or asked, **told, **(named or {}))
        return _speak_of_cards(turn, assets, told) if asked == GIFT_CARDS and assets.gift_cards else []


class ActionAccountManage(CustomerAction):
    """Says the steps for what the customer wants to change; a stolen account goes to a person at once."""

    visitors = True
    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Find the matter by its button or words; where none fits, offer the matters."""
        secret = _warn_of_secrets(turn)
        kind = turn.entity("account_kind") or variant_meant(turn, "utter_account_manage", turn.typed)
        if kind or not secret:
            again = AGAIN if turn.uttered("utter_account_manage", LATELY) else None
            turn.utter("utter_account_manage", _of_others(turn) if kind == STILL_OTHERS else str(kind or again))
        return [FollowupAction("action_handoff")] if kind in PERSON_AT_ONCE else []


def _of_others(turn: Turn) -> str:
    """The variant for what is said next of another person's account: how it is done, that they will do it, else the refusal."""
    meant = variant_meant(turn, f"utter_account_manage_{STILL_OTHERS}", turn.typed, key="next")
    agrees = meant != ONESELF or not turn.asks  # 她自己登录就能改吗: asked, and no yes
    return f"{STILL_OTHERS}_{meant}" if meant and agrees else STILL_OTHERS


def _speak_of_cards(turn: Turn, assets: Assets, told: dict[str, Any]) -> list[EventType]:
    """The cards that were listed are what the talk is about: which lapses first, what all come to."""
    first = min(assets.gift_cards, key=lambda card: card.valid_to)
    title = str(turn.wording("utter_account_words_gift_cards"))
    quoted = {name: told[name] for name in ("card_count", "card_total")}
    quoted |= {"tail": first.tail, "left": first.balance, "until": first.valid_to}
    return focus.put(turn, "gift_card", GIFT_CARDS, title, "status", again="account_ask_assets", **quoted)


def _coins_named(turn: Turn, assets: Assets) -> dict[str, Any] | None:
    """So many coins as the customer names and what they are worth; None where no other number than the account's is named."""
    counts = [int(figure) for figure in re.findall(r"\d{2,}", turn.typed)]
    if len(counts) != 1 or counts[0] == assets.points or not assets.points:
        return None
    worth = Decimal(counts[0]) * Decimal(assets.points_worth) / Decimal(assets.points)
    return {"count": counts[0], "count_worth": str(worth.quantize(Decimal("0.01")))}


def _warn_of_secrets(turn: Turn) -> bool:
    """A password or code does not belong into a chat."""
    told = fits(turn, "utter_account_secret", turn.typed)
    if told and not turn.slot("chat_secret_told"):  # else it has just been said
        turn.utter("utter_account_secret")
    return told


def _told(assets: Assets) -> dict[str, Any]:
    cards = "；".join(f"*{card.tail}：{card.balance}（{card.valid_to}）" for card in assets.gift_cards)
    known = facts(
        assets, "level", "spent", "points", "balance", "coupons",
        next="next_level", missing="next_level_missing", on="next_level_on", worth="points_worth",
        expiring="points_expiring", expires="points_expire_on", card_total="gift_cards_total",
    )  # fmt: skip
    return {**known, "cards": cards, "card_count": len(assets.gift_cards)}
