"""Answers what is asked about a thing just spoken of, from how it stands now; a rule from the shop's knowledge."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rasa_sdk.events import EventType

from actions import faq, focus, money_back, own_case, wiring
from actions.base import CustomerAction, Turn, go_on
from actions.gateways.identity import TokenMissing
from actions.readings import reading
from actions.words import metadata

AMOUNT, REFUNDED = "why_amount", ("order", "return")
"""The aspect that asks how much comes back, and the kinds of things of which money does."""
WHY_NOT, PLEA = "why_not", "plea"
"""The aspects that ask why it was refused (the rule follows the reason), and that it be done all the same."""
AGAIN = "again"
"""The variant for what has just been said: the same explanation is not given twice in a row."""
CENT = Decimal("0.01")
OF_ALL = ("product", "rule", "danger")
"""Kinds of things that are nobody's own."""


class ActionChatFollowUp(CustomerAction):
    """Says the aspect of the thing that the message asks about (`components/understanding/aspects.py`)."""

    visitors = True
    writes = False
    soothes = False  # who asks is answered

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer; what else was asked for in the same breath comes next."""
        events = await self._answer(turn)
        return [*events, *(go_on(turn, events) if turn.two and not turn.busy else [])]

    async def _answer(self, turn: Turn) -> list[EventType]:
        """Find the thing, then say each aspect that is asked for, in turn; nothing is said twice."""
        asked = turn.tracker.latest_message.get("follow_up") or {}
        read = turn.told("ask") or {}  # the reader may know of which one it is asked, and what
        asked = {**asked, **(read.get("object") or {}), "aspect": read.get("aspect") or asked.get("aspect")}
        spoken = next((each for each in focus.of(turn, asked.get("kind", "")) if each.id == asked.get("id")), None)
        events: list[EventType] = []
        for aspect in dict.fromkeys((str(asked["aspect"]), *(asked.get("also") or ()))):
            events += await self._tell(turn, aspect, spoken)
        told = turn.dispatcher.messages  # two aspects may have one answer
        told[:] = {str({**each, "response": turn.wording(str(each.get("response")))}): each for each in told}.values()
        return events

    async def _tell(self, turn: Turn, aspect: str, spoken: focus.Spoken | None) -> list[EventType]:
        """Look at the thing, then answer; what has no answer in its state may be a rule."""
        if aspect in money_back.ASPECTS and turn.customer is not None:
            back = await money_back.tell(turn, aspect, spoken)
            if back is not None:
                return back
        if spoken is None:
            return await self._from_knowledge(turn)
        if turn.customer is None and spoken.kind not in OF_ALL:
            raise TokenMissing
        refused = own_case.after_refusal(turn, only_supposed=True)
        broken = await own_case.if_broken(turn, refused) if refused else None
        if broken:
            return broken
        states, facts = await focus.look(turn, spoken)
        response = focus.answer(turn, spoken.kind, aspect, states)
        if response is None:
            return await self._from_knowledge(turn, focus.question(spoken.kind, aspect))
        if aspect == PLEA and turn.asks and reading("which", turn.typed) is not None:
            told = await faq.tell_rule(turn, spoken)  # how many days are usual pleads for nothing
            if told:
                return told
        parts = await _altogether(turn, aspect)
        if len(parts) > 1:
            listed = "\n".join(f"- {title} ¥{back}" for title, back in parts)
            turn.utter("utter_chat_back_altogether", total=str(sum(Decimal(back) for _, back in parts)), parts=listed)
        else:
            again = AGAIN if turn.uttered(response, 1) else ""
            turn.utter(response, again, **{**facts, **_share(turn, response, facts)})
        kept = focus.put(
            turn, spoken.kind, spoken.id, spoken.title, spoken.told, states, spoken.order, spoken.again, **spoken.facts
        )
        return [*kept, *(await faq.tell_rule(turn, spoken) if aspect == WHY_NOT else [])]

    async def _from_knowledge(self, turn: Turn, question: str = "") -> list[EventType]:
        """What the shop's rules say, or that it is not known. `question`: the aspect's own words for what is asked."""
        found = await (turn.call(wiring.gateways().knowledge.search, question) if question else faq.found_for(turn))
        if found.decision == "answer":
            return await faq.tell(turn, found.hits[0], turn.typed, None)
        turn.utter("utter_chat_follow_up")
        return []


def _share(turn: Turn, response: str, facts: dict[str, Any]) -> dict[str, str]:
    """What a rule's share comes to for each line (`metadata: {share: {percent, least, most}}`), as `{share}`."""
    rule = metadata(turn, response).get("share")
    if not rule:
        return {}
    worth = [
        (
            title,
            min(
                max(Decimal(paid) * rule["percent"] / 100, Decimal(rule["least"])), Decimal(rule["most"])
            ).quantize(CENT),
        )
        for title, paid in facts.get("lines") or ()
    ]
    return {"share": turn.joined(f"{title} {yuan}" if len(worth) > 1 else str(yuan) for title, yuan in worth)}


async def _altogether(turn: Turn, aspect: str) -> list[tuple[str, str]]:
    """Of each thing spoken of its title and the yuan that come back, where all of it is asked for (一共退多少)."""
    if aspect != AMOUNT or turn.customer is None or reading("altogether", turn.typed) is None:
        return []
    looked = [(each, (await focus.look(turn, each))[1]) for each in focus.of(turn, *REFUNDED)]
    return [(each.title, str(facts["back"])) for each, facts in looked if facts.get("back")]
