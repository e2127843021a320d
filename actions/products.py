"""Products: is it there, what does it cost, what is it like, what to buy. Facts come from the catalogue alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import focus, spoken_of, wiring
from actions.base import CustomerAction, Turn, over
from actions.faq import FAIRLY_TELLS, GOODS, LIKELY, beside, names_goods, tell, tells
from actions.forms import UNCLEAR, Form
from actions.gateways.errors import GatewayError, NotFound
from actions.gateways.knowledge import Hit
from actions.gateways.products import Answer, Fact, Found, Offer, Product, Variant
from actions.readings import reading
from actions.references import at_place, option
from actions.words import opened

STOCK, PRICE, DETAIL = "products_ask_stock", "products_ask_price", "products_ask_detail"
WHICH, WISH = "products_which_form", "products_wish_form"
SURELY_OF_IT = 0.6
"""From this score on an entry tells of what is asked, whatever name in Latin letters it does not hold, but where it is asked
whether goods have just that."""
WISHED = "products_wished"  # slot: the wish that was last answered by a recommendation
NONE = "none"  # the customer wants none of what was offered
SURE = 0.5  # from here on a sentence that names no goods is believed to ask for a recommendation
MOST_OFFERED = 5
MOST_FACTS = 5
MOST_DIFFERENCES = 8


@dataclass(frozen=True)
class Question:
    """What is asked of a product, kept while the customer says which one."""

    intent: str
    text: str
    colour: str | None = None
    size: str | None = None

    @classmethod
    def of(cls, turn: Turn) -> Question:
        """What the latest message asks; whatever else its intent is, of goods it asks what they are like."""
        intent = turn.intent if turn.intent.startswith(GOODS) else DETAIL
        return cls(intent, turn.typed, turn.entity("colour"), turn.entity("size"))


class ActionProductsAsk(CustomerAction):
    """Answers about the product that is meant; asks which where several are."""

    visitors = True
    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Find it and answer, or offer what fits."""
        question = Question.of(turn)
        if question.intent != STOCK and (await _compared(turn, question) or await _among_offered(turn, question)):
            return _forgotten(turn)
        found = await _meant(turn, question) or _pointed_at(turn)
        part = found and question.intent == PRICE and reading("part_alone", turn.typed) is not None
        if part and await _told_by_knowledge(turn, question.text, found[0].name, LIKELY):
            return _forgotten(turn)
        if len(found) == 1:
            return [*_forgotten(turn), *await _answered(turn, found[0].sku, question)]
        if found and question.intent == DETAIL and await _told_of_each(turn, question, found):
            return [*_forgotten(turn), _offers(found), SlotSet("products_last", None)]
        least = {DETAIL: 0.0, PRICE: FAIRLY_TELLS}.get(question.intent)  # what a part costs that is lost stands in a manual
        if found and least is not None and await _told_by_knowledge(turn, question.text, least=least):
            return _forgotten(turn)
        if found:
            return _asked_which(turn, question, found)
        turn.finished = False
        named = turn.entity("product") or turn.entity("product_category")
        missing = named and question.intent == STOCK  # said plainly: a rule about restocking is no answer
        if not missing and await _told_by_knowledge(turn, question.text):
            return _forgotten(turn)
        turn.utter("utter_products_none", "named" if named else "", product=named or "")
        return _forgotten(turn)


async def on_a_page(turn: Turn) -> bool:
    """Whether the page of goods that a message names tells what it asks; a field that is a part of their name (how long a
    thermos keeps warm) is not what is asked."""
    question = Question.of(turn)
    named = "".join(_all(turn, "product") + _all(turn, "product_category"))
    answers = await _answers(turn, await _meant(turn, question), question)
    return any(fact.name not in named for answer in answers for fact in answer.facts)


class AskProductsChoice(CustomerAction):
    """Offers the products that fit, as buttons."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """List them."""
        offered: list[dict[str, str]] = turn.slot("products_offered") or []
        buttons = [option("products_sku", o["sku"], o["name"]) for o in offered]
        turn.utter("utter_ask_products_choice", buttons=buttons)
        return []


class ValidateProductsWhichForm(Form):
    """Which of the offered products."""

    visitors = True

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """By its button, its place, or part of its name."""
        if not self.asked(turn, "products_choice"):
            return {}
        offered: list[dict[str, str]] = turn.slot("products_offered") or []
        chosen = turn.entity("products_sku") or _at_place(turn, offered) or _by_name(turn.typed, offered)
        if chosen:
            return {"products_choice": chosen}
        if turn.intent == "chat_deny":
            return {"products_choice": NONE}
        if turn.intent in UNCLEAR:
            turn.utter("utter_products_choice_unclear")
            return {"products_choice": None}
        return {}


class ActionProductsChoose(CustomerAction):
    """Answers what was asked, about the product that was chosen."""

    visitors = True
    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer, or say how to go on where none was right."""
        sku = turn.slot("products_choice")
        forget = _forgotten(turn)
        if not sku or sku == NONE:
            turn.utter("utter_products_none", "chosen")
            return forget
        question = Question(**(turn.slot("products_question") or {"intent": DETAIL, "text": ""}))
        return [*forget, *await _answered(turn, sku, question)]


class ValidateProductsWishForm(Form):
    """What to recommend."""

    visitors = True

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """Any words, kind of goods, colour or amount."""
        if not self.asked(turn, "products_wish"):
            return {}
        if turn.intent == "chat_deny":
            return {"products_wish": {}}
        wish = _wish(turn)
        told = wish["kind"] or wish["amounts"] or wish["colour"]
        taken = turn.intent in (*UNCLEAR, "chat_affirm", "products_recommend", STOCK, PRICE, DETAIL)
        return {"products_wish": wish} if told or taken else {}


class ActionProductsRecommend(CustomerAction):
    """Recommends three products at most and says why; asks for a hint where there is nothing to choose by."""

    visitors = True
    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """By what was said, else by what the customer bought before."""
        question = Question.of(turn)
        if await _compared(turn, question) or await _among_offered(turn, question):
            return _forgotten(turn)
        wish = turn.slot("products_wish")
        first = wish is None
        wish = {"kind": None, "text": "", "colour": None, "amounts": [], **(wish or _wish(turn))}
        wish = _added(turn.slot(WISHED), wish) if turn.cue("points") is None else wish
        gateway = wiring.gateways().products
        told = await turn.call(gateway.recommend, turn.reader, wish["kind"], wish["text"], wish["colour"], wish["amounts"])
        if told.open and first and turn.customer is None:
            turn.finished = False
            return opened(WISH, "products_wish")
        forget = _forgotten(turn)
        confidence = float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0)
        if told.open and first and confidence < SURE:  # nothing of it was understood: bestsellers would be no answer
            turn.finished = False
            turn.utter("utter_products_none")
            return forget
        if not told.picks:
            turn.utter("utter_products_recommend", "none", product=wish["kind"] or "")
            return forget
        listed = "\n".join(
            f"{place}. {pick.name} ¥{pick.price}（{'；'.join(pick.why)}）" for place, pick in enumerate(told.picks, start=1)
        )
        buttons = [option("products_sku", pick.sku, pick.name, intent=DETAIL) for pick in told.picks]
        variant = "open" if told.open and turn.customer is None else "bought" if told.open else ""
        turn.utter("utter_products_recommend", variant, buttons=buttons, products=listed)
        offered = [{"sku": pick.sku, "name": pick.name} for pick in told.picks]
        return [*forget, SlotSet("products_offered", offered), SlotSet("products_last", None), SlotSet(WISHED, wish)]


# ── which product ─────────────────────────────────────────────────────────────


async def _meant(turn: Turn, question: Question) -> list[Found]:
    """The products that fit best: named ones, the one spoken of, those of the last order, those the words fit."""
    gateway = wiring.gateways().products
    pressed = turn.entity("products_sku") or _at_place(turn, turn.slot("products_offered") or [])
    if pressed:
        return [Found(pressed, pressed, "", "", True, True)]
    if turn.entity("product"):
        return _best(await turn.call(gateway.named, turn.entity("product")))
    spoken = await _spoken_of(turn)
    category = _first(turn, "product_category")
    if category:
        named = await turn.call(gateway.named, category)
        best = {found.product_id for found in named if found.best} | {found.sku for found in named if found.best}
        if len(spoken) == 1 and (spoken[0].product_id in best or await _has_part(turn, spoken[0], question, category)):
            return spoken
        return _best(await turn.call(gateway.meant, question.text)) or _best(named)
    return spoken or _best(await turn.call(gateway.meant, question.text))


def _pointed_at(turn: Turn) -> list[Found]:
    """The list last shown, where the words point back at it (这个多少钱)."""
    if turn.cue("points") is None:
        return []
    return [Found(each["sku"], each["sku"], each["name"], "", True, True) for each in turn.slot("products_offered") or []]


async def _spoken_of(turn: Turn) -> list[Found]:
    """The product last spoken of, that of the manual last told from, else those of the order last spoken of."""
    told = turn.slot("faq_last") or {}
    named = _named_before(turn) or (told.get("goods") if spoken_of.goes_on(turn, told) else None)
    if named:
        return _best(await turn.call(wiring.gateways().products.named, named))
    last = turn.slot("products_last")
    if last:
        return [Found(last["sku"], last["product_id"], last["name"], "", True, True)]
    if not (turn.customer and turn.slot("orders_last")):
        return []
    try:
        return await turn.call(wiring.gateways().products.of_order, turn.reader, turn.slot("orders_last"))
    except NotFound:
        return []


def _named_before(turn: Turn) -> str | None:
    """The product that the customer's message before this one only named: what is asked comes after it."""
    said = [event.get("parse_data") or {} for event in turn.tracker.events if event["event"] == "user"]
    before = said[-2] if len(said) > 1 else {}
    if (before.get("intent") or {}).get("name") != "chat_inform":
        return None
    return next((str(e["value"]) for e in before.get("entities") or [] if e["entity"] == "product"), None)


async def _has_part(turn: Turn, found: Found, question: Question, category: str) -> bool:
    """Whether a category that was named is only a part of the product spoken of (带充电器吗)."""
    if question.intent != DETAIL:
        return False
    (answer,) = await _answers(turn, [found], question)
    return any(category in fact.name or category in fact.value for fact in answer.facts)


def _best(found: list[Found]) -> list[Found]:
    return [each for each in found if each.best][:MOST_OFFERED]


def _first(turn: Turn, entity: str) -> str | None:
    return next(iter(_all(turn, entity)), None)


def _all(turn: Turn, entity: str) -> list[str]:
    return [e["value"] for e in turn.tracker.latest_message.get("entities") or [] if e["entity"] == entity]


def _at_place(turn: Turn, offered: list[dict[str, str]]) -> str | None:
    """第二个."""
    return at_place(turn, [each["sku"] for each in offered])


def _by_name(text: str, offered: list[dict[str, str]]) -> str | None:
    """The one whose name shares the most with the words, if one does."""
    said = _parts(text)
    shared = sorted(((len(said & _parts(each["name"])), each["sku"]) for each in offered), reverse=True)
    if not shared or not shared[0][0] or (len(shared) > 1 and shared[0][0] == shared[1][0]):
        return None
    return shared[0][1]


def _parts(text: str) -> set[str]:
    """Pairs of characters, and whole Latin words: Pro is a part, P is none."""
    latin = set(re.findall(r"[a-z0-9]+", text.lower()))
    rest = re.sub(r"[a-z0-9\s]+", " ", text.lower())
    return latin | {rest[i : i + 2] for i in range(len(rest) - 1) if " " not in rest[i : i + 2]}


def _asked_which(turn: Turn, question: Question, found: list[Found]) -> list[EventType]:
    """Start the form that asks which; what was asked is kept."""
    turn.finished = False
    return [
        _offers(found),
        SlotSet("products_question", vars(question)),
        *opened(WHICH, "products_choice"),
    ]


def _offers(found: list[Found]) -> EventType:
    return SlotSet("products_offered", [{"sku": each.sku, "name": each.name} for each in found])


def _forgotten(turn: Turn) -> list[EventType]:
    """What was kept for a choice is forgotten and its form over; no other form is."""
    kept = ("products_choice", "products_question", "products_wish")
    ours = (turn.tracker.active_loop or {}).get("name") in (WHICH, WISH)
    return over(*kept) if ours else [SlotSet(name, None) for name in kept]


# ── answers ───────────────────────────────────────────────────────────────────


async def _answered(turn: Turn, sku: str, question: Question) -> list[EventType]:
    """Say it, and remember the product."""
    try:
        product = await turn.call(wiring.gateways().products.get, sku)
    except NotFound:
        turn.utter("utter_products_none")
        return [SlotSet("products_last", None)]
    variants = _wanted(product, question)
    if question.intent == STOCK:
        _say_stock(turn, product, variants, question)
    elif question.intent == PRICE:
        await _say_price(turn, product, variants)
    else:
        await _say_detail(turn, product, question)
    last = {"sku": product.sku, "product_id": product.product_id, "name": product.name}
    what = question.intent.rpartition("_")[2]
    hint = next((v.restock_hint for v in variants or product.variants if not v.stock), "")
    states = _states(variants or list(product.variants))
    facts = {"product": product.name, "hint": hint}
    told = focus.put(turn, "product", product.sku, product.name, what, states, again=question.intent, **facts)
    return [*told, SlotSet("products_last", last)]


def _states(variants: list[Variant]) -> list[str]:
    """Whether there is any of it."""
    if all(variant.stock for variant in variants):
        return ["in_stock"]
    some = any(variant.stock for variant in variants)
    return ["some_out_of_stock" if some else "out_of_stock", *([] if some else [variants[0].state_code])]


def _wanted(product: Product, question: Question) -> list[Variant]:
    """The variants of the colour and size that were named; all where none was, none where there is no such."""
    variants = list(product.variants)
    if question.colour:
        alike = [v for v in variants if question.colour in v.name] or [v for v in variants if question.colour[0] in v.name]
        variants = alike
    if question.size:
        variants = [v for v in variants if question.size in v.name.split()]
    figures = {figure for figure in re.findall(r"\d{3,}", question.text) if any(figure in v.name for v in product.variants)}
    return [v for v in variants if all(figure in v.name for figure in figures)]


def _say_stock(turn: Turn, product: Product, variants: list[Variant], question: Question) -> None:
    there = _names([v for v in product.variants if v.stock])
    if not variants:
        wanted = " ".join(filter(None, (question.colour, question.size)))
        turn.utter("utter_products_stock", "no_variant", product=product.name, wanted=wanted, variants=_names(product.variants))
        return
    if len(variants) == 1:
        variant = variants[0]
        code = variant.state_code
        if code == "out_of_stock" and there:
            code = "out_of_stock_others"
        turn.utter(
            "utter_products_stock", code, product=product.name, which=variant.name, state=variant.state,
            hint=variant.restock_hint, others=there,
        )  # fmt: skip
        return
    gone = [v for v in variants if not v.stock]
    hint = gone[0].restock_hint if gone else ""
    code = "all" if not gone else "some" if len(gone) < len(variants) else "nothing"
    turn.utter(
        "utter_products_stock", code, product=product.name, hint=hint,
        there=_names([v for v in variants if v.stock]), gone=_names(gone),
    )  # fmt: skip


def _names(variants: list[Variant] | tuple[Variant, ...]) -> str:
    return "、".join(variant.name for variant in variants)


async def _say_price(turn: Turn, product: Product, variants: list[Variant]) -> None:
    variants = variants or list(product.variants)
    dear, cheap = max(variants, key=_price), min(variants, key=_price)
    offer: Offer = await turn.call(wiring.gateways().products.offer, turn.reader, cheap.sku)
    span = "range" if _price(dear) != _price(cheap) else ""
    fallen = bool(offer.was) and float(offer.was or 0) > float(offer.price)
    changed = "fallen" if fallen else "steady" if offer.since and not span else ""
    turn.utter(
        "utter_products_price", "_".join(filter(None, (span, changed))), product=product.name,
        which=_names(variants) if len(variants) == 1 else "", price=cheap.price, highest=dear.price,
        was=offer.was or "", since=(offer.since or "")[:10], lowest=offer.lowest,
    )  # fmt: skip
    if offer.coupons:
        coupon = offer.coupons[0]
        day = coupon.valid_to[:10]
        more = len(offer.coupons)
        turn.utter("utter_products_coupon", coupon=coupon.name, price=coupon.price_after, day=day, count=more)
    else:
        turn.utter("utter_products_coupon", "none" if turn.customer else "visitor")


def _price(variant: Variant) -> float:
    return float(variant.price)


async def _say_detail(turn: Turn, product: Product, question: Question) -> None:
    answer: Answer = await turn.call(wiring.gateways().products.answer, product.sku, question.text)
    if not answer.facts and (question.colour or question.size):
        _say_stock(turn, product, _wanted(product, question), question)  # 有黑色的吗, however it sounds
        return
    recorded = "、".join(fact.name for fact in answer.recorded)
    field = any(fact.name in question.text for fact in answer.facts)
    if answer.facts and not field and await _told_by_knowledge(turn, question.text, product.name, FAIRLY_TELLS):
        return  # how it is used its manual says better than a field that is only near
    if answer.facts:
        turn.utter("utter_products_detail", product=product.name, facts=_lines(answer.facts))
    elif (answer.general or not question.text) and answer.recorded:
        turn.utter("utter_products_detail", "general", product=product.name, facts=_lines(answer.recorded[:MOST_FACTS]))
    elif not await _told_by_knowledge(turn, question.text, product.name):
        silent = "unknown" if recorded else "nothing"
        turn.utter("utter_products_detail", silent, product=product.name, recorded=recorded)


async def _told_by_knowledge(turn: Turn, text: str, goods: str = "", least: float = 0.0) -> bool:
    """What the catalogue does not say may stand in the knowledge, with this score at least; whether it did."""
    try:
        found = await turn.call(wiring.gateways().knowledge.search, text if names_goods(turn) else f"{goods} {text}".strip())
    except GatewayError:
        return False
    if tells(found) and found.hits[0].score >= least and _speaks_of(found.hits[0], text, goods):
        turn.before += await tell(turn, found.hits[0], text, None, beside(found))
        return True
    return False


def _speaks_of(hit: Hit, text: str, goods: str) -> bool:
    """Whether the entry tells of what is asked (NFC), and not only of the goods that are named; one that is found as surely as
    this tells of it in other words (打 fps 慢半拍: a mode of low latency)."""
    if hit.score >= SURELY_OF_IT and reading("has_that", text) is None:
        return True
    answer = f"{hit.question} {hit.lead} {hit.rest}".lower()
    asked = _parts(text) - _parts(goods)
    latin = {part for part in asked if part.isascii() and not part.isdigit()}
    return all(part in answer for part in latin) and any(part in answer for part in asked)


def _lines(facts: tuple[Fact, ...]) -> str:
    return "；".join(f"{fact.name}：{fact.value}" for fact in facts[:MOST_FACTS])


async def _compared(turn: Turn, question: Question) -> bool:
    """Two products named: what differs, side by side. False where there are not just two."""
    gateway = wiring.gateways().products
    named = list(dict.fromkeys(_all(turn, "product")))
    if len(named) != 2:
        return False
    found = [next(iter(_best(await turn.call(gateway.named, name))), None) for name in named]
    one, other = found
    if one is None or other is None or one.product_id == other.product_id:
        return False
    answers = [await turn.call(gateway.answer, each.sku, question.text) for each in (one, other)]
    told = [{fact.name: fact.value for fact in answer.facts or answer.recorded} for answer in answers]
    shared = [name for name in told[0] if name in told[1] and (answers[0].facts or told[0][name] != told[1][name])]
    shared = [] if question.intent == PRICE else shared[:MOST_DIFFERENCES]
    prices = [min((await turn.call(gateway.get, each.sku)).variants, key=_price).price for each in (one, other)]
    listed = "\n".join(f"{name}：{told[0][name]} ／ {told[1][name]}" for name in shared)
    alike = question.intent != PRICE and bool(told[0].keys() & told[1].keys())
    turn.utter(
        "utter_products_compared", "" if shared else "alike" if alike else "prices",
        one=one.name, other=other.name, differences=listed, one_price=prices[0], other_price=prices[1],
    )  # fmt: skip
    return True


async def _among_offered(turn: Turn, question: Question) -> bool:
    """Which of those just offered has what is asked for, by their pages. False where no page tells of it."""
    offered: list[dict[str, str]] = turn.slot("products_offered") or []
    if len(offered) < 2 or turn.cue("which_one") is None or turn.entity("product"):
        return False
    among = [Found(each["sku"], each["sku"], each["name"], "", True, True) for each in offered[:MOST_OFFERED]]
    return await _told_of_each(turn, question, among, "offered")


async def _answers(turn: Turn, found: list[Found], question: Question) -> list[Answer]:
    """What each one's page says to the question."""
    gateway = wiring.gateways().products
    return [await turn.call(gateway.answer, each.sku, question.text) for each in found]


async def _told_of_each(turn: Turn, question: Question, found: list[Found], which: str = "") -> bool:
    """Say what each one's page tells of what is asked. False where none does."""
    answers = await _answers(turn, found, question)
    if not any(answer.facts for answer in answers):
        return False
    silent = turn.wording("utter_products_among_silent") or ""
    pairs = zip(found, answers, strict=True)
    listed = "\n".join(f"{each.name}：{_lines(answer.facts) or silent}" for each, answer in pairs)
    buttons = [] if which else [option("products_sku", each.sku, each.name, intent=DETAIL) for each in found]
    turn.utter("utter_products_among", which, buttons=buttons, products=listed)
    return True


def _added(before: dict[str, Any] | None, wish: dict[str, Any]) -> dict[str, Any]:
    """A wish that only says more of the one before (a budget, for whom, a colour) with what that one said."""
    if not before or (wish["kind"] and wish["kind"] != before["kind"]) or not (wish["amounts"] or wish["colour"]):
        return wish
    text = f"{before['text']} {wish['text']}".strip()
    return {**{name: wish[name] or before[name] for name in wish}, "text": text}


def _wish(turn: Turn) -> dict[str, Any]:
    """What was said of the wished-for goods."""
    amounts = [round(float(value)) for value in _all(turn, "amount") if re.fullmatch(r"\d+(\.\d+)?", str(value))]
    kind = _first(turn, "product_category") or _first(turn, "product")
    return {"kind": kind, "text": turn.typed, "colour": turn.entity("colour"), "amounts": amounts}
