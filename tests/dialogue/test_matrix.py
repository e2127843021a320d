"""Every form × what customers do instead of answering. Forms are read from the domain: a new one is tested by being there.

Each form is opened as its own rule does, and led on by its own first buttons; at each of its questions a customer asks
something else, chats, stops, takes back what was said, asks for a person, or wants another thing done.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from actions.forms import Form, looks_up
from tests.actions.fakes import Shop
from tests.dialogue.talk import Assistant, Customer
from topics import domain, forms

FORMS: dict[str, dict[str, list[str]]] = domain.of_project()["forms"]
RIGHT = 0.98
GIVES_WAY = ("feedback_form",)  # a rating that was asked for and not given is asked for no more
MOST_QUESTIONS = 3
WORDS = {  # what is typed where a question has no buttons; by how the slot's name ends
    "email": "wang@example.com",
    "phone": "13800000000",
    "tax_number": "税号91330106MA2H00000X",
    "title": "杭州灵犀科技有限公司",
    "amount": "20元",
    "value": "杭州市西湖区文三路100号2幢501",
    "detail": "放到小区南门的驿站",
    "reason": "尺码不合适",
}
OTHERWISE = "就是用着不合适"
SAID = {
    "faq": "七天无理由退货的运费谁出？",
    "smalltalk": "给我讲个笑话吧",
    "stop": "算了先不办了",
    "correction": "刚才说错了",
    "handoff": "转人工",
}


@dataclass
class Matrix:
    """What came out; wrong cells with their reasons."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)

    def cell(self, form: str, slot: str, what: str, words: str, fault: str | None) -> None:
        """Note one."""
        self.right += fault is None
        if fault is not None:
            self.wrong.append(f"{form} asking {slot} × {what} ({words}): {fault}")


def kinds(base: type[Form] = Form) -> list[type[Form]]:
    """All form classes."""
    return [kind for each in base.__subclasses__() for kind in (each, *kinds(each))]


def starter(form: str) -> str | None:
    """An intent that opens the form."""
    return next((kind.starts[0] for kind in kinds() if kind.form == form and kind.starts), None)


def questions(customer: Customer, form: str) -> list[Customer]:
    """The conversation at each question of the form that its own first buttons lead to; none is the last yes."""
    places: list[Customer] = []
    if starter(form):
        customer.say(f"/{starter(form)}")
    if not starter(form) or customer.form != form or not customer.asked:  # opened by an action, or nothing to ask in this shop
        customer.open(form, FORMS[form]["required_slots"][0])
        return [customer]
    while customer.form == form and customer.asked and len(places) < MOST_QUESTIONS:
        if places and places[-1].asked == customer.asked:
            break
        places.append(customer.copy())
        if customer.asked.endswith("_confirmed"):
            break
        offered = [b["payload"] for b in customer.buttons if b["payload"].startswith("/chat_inform")]
        words = next((words for end, words in WORDS.items() if customer.asked.endswith(end)), OTHERWISE)
        customer.say(offered[0] if offered else words)
    return places


def aside(before: Customer, after: Customer, form: str) -> str | None:
    """Something else was answered, then the form asked the same again; one that only asks which to look up is let go."""
    if after.form is None and (form in GIVES_WAY or looks_up(form, str(before.asked))):
        return None
    if after.form != form or after.asked != before.asked:
        return f"the form is now {after.form} asking {after.asked}: {after.said}"
    if len(after.said) < 2:
        return f"nothing was answered: {after.said}"
    if not after.said[-1].startswith("utter_ask_") and after.said[-1] != before.said[-1]:
        return f"the question was not asked again: {after.said}"
    for slot in filled(before, form):
        if before.tracker.get_slot(slot) != after.tracker.get_slot(slot):
            return f"{slot} has changed"
    return None


def stopped(before: Customer, after: Customer, form: str) -> str | None:
    """The form is closed and what it gathered forgotten."""
    if after.form is not None:
        return f"{after.form} is open: {after.said}"
    kept = [slot for slot in filled(before, form) if after.tracker.get_slot(slot) is not None]
    return f"{kept} are kept" if kept else None


def corrected(before: Customer, after: Customer, form: str) -> str | None:
    """The answer before this question is asked for again; at the first question that one is."""
    if form in GIVES_WAY and after.form is None:
        return None
    if after.form != form:
        return f"the form is now {after.form}: {after.said}"
    earlier = filled(before, form)
    if after.asked not in (*earlier, before.asked):
        return f"{after.asked} is asked for, not one of {earlier}: {after.said}"
    return None


def handed(before: Customer, after: Customer, form: str) -> str | None:
    """A person is called, the form is closed."""
    if after.form is not None or not any(name.startswith("utter_handoff") for name in after.said):
        return f"{after.form} is open, said {after.said}"
    return None


def replaced(before: Customer, after: Customer, form: str, goal: str) -> str | None:
    """The other form is open or done; after what was only looked up, this one goes on."""
    actions = [event.action_name for event in after.tracker.events if event.type_name == "action"]
    goes_on = forms.of_project().forms[goal].looks and goal in actions
    if (after.form == form and not goes_on) or goal not in actions:
        return f"{after.form} is open: {after.said}"
    return None


def filled(customer: Customer, form: str) -> list[str]:
    """The form's slots that have a value."""
    declared = customer.assistant.agent.domain.required_slots_for_form(form)  # type: ignore[union-attr]
    return [slot for slot in declared if customer.tracker.get_slot(slot) is not None]


def other_goal(form: str) -> tuple[str, str]:
    """Words of another wish, and the form that it opens."""
    if form == "logistics_track_form":
        return "帮我把这个订单取消掉", "orders_cancel_form"
    return "帮我查一下快递到哪了", "logistics_track_form"


def test_every_form_bears_what_customers_do_instead_of_answering(assistant: Assistant, shop: Shop) -> None:
    matrix = Matrix()
    for form in FORMS:
        places = questions(assistant.customer(), form)
        matrix.reached |= {form} if places else set()
        for place in places:
            asked = str(place.asked)

            def after(words: str, place: Customer = place) -> Customer:
                twin = place.copy()
                twin.say(words)
                return twin

            matrix.cell(form, asked, "stop", SAID["stop"], stopped(place, after(SAID["stop"]), form))
            matrix.cell(form, asked, "handoff", SAID["handoff"], handed(place, after(SAID["handoff"]), form))
            if place.placed:
                continue  # the shop in memory gives this form nothing to go on with
            for what in ("faq", "smalltalk"):
                matrix.cell(form, asked, what, SAID[what], aside(place, after(SAID[what]), form))
            taken_back = after(SAID["correction"])
            matrix.cell(form, asked, "correction", SAID["correction"], corrected(place, taken_back, form))
            words, goal = other_goal(form)
            matrix.cell(form, asked, "other goal", words, replaced(place, after(words), form, goal))
    cells = matrix.right + len(matrix.wrong)
    print("\n".join(matrix.wrong))
    print(f"{matrix.right} of {cells} cells right, {len(matrix.reached)} of {len(FORMS)} forms reached a question")
    assert cells and matrix.right / cells >= RIGHT, "\n".join(matrix.wrong)
    assert matrix.reached == set(FORMS)
