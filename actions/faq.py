"""Questions about rules, use and service, answered from the shop's knowledge; also in the middle of something else.

`action_chat_context` looks each question up (`look_up`) before anything is predicted; what may be said is kept in slot
`faq_found`, and `components/knowledge_policy.py` lets `action_faq_answer` say it, whatever intent the message was given.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import focus, given, own_case, spoken_of, wiring
from actions.account import ONESELF, PERSON_AT_ONCE, STILL_OTHERS
from actions.base import REQUESTED_SLOT, Button, CustomerAction, Turn, button, go_on
from actions.gateways.belongings import INVOICE, ORDER, SLIP, TICKET
from actions.gateways.errors import GatewayError
from actions.gateways.knowledge import Decision, Found, Hit
from actions.readings import reading
from actions.references import has_named
from actions.words import variant_meant

logger = logging.getLogger(__name__)

FAQ, NOT_UNDERSTOOD, OUT_OF_SCOPE, INFORM = "faq", "nlu_fallback", "chat_out_of_scope", "chat_inform"
OPEN = (FAQ, NOT_UNDERSTOOD, OUT_OF_SCOPE, INFORM)
"""Intents that nothing but the knowledge can answer: all of them are looked up, question or not."""
SMALL_TALK = ("chat_greet", "chat_smalltalk", "chat_ask_help", "chat_thank", "feedback_suggest", "feedback_rate")
"""Intents that a question's last words may sound like (is the money still there)."""
TALK = ("chat_", "EXTERNAL_", "feedback_")
"""Beginnings of intents that ask the shop nothing."""
PERSON = "handoff_"
"""Who surely wants a person gets one; who only asks how many or which about people is told."""
INSISTS = "insists"  # the cue of who does not take no for an answer
OTHERS = "others"  # beginning of the entity `account_kind` of who speaks of another person's account
FOR_VISITORS = ("account_manage",)
"""Intents whose topic has something to say to somebody who is not signed in."""
VALUES = ("address", "phone", "email", "tax_number")
OWN_WORDS = ("complaints_text", "feedback_reason", "feedback_suggestion", "invoices_title")
"""Slots that take whatever the customer writes."""
SURELY_ASKS = 0.8
SUREST_ASKS = 0.98  # more says nothing more
CHOICES = ("orders_number",)  # slots whose answer cannot be mistaken for a second request, nor a whole story for one
LEAST_STORY = 12  # characters
LEAST_QUESTION = 6  # characters of a question that is taken for small talk
SEARCH_SECONDS = 3.0
HELPFUL_EVERY = 3  # answers, until it is asked whether they help
UNHELPFUL_MOST = 2  # answers that did not help, until a person takes over
MEANS = "means_"
"""What the cue of an intent begins with that its words say plainly."""
MINE = "own"
"""Decision of `faq_found`: nothing needs to be searched, the customer's own order says it (`actions/own_case.py`)."""
WHOLE = "whole"
"""Key of `faq_found`: what was found answers all of a message in which two wishes were read."""
SURELY_TELLS = 0.35
"""From this score on an entry comes before the page of goods that are named in what was not understood."""
FAIRLY_TELLS = 0.5
"""From this score on what an entry tells comes before what may answer as well: two wishes read in one question, a page of goods
that has no field of what is asked."""
LIKELY, LEAD = 0.25, 1.5
"""From this score on an entry is told sooner than nothing; where it is this many times that of the next, sooner than what else
may answer the message."""
MAYBE = 0.15
"""From this score on what the search would ask about is told, the likeliest of it (FAR); below, there is no answer."""
FAR = 2.0
"""The next is told beside the first unless that is this many times as likely. Of 285 set-aside variants with two entries near
each other the second answers three in ten up to here, one in seven beyond: there it is a button."""
NEAR = 5.0  # one less likely than this many times is not even a button below an answer
TELLS_SHORTLY = 0.4  # from this score on an entry is told to a visitor's few words, before signing in is asked for
SURELY_MEANT = 0.9
"""From this score on the rule of an entry is what is asked for, also where another person's account is spoken of."""
WHY_NOT = "utter_orders_order_why_not_"  # what the explanations of a refused order begin with
WHY_WITHIN = 2  # messages after a refusal, for which what has no answer asks about it
SURELY_OF_ACCOUNT = 0.8
"""From this score on an entry answers a story about the customer's account better than the topic's wording does."""
OF_ONES_OWN = ("do", "status")
"""Acts of who wants something of their own done or looked up, and does not only ask for the rule."""
PASSED_MOST = 2  # questions in a row without an answer, until a person is offered first
# Whether an entry or a topic answers what both claim. Fitted on 444 questions to the knowledge whose wording the search did
# not know and 391 openings and held-out sentences of the topics: logits of the entry's score, of "only asks", of the intent's
# confidence, and whether the goods that are named are the customer's own. BIAS is more than was fitted: a rule above the
# topic's button costs a tap, a list of one's own that answers nothing costs the customer.
SCORE_WEIGHT, ASKS_WEIGHT, CONFIDENCE_WEIGHT, BIAS = 0.54, 0.30, -0.46, 1.35
GOODS_WEIGHT = -2.0
OWNED_WEIGHT, LACKED_WEIGHT = -2.3, 2.5
LOOKS = ("_ask_status", "_ask_coupons", "_ask_assets", "_track")
"""Endings of intents whose topic looks the customer's own things up: only an answer comes before them, not what is likeliest."""
PLAINLY_DOES = 0.9
"""From this confidence on what is to be done is done, and no rule is told."""
SUREST_SCORE = 0.99
UNSURE = 0.5
"""Below this confidence an intent is a guess: often a story with a question in it. A choice of questions then says more than
the form that the topic would open."""
PROTECTION = "promotions_price_protection"
"""The intent of which each piece has its own answer, however it is asked."""
GOODS, STOCK = "products_", "products_ask_stock"
"""Price, stock and what a page says come from the catalogue; what it does not know, `actions/products.py` looks up."""
NAMED = ("product", "product_category")
"""Entities by which goods are named."""
OF_TOPIC = {
    "after_sales_ask_status": SLIP, "after_sales_cancel": SLIP, "tickets_ask_status": TICKET,
    "invoices_ask_status": INVOICE, "invoices_change": INVOICE,
    **dict.fromkeys(("after_sales_", "invoices_request", "logistics_", "orders_", "promotions_price_protection"), ORDER),
}  # fmt: skip
"""Beginning of an intent → the kind of the customer's things that its topic looks at."""
OWN = ("orders_number", "logistics_tracking_number", "after_sales_slip", "tickets_number", "invoices_number")
"""Entities by which a customer speaks of a thing of their own."""


_SENTENCES = re.compile("[^\u3002\uff1b\n]+[\u3002\uff1b]?")
_LATIN = re.compile(r"[a-z]{3,}")
_MODEL = re.compile(r"(?<![a-z\d])[a-z]+\d+(?![a-z\d])")
_MANUAL = re.compile("\uff08([^\uff08\uff09]+)\uff09$")
"""The goods of a manual, at the end of its entries' questions."""
_WORDS = re.compile(r"[^\W\d_]{2}")
"""A question has words: neither a number nor signs are one."""


async def look_up(turn: Turn) -> dict[str, Any] | None:
    """What the knowledge has to say to the latest message, for slot `faq_found`; None where it is not asked.

    `{"message_id": …, "decision": "answer"|"clarify"|"pass"|MINE, "hits": [Hit.kept()]}`, and WHOLE where it holds.
    """
    text = turn.typed
    kind = str(turn.entity("account_kind") or "")
    if text and (own_case.asked_of_slip(turn) or own_case.after_refusal(turn)):
        return {"message_id": turn.message_id, "decision": MINE, "hits": []}
    if not text or turn.entity("faq_key") or turn.told("correct") or (kind and not kind.startswith(OTHERS)):
        return None
    if kind:
        return await _rule_for_others(turn, text, kind)
    argues = spoken_of.refused_lately(turn, WHY_WITHIN) is not None and own_case.fault_of(turn) is None
    if not argues and await own_case.asks_in_time(turn):
        return {"message_id": turn.message_id, "decision": MINE, "hits": []}
    if not _may_ask(turn, text):
        return None
    one = await _one_question(turn)
    if one:
        return {**_kept(turn, one, "answer"), WHOLE: True}
    found = await _quickly(turn, text)
    if found is None:
        return None
    if turn.intent in OPEN and turn.entity("product") and found.hits and not _names_all(text, found.hits[0]):
        return _kept(turn, found, "pass")
    decision = found.decision if turn.intent in OPEN else await _claimed(turn, found)
    if turn.intent.startswith((*TALK, PERSON)) and decision != "answer" and not _may_mean(turn, found):
        decision = None
    if decision is None:
        return None
    return _kept(turn, found, decision)


async def _rule_for_others(turn: Turn, text: str, kind: str) -> dict[str, Any] | None:
    """The rule that is plainly asked for, whosever account is spoken of: it tells nothing of theirs. Who has heard the refusal
    is told the one that is likely, sooner than the refusal again."""
    asks = only_asks(turn) > (UNSURE if kind == STILL_OTHERS else SURELY_ASKS) and turn.cue(INSISTS) is None
    found = await _quickly(turn, text) if asks else None
    if found is None or not found.hits or found.decision == "pass":
        return None
    first, second = found.hits[0].score, next((hit.score for hit in found.hits[1:]), 0.0)
    sure = found.decision == "answer" and first >= SURELY_MEANT
    how = variant_meant(turn, f"utter_account_manage_{STILL_OTHERS}", text, key="next")
    likely = kind == STILL_OTHERS and how in ("", ONESELF) and first >= LIKELY and first >= FAR * second
    return _kept(turn, found, "answer") if sure or likely else None


def _names_all(text: str, hit: Hit) -> bool:
    """Whether an entry tells of all that the words name in Latin letters: a manual without NFC does not tell of it."""
    told = f"{hit.question} {hit.lead} {hit.rest}".lower()
    return all(word in told for word in _LATIN.findall(text.lower()))


async def _one_question(turn: Turn) -> Found | None:
    """What answers a message in which two wishes were read, as one question: it tells what was done and asks about it."""
    vain = _only_signs_in(turn) or (turn.intent in FOR_VISITORS and not _told_by_topic(turn))
    talk = turn.intent.startswith((*TALK, PERSON)) and turn.intent not in SMALL_TALK
    if not turn.two or turn.busy or talk or not (vain or only_asks(turn) > UNSURE):
        return None
    if not vain and turn.cue(f"wish_{turn.intent}") is not None and turn.told("know") is None:
        return None  # 给我退了吧，还有…要钱不: the first is to be done, whatever the last asks
    found = await _quickly(turn, str(turn.tracker.latest_message.get("text") or "").strip())
    if found and vain and tells(found):
        return found
    if not found or found.decision != "answer" or found.hits[0].score < FAIRLY_TELLS:
        return None
    return found if _weighed(turn, found.hits[0].score) > 0 else None


def _may_mean(turn: Turn, found: Found) -> bool:
    """Whether what sounds like talk may still mean one of several entries: goods of the shop's are named, it asks something that
    the talk hardly answers, or it tells a story that no open question asked for."""
    unsure = turn.intent == INFORM or (turn.intent in (OUT_OF_SCOPE, *SMALL_TALK) and not _sure(turn))
    named = bool(turn.entity("product")) or any(_names_model(turn.typed, hit) for hit in found.hits[:1])
    story = turn.intent == INFORM and not turn.busy and len(turn.typed) >= LEAST_STORY
    best = max((hit.score for hit in found.hits), default=0)
    if turn.intent == OUT_OF_SCOPE and _confidence(turn) < PLAINLY_DOES and only_asks(turn) > SURELY_ASKS and tells(found):
        return True
    return named or (unsure and only_asks(turn) > UNSURE) or (story and best >= SURELY_TELLS)


def _names_model(text: str, hit: Hit) -> bool:
    """Whether the words name the model that an entry is about, by its number at least (b3 of LX-B3)."""
    return any(model in hit.question.lower() for model in _MODEL.findall(text.lower()))


def surely(turn: Turn, found: dict[str, Any] | None) -> bool:
    """Whether an entry answers a message that names goods better than their page: a rule, what is about just these goods, or
    for want of both one that is sure."""
    if found is None or found["decision"] in ("pass", MINE):
        return found is not None and found["decision"] == MINE
    told = Found(found["decision"], tuple(Hit.of(hit) for hit in found["hits"]))
    first = told.hits[0]
    if turn.intent == FAQ or (first.score >= LIKELY and _of_named_goods(turn, first)):
        return True
    return tells(told) and first.score >= SURELY_TELLS


async def answered(turn: Turn, question: str) -> dict[str, Any] | None:
    """As `look_up` of words that are surely a question; None where the knowledge tells nothing, or cannot be reached."""
    found = await _quickly(turn, question)
    return _kept(turn, found, "answer") if found and tells(found) else None


async def _quickly(turn: Turn, text: str) -> Found | None:
    """What is found in time."""
    try:
        return await asyncio.wait_for(search(turn, text), SEARCH_SECONDS)
    except (GatewayError, asyncio.TimeoutError) as error:
        logger.warning("knowledge not searched: %s", type(error).__name__)
        return None


async def found_for(turn: Turn) -> Found:
    """What the knowledge has for this message; searched only where `look_up` did not search for it."""
    kept = turn.slot("faq_found") or {}
    if kept.get("message_id") == turn.message_id and turn.message_id and kept["decision"] != MINE:
        return Found(kept["decision"], tuple(Hit.of(hit) for hit in kept["hits"]))
    return await search(turn, turn.typed) if turn.typed else Found("pass", ())


def _kept(turn: Turn, found: Found, decision: Decision) -> dict[str, Any]:
    return {"message_id": turn.message_id, "decision": decision, "hits": [hit.kept() for hit in found.hits]}


async def search(turn: Turn, text: str) -> Found:
    """Search for the customer's question; one that names no goods is about those last spoken of."""
    last = turn.slot("products_last")
    about = f"{last['name']} {text}" if last and turn.intent.startswith(GOODS) and not names_goods(turn) else text
    found: Found = await turn.call(wiring.gateways().knowledge.search, about, spoken_of.talk(turn))
    return found


def _may_ask(turn: Turn, text: str) -> bool:
    """Whether the message may be a question to the shop's knowledge."""
    asked = turn.slot(REQUESTED_SLOT) if turn.busy else None
    answers = bool(asked) and (turn.tracker.latest_message.get("act") or {}).get("name") == "value"
    question = turn.asks or (only_asks(turn) > SURELY_ASKS and not answers)
    if _offered(turn, text) or not _WORDS.search(text):
        return False
    if turn.intent == FAQ and not asked:
        return True
    if asked in OWN_WORDS or any(turn.entity(name) for name in VALUES):
        return False
    if asked and not question and (asked not in CHOICES or turn.intent == INFORM or len(text) < LEAST_STORY):
        return False  # most likely the answer that the form waits for
    if turn.intent in OPEN:
        return True
    if turn.intent.startswith(TALK):
        guessed = not _sure(turn) or (turn.intent in SMALL_TALK and only_asks(turn) > SURELY_ASKS)
        return guessed and len(text) >= LEAST_QUESTION
    if turn.intent.startswith(PERSON) and _sure(turn):
        return only_asks(turn) > SURELY_ASKS and reading("which", text) is not None
    if turn.intent == STOCK and _sure(turn):
        return False  # what the shop does not sell is said to be missing
    if _of_ones_own(turn):
        return False
    if _only_signs_in(turn):
        return True
    if turn.cue(f"{MEANS}{turn.intent}") is not None or (spoken_of.of_another(turn) and turn.intent == PROTECTION):
        return False  # a wish, said plainly
    if turn.intent.startswith("complaints_") and _sure(turn) and only_asks(turn) < SURELY_ASKS:
        return False  # 再投诉一次 asks nothing
    return _weighed(turn, SUREST_SCORE) > 0  # else no entry could win


def _offered(turn: Turn, text: str) -> bool:
    """Whether these are the words of a button below what was said last."""
    last: dict[str, Any] = next((e for e in reversed(turn.tracker.events) if e["event"] == "bot"), {})
    titles = [str(each.get("title") or "") for each in (last.get("data") or {}).get("buttons") or []]
    return any(text in title for title in titles)


def only_asks(turn: Turn) -> float:
    """The probability that the message only asks, as `components/understanding/acts.py` tells it."""
    told = turn.tracker.latest_message.get("act")
    return float(told["ask"]) if told else 0.0


async def _claimed(turn: Turn, found: Found) -> Decision | None:
    """What the knowledge says to a message that a topic claims, too; None: it leaves it to the topic."""
    if not found.hits:
        return None
    act = (turn.tracker.latest_message.get("act") or {}).get("name")
    first = found.hits[0]
    if _only_signs_in(turn):
        if act == "ask" and found.decision == "pass" and first.score >= MAYBE:
            return "clarify"
        return "pass" if act != "ask" and _only_wants(turn, found, act == "do") else found.decision
    if _of_account(turn) and found.decision == "answer" and first.score >= SURELY_OF_ACCOUNT:
        return "answer"
    if _told_by_topic(turn) or found.decision == "pass":
        return None
    if _tells_fault(turn) and not _of_named_goods(turn, first):
        return None  # 灯不亮了: its way is what to do about it, and no manual of other goods
    if turn.intent.startswith(GOODS) and (_of_named_goods(turn, first) or not _names_all(turn.typed, first)):
        return None  # their manual is asked beside their page (`actions/products.py`)
    if act == "do" and _confidence(turn) >= PLAINLY_DOES:
        return None
    own = await _of_own_goods(turn)
    lacks = own == LACKED_WEIGHT or _names_none(turn)  # the topic could only say so, and ask which other thing is meant
    looks = found.decision == "answer" and first.score >= FAIRLY_TELLS
    surely_told = looks if turn.intent.endswith(LOOKS) else tells(found)
    if not lacks and ((_sure(turn) and not surely_told) or first.score < LIKELY):
        return None
    if lacks and not tells(found) and act == "status":
        return None  # where is the dishwasher: that there is none is the answer, and no choice of rules
    return found.decision if _weighed(turn, first.score) + own > 0 else None


def _of_account(turn: Turn) -> bool:
    """Whether a whole story is told about the account, of which the topic's own wordings hear only a word (收不到验证码)."""
    at_once = variant_meant(turn, f"utter_{turn.intent}", turn.typed) in PERSON_AT_ONCE
    return turn.intent in FOR_VISITORS and len(turn.typed) >= LEAST_STORY and not at_once


def _tells_fault(turn: Turn) -> bool:
    """Whether the message tells what is wrong with goods, and does not only ask."""
    told = given.said(turn, given.REASON)
    of_goods = turn.intent.startswith("after_sales_") and told is not None and told.code in given.FAULTS
    return of_goods and only_asks(turn) <= UNSURE


def _only_wants(turn: Turn, found: Found, does: bool) -> bool:
    """Whether a visitor's words that ask nothing are no more than a wish: a few words to do something, or a wish as plain as the
    entry is not. Whoever tells of their own case hears the rule about it first: it cannot be looked up for them anyway."""
    short = len(turn.typed) < LEAST_STORY
    if tells(found) and (not short or found.decision == "answer" or found.hits[0].score >= TELLS_SHORTLY):
        return does and short
    return _confidence(turn) >= PLAINLY_DOES or found.hits[0].score < MAYBE


async def _of_own_goods(turn: Turn) -> float:
    """What it weighs that the customer has the goods that the message names, or has none such that the topic could look at."""
    kind = next((kind for beginning, kind in OF_TOPIC.items() if turn.intent.startswith(beginning)), None)
    if turn.customer is None or kind is None:
        return 0.0
    try:
        has = await asyncio.wait_for(has_named(turn, kind), SEARCH_SECONDS)
    except (GatewayError, asyncio.TimeoutError):
        return 0.0
    return {True: OWNED_WEIGHT, False: LACKED_WEIGHT, None: 0.0}[has]


def _only_signs_in(turn: Turn) -> bool:
    """Whether the topic could only tell a visitor to sign in: whatever rule there is says more."""
    return turn.customer is None and not turn.intent.startswith((*TALK, *FOR_VISITORS, PERSON, GOODS, FAQ, NOT_UNDERSTOOD))


def _of_ones_own(turn: Turn) -> bool:
    """Whether the message names a thing of the customer's own by its number."""
    return any(turn.entity(name) for name in OWN)


def _of_named_goods(turn: Turn, hit: Hit) -> bool:
    """Whether an entry is about just the goods that the message names, or those of their kind."""
    named = [str(each["value"]) for each in turn.tracker.latest_message.get("entities") or [] if each["entity"] in NAMED]
    return any(all(part in hit.question for part in name.split()) for name in named)


def _names_none(turn: Turn) -> bool:
    """Whether a long question of goods names none, and none were spoken of: their topic could only ask which."""
    asks = turn.intent.startswith(GOODS) and only_asks(turn) > UNSURE and len(turn.typed) >= LEAST_STORY
    return asks and not names_goods(turn) and turn.slot("products_last") is None


def names_goods(turn: Turn) -> bool:
    """Whether the message says which goods, or which kind of them."""
    return any(turn.entity(name) for name in NAMED)


def _weighed(turn: Turn, score: float) -> float:
    """Above 0: an entry with this score answers better than the topic whose intent the message was given."""
    return (
        SCORE_WEIGHT * _logit(score)
        + ASKS_WEIGHT * _logit(min(only_asks(turn), SUREST_ASKS))
        + CONFIDENCE_WEIGHT * _logit(_confidence(turn))
        + GOODS_WEIGHT * (turn.intent.startswith(GOODS) and not _names_none(turn))
        + BIAS
    )


def _sure(turn: Turn) -> bool:
    """Whether the intent is more than a guess."""
    return _confidence(turn) >= UNSURE


def _confidence(turn: Turn) -> float:
    return float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0)


def _told_by_topic(turn: Turn) -> bool:
    """Whether the topic has a wording of its own for just these words: it says the next step too."""
    return bool(variant_meant(turn, f"utter_{turn.intent}", turn.typed))


def _logit(share: float) -> float:
    share = min(max(share, 0.01), 0.99)
    return math.log(share / (1 - share))


class ActionFaqAnswer(CustomerAction):
    """Says what the knowledge knows: an answer, a choice, or that there is none; more of the last answer on request.

    Slots: `faq_found` (see `look_up`), `faq_last` (the entry last told: `{key, question, note, said, lead, goods, again}`;
    `said`: how many messages the customer had written, `again`: what was told of it since), `faq_told` (answers since
    it was asked whether they help), `faq_unhelpful`, `faq_passed` (questions in a row without an answer).
    """

    visitors = True
    soothes = False  # who asks is answered

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer; what else was asked for in the same breath comes next."""
        whole = (turn.slot("faq_found") or {}).get(WHOLE)
        events = await self._answer(turn)
        return [*events, *(go_on(turn, events) if turn.two and not turn.busy and not whole else [])]

    async def _answer(self, turn: Turn) -> list[EventType]:
        """By the button that was pressed, else by what was asked."""
        pressed = turn.entity("faq_helpful")
        if pressed:
            return await self._judged(turn, str(pressed))
        key = turn.entity("faq_key")
        if key:
            return await self._chosen(turn, str(key))
        text = turn.typed
        own = await _of_own_case(turn) if _own_says(turn) else None
        if own is not None:
            return own
        found = await found_for(turn)
        note = await self._noted(turn, text, found)
        refusal = spoken_of.refused_lately(turn, WHY_WITHIN)
        if refusal and turn.uttered(WHY_NOT, WHY_WITHIN):
            refusal = None  # explained already: something else is asked
        unsure = found.decision == "clarify" and refusal is None
        if found.decision == "answer" or (unsure and found.hits[0].score >= MAYBE):
            return await tell(turn, found.hits[0], text, note, beside(found))
        if refusal:
            return await explain(turn, refusal)
        if found.decision == "pass" and own_case.possible(turn):
            return []
        passed, wish = int(turn.slot("faq_passed") or 0) + 1, _wish(turn)
        if wish and passed < PASSED_MOST:
            label = str(turn.wording(f"utter_label_{wish}"))
            turn.utter("utter_faq_no_answer_wish", request=label, buttons=[button(label, wish), *_out(turn)])
            return [SlotSet("faq_passed", passed), SlotSet("chat_offered", wish)]
        turn.utter("utter_faq_no_answer", "again" if passed >= PASSED_MOST else "")
        return [SlotSet("faq_passed", passed)]

    async def _chosen(self, turn: Turn, key: str) -> list[EventType]:
        """An entry chosen among several, or the rest of the one last told."""
        last = turn.slot("faq_last") or {}
        text = str(last.get("question") or "")
        hit = await turn.call(wiring.gateways().knowledge.entry, key, text)
        if turn.entity("faq_part") == "rest":
            turn.utter("utter_faq_rest", answer=hit.rest or hit.lead, source=hit.source)
            return []
        return await tell(turn, hit, text, last.get("note"))

    async def _judged(self, turn: Turn, pressed: str) -> list[EventType]:
        """Whether the answer helped; after several that did not, a person takes over."""
        helpful = pressed == "yes"
        note = (turn.slot("faq_last") or {}).get("note")
        unhelpful = 0 if helpful else int(turn.slot("faq_unhelpful") or 0) + 1
        person = unhelpful >= UNHELPFUL_MOST
        if note:
            outcome = "helpful" if helpful else "handed_over" if person else "unhelpful"
            try:
                await turn.call(wiring.gateways().knowledge.outcome, turn.writer, note, outcome)
            except GatewayError as error:
                logger.warning("knowledge outcome not kept: %s", error)
        if person:
            return [SlotSet("faq_unhelpful", 0), FollowupAction("action_handoff")]
        turn.utter("utter_faq_helpful" if helpful else "utter_faq_unhelpful")
        return [SlotSet("faq_unhelpful", unhelpful)]

    async def _noted(self, turn: Turn, text: str, found: Found) -> str | None:
        """Keep the question for those who write the knowledge; the customer's answer does not wait for its success."""
        channel = str(turn.tracker.get_latest_input_channel() or "other")
        try:
            note: str = await turn.call(wiring.gateways().knowledge.asked, turn.writer, text, found, channel)
        except GatewayError as error:
            logger.warning("knowledge question not kept: %s", error)
            return None
        return note


async def explain(turn: Turn, spoken: focus.Spoken) -> list[EventType]:
    """Why something was refused: the reason as it was given, then the rule."""
    states, facts = await focus.look(turn, spoken)
    response = focus.answer(turn, spoken.kind, "why_not", states)
    turn.utter(response or "utter_chat_follow_up", **facts)
    kept = focus.put(turn, spoken.kind, spoken.id, spoken.title, spoken.told, states, spoken.order, spoken.again, **spoken.facts)
    return [*kept, *await tell_rule(turn, spoken)]


async def tell_rule(turn: Turn, spoken: focus.Spoken) -> list[EventType]:
    """The rule by which a thing was refused, unless it was told since: the sentences of it that are nearest to the question."""
    question, last = str(spoken.facts.get("rule") or ""), turn.slot("faq_last") or {}
    if not question:
        return []
    gateway = wiring.gateways().knowledge
    found = await turn.call(gateway.search, question)
    if found.decision != "answer" or (last.get("key") == found.hits[0].key and spoken_of.goes_on(turn, last)):
        return []
    hit = await turn.call(gateway.entry, found.hits[0].key, turn.typed)
    turn.utter("utter_faq_rule", answer=hit.lead, source=hit.source)
    return [SlotSet("faq_last", _last(turn, hit, question, None))]


async def _of_own_case(turn: Turn) -> list[EventType] | None:
    """What the customer's own case says: the slip being filled in, the goods of what was refused, the order asked about."""
    of_slip, refused = own_case.asked_of_slip(turn), own_case.after_refusal(turn)
    told = await own_case.of_slip(turn, of_slip) if of_slip else None
    if told is None and refused:
        told = await own_case.if_broken(turn, refused)
    return await own_case.in_time(turn) if told is None else told


def _own_says(turn: Turn) -> bool:
    """Whether `look_up` found that the customer's own order says what is asked."""
    kept = turn.slot("faq_found") or {}
    return bool(turn.message_id) and kept.get("message_id") == turn.message_id and kept["decision"] == MINE


def tells(found: Found) -> bool:
    """Whether an entry is told before anything else that may answer: one that answers, or the first of several where it is
    before the next by far."""
    if found.decision != "clarify":
        return found.decision == "answer"
    first, following = found.hits[0].score, found.hits[1].score if len(found.hits) > 1 else 0.0
    return first >= max(LIKELY, LEAD * following)


def beside(found: Found) -> tuple[Hit, ...]:
    """The entries that may have been meant instead of the first: all where the search would ask, else the next if it is near."""
    others = found.hits[1:] if found.decision == "clarify" else found.hits[1:2]
    near = bool(others) and found.hits[0].score < NEAR * others[0].score
    return others if found.decision == "clarify" or near else ()


async def tell(turn: Turn, hit: Hit, question: str, note: str | None, others: Sequence[Hit] = ()) -> list[EventType]:
    """Say an entry: the sentences that answer first, the customer's own case, the rest behind a button. Of the `others` that may
    have been meant instead, the next is told beside it where it is about as likely (FAR); the rest stand below.

    Of the entry told just before, only what is nearest to this question, or what was not told yet; never the same again.
    """
    last = turn.slot("faq_last") or {}
    if last.get("key") == hit.key and last.get("lead") == hit.lead and spoken_of.goes_on(turn, last):
        again = list(last.get("again") or [])
        more = _more(hit, question, again)
        if more or not others:
            return _told_again(turn, hit, question, note, again, more)
        hit, *others = others  # all of the first was told: the next is meant
    told = int(turn.slot("faq_told") or 0) + 1
    asks = told >= HELPFUL_EVERY and not turn.busy
    buttons = [_button(turn, "more", {"faq_key": hit.key, "faq_part": "rest"})] if hit.rest else []
    wish = _wish(turn)
    unproven = turn.customer is None and wish not in FOR_VISITORS
    if wish and not unproven:
        buttons.append(button(str(turn.wording(f"utter_label_{wish}")), wish))
    entries = [hit]
    if others and hit.score < FAR * others[0].score:
        second, *others = others
        entries.append(second)
        buttons = [*(_choice(each.question, each.key) for each in (hit, second) if each.rest), *buttons[bool(hit.rest) :]]
        buttons += [*(_choice(other.question, other.key) for other in others), _judgement(turn, "none"), *_out(turn)]
        first = {"question": hit.question, "answer": hit.lead, "source": hit.source}
        beside = {"next_question": second.question, "next_answer": second.lead, "next_source": second.source}
        turn.utter("utter_faq_answer", "either", buttons=buttons, **first, **beside)
    else:
        for_a_person = reading("for_a_person", hit.lead) is not None and not turn.slot("handoff_id")
        buttons += _out(turn) if turn.intent.startswith(PERSON) or for_a_person else []
        buttons += [_choice(other.question, other.key) for other in others]
        turn.utter("utter_faq_answer", "likely" if others else "", buttons=buttons, answer=hit.lead, source=hit.source)
        await own_case.say(turn, hit.facts)
    due = await own_case.offer(turn, [fact for each in entries for fact in each.facts])
    asks = asks and due is None
    own = (turn.tracker.latest_message.get("act") or {}).get("name") in OF_ONES_OWN
    if wish and unproven and own and not turn.slot("handoff_id"):
        turn.utter("utter_chat_sign_in", "own")
    if asks:
        turn.utter("utter_faq_ask_helpful", buttons=[_judgement(turn, "yes"), _judgement(turn, "no")])
    return [
        SlotSet("faq_last", _last(turn, hit, question, note)),
        SlotSet("faq_told", 0 if asks else told),
        *([SlotSet("faq_passed", 0)] if turn.slot("faq_passed") else []),
        *([SlotSet("chat_offered", due or wish)] if due or (wish and not unproven) else []),
    ]


def _more(hit: Hit, question: str, again: list[str]) -> str:
    """The sentence of an entry just told that speaks of what is asked, else what was not told of it; empty where all was."""
    return next((each for each in (_sentence(hit, question), hit.rest) if each and each not in again), "")


def _told_again(turn: Turn, hit: Hit, question: str, note: str | None, again: list[str], more: str) -> list[EventType]:
    """What was not told of an entry just told, else a person."""
    buttons = [] if more else _out(turn)
    turn.utter("utter_faq_again", "" if more else "nothing", buttons=buttons, answer=more, source=hit.source)
    again = [*again, *([more] if more else ())]
    return [SlotSet("faq_last", {**_last(turn, hit, question, note), "again": again})]


def _sentence(hit: Hit, question: str) -> str:
    """The sentence that shares the most with the question; empty where none does, or the entry is one sentence."""
    sentences = [each.strip() for each in _SENTENCES.findall(hit.rest or hit.lead) if each.strip()]
    asked = _pairs(question)
    if len(question) < LEAST_QUESTION and not any(asked & _pairs(each) for each in sentences):
        asked = {sign for sign in question if 0 < sum(sign in each for each in sentences) < len(sentences)}
        return next((each for each in sentences if asked & set(each)), "") if len(sentences) > 1 else ""
    shared, place = max(((len(asked & _pairs(each)), -at) for at, each in enumerate(sentences)), default=(0, 0))
    return sentences[-place] if shared and len(sentences) > 1 else ""


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _last(turn: Turn, hit: Hit, question: str, note: str | None) -> dict[str, Any]:
    """For slot `faq_last`; `goods`: those of the manual that the entry is of."""
    goods = _MANUAL.search(hit.question)
    of_manual = {"goods": goods[1]} if goods else {}
    kept = {"key": hit.key, "question": question, "note": note, "said": spoken_of.messages(turn), "lead": hit.lead}
    return {**kept, **of_manual}


def _wish(turn: Turn) -> str | None:
    """What the question is about and may be wanted next: the topic's own wish, where no form is open."""
    about = (turn.told("know") or {}).get("intent") or turn.intent
    asked = about in OPEN or about.startswith((*TALK, PERSON, "complaints_", GOODS)) or turn.busy
    ranked = {str(each["name"]): float(each["confidence"]) for each in turn.tracker.latest_message.get("intent_ranking") or []}
    guessed = ranked.get(about, 1.0) < UNSURE
    return None if asked or guessed or not turn.wording(f"utter_label_{about}") else str(about)


def _out(turn: Turn) -> list[Button]:
    """A way past what is offered."""
    return [button(str(turn.wording("utter_label_handoff_request")), "handoff_request")]


def _choice(title: str, key: str) -> Button:
    return button(title, FAQ, json.dumps({"faq_key": key}, ensure_ascii=False))


def _button(turn: Turn, label: str, entities: dict[str, str]) -> Button:
    title = turn.wording(f"utter_faq_label_{label}") or label
    return button(title, FAQ, json.dumps(entities, ensure_ascii=False))


def _judgement(turn: Turn, value: str) -> Button:
    return _button(turn, value, {"faq_helpful": value})
