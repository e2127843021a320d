"""Invoices: asking for one, where it is, sending it again, changing it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import focus, given, wiring
from actions.base import OTHER, REQUESTED_SLOT, CustomerAction, Turn, over
from actions.facts import facts
from actions.faq import MEANS
from actions.forms import UNCLEAR, Ask, Form, confirmed, tidy
from actions.gateways.belongings import INVOICE, Thing
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.invoices import Heading, Invoice
from actions.gateways.orders import Order
from actions.order_form import BESIDE, OrderAction, OrderForm
from actions.order_states import past, rule_said, summed, told
from actions.readings import captured, reading, words
from actions.references import MORE, belongings, find, kept, offered, page, settled

SPLIT, ISSUED = "utter_invoices_split", "issued"
"""What offers a person for it · the state of an invoice made out."""
WHY_AMOUNT = "why_amount"
"""The aspect that asks why an invoice says that amount."""
NORMAL, SPECIAL, PERSON, COMPANY = "normal", "special", "person", "company"
TAX_NUMBER_INVALID = "invoice_tax_id_invalid"
NO_EMAIL = "none"
TITLE_LENGTH = 100
SHORT = 5  # so few characters name a kind, not a title
HEADING = (
    "invoices_type",
    "invoices_title_kind",
    "invoices_title",
    "invoices_tax_number",
    "invoices_doubtful",
    "invoices_email",
)
USES = (given.TITLE, given.NAME, "tax_number", "email")
"""Kinds of given values that a heading is made of."""
VALUES = ("invoices_request", "invoices_change", "invoices_ask_status")
NAMED = {"title": "invoices_title", "tax_number": "invoices_tax_number", "email": "invoices_email"}
NAMES = (*VALUES, "account_manage", "faq", "products_ask_detail", "products_recommend")
_INVOICE = re.compile(r"FP\d{12}", re.IGNORECASE)
_LONG = re.compile(r"(?<![0-9A-Za-z@._-])[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){5,24}(?![0-9A-Za-z@._-])")
_EMAIL = re.compile(r"[0-9A-Za-z._%+-]+@[0-9A-Za-z.-]*")


class HeadingForm(Form):
    """What both forms about headings share: reading one out of the customer's words, and having it checked.

    Attributes:
        refusal: the response that says why the shop would not make out such an invoice.
    """

    refusal = "utter_invoices_request_rejected"

    async def heading(self, turn: Turn, kinds: bool = True, own_name: bool = True) -> dict[str, Any]:
        """The heading's slots that this message fills; None asks again.

        `kinds`: whether it may say whose title it is; `own_name`: whether a person's title is the customer's own
        name unless another is given.
        """
        said = words(turn)
        mail = self.asked(turn, "invoices_email") and "@" in said
        filled = self._kind(turn, said) if kinds and not mail else {}
        if filled.get("invoices_title_kind") == OTHER:  # the button that starts over
            return dict.fromkeys(HEADING)
        same = reading("invoices_same", said) if kinds and not mail else None
        if same:  # 还是那个抬头, 跟刚才一样: no title is called so
            filled = {**await self._as_before(turn, same), **filled}
        elif "invoices_title_kind" not in filled or len(said) > SHORT:
            filled = {**self._values(turn, said), **filled}
            named = given.said(turn, given.NAME)
            whom = named.value if named else captured("invoices_person", said)
            if filled.get("invoices_title_kind") == PERSON and whom and not filled.get("invoices_title"):
                filled["invoices_title"] = whom[:TITLE_LENGTH]
        before = turn.slot("invoices_title_kind")
        if filled.get("invoices_tax_number") or filled.get("invoices_type") == SPECIAL:
            filled.setdefault("invoices_title_kind", before if before == PERSON and not kinds else COMPANY)
        kind = filled.get("invoices_title_kind") or before
        if kind == PERSON:
            filled |= {"invoices_tax_number": None, "invoices_doubtful": None}
            own = self.asked(turn, "invoices_title") and captured("invoices_own_name", said)
            others = before == COMPANY or turn.slot("invoices_tax_number")  # a title that was a company's
            titled = filled.get("invoices_title") or (None if others else turn.slot("invoices_title"))
            if own or (own_name and not titled and not self.asked(turn, "invoices_title")):
                customer = await turn.call(wiring.gateways().customers.get, turn.reader)
                filled["invoices_title"] = customer.name
        elif kind == COMPANY and before != COMPANY and (before or not turn.slot("invoices_tax_number")):
            filled.setdefault("invoices_title", None)
        filled |= await self.checked_heading(turn, filled)
        asked = turn.slot(REQUESTED_SLOT)  # an empty slot that stays empty is no news, unless it is asked again
        return {n: v for n, v in filled.items() if v is not None or turn.slot(n) is not None or n in (asked, "invoices_type")}

    async def _as_before(self, turn: Turn, same: str) -> dict[str, Any]:
        """The heading of the invoice last spoken of, else of the newest; `same`: heading alone, or all of it."""
        spoken = [each.id for each in focus.of(turn, "invoice")]
        numbers = [*spoken, *(thing.id for thing in (await belongings(turn)).of_kind(INVOICE) if thing.open)]
        number = next((each for each in numbers if each != turn.slot("invoices_number")), None)
        if number is None:
            turn.utter("utter_invoices_same_none")
            return {name: None for name in (turn.slot(REQUESTED_SLOT),) if name in HEADING}
        before = await turn.call(wiring.gateways().invoices.get, turn.reader, number)
        heading = {
            "invoices_title_kind": before.kind_code, "invoices_title": before.title, "invoices_tax_number": before.tax_number,
        }  # fmt: skip
        if same == "heading" and not self.asked(turn, "invoices_email"):
            return heading
        return {**heading, "invoices_email": before.email or NO_EMAIL}

    async def _correct(self, turn: Turn, asked: str) -> dict[str, Any]:
        """税号写错了: what is named is taken back, nothing else, and not what stays (抬头错了，税号还是那个)."""
        correction = turn.told("correct")
        said = words(turn).replace(turn.cue("unchanged") or "\n", "")
        slot = NAMED.get(reading("invoices_change_field", said) or "") if correction else None
        if correction and slot and slot != asked and turn.slot(slot) is not None:
            return self._taken_back(turn, slot, correction["value"])
        return await super()._correct(turn, asked)

    def _kind(self, turn: Turn, said: str) -> dict[str, Any]:
        """Which type, and whether a person's or a company's; never out of a title that was asked for."""
        titling = self.asked(turn, "invoices_title") and len(said) > SHORT
        kind_of = turn.entity("invoices_type") or (None if titling else reading("invoices_type", said))
        kind = turn.entity("invoices_title_kind") or (None if titling else reading("invoices_title_kind", said))
        return {
            **({"invoices_type": kind_of} if kind_of else {}),
            **({"invoices_title_kind": kind} if kind else {}),
        }

    def _values(self, turn: Turn, said: str) -> dict[str, Any]:
        """Title, tax number and e-mail, given now or, where the form begins, a little before."""
        filled: dict[str, Any] = {}
        found = given.known if turn.slot(REQUESTED_SLOT) is None else given.said
        email, title = found(turn, "email"), found(turn, given.TITLE)
        if turn.pressed and turn.entity("email"):
            filled["invoices_email"] = turn.entity("email")
        elif email:
            filled["invoices_email"] = email.value
        elif self.asked(turn, "invoices_email") or (turn.told("set") or {}).get("slot") == "invoices_email":
            if turn.intent == "chat_deny" or reading("invoices_no_email", said):
                filled["invoices_email"] = NO_EMAIL
            elif "@" in said:
                turn.utter("utter_invoices_email_unclear")
                filled["invoices_email"] = None
        number = self._tax_number(turn, _EMAIL.sub(" ", said))
        if number:
            filled["invoices_tax_number"] = number
        company = title is not None and title.code == COMPANY
        if title is None and self.asked(turn, "invoices_title"):
            title = given.said(turn, given.NAME)
            if title is None and not (number or email or given.said(turn, "phone")):
                words = self.words(turn, "invoices_title", NAMES).get("invoices_title")
                title = given.Given(given.TITLE, words, COMPANY) if words else None
        instead = turn.cue("value") if turn.cue("slot_invoices_title") is not None else None
        if title is None and instead and self.asked(turn, "invoices_confirmed"):  # 抬头换成周大为
            title = given.Given(given.TITLE, tidy(re.split("[,，。]", instead)[0]), str(turn.slot("invoices_title_kind")))
        if title:
            filled["invoices_title"] = title.value[:TITLE_LENGTH]
            if company or not self.asked(turn, "invoices_title") or turn.slot("invoices_title_kind") is None:
                filled.setdefault("invoices_title_kind", title.code)
        return filled

    def _tax_number(self, turn: Turn, text: str) -> str | None:
        found = given.known if turn.slot(REQUESTED_SLOT) is None else given.said
        written = found(turn, "tax_number")
        named = written.value if written else captured("invoices_tax_number", text)
        if not named and self.asked(turn, "invoices_tax_number"):
            named = max(_LONG.findall(text), key=len, default=None)
        if not named:  # a number that can be nothing else
            named = next((n for n in _LONG.findall(text) if _like_tax_number(n)), None)
        return re.sub("[ -]", "", str(named)).upper() if named else None

    async def checked_heading(self, turn: Turn, filled: dict[str, Any], always: bool = False) -> dict[str, Any]:
        """Has the back office look at what is new; what it refuses is explained and asked again."""
        fresh = {name for name, value in filled.items() if value is not None and turn.slot(name) != value}
        if not always and not fresh & {"invoices_type", "invoices_title_kind", "invoices_tax_number"}:
            return {}
        known = {**turn.tracker.slots, **filled}
        kind, number = known.get("invoices_title_kind"), known.get("invoices_tax_number")
        kind_of = known.get("invoices_type") or NORMAL
        if kind is None or (kind == COMPANY and not number and kind_of == NORMAL):
            return {}
        check = wiring.gateways().invoices.check
        found = await turn.call(check, turn.reader, kind_of, kind, number if kind == COMPANY else None)
        if found.rule.ok or (found.rule.code == TAX_NUMBER_INVALID and not number):
            return {"invoices_doubtful": True if found.doubtful else None}
        if found.rule.code == TAX_NUMBER_INVALID:
            turn.utter("utter_invoices_tax_number_wrong", number=number, length=len(str(number)))
            return {"invoices_tax_number": None, "invoices_doubtful": None}
        turn.utter(self.refusal, found.rule.code, detail=found.rule.detail)
        return {"invoices_type": None}


class ValidateInvoicesRequestForm(HeadingForm, OrderForm):
    """Which order, whose title, the tax number of a company, the e-mail, and: right so?"""

    operation, states = "invoice", ("paid", "shipped", "signed", "completed")

    def rest(self, turn: Turn) -> list[str]:
        """A person has no tax number."""
        company = turn.slot("invoices_title_kind") == COMPANY
        asked = {
            "invoices_type": turn.slot("invoices_type") is None,
            "invoices_title_kind": True,
            "invoices_title": company or turn.slot("invoices_title") is None,
            "invoices_tax_number": company,
        }
        return [*(name for name, wanted in asked.items() if wanted), "invoices_email", "invoices_confirmed"]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The heading from the words; a normal invoice unless another was asked for; then yes or no."""
        filled = await self.heading(turn)
        if turn.slot("invoices_type") is None and not self.asked(turn, "invoices_type"):
            filled.setdefault("invoices_type", NORMAL)
        return {**filled, **self.confirmation(turn, "invoices_confirmed")}


class AskInvoicesTitle(CustomerAction):
    """Asks whom the invoice is for, in words that fit the kind of title."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.utter("utter_ask_invoices_title", str(turn.slot("invoices_title_kind")))
        return []


class AskInvoicesConfirmed(CustomerAction):
    """Reads back what is about to be asked for or changed."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask; a tax number that looks mistyped is pointed at."""
        if turn.slot("invoices_doubtful"):
            turn.utter("utter_invoices_tax_number_doubtful", number=turn.slot("invoices_tax_number"))
        form = str((turn.tracker.active_loop or {}).get("name") or "")
        if form == ValidateInvoicesChangeForm.form:
            field = str(turn.slot("invoices_change_field"))
            if field == "title" and turn.slot("invoices_title_kind") == PERSON:
                field = PERSON
            turn.utter("utter_ask_invoices_confirmed", f"change_{field}", **asked_for(turn))
        else:
            turn.utter("utter_ask_invoices_confirmed", str(turn.slot("invoices_title_kind")), **asked_for(turn))
            if turn.slot("invoices_type") == SPECIAL:
                turn.utter("utter_invoices_special_hint")
        return []


class ActionInvoicesRequest(OrderAction):
    """Asks for the invoice, once, and tells when it comes."""

    operation = "invoice"
    gathered = (*HEADING, "invoices_confirmed")
    uses = USES

    async def finish(self, turn: Turn, order: Order) -> None:
        """Ask for it, or leave it."""
        if not confirmed(turn, "invoices_confirmed"):
            turn.finished = False
            turn.utter("utter_invoices_request_kept", **told(order))
            return
        invoice = await turn.call(wiring.gateways().invoices.request, turn.writer, order.number, _heading(turn))
        turn.utter("utter_invoices_requested", invoice.state_code, **told_of(invoice))
        speak_of(turn, invoice, "request")
        _settled(turn)


class InvoiceForm(Form):
    """A form about one invoice: by its number, its order, or the only one there is."""

    beside = BESIDE

    async def invoice(self, turn: Turn) -> dict[str, Any]:
        """The invoice spoken of."""
        gateway = wiring.gateways().invoices
        number = turn.entity("invoices_number")
        match = _INVOICE.search(words(turn))
        if not number and match:
            number = match.group().upper()
        if number == OTHER:
            return {"invoices_number": None, "orders_last": None}
        if number and number != MORE:
            try:
                return {"invoices_number": (await turn.call(gateway.get, turn.reader, number)).number}
            except NotFound:
                turn.utter("utter_invoices_not_found", number=number)
                return {"invoices_number": None}
        order = turn.entity("orders_number")
        if order:
            found = [invoice for invoice in (await belongings(turn)).of_kind(INVOICE) if order in invoice.numbers]
            if found:
                return {"invoices_number": found[0].id}
            turn.utter("utter_invoices_none_for_order", number=order)
            return {"invoices_number": None}
        if turn.slot("invoices_number"):
            return {}
        return await self._meant(turn)

    async def _meant(self, turn: Turn) -> dict[str, Any]:
        """The one that the words describe, the one of the order just spoken of, or the only one."""
        asked = self.asked(turn, "invoices_number")
        found = await find(turn, INVOICE, wanted=is_valid, asked=asked)
        titled = not asked and given.said(turn, given.TITLE)  # a company's name is no description
        filled = None if found.missing and titled else settled(turn, INVOICE, "invoices_number", found, asked)
        if filled is not None:
            return filled
        if len(found.fits) == 1:
            return {"invoices_number": found.fits[0].id}
        if not asked:
            last = [invoice.id for invoice in found.fits if invoice.order == turn.slot("orders_last")]
            return {"invoices_number": last[0]} if last and turn.intent in self.starts else {}
        if words(turn) and turn.intent in UNCLEAR:
            turn.utter("utter_invoices_choice_unclear")
            return {"invoices_number": None}
        return {}


class AskInvoicesNumber(Ask):
    """Offers the customer's invoices as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which; with none the form ends and its action says so."""
        choice = await offered(turn, INVOICE, is_valid) or await offered(turn, INVOICE)
        if not choice:
            return self.nothing()
        turn.utter("utter_ask_invoices_number", buttons=page(turn, "invoices_number", choice))
        return kept(turn, INVOICE, choice)


class InvoiceAction(CustomerAction):
    """The action at the end of an `InvoiceForm`."""

    concludes = True
    gathered: tuple[str, ...] = ()

    async def about(self, turn: Turn) -> Invoice | None:
        """The invoice; None (and said so) where the customer has none."""
        gateway = wiring.gateways().invoices
        number = turn.slot("invoices_number")
        if number:
            return await turn.call(gateway.get, turn.reader, number)
        if (await belongings(turn)).of_kind(INVOICE):
            raise Unavailable("the form ended without an invoice")
        turn.utter("utter_invoices_none")
        return None

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not, and forget."""
        super().rejected(turn, error)
        number = str(turn.slot("invoices_number"))
        turn.before += focus.put(
            turn, "invoice", number, "", "refused", [error.code, "refused"],
            code=error.code, detail=error.detail, **rule_said(turn),
        )  # fmt: skip
        return over("invoices_number", *self.gathered)


class ActionInvoicesSplit(CustomerAction):
    """Says that an order's goods can be invoiced apart, and offers the person who does it; what else is told of it is taken down
    with the talk. Which invoice is meant is not asked: the person sees."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Offer a person; an open form about that invoice is over."""
        ended = over(*_of_invoices(turn)) if turn.busy else []
        if turn.uttered(SPLIT, 1) and turn.cue(f"{MEANS}{turn.intent}") is None:
            turn.utter(f"{SPLIT}_more")
            return ended
        number, named = turn.slot("invoices_number"), turn.entity("orders_number")
        found, last = await find(turn, INVOICE, wanted=is_valid), named or turn.slot("orders_last")
        mine = [thing for thing in (await belongings(turn)).of_kind(INVOICE) if is_valid(thing)]
        spoken = [thing for thing in mine if number in thing.numbers or (last and thing.order == last)]
        known = spoken or (mine if len(mine) == 1 else [])
        one = found.one or (known[0] if known and (named or not found.described) else None)
        if one is None:
            turn.utter(SPLIT)
            return ended
        invoice = await turn.call(wiring.gateways().invoices.get, turn.reader, one.id)
        turn.utter(SPLIT, "issued" if invoice.state_code == ISSUED else "waiting", **told_of(invoice))
        speak_of(turn, invoice, "split")
        return [*ended, SlotSet("orders_last", invoice.order_number)]


def _of_invoices(turn: Turn) -> list[str]:
    """What an open form about an invoice holds."""
    return [name for name in ("invoices_number", "invoices_change_field", *HEADING) if turn.slot(name) is not None]


class ValidateInvoicesStatusForm(InvoiceForm):
    """Which invoice; and where it is to be sent again, to which address."""


    def slots(self, turn: Turn) -> list[str]:
        """An address only where one is wanted and none is known."""
        return ["invoices_number", *(["invoices_email"] if turn.slot("invoices_resend") else [])]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The invoice, the wish to have it sent, and the address."""
        filled = await self.invoice(turn)
        number = filled.get("invoices_number") or turn.slot("invoices_number")
        said, email = words(turn), turn.entity("email")
        if turn.slot(REQUESTED_SLOT) is None:  # what was wished for another time
            filled |= {"invoices_resend": None, "invoices_email": None}
            turn.tracker.slots.update(filled)
        wish = turn.entity("invoices_resend") or reading("invoices_resend", said) or (email and "yes")
        if wish:
            filled["invoices_resend"] = str(wish)
        if email:
            filled["invoices_email"] = str(email)
        elif self.asked(turn, "invoices_email") and "@" in said:
            turn.utter("utter_invoices_email_unclear")
            filled["invoices_email"] = None
        elif self.asked(turn, "invoices_email") and turn.intent == "chat_deny":
            filled |= {"invoices_resend": None}
        elif number and wish and wish != OTHER and not turn.slot("invoices_email"):
            invoice = await turn.call(wiring.gateways().invoices.get, turn.reader, number)
            # What cannot be sent needs no address: the form's action says why.
            filled["invoices_email"] = invoice.email or (None if invoice.resend.ok else NO_EMAIL)
        return filled


class ActionInvoicesStatus(InvoiceAction):
    """Where an invoice is; sent again where that was asked for."""

    gathered = ("invoices_resend", "invoices_email")

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer, or send."""
        invoice = await self.about(turn)
        if invoice is None:
            return over("invoices_number", *self.gathered)
        if turn.slot("invoices_resend") and _email(turn) and (invoice.resend.ok or await turn.written()):
            gateway = wiring.gateways().invoices
            sent = await turn.call(gateway.resend, turn.writer, invoice.number, _email(turn))
            turn.utter("utter_invoices_resent", **told_of(sent))
            speak_of(turn, sent, "resend")
        else:
            turn.utter("utter_invoices_status", invoice.state_code, **told_of(invoice))
            speak_of(turn, invoice, again=ValidateInvoicesStatusForm.starts[0])
        forget = over("invoices_number", *self.gathered)
        return [*forget, SlotSet("orders_last", invoice.order_number)]


class ValidateInvoicesChangeForm(InvoiceForm, HeadingForm):
    """Which invoice, what of it, the new value, and: right so?"""

    refusal = "utter_invoices_change_rejected"

    def slots(self, turn: Turn) -> list[str]:
        """Nothing more where the rules forbid it, or where only a person can help."""
        field = turn.slot("invoices_change_field")
        if turn.slot("invoices_refused") or field == "amount":
            return ["invoices_number"]
        company = turn.slot("invoices_title_kind") == COMPANY
        titled = field in ("title", "company") or turn.slot("invoices_title") is None
        numbered = company and (field in ("tax_number", "company") or turn.slot("invoices_tax_number") is None)
        asked = {
            "invoices_title": titled,
            "invoices_tax_number": numbered,
            "invoices_email": field == "email",
            "invoices_content": field == "content",
        }
        wanted = [name for name, needed in asked.items() if needed] if field else []
        return ["invoices_number", "invoices_change_field", *wanted, "invoices_confirmed"]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The invoice and the shop's rule first, then what is to be changed and its new value."""
        filled = await self.invoice(turn)
        if filled.get("invoices_number"):
            found = await turn.call(wiring.gateways().invoices.get, turn.reader, filled["invoices_number"])
            filled["invoices_refused"] = None if found.change.ok else True
            filled["invoices_before"] = {
                "type": found.type_code, "kind": found.kind_code, "title": found.title, "number": found.tax_number,
            }  # fmt: skip
        turn.tracker.slots.update(filled)
        if turn.slot("invoices_refused"):
            return filled
        field = self._field(turn)
        if field == OTHER:
            return {**filled, **dict.fromkeys(HEADING), "invoices_change_field": None, "invoices_content": None}
        before = turn.slot("invoices_before")
        if before and field and field == before.get("type"):
            field = None  # it is of that type already: ask what is to be changed, and do not use up the one change
        if field:
            filled["invoices_change_field"] = field
        fresh = before and (field or filled.get("invoices_before")) and (field or turn.slot("invoices_change_field"))
        if fresh:  # what was said before the invoice was known still counts
            start = self._start(str(field or turn.slot("invoices_change_field")), before)
            said = ("invoices_title", "invoices_tax_number", "invoices_email") if not field else ()
            filled |= {name: turn.slot(name) if name in said and turn.slot(name) else v for name, v in start.items()}
        turn.tracker.slots.update(filled)
        if turn.slot("invoices_change_field"):
            filled.update(await self._value(turn, fresh=bool(fresh)))
        return {**filled, **self.confirmation(turn, "invoices_confirmed")}

    def _field(self, turn: Turn) -> str | None:
        """What is to be changed: by its button, else by its words."""
        stands = turn.cue("stands_now")  # 现在是我个人名字: what is to be changed, and no new title
        named = None if stands else turn.entity("invoices_change_field")
        if named is None and turn.slot("invoices_change_field") is None:
            named = reading("invoices_change_field", words(turn).replace(stands or "\n", ""))
        return str(named) if named else None

    def _start(self, field: str, before: dict[str, Any]) -> dict[str, Any]:
        """What stays as it was, so that only the rest is asked for."""
        kept = {
            "invoices_type": field if field in (SPECIAL, NORMAL) else None,
            "invoices_title_kind": before.get("kind"),
            "invoices_title": before.get("title"),
            "invoices_tax_number": before.get("number"),
        }
        if field == "title":
            kept["invoices_title"] = None
        elif field in ("company", "special", "tax_number"):
            kept["invoices_title_kind"] = COMPANY
            if field == "company" or before.get("kind") != COMPANY:
                kept |= {"invoices_title": None, "invoices_tax_number": None}
            if field == "tax_number":
                kept["invoices_tax_number"] = None
        elif field == "person":
            kept |= {"invoices_title_kind": PERSON, "invoices_title": None, "invoices_tax_number": None}
        return kept

    async def _value(self, turn: Turn, fresh: bool) -> dict[str, Any]:
        """The new value, from the words."""
        if turn.slot("invoices_change_field") == "content":
            content = turn.entity("invoices_content") or reading("invoices_content", words(turn))
            return {"invoices_content": content} if content and self.asked(turn, "invoices_content") else {}
        own_name = turn.slot("invoices_change_field") == PERSON
        filled = await self.heading(turn, kinds=False, own_name=own_name)
        if fresh and turn.slot("invoices_type") == SPECIAL:
            checked = await self.checked_heading(turn, filled, always=True)
            if "invoices_type" in checked:
                return {**filled, **checked, "invoices_change_field": None}
        return filled


class ActionInvoicesChange(InvoiceAction):
    """Changes the invoice, or has a new one made, once."""

    gathered = (
        *HEADING,
        "invoices_change_field",
        "invoices_content",
        "invoices_refused",
        "invoices_before",
        "invoices_confirmed",
    )

    async def work(self, turn: Turn) -> list[EventType]:
        """Change it and read back what stands now."""
        invoice = await self.about(turn)
        if invoice is not None:
            await self._change(turn, invoice)
        forget = over("invoices_number", *self.gathered)
        return [*forget, *([SlotSet("orders_last", invoice.order_number)] if invoice else [])]

    async def _change(self, turn: Turn, invoice: Invoice) -> None:
        field = turn.slot("invoices_change_field")
        if not invoice.change.ok and not await turn.written():
            raise Rejected(invoice.change.code, invoice.change.detail)
        if field == "amount":
            turn.utter("utter_invoices_amount", **told_of(invoice))
            speak_of(turn, invoice)
            return
        if not confirmed(turn, "invoices_confirmed"):
            turn.finished = False
            turn.utter("utter_invoices_change_kept", **told_of(invoice))
            speak_of(turn, invoice)
            return
        heading = replace(_heading(turn), content=turn.slot("invoices_content"))
        changed = await turn.call(wiring.gateways().invoices.change, turn.writer, invoice.number, heading)
        turn.utter("utter_invoices_changed", changed.state_code, **told_of(changed))
        speak_of(turn, changed, "change")
        if changed.state_code == "changing" and invoice.type_code == SPECIAL:
            turn.utter("utter_invoices_changed_red_letter")


def is_valid(invoice: Thing) -> bool:
    """Whether it was not voided."""
    return invoice.open


def asked_for(turn: Turn) -> dict[str, Any]:
    """What was gathered, for a response's `{placeholders}`."""
    return facts(_heading(turn), "title", "tax_number", "email")


def told_of(invoice: Invoice) -> dict[str, Any]:
    """An invoice's facts for a response's `{placeholders}`."""
    return facts(
        invoice, "number", "goods", "type", "title", "tax_number", "content", "email", "amount", "state", "next_step",
        order="order_number", due="due_at", issued="issued_at",
    )  # fmt: skip


def speak_of(turn: Turn, invoice: Invoice, what: str = "status", again: str | None = None) -> None:
    """The invoice is what the talk is about now."""
    turn.before += focus.put(
        turn, "invoice", invoice.number, invoice.goods, what, _states(invoice), invoice.order_number, again
    )


@focus.looks_at("invoice")
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """How an invoice stands, and its facts with why it cannot be changed; of its amount what was taken off the order."""
    invoice = await turn.call(wiring.gateways().invoices.get, turn.reader, spoken.id)
    known = {**told_of(invoice), "fixed": invoice.change.detail}
    if (turn.told("ask") or {}).get("aspect") != WHY_AMOUNT:
        return _states(invoice), known
    order = await turn.call(wiring.gateways().orders.get, turn.reader, invoice.order_number)
    off = tuple(replace(part, amount=part.amount[1:]) for part in order.parts if part.amount.startswith("-"))
    states = [*(["coins"] if off and order.points_used else []), *(["deducted"] if off else []), *_states(invoice)]
    return states, {**known, "parts": summed(order.parts), "off": summed(off), "coins": order.points_used}


def _states(invoice: Invoice) -> list[str]:
    due = past(invoice.due_at) and invoice.state_code in ("issuing", "merchant", "changing")
    return [
        *([f"{invoice.state_code}_late"] if due else []),
        invoice.state_code,
        "changeable" if invoice.change.ok else "fixed",
        "mailed" if invoice.email else "kept",
        invoice.kind_code,
    ]


def _heading(turn: Turn) -> Heading:
    """What was gathered, for the shop."""
    return Heading(
        type=turn.slot("invoices_type"),
        kind=turn.slot("invoices_title_kind"),
        title=turn.slot("invoices_title"),
        tax_number=turn.slot("invoices_tax_number"),
        email=_email(turn),
    )


def _settled(turn: Turn) -> None:
    """A heading in the sentence (发到…) may look like a second wish about the invoice: none of them waits any longer."""
    waiting: list[dict[str, Any]] = turn.slot("chat_requests") or []
    left = [wish for wish in waiting if not wish["intent"].startswith("invoices_")] or None
    if left != (waiting or None):
        turn.tracker.slots["chat_requests"] = left
        turn.before.append(SlotSet("chat_requests", left))


def _email(turn: Turn) -> str | None:
    email = turn.slot("invoices_email")
    return None if email == NO_EMAIL else email


def _like_tax_number(text: str) -> bool:
    plain = re.sub("[ -]", "", text)
    return 15 <= len(plain) <= 20 and plain[:2].isdigit() and not re.fullmatch(r"20\d{10}|1\d{10}", plain)
