"""Reads a message against the conversation before it, and says in commands what is to be done.

Everything that other components found (intent, entities, act, cues, danger) is weighed here, once. What comes out is the list
`commands` of the message (`commands.py`), and its intent: that which the first command means, so that rules and forms
stay plain Rasa. Where there is no conversation (`rasa test nlu`, `/model/parse`) the intent is left as it was.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence, Text, Tuple

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.intent_classifier import linked
from components.text_normaliser import normalise
from components.understanding import offers
from components.understanding.commands import COMMANDS, Command, command, of_intent
from components.understanding.context import (
    ALARM,
    ASKS,
    CHOOSE,
    CONFIRM,
    NONE,
    OFFER,
    VALUE,
    WAITED,
    WORDS,
    Button,
    Context,
)
from components.understanding.references import REFERENCE
from components.understanding.said import PLAIN_TALK, Reading, Said, candidates, described, said
from topics import forms

FALLBACK = "nlu_fallback"
INFORM, DANGER = "chat_inform", "danger"
PERSON = "handoff_request"
_NOT_DONE = re.compile(r"[,，。 ]*(?:退|换|修|那|就|也|都)*(?:不|别)(?P<value>退|换|取消)(?:货|款)?[了啦哈哦吧呀啊]*[。!]*$")
_HALF = re.compile(r"[上下]午|\d:\d\d")
WORDLESS, POINTS = re.compile(r"[\W_]+"), re.compile("那一?[个张单件]|另外?一")
ENDS = " ,.;\uff0c\u3002\uff1b\u3001"
GOODS = "products_"
ADVICE, RECOMMENDED = "products_recommend", "utter_products_recommend"
"""The intent that asks for a recommendation, and what its answers' names begin with."""
PLAINLY = {
    "no": ("chat_deny", "no"),
    "hold": ("chat_hold", "hold"),
    "take_back": ("chat_take_back", "take_back"),
    "leave": ("chat_stop", "leave"),
    "person": (PERSON, "person"),
}
"""Acts that mean the same whatever is asked: the intent and the command that they are."""
SCOLDS = "chat_abuse"
"""The intent of who only scolds, which names none of what is listed."""
ASIDE = ("chat_repeat",)
"""Intents that answer no question, however their words sound."""
ACCOUNTS = ("complaints_file",)
"""Wishes beside which all that is told is their account, and no second wish."""
KINDLY = ("chat_thank", "chat_greet", "chat_goodbye", "chat_affirm", "chat_smalltalk")
"""Intents that may be said without a word, as by a picture of a hand."""
NUMBERS = ("orders_number", "logistics_tracking_number", "after_sales_slip", "invoices_number", "tickets_number")
"""Entities by which a customer names a thing of their own."""
QUESTIONED = {"why_asked": "why", "how": "how"}
"""Acts that are about the question which stands → what is asked about it."""
DENIES = ("take_back", "leave", "no", "correct")
"""Acts of a first clause by which what was begun is not meant, where another wish follows (不是取消，我是问运费)."""
STORY = ("complaints_file", "after_sales_report_problem", "chat_abuse", "logistics_report_problem")
"""Intents by which more of a story is told."""
REPORTED, COMPLAINS = ("complain", "add", "urge"), "complains"
"""What was last told of a ticket to which more words belong; the cue of who wants another complaint filed."""
OPTIONAL, SELF = ("invoices_email",), "by_oneself"
"""Slots that a form can do without, and the cue of who needs nothing sent (我自己下载)."""
NO_LONGER = ("no", "take_back", "leave")
"""Acts by which who waits for a person waits no longer; where an alarm was raised, it may also be taken back."""
PLACE, BACK, IF_NOT, CALLS, CHANGES = "queue_place", "back", "if_not", "calls", "changes"
WAITS_ON, NO_WAIT, SERVED = "waits_on", "no_wait", ("start", "know", "ask", "yes", "choose", "correct")
"""The cues of who goes on waiting · of who waits no longer, whatever else is asked · commands carried out while waiting."""
AWAY, NO_PERSON, SUPPOSES, REPORTED_BEFORE = "away", "no_person", "supposes", "reported_before"
SAFE, SECRET, REGISTERS, NOT_THIS = "safe", "secret", "registers", "not_this"
OTHERS, OF_OTHERS = "others_account", {"entity": "account_kind", "value": "others"}
"""The cue of who wants another person's account looked into, and the entity by which that is answered."""
SOMEONES, INSISTS, FAMILY = "someone_elses", "insists", "for_family"
"""The cues of what is another person's, of who does not take no for an answer, of who would act for one's family in future."""
ONES_OWN, PASSES_CODE = "ones_own", "passes_code"
"""The cues of what is the customer's own, and of who would use another person's code to get into that one's account."""
NOT_SHOWN = ("utter_orders_not_found", "utter_chat_sign_in")
"""Beginnings of the responses to a number that is none of the customer's own, or to who has not signed in."""
STANDS_BY = {
    "order": ("orders_ask_status", "orders_number", "id"), "parcel": ("logistics_track", "orders_number", "order"),
    "return": ("after_sales_ask_status", "after_sales_slip", "id"), "ticket": ("tickets_ask_status", "tickets_number", "id"),
    "invoice": ("invoices_ask_status", "invoices_number", "id"),
}  # fmt: skip
"""A kind of thing → what is asked of how one stands: the intent, the entity that names it, and where its number is."""
TALKS = ("chat_affirm", "chat_deny", "chat_inform", "chat_smalltalk")
"""Intents that a question is given for its tone, and does not mean."""
VARIANT = "_variant"
"""How the slots end that ask in which colour and size goods are exchanged."""
BARGAINS = "bargains"
"""The cue of who wants the price made less by the assistant."""
ANSWERED_BY = ("yes", *PLAINLY)
"""Acts by which an offer is answered."""
GIVEN = ("compensation", "coupon")
"""Kinds of things that nobody hurries."""
SPLIT = "invoices_split"
"""The intent of who wants an order's goods on several invoices, which a person does."""
LOOKS, OF_ONESELF = ("colour", "size"), ("address", "room", "name", "phone", "title", "email", "tax_number")
"""Kinds of values by which goods are told apart · that are read back before they are written."""
COMPARED = ("dearest", "cheapest")
COUPONS, BY_THE_WAY = "promotions_ask_coupons", "对了"
RESUMES, LATER, CHECKS, ADDS, DONE_YET = "resumes", "later", "checks", "adds", "done_yet"
UNCHANGED, PLEADS = "unchanged", "pleads"
FORBIDS, WHETHER, PART_ONLY = "forbids", "whether", "part_only"
DECLINES, HURRIED, ONLY_ONE, OF_INVOICE, MISTAKEN = "declines", "hurries", "only_one", "of_invoice", "mistaken"
FORBIDDEN = {
    "取消": ("orders_cancel",), "退": ("after_sales_refund", "after_sales_return"), "换": ("after_sales_exchange",),
    "改": ("orders_change", "invoices_change"), "撤": ("after_sales_cancel", "complaints_withdraw"), "开": ("invoices_request",),
    "动": ("orders_change", "orders_cancel", "invoices_change", "invoices_request"),
}  # fmt: skip
"""What is not to be done → the wishes that are not meant."""
OF_ONES_OWN, TOLD_BY = ("invoices_request", "after_sales_cancel"), ("day", "state")
"""Wishes of which the form tells best whether they may be done for goods whose day or state is named (中午申请退的草莓): it does
nothing before a yes."""
KEPT, NAMED_BY = "kept", ("kind", "product")
GOES_ON, NO_NEED, CLOSES, NEXT, WHERE = "goes_on", "no_need", "closes", "next", "where_goes"
"""The cues of who asks whether all goes on as before, or whether nothing more need be done, and of who has a plan of one's own;
the aspect that tells what comes next."""
DONE_ONCE = {"change": ("orders_change", {}), "reroute": ("logistics_arrange", {"logistics_how": "reroute"})}
"""What was done to a thing → the intent, and what it names, by which that is done again where it was got wrong."""
STATUS, UNPAID = "orders_ask_status", "unpaid"
INVOICE_AMOUNT, WHY_AMOUNT, UNDERSTOOD = "invoice_amount", "why_amount", "understood"
"""The cue of who asks why an invoice says less than the goods cost; that aspect; the cue of who only has understood."""
NAMES_ANOTHER = ("yes", "correct", "no", "value", "do", "tell", "fragment", "chat", "hold", "take_back", "leave")
"""Acts of an answer that may name another thing than the one that is shown."""
CHANGE, OF_ORDER = "orders_change", ("address", "room", "name", "phone", "remark")
"""The intent of who wants something of an order changed, and the kinds of values that are."""
PARTIAL, ANY = "partial", "any"
PICKUP = "after_sales_pickup"
"""The entity by which goods are fetched, and what the slots begin with that ask about it."""
NEVER_BESIDE = ("feedback_suggest", "feedback_rate", "after_sales_report_problem")
"""Intents that are no second wish in a talk, unless it is linked: more of the same story, or a sigh, sounds like them."""
ASKED_BESIDE = re.compile("(?:对了|欸|诶|哎|那)?,? ?(?:再|还|顺便|另外)?(?:问一?[下嘴句声]|请问|想问)")
"""Beginnings of who asks something beside what was asked."""
URGED = {"logistics": "logistics_urge", "orders": "orders_urge_shipping"}
"""Topic → its intent that hurries, which is meant wherever somebody is told to (帮我催一下), whatever stands beside it."""
URGES, REFUSED = ("tickets_wish", "urge"), "refused"
"""The entity by which something is urged, and what is told of a thing that was refused."""
LOOK_UPS = ("logistics_track", "orders_ask_status", "after_sales_ask_status", "invoices_ask_status", "tickets_ask_status")
"""Intents that only look something up."""
ASKS_WHEN, COMES_BACK = "asks_when", (("protection", "protect"), ("protection", "status"), ("order", "cancel"))
"""The cue of who asks only when it comes, and the kinds of things, with what was done of them, of which it is money that does."""
MONEY_ASKED = {"asks_when_money": "when_money", "asks_where_money": "where_money"}
"""The cues of who asks about money that comes back → what is asked of it."""
PROTECTION, PRICE, FELL = "promotions_price_protection", "products_ask_price", "fell"
"""The intents of who wants the difference after a price drop, and of who asks what goods cost; the cue of whether it fell."""
MONEY_BACK = ("after_sales_refund", "after_sales_return")
"""The intents that want the money back: whether goods go back with it, the order's state tells."""
DUE, _PAYS_BACK = "logistics_compensation", re.compile("[退返]|(?:钱|款)(?:给|还)我")
"""The intent of who wants what is due for lateness · words of who wants back what was paid."""
HURRIES = "_urge"
"""What the names of intents that only hurry hold: a yes in a hurry is one."""
STANDS_STILL = {"orders_urge_shipping": "orders_ask_status", "logistics_urge": "logistics_track"}
"""The intents that hurry → those that ask how it stands: who only asks why it has not come is told, and offered the other."""
UNDO = "_cancel"
"""What the names of intents end with that undo something."""
SLOT, WISH = "slot_", "wish_"
"""What the cues begin with that name a slot, and an intent that words may wish for within its form."""
MEANS = "means_"
"""What the cues begin with whose words are a wish without examples: the rest of the name is its intent."""
FAULT, EXCHANGE = "after_sales_report_problem", "after_sales_exchange"
"""The intents of who tells a fault, and of who wants what was bought in another size."""
UNDONE, SWAPS = "after_sales_cancel", re.compile("(?<!不)(?<!别)换[成个一件双条台大小]")
"""The intent of who takes a slip back, and the words of who wants something else instead."""
_WORRIES = re.compile("不会|别是")
STILL_TO_SEND = "still_to_send"
"""The cue of who asks whether there is still time to send goods back, as the slip tells."""
SLIPS, FETCHED, ANEW = "after_sales_ask_status", "fetched", "choose"
"""The intent about slips, and the entity by which the goods of one are fetched at another time."""
TICKET, ADD = "tickets_ask_status", ("tickets_wish", "add")
"""The intent and the entity by which something is added to an open ticket."""
HEARD = "CommandReader"
"""What made an entity of what no word names."""
MORE_OF, TO_TICKET = ("complain", "add"), "to_ticket"
"""What was last done to a ticket, where what is told next is more of the same; the cue of who has words put on one."""
ASKING = ("ask", "why", "how")
"""Acts that want to be told something."""
ACCEPTS = ("yes", "do", "value", "tell", "chat", "fragment")
"""Acts of who takes one of the things offered, in whatever words."""
KEEPS, SLIP_UNDONE = "keeps", "after_sales_cancel_form"
"""The cue of who keeps the goods, and the form whose question that is a yes to."""
TOLD_BESIDE = ("tell", "chat", "fragment")
"""Acts of a clause that wants nothing: why, how it was paid, what stands."""
LETS_BE = (*TOLD_BESIDE, "status", "take_back", "no", "leave", "yes", "hold")
"""Acts of a clause that wants nothing done."""
UNDOES = ("take_back", "leave")
"""Acts that are the taking of what is offered where they name it (那撤了吧, below 撤销申请)."""
NAMES_ONE = ("fragment", "value", "tell", "correct", "chat", "no", "status", "ask")
"""Acts of who only says which one."""
OF_THINGS = ("orders_", "logistics_", "after_sales_", "invoices_", "tickets_", "promotions_price")
"""Beginnings of wishes that are about one of the customer's things, and may be meant of another one too."""
SIDE = ("promotions_ask", "invoices_", "account_", "products_", "tickets_", "complaints_", "logistics_urge", "orders_urge")
"""Beginnings of wishes beside the matter: who lets one of them be does not let the matter be."""
FOLLOWED = ("start", "know", "ask", "choose", "set", "yes")
"""Commands beside which another wish of the same breath waits its turn."""
LATELY = 4  # messages for which the last wish may be meant of another thing
CURT = 6  # characters of an answer that needs no intent to be one
VAGUE = (INFORM, FALLBACK, "chat_affirm", "chat_deny", "chat_out_of_scope", "chat_repeat", "chat_ask_help", "chat_stop", "faq")
"""Intents that a question may be given for want of a better one."""


@dataclass(frozen=True)
class Reader:
    """Weighs.

    Attributes:
        starts: each form's own intents.
        does: the intents whose form does something.
        values: the kinds of values that are a slot's.
        undone: the forms whose deed can be taken back.
        sure_yes: from this probability on a yes is one: it lets things be done.
        sure: from this one on anything else is what it seems; `surer`: where the message most likely answers.
        likely: from this one on words are the value that was asked for, where nothing else is surer.
        near: below this confidence an intent may as well be the next likely one: it is asked which.
        safe: from this one on somebody whose alarm was raised is let go: to hold a person too long does less harm.
        maybe: from this one on what corrects may as well be the value itself.
        certain: from this confidence on an intent that answers no question is meant.
        asks: from this one on a message that names a wish only asks about it.
        unlikely: below this confidence an intent is not meant.
        taken: from this probability on something offered is taken.
    """

    starts: Mapping[Text, Sequence[Text]]
    does: frozenset[Text]
    values: Mapping[Text, Sequence[Text]] = field(default_factory=dict)
    undone: Collection[Text] = ()
    sure_yes: float = 0.6
    sure: float = 0.5
    surer: float = 0.6
    likely: float = 0.4
    near: float = 0.35
    safe: float = 0.96
    maybe: float = 0.2
    certain: float = 0.9
    asks: float = 0.8
    unlikely: float = 0.1
    taken: float = 0.7

    def read(self, said: Said, context: Context) -> Reading:
        """The commands of a message: those of the first thing that it says, and what else it wants done."""
        if PASSES_CODE in said.cues and not context.waits:  # 我让她把验证码念给我: meant well, and nobody is cheated
            return self._of_others("code")
        if said.danger and not (context.kind == ALARM and SAFE in said.cues):
            return Reading(said.intent, (command("danger"),))
        if context.new and not said.text:
            return self._plain(said, None)
        said = self._by_words(said, context)
        if context.waits:
            return self._waiting(said, context) or self._meanwhile(said, context)
        return self._read(said, context)

    def _by_words(self, said: Said, context: Context) -> Said:
        """帮我申请延误赔付: a wish that has no examples is known by its words, where they neither ask nor are asked for."""
        intent = next((cue.removeprefix(MEANS) for cue in said.cues if cue.startswith(MEANS)), None)
        wants = said.act not in (*ASKING, "status", *DENIES) and said.share(*ASKING, "status") < self.sure
        if intent is None or not wants or context.new or context.kind == WORDS:
            return said
        same = intent == PROTECTION and set(said.requests) <= {intent, *MONEY_BACK}  # 锅差40，碗差10，这钱退我
        if said.second and intent in said.requests and not same:
            return said  # the other wish of the same breath is not forgotten
        acts = {"do": 1.0}
        return replace(said, intent=intent, confidence=1.0, requests=[intent], second=False, follow_up={}, acts=acts)

    def _read(self, said: Said, context: Context) -> Reading:
        """What is said to the assistant."""
        if said.intent == PERSON and said.confidence < self.certain and said.share("person") < self.maybe:
            said = replace(said, intent=INFORM)  # 名字和电话照旧: guessed by a word; nobody is asked for
        if said.intent == PERSON and said.share("ask") >= self.asks:
            said = replace(said, intent="faq", follow_up={})  # 人工几点下班: asked about them, and not for one
        due = _compensation(context)
        meant = due.get("told") == "offered" or ("赔" in said.text and (due or "赔" in context.said))
        if meant and said.intent in MONEY_BACK and not (_PAYS_BACK.search(said.text) or said.reason or context.asked):
            said = replace(said, intent=DUE, requests=[DUE], second=False)  # 那你们赔我, 给我弄上: no goods go back
        on_its_way = said.intent in (PERSON, INFORM) and any(each.get("kind") == "parcel" for each in context.focus[:2])
        urged = URGED.get("logistics" if on_its_way else said.intent.partition("_")[0])  # 打了没人接，你催一下
        if urged and said.act == "do" and not said.second and _has(said, *URGES):
            said = replace(said, intent=urged, requests=[urged])  # 帮我催一哈 别又给我撂楼下: however it is to be done
        said = self._without_denied(self._only_asked(said, context), context)
        meant = [name for name in said.requests if name not in FORBIDDEN.get(said.cues.get(FORBIDS, ""), ())]
        if said.second and len(meant) == 1:  # 别取消，改个电话就行
            said = replace(said, intent=meant[0], requests=meant, second=False)
        forbids = FORBIDDEN.get(said.cues.get(FORBIDS, ""), (said.intent,))
        if said.intent in self.does and said.intent not in forbids:
            said = replace(said, acts={act: share for act, share in said.acts.items() if act not in DENIES})
        return self._and_more(self._first(said, context), said, context)

    def _only_asked(self, said: Said, context: Context) -> Said:
        """怎么还没发货, 照片等会传，先把单开起: what is only asked is not hurried, and what names no invoice wants none."""
        own = self.starts.get(str(context.form), ())
        guessed = context.new and said.confidence < self.surer and not _has(said, *URGES)
        hurried = HURRIED in said.cues or (said.share("do") >= self.sure and not guessed)
        if (not context.new or guessed) and not hurried and not set(said.requests) & set(own):
            told = [STANDS_STILL.get(name, name) for name in said.requests]
            apart = said.second and len(set(told)) == len(told)
            said = replace(said, intent=STANDS_STILL.get(said.intent, said.intent), requests=told, second=apart)
        things = [each for each in context.focus if each.get("kind") not in GIVEN]
        at_rest = said.intent == "logistics_urge" and any(each.get("kind") == "order" for each in things[:1])
        if at_rest and not said.second and not _named(said) and not context.form:
            return replace(said, intent="orders_urge_shipping", requests=["orders_urge_shipping"])  # 再催催: what was spoken of
        slip = any(each.get("kind") in ("return", "ticket") for each in context.focus[:1])
        if said.intent == OF_ONES_OWN[0] and OF_INVOICE not in said.cues and slip and not said.second:
            ranking = [each for each in said.ranking if each["name"] != said.intent]
            return replace(said, intent=INFORM, requests=[INFORM], ranking=ranking, acts={"tell": 1.0})
        return said

    def _without_denied(self, said: Said, context: Context) -> Said:
        """不换了，直接退钱; 对，换40码，不退了: what is only denied beside a wish is none, unless it was done."""
        said = self._agreed_beside(said, context)
        done = any(each.get("kind") == "return" for each in context.focus) and not context.asked
        swaps = said.intent == UNDONE and SWAPS.search(said.text) is not None and said.share("do") >= self.sure
        if swaps and not said.second and not done and DECLINES in said.cues:
            return replace(said, intent=EXCHANGE, requests=[EXCHANGE])  # 我不退了，给我换成小号的: nothing was begun
        if context.new or not said.second or len(said.requests) != 2:
            return said
        first, second = said.requests
        heads = [act for start, _, act, _ in said.parts if said.offsets[start] < said.split]
        tails = [act for start, _, act, _ in said.parts if said.offsets[start] >= said.split]
        if first.endswith(UNDO) and second in self.does and not done and (DECLINES in said.cues or set(heads) <= set(DENIES)):
            acts = {act: share for act, share in said.acts.items() if act not in DENIES} or {"do": 1.0}
            return replace(said, intent=second, requests=[second], second=False, acts=acts)
        if second.endswith(UNDO) and tails and set(tails) <= set(LETS_BE):
            heard = [{act: share} for start, _, act, share in said.parts if said.offsets[start] < said.split]
            return replace(said, intent=first, requests=[first], second=False, acts=heard[0] if heard else said.acts)
        return said

    def _agreed_beside(self, said: Said, context: Context) -> Said:
        """对，换40码，不退了: an answer without the denial at its end of what is not about to be done."""
        denial = _NOT_DONE.search(said.text)
        kind = f"after_sales_{context.slots.get('after_sales_kind')}"
        if context.kind != CONFIRM or denial is None or kind not in self.does or kind in FORBIDDEN[denial["value"]]:
            return said
        left = said.text[: denial.start()].rstrip(ENDS)
        if not offers.agrees_first(left) or offers.only_agrees(left):
            return said
        requests = [name for name in said.requests if not name.endswith(UNDO)] or [kind]
        acts = {act: share for act, share in said.acts.items() if act not in DENIES}
        acts["yes"] = max(acts.get("yes", 0.0), self.sure_yes)
        cues = {name: value for name, value in said.cues.items() if name != KEEPS}
        return replace(
            said, text=left, intent=requests[0], requests=requests, second=False, acts=acts, cues=cues,
            parts=[each for each in said.parts if each[1] <= len(left)],
            rests=[each for each in said.rests if each[0] < len(left)],
        )  # fmt: skip

    def _first(self, said: Said, context: Context) -> Reading:
        pressed = self._pressed(said, context)
        if pressed:
            return pressed
        if context.kind in (CONFIRM, CHOOSE) and self._wants_person(said):
            return Reading(PERSON, (command("person"),))
        resumed = self._resumed(said, context)
        if resumed:
            return resumed
        if AWAY in said.cues and not context.new and said.act not in ASKING:  # 先做饭去，回头说
            return Reading("chat_hold", (command("hold"),))
        if NO_PERSON in said.cues and said.intent in (PERSON, *VAGUE, "chat_thank", "chat_take_back") and not said.second:
            intent, first = ("chat_repeat", command("chat", kind="repeat")) if context.asked else ("chat_deny", command("no"))
            return Reading(intent, (first,))
        if FAMILY in said.cues and not said.second:
            family = {"entity": OF_OTHERS["entity"], "value": "others_family"}
            return Reading("account_manage", (command("start", intent="account_manage"),), [family])
        still = self._still_of_others(said, context)
        not_shown = any(name.startswith(NOT_SHOWN) for name in context.told)
        if OTHERS in said.cues or still or (SOMEONES in said.cues and not_shown):
            return self._of_others("again" if still else "")
        if BARGAINS in said.cues and not context.waits and (said.intent in self.does or said.intent in VAGUE):
            wish = {"entity": "promotions_coupons", "value": BARGAINS}  # 直接少收我十块呗: a price is not changed
            return Reading(COUPONS, (command("start", intent=COUPONS),), [*map(dict, said.entities), wish])
        of_spoken = None if context.new or context.asked else self._of_what_stands(said, context)
        if of_spoken:
            return of_spoken
        undoes = said.act in NO_LONGER or said.intent in ("chat_deny", "chat_stop") or said.intent.endswith("_cancel")
        unsure = said.confidence < self.near and said.text.rstrip("".join(ASKS)).endswith("吧")
        unsure = unsure or (said.intent == CHANGE and said.text.rstrip("".join(ASKS)).endswith("吧"))  # 那单没给我改吧
        done = DONE_YET in said.cues and not context.asked  # 地址改好没有
        done = done and any(each.get("kind") in STANDS_BY for each in context.focus[:1])
        worries = said.intent in self.does and _WORRIES.search(said.text) is not None  # 碎纸机不会也给退了吧
        if done or (CHECKS in said.cues and (undoes or unsure or worries) and not context.new):  # 没取消吧？
            return self._checked(said, context)
        if self._echoes_first(said, context):
            return Reading("chat_affirm", (command("yes"),))
        for read in (self._asks_of_money, self._insists_on_complaint, self._renamed, self._denied, self._forbidden):
            found = read(said, context)
            if found:
                return found
        if not context.asked and self._only_declines(said, context):
            return Reading("chat_deny", (command("no"),))
        meant = said.cues.get(NOT_THIS)
        open_form = context.form and context.asked and context.kind in (CONFIRM, CHOOSE, WORDS)
        asks = said.share(*ASKING, "status") >= self.sure or said.text.endswith((*ASKS, "吗", "么"))  # 不是169买的吗
        if meant and open_form and not (said.fault or asks):  # 不是修，是没人来装
            return Reading("chat_take_back", (command("take_back", what=None), command("know", question=meant)))
        chosen = self._pointed(said, context) or self._chosen(said, context)
        if chosen:
            return chosen
        if context.form and context.asked:
            return self._answer(said, context)
        return self._free(said, context)

    def _wants_person(self, said: Said) -> bool:
        """好的，那转给同事办吧; 先别开，帮我转人工: asked whether to do something, whoever wants a person agrees to nothing."""
        if NO_PERSON in said.cues or PICKUP in said.cues or _has(said, PICKUP) or said.share("ask") >= self.sure:
            return False
        last = said.parts[-1] if said.parts else None
        named = said.intent == PERSON and said.confidence >= self.certain and said.act not in DENIES
        return named or (last is not None and last[2] == "person" and last[3] >= self.certain)

    def _resumed(self, said: Said, context: Context) -> Optional[Reading]:
        """回来了, 接着退, 还是刚才那个: what stands goes on, at a yes or no as one; else the last wish does."""
        shown = all(_shown(each, context) for each in _named(said) if not each.get(KEPT))
        asks = WHETHER in said.cues or said.share(*ASKING) >= self.sure
        resumes = RESUMES in said.cues and (shown or not context.asked) and not asks
        if not resumes and not (BACK in said.cues and (context.asked or context.wished[:1] == ("chat_hold",))):
            return None
        agrees = said.act == "yes" and said.share("yes") >= self.sure_yes
        if context.kind == CONFIRM and (agrees or self._echoes(said, context)):
            return Reading("chat_affirm", (command("yes"),))
        last = next((name for name in context.wished if not name.startswith((*PLAIN_TALK, PERSON))), None)
        if context.asked or not resumes:
            return Reading("chat_repeat", (command("chat", kind="repeat"),))
        return Reading(last, (command("start", intent=last, words=said.words or said.text),)) if last else None

    def _of_others(self, variant: Text) -> Reading:
        """That another person's account stays closed; `variant`: said again, or of codes."""
        kind = {**OF_OTHERS, "value": "_".join(filter(None, (OF_OTHERS["value"], variant)))}
        return Reading("account_manage", (command("start", intent="account_manage"),), [kind])

    def _still_of_others(self, said: Said, context: Context) -> bool:
        """Whether who was told that another's account stays closed goes on about it (他同意的, 最后四位总行吧, 那到哪了)."""
        told = any(name.startswith("utter_account_manage_others") for name in context.told)
        leaves = said.act in ("yes", "no", "leave", "person", "hold") or said.intent in ("chat_thank", "chat_goodbye", PERSON)
        leaves = leaves or (said.intent in ("chat_affirm", "chat_deny", "chat_stop") and said.confidence >= self.near)
        asked_for = said.act in ("person", "hold") or said.intent == PERSON
        ends = CLOSES in said.cues or (said.intent in ("chat_thank", "chat_goodbye") and said.confidence >= self.sure)
        leaves = (leaves and (asked_for or SOMEONES not in said.cues)) or ends  # 那让他自己登录吧 goes on, 谢谢 ends
        unplain = said.intent in (*VAGUE, "chat_smalltalk") or said.confidence < self.asks
        unplain = unplain or SOMEONES in said.cues or INSISTS in said.cues or said.intent.startswith((*OF_THINGS, "chat_follow"))
        mine = ONES_OWN in said.cues or (bool(_named(said)) and SOMEONES not in said.cues)
        return told and not leaves and not mine and unplain

    def _insists_on_complaint(self, said: Said, context: Context) -> Optional[Reading]:
        """我不退货，我就要投诉他: what is denied beside it is something else, and asked whether to file one it is a yes."""
        if COMPLAINS not in said.cues or ACCOUNTS[0] not in said.requests or said.act not in DENIES or context.new:
            return None
        if context.kind == CONFIRM and ACCOUNTS[0] in self.starts.get(str(context.form), ()):
            return Reading("chat_affirm", (command("yes"),))
        wish = command("start", intent=ACCOUNTS[0], words=said.words or said.text)
        return Reading(ACCOUNTS[0], (wish,)) if not context.asked else None

    def _asks_of_money(self, said: Said, context: Context) -> Optional[Reading]:
        """当时付的现金，钱咋退: where the money goes or when it comes, of whatever is spoken of, named or in hand."""
        aspect = next((aspect for cue, aspect in MONEY_ASKED.items() if cue in said.cues), None)
        newest = context.focus[0] if context.focus else {}
        if aspect is None and ASKS_WHEN in said.cues and (newest.get("kind"), newest.get("told")) in COMES_BACK:
            aspect = MONEY_ASKED["asks_when_money"]  # 大概几天到
        if aspect is None or context.new or said.second or said.share("do", "no", "take_back") >= self.sure:
            return None
        if context.kind == WORDS and said.share(*ASKING, "status") < self.sure:
            return None
        sum_named = any(each["kind"] == "amount" for each in said.values)
        if not (context.focus or context.slots.get("orders_number") or sum_named or _named(said)):
            return None
        about = {key: said.follow_up[key] for key in ("kind", "id")} if said.follow_up else None
        return Reading("chat_follow_up", (command("ask", aspect=aspect, object=about),))

    # ── this one, or that one ─────────────────────────────────────────────────

    def _checked(self, said: Said, context: Context) -> Reading:
        """没取消吧？: how the thing spoken of stands; asked of nothing, it is a question and undoes nothing."""
        named = _named(said)
        for thing in () if context.asked else context.focus:
            if DONE_YET in said.cues and thing.get("told") == "change" and not named:  # 地址改好没有
                about = {"kind": thing["kind"], "id": thing["id"]}
                return Reading("chat_follow_up", (command("ask", aspect=WHERE, object=about),))
            again, slot, key = STANDS_BY.get(str(thing.get("kind")), ("", "", ""))
            if again and thing.get(key) and all(_in(each, str(thing.get("title"))) for each in named):
                entity = {"entity": slot, "value": thing[key]}
                return Reading(again, (command("start", intent=again),), [entity], {})
        if named and not context.asked:  # 毛巾那单没改吧: another one than those spoken of
            told = {"conditions": named, "names": [], "bare": False}
            return Reading(STATUS, (command("start", intent=STATUS),), said.entities, told)
        if context.asked and said.intent in self.does:
            about = {"kind": "question", "id": context.asked}
            return Reading("chat_follow_up", (command("ask", aspect="yet", object=about),))
        return Reading("faq", (command("know", question=said.text),))

    def _of_what_stands(self, said: Said, context: Context) -> Optional[Reading]:
        """那货还照发吧, 不用再报一遍了吧, 打错了是3栋 right after it was changed: what is meant of the thing just spoken of."""
        newest = context.focus[0] if context.focus else {}
        order = next((str(each["order"]) for each in context.focus if each.get("order")), None)
        if GOES_ON in said.cues and order and not _named(said):
            entity = {"entity": "orders_number", "value": order}
            return Reading(STATUS, (command("start", intent=STATUS),), [entity], {})
        if NO_NEED in said.cues:
            thing = next((each for each in context.focus[:2] if NEXT in (each.get("asks") or ())), None)
            about = {"kind": thing["kind"], "id": thing["id"]} if thing else None
            return Reading("chat_follow_up", (command("ask", aspect=NEXT, object=about),)) if about else None
        due = _compensation(context)
        if due and "赔" in said.text and _names_other_sum(said, context) and said.share(*ASKING) < self.sure:
            about = {"kind": due["kind"], "id": due["id"]}
            return Reading("chat_follow_up", (command("ask", aspect=WHY_AMOUNT, object=about),))  # 必须赔我三百
        invoice = next((each for each in context.focus if each.get("kind") == "invoice"), None)
        if INVOICE_AMOUNT in said.cues and invoice:
            about = {"kind": invoice["kind"], "id": invoice["id"]}
            return Reading("chat_follow_up", (command("ask", aspect=WHY_AMOUNT, object=about),))
        hears = UNDERSTOOD in said.cues and context.kind == NONE and said.share(*ASKING, "status", "do") < self.sure
        if hears and context.told and (said.intent not in self.does or said.confidence < self.surer):
            return Reading("chat_affirm", (command("yes"),))  # 哦，券的部分不开，明白了
        if CLOSES in said.cues and context.told and (self._vague(said) or said.confidence < self.surer):
            return Reading("chat_affirm", (command("yes"),))
        again, names = DONE_ONCE.get(str(newest.get("told")), (None, {}))
        wrong = MISTAKEN in said.cues or (said.share("correct") >= self.sure and any(v["kind"] in OF_ORDER for v in said.values))
        lately = len(context.wished) - int(newest.get("said") or 0) <= 1
        if again is None or not wrong or not lately or _named(said) or said.share(*ASKING) >= self.sure:
            return None
        kept = [dict(each) for each in said.entities if each.get("entity") != "logistics_how"]
        told = [{"entity": name, "value": value} for name, value in {"orders_number": newest.get("order"), **names}.items()]
        return Reading(again, (command("start", intent=again),), [*kept, *told], {})

    def _renamed(self, said: Said, context: Context) -> Optional[Reading]:
        """对，只退冲锋衣, where a scarf is shown: no yes, and no leaving, names another thing than the one shown.

        What is shown and named beside another stays as it is; goods with which nothing is to be done (锅不退) are none of
        those that are asked for.
        """
        names = said.act in NAMES_ANOTHER or PART_ONLY in said.cues
        if not context.form or not context.asked or not names or self._beside(said, context):
            return None
        asks = said.share("ask", "status", "why", *QUESTIONED) >= self.sure and PART_ONLY not in said.cues  # 能只退衣服吗
        if asks or said.second or ADDS in said.cues:
            return None
        if str(context.asked).endswith(VARIANT) and self._given(said, str(context.asked)):
            return None  # 那个耳机先不买，要卡其L: which colour and size was asked
        if said.intent.startswith(GOODS) and said.confidence >= self.sure and said.act not in ("correct", "no"):
            return None  # 对了，你们的护眼灯能调光吗: what the shop sells
        looks = any(each["kind"] in LOOKS for each in said.values) and said.intent in context.wished[:LATELY]
        if looks and said.act not in ("correct", "no"):
            return None  # 穿厚袜子得40，换40吧: another size of the same
        own = said.intent in self.starts.get(str(context.form), ()) or said.intent.endswith("_cancel")
        if said.act in ("do", "tell") and not own and said.confidence >= self.sure and said.intent not in VAGUE:
            return None
        named = _named(said)
        if context.asked in NUMBERS or str(context.asked).endswith("_line"):
            return Reading(INFORM, (self._value(said, context),)) if any(each.get(KEPT) for each in named) else None
        item = next((slot for slot in NUMBERS if context.slots.get(slot) and self._of_form(slot, context)), None)
        if item is None:
            return None
        literal = [each for each in named if str(each["said"]) in normalise(context.said).text]
        others = [each for each in named if not _shown(each, context) or (literal and each not in literal)]
        told = said.reference.get("conditions") or ()
        wrong = [each for each in told if each["by"] in NAMED_BY and (each.get("negated") or each.get(KEPT))]
        right = [each for each in named if not each.get(KEPT) and not _in(each, context.said)]
        if context.kind == CONFIRM and right and any(_in(each, context.said) for each in wrong):  # 错了，是锅不是桌子
            return Reading(INFORM, (command("correct", slot=item, value=said.text),))
        same = [each for each in named if _shown(each, context) and not each.get(KEPT)]
        kept = [each for each in named if each.get(KEPT)]
        only_kept = bool(kept) and all(each.get(KEPT) or each in same for each in named)
        if context.kind == CONFIRM and same and only_kept and not any(_in(each, context.said) for each in kept):
            agrees = said.share("yes") >= self.maybe or offers.agrees_first(said.text)
            if agrees and said.act not in ("hold", "leave"):
                return Reading("chat_affirm", (command("yes"),))  # 对就那个锅，桌子别给我退: what is shown, and nothing else
        if context.kind in (CONFIRM, CHOOSE) and any(not each.get(KEPT) for each in others):
            conditions = said.reference["conditions"]
            left = [{**each, KEPT: True} if each in named and each not in others else each for each in conditions]
            told = {**said.reference, "conditions": left}
            return Reading(INFORM, (command("correct", slot=item, value=said.text),), reference=told)
        corrects = said.act == "correct" and bool(named)  # 错了，是靴子那双，跑鞋我留着: not the one that is shown
        if not same and kept and all(_shown(each, context) for each in kept) and context.kind in (WORDS, VALUE):
            return Reading("chat_take_back", (command("take_back", what=None),))  # 不是，碎纸机不退: what was begun was not meant
        if (others or corrects) and all((each in others or corrects) and each.get(KEPT) for each in named):  # 锅不退
            return Reading(INFORM, (command("correct", slot=item, value=said.text),))
        if said.act == "yes" and any(each.get(KEPT) for each in named):
            return Reading("chat_deny", (command("no"),))
        if said.act == "yes" and context.kind == CONFIRM and named and not literal:  # 嗯，就跑鞋: the form tells whether it is
            return Reading("chat_affirm", (command("correct", slot=item, value=said.text), command("yes")))
        return None

    def _of_form(self, slot: Text, context: Context) -> bool:
        """Whether a slot that names a thing is the open form's."""
        return slot == "orders_number" or slot.partition("_")[0] == str(context.form).partition("_")[0]

    # ── not this, but that ────────────────────────────────────────────────────

    def _denied(self, said: Said, context: Context) -> Optional[Reading]:
        """不是取消，我是问运费: what was begun is not meant, and what is left of the sentence is what is wanted."""
        heads = 0
        while heads < len(said.parts) - 1 and said.parts[heads][2] in DENIES and said.parts[heads][3] >= self.sure:
            heads += 1
        begins = said.parts[heads][0] if heads else 0
        rest = next((each for each in said.rests if each[0] == begins), None)
        if context.new or rest is None or said.parts[heads][2] not in ("do", "status", *ASKING):
            return None
        if said.text[:begins].rstrip(ENDS).endswith((*ASKS, "吗", "么")):  # 不是一百三买的吗，咋只退这么些
            return None
        _, intent, confidence = rest
        asks, open_form = said.parts[heads][2] in ASKING, bool(context.form and context.asked)
        wish = confidence >= self.sure and not intent.startswith((*PLAIN_TALK, PERSON))
        if not asks and not wish:
            return None
        own = intent in self.starts.get(str(context.form), ())
        if open_form and not self._drops(said.parts[heads - 1][2], own and not asks, intent, context):
            return None
        leaves = said.intent in ("chat_stop", "chat_deny") and asks  # 那算了，问一下…
        if not open_form and not leaves and (said.intent not in self.does or intent == said.intent or _names(said, 0, begins)):
            return None
        at = said.offsets[begins]
        words = said.words[at:].strip()
        instead = open_form and wish and intent == CHANGE and WHETHER in said.cues  # 先别取消，能改地址吗: its form tells
        if asks and (intent in self.does or not wish) and not instead:
            beside, meant = command("know", question=words), "faq"
        else:
            named = [dict(each) for each in said.entities if each.get("start", 0) >= at]
            told = {"entities": named, "reference": described(said.reference, words)}
            beside, meant = command("start", intent=intent, words=words, **told), intent
        if open_form:
            return Reading("chat_take_back", (command("take_back", what=None), beside))
        return Reading(meant, (beside,), beside.get("entities"), beside.get("reference"))

    def _drops(self, head: Text, own: bool, intent: Text, context: Context) -> bool:
        """Whether a denial before another wish drops the open form, and corrects or answers nothing in it."""
        if head == "no":
            return not own and context.kind in (CONFIRM, CHOOSE)
        if head == "correct":
            return not own and (context.kind != WORDS or intent.partition("_")[0] != str(context.form).partition("_")[0])
        return True

    def _forbidden(self, said: Said, context: Context) -> Optional[Reading]:
        """裙子那单别取消: what is not to be done is not begun, and is a no where it was just asked whether to."""
        wishes = FORBIDDEN.get(said.cues.get(FORBIDS, ""), ())
        if context.new or not wishes or said.share(*ASKING) >= self.sure:
            return None
        own = any(name in self.starts.get(str(context.form), ()) for name in wishes)
        if own and context.kind == CONFIRM:  # 先别取消，我再问问 holds
            holds = said.parts[-1][2] == "hold" if said.parts else said.act == "hold"
            shown = all(_shown(each, context) for each in _named(said))
            return Reading("chat_deny", (command("no"),)) if shown and not holds else None
        topic = said.intent.partition("_")[0]
        meant = said.intent in wishes or (said.confidence < self.near and wishes[0].startswith(topic))
        done = str(context.focus[0].get("told")) if context.focus else ""
        if not meant or own or (said.act == "take_back" and any(name.endswith(f"_{done}") for name in wishes)):
            return None  # what was done is taken back, where it can be
        if context.form and context.asked:
            return Reading("chat_take_back", (command("take_back", what=said.intent),))
        return Reading("chat_deny", (command("no"),))

    # ── in a form ─────────────────────────────────────────────────────────────

    def _answer(self, said: Said, context: Context) -> Reading:
        """What is said while a form's question stands."""
        repeats = said.intent in ASIDE and said.confidence >= self.certain and said.share("value") < self.certain
        if repeats and said.act not in QUESTIONED:
            return self._plain(said, context.asked)
        if context.kind == CHOOSE and said.intent == SCOLDS and not said.entities and not said.reference.get("conditions"):
            return self._plain(said, context.asked)  # 滚: none of those that are listed
        beside = self._beside(said, context)
        if beside:
            return beside
        elsewhere = self._elsewhere(said, context)
        if elsewhere:
            return elsewhere
        if self._points_out(said, context):
            return Reading(INFORM, (self._value(said, context),))
        if context.kind == CONFIRM and MISTAKEN in said.cues and said.act in ("yes", "chat", "tell", "value", "take_back"):
            if not said.reason and not said.values and not offers.agrees_first(said.text):
                return Reading(INFORM, (self._correct(said, context),))  # 拿错执照了
        if context.kind == WORDS and MISTAKEN in said.cues and said.act == "correct" and said.share("correct") >= self.certain:
            return Reading(INFORM, (self._correct(said, context),))  # 哎呀，说错了: no reason
        if str(context.asked).startswith(PICKUP) and said.act in ("person", "do", "value") and _has(said, PICKUP):
            return Reading(INFORM, (self._value(said, context),))  # 你们喊人来拿, asked whether it is to be fetched
        if UNCHANGED in said.cues and not said.values and said.share("yes") < self.sure_yes:
            return Reading(INFORM, (command("correct", slot=None, value=None),))  # 抬头不变: the question stands
        if context.again and context.form not in self.undone and context.kind == CONFIRM and self._only_hears(said, context):
            about = {"kind": "question", "id": context.asked}  # 好, to what was answered in between: no yes to what stood before
            return Reading("chat_follow_up", (command("ask", aspect="how", object=about),))
        if LATER in said.cues:
            return Reading("chat_stop", (command("leave"),))
        without = self._without(said, context)
        if without:
            return without
        act, own = said.act, said.intent in self.starts.get(str(context.form), ())
        turned = self._turned(said, context)
        if turned:
            return turned
        asks = said.share("ask", "status", "why", *QUESTIONED) >= self.sure and ANY not in said.cues  # 什么时候都行
        if ASKED_BESIDE.match(said.text) and act not in ("yes", "no", "do", *PLAINLY) and len(said.text) > CURT:
            return Reading("faq", (command("know", question=said.text),))  # 再问一句，晚上十点电话打得通不: no time to fetch it
        named = context.kind == CHOOSE and any(each.get("entity") == context.asked for each in said.entities)
        given = self._given(said, str(context.asked))
        plainly = act not in PLAINLY or said.share(act) < self.surer
        if (named or (given and not (own and context.kind != CHOOSE))) and plainly and not asks:
            return Reading(INFORM, (self._value(said, context),))  # 上门，明天白天都行: it names one of what was offered
        sure = said.share(act) >= (self.sure if context.kind == CONFIRM else self.surer)
        listed = context.kind == CONFIRM or context.asked in NUMBERS
        denies = said.intent == "chat_deny" and act in ("no", "take_back", "value")
        if denies and context.kind != WORDS:
            act, sure = "no", True  # 不用了, 没有, 跟订单没关系: a way past the question
        elif own and (act == "no" and not listed or act in ("yes", "tell", "chat") and context.kind != CONFIRM):
            act, sure = "value", True  # 不满意 is a score
        elif act == "correct" and context.kind == VALUE and said.share("value") >= self.maybe:
            act, sure = "value", True  # 改成文三路90号, asked where to
        stands = said.intent in LOOK_UPS and act == "status" and said.confidence >= self.sure  # 书到哪了，周二能到不
        if WHETHER in said.cues and context.kind in (CONFIRM, CHOOSE) and len(said.text) >= CURT and not (given or stands):
            return Reading("faq", (command("know", question=said.text, intent=said.intent if own else None),))
        same = self._echoes(said, context) or self._says_the_same(said, context) or self._says_what_is_shown(said, context)
        if context.kind == CONFIRM and (same or act == "yes") and _names_other_sum(said, context):
            return Reading("chat_repeat", (command("chat", kind="repeat"),))  # 退210对吧, where 182.69 is shown
        if context.kind == CONFIRM and same:
            return Reading("chat_affirm", (command("yes"),))
        if SUPPOSES in said.cues and context.kind != CHOOSE:  # 我是说要是以后掉色呢
            return Reading("faq", (command("know", question=said.text),))
        rewritten = next((name for name in self._filled(said, context) if name.endswith("_reason")), None)
        stays = said.intent == "chat_stop" or said.intent.endswith(UNDO) or DECLINES in said.cues or FORBIDS in said.cues
        if context.kind == CONFIRM and rewritten and act in ("yes", "no") and not (stays or offers.agrees_first(said.text)):
            return Reading(INFORM, (command("set", slot=rewritten, value=said.text),))  # 没坏，就是穿不惯: why, and no yes
        described_too = context.kind == CONFIRM and bool(said.reference.get("conditions") or said.entities)  # 小的那台，白色
        described_too = described_too and not self._filled(said, context)  # 对，明天下午: the form compares
        doubted = described_too or self._means_else(said, context)
        if act == "yes" and said.share("yes") >= (self.certain if doubted else self.sure_yes):
            other = self._other_wish(said, context)
            return self._plain(said, context.asked) if other else Reading("chat_affirm", (command("yes"),))
        aside = self._lets_be(said, context, act)
        if aside:
            return aside
        if act in ("no", "take_back", "leave") and self._gives_reason(said, context):
            return Reading(INFORM, (self._value(said, context),))  # 不想要了, asked which order is to be returned
        another = said.reference.get("conditions") or "others" in said.cues
        if act == "no" and sure and context.asked in NUMBERS and not another:
            named_slots = [cue for cue in said.cues if cue.startswith(SLOT) and cue != SLOT + str(context.asked)]
            act = "value" if _topical(named_slots, context) else "take_back"  # 不用邮箱 is none, 哪个都不取消 is
        undoes = offers.agrees_first(said.text) and said.act in (*UNDOES, "do") and WHETHER not in said.cues  # 对，牛奶那个撤了
        if context.kind == CONFIRM and context.form == SLIP_UNDONE and (KEEPS in said.cues or undoes):
            return Reading("chat_affirm", (command("yes"),))  # 不退了，留着
        instead = self._instead(said, context)
        sounds = act == "hold" and instead or (act == "person" and not self._answers(said, PERSON))  # 少道歉，催就行了
        if sure and act in PLAINLY and not sounds:
            undoes = said.intent.endswith("_cancel") and said.act != "no" and not own  # 算了不退了: nothing was got wrong
            left = said.intent == "chat_stop" or undoes
            intent, name = PLAINLY["leave" if left and act == "take_back" else act]
            told = {"what": None} if name == "take_back" else {}
            return Reading(intent, (command(name, **told),))
        if instead:
            return Reading(INFORM, (command("set", slot=instead, value=said.text),))
        if act == "correct" and sure:
            return Reading(INFORM, (self._correct(said, context),))
        if act in QUESTIONED and sure:
            about = {"kind": "question", "id": context.asked}
            return Reading("chat_follow_up", (command("ask", aspect=QUESTIONED[act], object=about),))
        looks = own and said.intent not in self.does
        if context.kind == CHOOSE and looks and act in ("ask", "status") and said.reference.get("conditions"):
            return Reading(said.intent, (self._value(said, context),))  # 三百多的到哪了, asked which one to look for
        unopened = own or self._vague(said) or said.intent in self._opened(act)
        if act in ("ask", "status", "why") and sure and not looks and unopened:
            return Reading("faq", (command("know", question=said.text, intent=said.intent if own else None),))
        if not sure and (self._tells(said) if context.kind == WORDS else context.kind == VALUE and said.intent in VAGUE):
            act, sure = "value", said.share("value", "tell") >= self.likely
        elif context.kind == WORDS and act == "tell":
            act = "value"
        if context.kind == CHOOSE and said.confidence < self.sure and _only_describes(said):
            act, sure = "value", True  # 空气炸锅
        opened = said.confidence >= self.near and said.intent in self._opened(act)
        wished = not own and context.kind == CHOOSE and opened  # 跑步鞋那个，想退货
        unlike = context.kind == VALUE and self._speaks_of_else(said, own) and said.share("value") < self.asks  # 耳机防水吗
        if act == "value" and sure and not (wished or unlike):
            guessed = context.kind == WORDS and said.confidence < self.sure  # 医生让换别的牌子: why, and no exchange
            tells = own and not guessed and not (context.kind == CHOOSE and _only_describes(said))
            return Reading(said.intent if tells else INFORM, (self._value(said, context),))
        if said.intent in ASIDE and said.confidence < self.sure and said.act == "fragment":
            return Reading(FALLBACK, (command("unclear", candidates=[]),))  # 那个啥
        if said.intent == "chat_stop" and said.share(*NO_LONGER) < self.near:
            return Reading("faq", (command("know", question=said.text),))  # 奶粉弄了没，别光弄一个: no word of leaving
        if context.kind == CONFIRM and said.text.endswith(ASKS) and said.intent in STORY and said.confidence < self.sure:
            return Reading("faq", (command("know", question=said.text),))  # 群里人说只保7天的？
        return self._plain(said, context.asked)

    def _points_out(self, said: Said, context: Context) -> bool:
        """时间你看着定, 打印机那单嘛, 六百多的啊还能是哪个: whether one of those listed is meant, in whatever tone."""
        if context.kind != CHOOSE or said.act in ("hold", "leave", "person") or WHETHER in said.cues:
            return False
        if ANY in said.cues and not str(context.asked).endswith(("_line", *NUMBERS)):
            return said.act not in ("no", "take_back") and said.share("ask", "why") < self.surer
        told = [each for each in said.reference.get("conditions") or () if not each.get(KEPT)]
        if not told or context.asked not in NUMBERS or said.second:
            return False
        if ONLY_ONE in said.cues:
            return True
        wants = said.act == "do" and said.intent in self.does  # 帮我把这个订单取消掉
        if said.reference.get("bare") and said.act not in ASKING and not wants:
            return True
        own = said.intent in self.starts.get(str(context.form), ())
        return said.share("value", "tell", "correct") >= self.asks and not own and said.intent not in self.does

    def _beside(self, said: Said, context: Context) -> Optional[Reading]:
        """小了，顺便查查手环到哪了: the first clause answers, asked why or whether, and the rest wants something else."""
        own, head = self.starts.get(str(context.form), ()), said.parts[0] if said.parts else None
        acts = {start: act for start, _, act, _ in said.parts}
        denied = [start for start, name, _ in said.rests if name.endswith(UNDO) and acts.get(start) in LETS_BE]  # 不退了
        rests = [each for each in said.rests if each[0] not in denied]
        rest = next((each for each in rests if each[2] >= self.surer and each[1] not in own), None)
        agreed = context.kind == CONFIRM and head is not None and head[2] == "yes" and head[3] >= self.certain
        plain = head is not None and (offers.only_agrees(said.text[: head[1]].strip(ENDS)) or head[1] < CURT - 1)
        agreed = agreed and plain and not said.text.startswith(BY_THE_WAY)  # 是送同事的 agrees to nothing
        agreed = agreed and not (context.again and head and offers.only_hears(said.text[: head[1]].strip(ENDS)))  # 哦哦，还有个事
        if agreed and len(said.parts) > 1 and _asked_last(said) >= self.surer:  # 好，分期的钱咋算
            rest = (said.parts[-1][0], "faq", 1.0)
        elif head is None or rest is None or rest[1].startswith((*PLAIN_TALK, PERSON)):
            return None
        at = said.offsets[rest[0]]
        mine, others = said.words[:at].strip(ENDS), said.words[at:].strip()
        if HURRIES in rest[1] and len(others) <= CURT:
            return None  # 可以，快点: in a hurry, and agreed
        if agreed:
            intent, first = "chat_affirm", command("yes")
        elif head and said.reason and str(context.asked).endswith("_reason") and head[2] in ("value", "tell"):
            intent, first = INFORM, command("set", slot=context.asked, value=mine)
        else:
            return None
        named = [dict(each) for each in said.entities if each.get("start", 0) >= at]
        told = {"entities": named, "reference": described(said.reference, others), "fresh": True}
        second = command("start", intent=rest[1], words=others, **told)
        kept = [each for each in said.entities if each.get("start", 0) < at]
        return Reading(intent, (first, second), kept, described(said.reference, mine))

    def _elsewhere(self, said: Said, context: Context) -> Optional[Reading]:
        """我说的是券，不是订单: who corrects, and means another matter than the form's, wants that and not what was begun."""
        if context.kind not in (CHOOSE, CONFIRM) or _named(said) or said.values:
            return None
        number = next((each for each in said.entities if each.get("entity") in NUMBERS[2:]), None)
        if number and number["entity"] != context.asked and said.share("correct", "no", "do") >= self.surer:
            intent = next(again for again, slot, _ in STANDS_BY.values() if slot == number["entity"])
        elif said.share("correct") >= self.surer and self._means_else(said, context) and said.confidence >= self.sure:
            number, intent = None, said.intent
        else:
            return None
        if intent in self.starts.get(str(context.form), ()):
            return None
        entities = [dict(number)] if number else [dict(each) for each in said.entities]
        wish = command("start", intent=intent, words=said.words or said.text, entities=entities, reference={})
        return Reading("chat_take_back", (command("take_back", what=None), wish))

    def _means_else(self, said: Said, context: Context) -> bool:
        """Whether the intent is as likely as not one of another matter than the open form's, and no hurry."""
        own = self.starts.get(str(context.form), ())
        talk = said.intent.startswith((*PLAIN_TALK, PERSON)) or said.intent in (*own, FALLBACK) or HURRIES in said.intent
        return not talk and said.confidence >= self.near

    def _without(self, said: Said, context: Context) -> Optional[Reading]:
        """不用发邮箱，我自己下载: a field of the open form that may be left out is, whatever is asked."""
        topic = str(context.form).partition("_")[0]
        slot = next((slot for slot in OPTIONAL if slot.startswith(topic) and SLOT + slot in said.cues), None)
        declines = said.share("no", "take_back", "leave") >= self.sure or SELF in said.cues
        if slot is None or not declines or self._given(said, slot):
            return None
        return Reading(INFORM, (command("set", slot=slot, value=said.text),))

    def _only_hears(self, said: Said, context: Context) -> bool:
        """好, 才二十块，行吧: whether a yes may be to what was told in between, and names nothing that would be done."""
        beside = said.act == "yes" and len(said.parts) > 1 and not self._echoes(said, context)
        return offers.only_hears(said.text) or (beside and not offers.only_agrees(said.text))

    def _echoes(self, said: Said, context: Context) -> bool:
        """退, to 可以退您差价，现在申请吗: an answer in the question's own words is a yes to it."""
        if said.act not in ("yes", "do", "value", "correct", "no", "fragment") or context.kind not in (CONFIRM, OFFER):
            return False
        return offers.echoed(said.text, context.said)

    def _echoes_first(self, said: Said, context: Context) -> bool:
        """撤，别退了, to 要撤销吗: a yes in the question's own words, and why; nothing in it asks, waits or takes it back."""
        pieces = [each for each in WORDLESS.split(said.text) if each]
        while pieces and offers.only_agrees(pieces[0]):
            del pieces[0]
        if context.kind != CONFIRM or len(pieces) < 2 or not offers.echoed(pieces[0], context.said):
            return False
        ends = said.text.index(pieces[0]) + len(pieces[0])
        rest, more = said.text[ends:], (*ASKING, "status", "correct", "hold", *(() if FORBIDS in said.cues else ("do",)))
        wants = any(act in more and sure >= self.sure for start, _, act, sure in said.parts if start >= ends)
        asks = WHETHER in said.cues or said.share(*more[:-1]) >= self.sure or rest.endswith(ASKS)
        return not (wants or asks or offers.takes_back(pieces[0], rest))

    def _says_the_same(self, said: Said, context: Context) -> bool:
        """对对 8号楼1502室: whether nothing is given but what is read back, beside a yes."""
        given = [str(each["value"]) for each in said.values]
        own = bool(given) and all(each["kind"] in (*OF_ONESELF, *LOOKS) for each in said.values)
        given = [_core(each) if each["kind"] in LOOKS else str(each["value"]) for each in said.values]
        agrees = said.share("yes") >= self.maybe or said.text.startswith(("是", "对"))
        return own and agrees and not offers.denies(said.text) and all(value in context.said for value in given)

    def _says_what_is_shown(self, said: Said, context: Context) -> bool:
        """对头 显示器 699那个, 嗯 13号: a yes with nothing but what is read back."""
        told = said.reference.get("conditions") or ()
        if not (told or said.values) or not offers.agrees_first(said.text) or offers.denies(said.text):
            return False
        if said.share(*ASKING, "no", "take_back", "leave", "hold") >= self.maybe or said.second or WHETHER in said.cues:
            return False
        shown = normalise(context.said).text
        days = [str(each["value"]) for each in said.values if each["kind"] == "day"]
        halves = _HALF.search(shown) is not None  # 对，周六下午, where only the day is shown
        others = [str(v["value"]) for v in said.values if v["kind"] != "day" and (halves or not days or v["kind"] != "span")]
        conditions = [each for each in told if each["by"] != "day" or not days]
        return (
            all(day in shown or day[5:] in shown for day in days)
            and all(value in shown for value in others)
            and all(not each.get(KEPT) and not each.get("negated") and _read_back(each, shown, context) for each in conditions)
        )

    def _lets_be(self, said: Said, context: Context, act: Text) -> Optional[Reading]:
        """算了，券不要了: what was wished for beside the matter is let be, and the matter goes on."""
        if act not in NO_LONGER:
            return None
        beside = said.intent.startswith(SIDE) and not said.intent.startswith(str(context.form).partition("_")[0] + "_")
        waits = said.intent in self._waits(context)
        if not waits and not (beside and said.confidence >= self.sure):
            return None
        return Reading("chat_take_back", (command("take_back", what=said.intent),))

    def _waits(self, context: Context) -> List[Text]:
        """The wishes that wait until the first is done."""
        return [str(each.get("intent")) for each in context.slots.get("chat_requests") or ()]

    def _gives_reason(self, said: Said, context: Context) -> bool:
        """Whether what sounds like leaving tells why the goods go back, before that was asked."""
        returns = str(context.form) == "after_sales_form" and context.slots.get("after_sales_reason") is None
        return returns and said.reason and context.kind in (CHOOSE, VALUE) and not said.text.startswith(("算了", "先不", "还是"))

    def _other_wish(self, said: Said, context: Context) -> bool:
        """Whether what sounds like a yes wants something else done than what stands (换一件吧, asked whether to return it)."""
        own = self.starts.get(str(context.form), ())
        wished = next((intent for intent in context.wished if intent in own), None)
        starts = {intent for intents in self.starts.values() for intent in intents}
        if wished is None or said.intent == wished or said.intent not in starts or said.confidence < self.surer:
            return False
        if HURRIES in said.intent:
            return False  # 可以，快点: in a hurry, and agreed
        asked = normalise(context.said).text
        wants = [(start, end) for start, end, act, sure in said.parts if act != "yes" and sure >= self.sure]
        if said.share("yes") >= self.certain and all(offers.echoed(said.text[start:end], asked) for start, end in wants):
            return False  # 要的要的，帮我申请, asked whether to
        return all(float(each["confidence"]) < self.unlikely for each in said.ranking if each["name"] == wished)

    def _turned(self, said: Said, context: Context) -> Optional[Reading]:
        """不退了，补发就行: the form is to do another of the things that it does, in whatever words of agreement."""
        wish = _wish(said)
        own = self.starts.get(str(context.form), ())
        now = next((intent for intent in context.wished if intent in own), None)
        if PARTIAL in said.cues and now and said.share("status", "why") < self.sure:
            return Reading(now, (command("start", intent=now, words=said.words or said.text),))
        same = wish == now or {wish, now} <= set(MONEY_BACK)
        if wish is None or wish not in own or same or context.kind not in (CONFIRM, CHOOSE):
            return None
        if said.act not in ("yes", "no", "correct", "value", "do", "tell") or (said.act == "no" and said.intent == "chat_deny"):
            return None
        return Reading(wish, (command("start", intent=wish, words=said.words or said.text),))

    def _given(self, said: Said, slot: Text) -> bool:
        """Whether the message holds a value of this slot."""
        return any(each["kind"] in self.values.get(slot, ()) for each in said.values)

    def _instead(self, said: Said, context: Context) -> Optional[Text]:
        """The slot that holds something else than what is given now: 行，但是改成下午, asked whether all is right."""
        if context.kind not in (CONFIRM, CHOOSE) or not said.values:
            return None
        slots = self._filled(said, context)
        if context.kind == CHOOSE:  # 买多了, asked when to fetch it: why, and no other wish
            return next(iter(slots), None) if said.act in ("value", "tell") and said.confidence < self.certain else None
        named = [name for name in slots if SLOT + name in said.cues or any(e.get("entity") == name for e in said.entities)]
        if said.share("ask", "status", "why", *QUESTIONED) >= self.sure:
            return named[0] if named and CHANGES in said.cues else None  # 取件能不能改到明天
        own = said.intent in context.wished[:LATELY] and said.act in ("hold", "chat")  # 等等，换40吧
        acts = ("correct", "value", "do", "tell", "no", "yes")
        return next(iter((*named, *slots)), None) if own or said.act in acts else None

    def _filled(self, said: Said, context: Context) -> List[Text]:
        """The slots that hold something already, of whose kind the message gives a value."""
        return [name for name in self.values if context.slots.get(name) is not None and self._given(said, name)]

    def _speaks_of_else(self, said: Said, own: bool) -> bool:
        """Whether the intent is certainly one that the form is not about."""
        return not own and said.confidence >= self.certain and said.intent not in VAGUE

    def _tells(self, said: Said) -> bool:
        """Whether words that were asked for are most likely those: no other wish is plain."""
        wishes = said.confidence >= self.sure and any(said.intent in intents for intents in self.starts.values())
        return not wishes or said.share("value", "tell") >= self.likely

    def _vague(self, said: Said) -> bool:
        """Whether the intent of a question says nothing: none fits, chat is only guessed, or goods are not named."""
        named = any(each.get("entity") in ("product", "product_category") for each in said.entities)
        chatty = said.intent == "chat_smalltalk" and said.confidence < self.sure
        return chatty or said.intent in VAGUE or (said.intent.startswith(GOODS) and not named)

    def _opened(self, act: Text) -> Collection[Text]:
        """The intents that open a form which a question of this kind does not open in the middle of another one."""
        return self.does if act == "status" else {intent for intents in self.starts.values() for intent in intents}

    def _correct(self, said: Said, context: Context) -> Command:
        named = [cue.removeprefix(SLOT) for cue in said.cues if cue.startswith(SLOT)]
        slot = next((name for name in named if context.slots.get(name) is not None), None)
        return command("correct", slot=slot, value=said.cues.get("value") or None)

    def _value(self, said: Said, context: Context) -> Command:
        if context.kind == CHOOSE:
            return command("choose", words=said.text)
        return command("set", slot=context.asked, value=said.text)

    # ── while a person is waited for ──────────────────────────────────────────

    def _meanwhile(self, said: Said, context: Context) -> Reading:
        """What is asked or wanted while waiting, as if nobody were waited for; all else is for the person."""
        reading = self._read(said, replace(context, kind=context.free))
        served = context.kind not in WAITED or any(each["command"] in SERVED for each in reading.commands[:1])
        return reading if served else Reading(INFORM if reading.intent == "chat_deny" else said.intent, ())

    def _waiting(self, said: Said, context: Context) -> Optional[Reading]:
        """Who waits no longer leaves, and may want something else in the same breath."""
        if context.kind not in WAITED:  # a form was opened meanwhile: its own noes are its own
            return Reading("chat_stop", (command("leave"),)) if NO_WAIT in said.cues else None
        ends, sure = ((*NO_LONGER, "correct"), self.safe) if context.kind == ALARM else (NO_LONGER, self.surer)
        wish = said.confidence >= self.sure and not said.intent.startswith((*PLAIN_TALK, PERSON))
        if context.kind != ALARM and (NO_WAIT in said.cues or NO_PERSON in said.cues):
            beside = self._besides(said)  # 不等了！我要投诉这家店
            wants = beside and (beside[0]["command"] == "start" or said.share(*ASKING) >= self.sure)
            return Reading("chat_stop", (command("leave"), *(beside if wants else ())))
        if (WAITS_ON in said.cues and not wish) or REPORTED_BEFORE in said.cues:
            return Reading(INFORM, ())  # 好，我等，别又断了
        if context.kind != ALARM and wish:
            sure = self.certain  # 自家做的，没有执照: told or asked, and not ended
        if context.kind == ALARM and SECRET in said.cues:
            return Reading(said.intent, ())  # who reads a code out is not safe
        words = said.text.strip(ENDS)
        more = said.second or len(WORDLESS.split(words.strip("?!"))) > 1
        if UNCHANGED in said.cues and said.intent.endswith("_change"):
            return Reading(INFORM, ())
        asks = not more and words.endswith(("?", "吗", "么"))  # 不等了吗
        of_goods = context.kind == ALARM and bool(said.reference.get("conditions"))  # 围兜没事
        safe = context.kind == ALARM and SAFE in said.cues
        hurries = PLACE in said.cues or PLEADS in said.cues or HURRIES in said.intent
        wants_one = PERSON in (said.intent, *said.requests)  # 不要机器人，人工
        if asks or wants_one or (not safe and (of_goods or hurries or said.share(*ends) < sure)):
            return None
        return Reading("chat_stop", (command("leave"), *(self._besides(said) if more else ())))

    def _besides(self, said: Said) -> Tuple[Command, ...]:
        """What stands beside the leaving: a wish, or a question."""
        named = (*(intent for _, intent, sure in said.rests if sure >= self.sure), said.intent, *said.requests)
        aside = () if COMPLAINS in said.cues else ACCOUNTS
        wish = next((name for name in named if not name.startswith((*PLAIN_TALK, PERSON)) and name not in aside), None)
        if wish and said.confidence >= self.sure:
            named_too = {"entities": [dict(each) for each in said.entities], "reference": dict(said.reference)}
            return (command("start", intent=wish, words=said.words or said.text, **named_too),)
        return (command("know", question=said.text),) if wish or said.intent == "faq" else ()

    # ── without a form ────────────────────────────────────────────────────────

    def _free(self, said: Said, context: Context) -> Reading:
        """What is said while no form is open."""
        act = said.act
        sure = said.share(act) >= self.sure
        if self._says_more_of_split(said, context):
            return Reading(SPLIT, (command("start", intent=SPLIT),))
        if not context.new and (LATER in said.cues or self._leaves_as_it_is(said, context)):
            return Reading("chat_deny", (command("no"),))  # 那收到再换, 锅不退, 抬头不变
        unplain = self._vague(said) or said.confidence < self.near
        if REGISTERS in said.cues and not context.new and unplain:
            return Reading(PERSON, (command("person"),))  # 那给我登记一下
        if (act == "hold" and PLEADS in said.cues) or (REPORTED_BEFORE in said.cues and (unplain or act == "status")):
            return Reading(TICKET, (command("start", intent=TICKET),))  # 昨晚报的那两桶油, 别跟我说再等等
        if not context.new and self._only_sounds(said):
            return self._checked(said, context) if act == "status" else Reading("faq", (command("know", question=said.text),))
        if _wish(said) == COUPONS and any(each.get("kind") == "coupon" for each in context.focus[:1]):
            return Reading(COUPONS, (command("start", intent=COUPONS, words=said.words or said.text),))
        if context.kind == NONE and context.told and said.intent == FALLBACK and act == "chat" and sure:
            return Reading("chat_affirm", (command("yes"),))  # 行叭 坐等: heard, and nothing is wanted
        if context.kind == OFFER:
            one = len(offers.offers(context.buttons)) == 1 or bool(context.offered)
            if self._accepts(said, context) or (one and self._echoes(said, context)):
                return Reading("chat_affirm", (command("yes"),))
            if act == "no" and sure and self._answers(said, "chat_deny", "chat_stop"):
                return Reading("chat_deny", (command("no"),))
        means_talk = said.intent in TALKS or (said.intent == "chat_out_of_scope" and said.confidence < self.near)
        if not context.new and said.share(*ASKING) >= self.certain and means_talk and not said.follow_up:
            return Reading("faq", (command("know", question=said.text),))  # 为啥不能延，我又不是不用
        if not WORDLESS.sub("", said.text) and not said.intent.startswith(KINDLY):
            return Reading(FALLBACK, (command("unclear", candidates=[]),))  # ??, !!!
        another = self._of_another(said, context) or self._of_spoken(said, context)
        if another:
            return another
        if self._adds(said, context):
            return Reading(INFORM, (command("chat", kind="inform"),))
        if CALLS in said.cues and act not in ("ask", "status", "why") and _timed(said):
            entity = dict(zip(("entity", "value"), ADD, strict=True))
            return Reading(TICKET, (command("start", intent=TICKET),), [*map(dict, said.entities), entity])
        begun = None if context.new else self._begun(said, context)
        if begun:
            return begun
        unless = self._unless(said)
        if unless:
            return unless
        best = next((each for each in said.ranking if not str(each["name"]).startswith((*PLAIN_TALK, PERSON))), None)
        means = best if best and float(best["confidence"]) >= self.unlikely else None
        if said.intent in ("chat_affirm", INFORM) and act == "do" and sure and means:
            return Reading(str(means["name"]), (command("start", intent=str(means["name"])),))  # 可以的话帮我退了
        guessed = self._vague(said) or said.confidence < self.near
        which = _goods(said) or bool(said.reference.get("conditions")) or any(t.get("kind") == "order" for t in context.focus[:1])
        if said.fault and which and guessed and act not in ASKING:
            return Reading(FAULT, (command("start", intent=FAULT),))  # 上一单里头那个不转了
        if _resized(said) and act not in ASKING and (guessed or said.intent.startswith(GOODS)):
            return Reading(EXCHANGE, (command("start", intent=EXCHANGE),))
        if STILL_TO_SEND in said.cues and not said.follow_up:
            return Reading(SLIPS, (command("start", intent=SLIPS),))
        if context.new:
            return self._plain(said, context.asked)
        unpaid = any((each["by"], each.get("value")) == ("state", UNPAID) for each in said.reference.get("conditions") or ())
        if unpaid and unplain and said.share(*ASKING, "status", "tell") >= self.sure and not said.follow_up:
            return Reading(STATUS, (command("start", intent=STATUS),))  # 袜子那单没付，最晚几点付
        if self._says_more_of_wish(said, context):
            return Reading(ADVICE, (command("start", intent=ADVICE, words=said.text),))
        if act == "hold" and sure:
            return Reading("chat_hold", (command("hold"),))
        slip = any((each.get("kind"), each.get("told")) == ("return", "status") for each in context.focus[:1])  # 不退了，撤了吧
        undone = _named(said) or (slip and said.intent == UNDONE)  # 早上那箱奶撤了吧
        undone = said.intent.endswith("_cancel") and said.confidence >= self.near and bool(undone)
        if act == "take_back" and sure and context.told and not undone:
            return Reading("chat_take_back", (command("take_back", what=None),))
        undoes = undone or (said.intent.endswith("_cancel") and said.confidence >= self.sure)  # 不想要了，取消吧
        undoes = undoes or not offers.denies([each for each in WORDLESS.split(said.text) if each][-1])  # 不换 不修 退钱
        if act in ("take_back", "no") and said.share(act) >= self.certain and said.intent in self.does and not undoes:
            return Reading("chat_deny", (command("no"),))
        own = said.intent in OF_ONES_OWN and any(each["by"] in TOLD_BY for each in said.reference.get("conditions") or ())
        of_ones_own = any(each.get("entity") in NUMBERS for each in said.entities)  # the form tells whether it may be done
        of_ones_own = of_ones_own or (own and bool(_named(said)))
        asked_last = 0.0 if said.second else _asked_last(said)  # 头盔给我退了，还有冰箱几时到: the last is another matter
        if said.intent in self.does and not of_ones_own and max(said.share("ask", "why", "how"), asked_last) >= self.asks:
            return Reading("faq", (command("know", question=said.text, intent=said.intent),))
        if act == "fragment" and sure:
            return Reading(FALLBACK, (command("unclear", candidates=[]),))
        stands = act == "status" and said.share(act) >= self.asks and said.confidence < self.near and not said.follow_up
        if stands and any(_in(each, str(thing.get("title"))) for thing in context.focus[:2] for each in _named(said)):
            return self._checked(said, context)  # 我问你锅催了没
        if _wish(said) == said.intent and act == "do" and sure:
            return self._plain(said, context.asked)  # 给我退了吧，还有…: said plainly, however unlike the examples
        if said.intent == FAULT and said.fault and which and act not in ASKING:
            return self._plain(said, context.asked)  # 最近买的那个不转了: unclear of which, and a fault
        if SUPPOSES in said.cues and not said.follow_up and said.confidence < self.near:
            return Reading("faq", (command("know", question=said.text),))  # 那要是后面掉色呢
        if said.intent in LOOK_UPS and act == "status" and said.share(act) >= self.certain:
            return self._plain(said, context.asked)  # 我的箱子呢？？: to look up what may be meant does no harm
        argues = bool(context.focus) and context.focus[0].get("told") == REFUSED and act in ("tell", "why", "ask", "no")
        if argues and said.intent == "chat_smalltalk" and said.confidence < self.sure:
            return Reading("faq", (command("know", question=said.text),))  # 同事说七天内随便退，我这才第五天
        if not said.intent.startswith(PLAIN_TALK) and not said.follow_up and said.confidence < self.near:
            return Reading(FALLBACK, (command("unclear", candidates=candidates(said)),))
        return self._plain(said, context.asked)

    def _only_sounds(self, said: Said) -> bool:
        """还没发出来，应该可以改吧: whether what sounds like an answer or like chat asks."""
        if said.intent not in TALKS or len(said.text) <= CURT or said.follow_up:
            return False
        if said.intent == "chat_smalltalk" and said.confidence >= self.sure:
            return False
        asks = said.act in ("ask", "status") and (said.intent == "chat_affirm" or said.share(said.act) >= self.asks)
        return asks or (said.text.endswith(ASKS) and said.act in ("tell", "chat", *ASKING, "status"))

    def _leaves_as_it_is(self, said: Said, context: Context) -> bool:
        """锅不退, 抬头不变: what is not to be done is no wish to undo or to change. 台灯不退了 is, as is any of what was done."""
        if UNCHANGED in said.cues and said.intent.endswith("_change") and not said.values:
            return True
        named = _named(said)
        slips = [str(each.get("title")) for each in context.focus if each.get("kind") == "return"]
        done = any(_in(goods, title) for title in slips for goods in named)
        only_kept = bool(named) and all(each.get(KEPT) for each in named)
        return said.intent == "after_sales_cancel" and only_kept and not done and not said.text.endswith("了")

    def _only_declines(self, said: Said, context: Context) -> bool:
        """不取消，我要货: whether what was not begun is let be, and nothing else is wanted; what was done is another matter."""
        wishes = FORBIDDEN.get(said.cues.get(DECLINES, ""), ())
        if not context.wished or not wishes or said.second or said.act == "do" or said.share(*ASKING) >= self.sure:
            return False
        newest = context.focus[0] if context.focus else {}
        done = any(name.endswith(f"_{newest.get('told')}") for name in wishes) or newest.get("kind") == "return"
        return not done and (said.intent in (*wishes, *VAGUE) or said.intent.endswith(UNDO))

    def _of_another(self, said: Said, context: Context) -> Optional[Reading]:
        """另一个呢, 不是这个，是热水器: a message that only says which one means the last wish, of that one."""
        conditions = said.reference.get("conditions")
        corrects = said.act == "correct" and said.share("correct") >= self.sure and any(each["sure"] for each in conditions or ())
        compared = bool(conditions) and all(each["by"] in COMPARED for each in conditions or ())  # 便宜那台呢，也能退吗
        corrects = corrects or (compared and said.act in ASKING and context.kind in (NONE, OFFER))
        wished = next((name for name in context.wished[:LATELY] if name.startswith(OF_THINGS)), None)
        listed = any(each.intent == wished and set(each.entities) & set(NUMBERS) for each in context.buttons)
        unplain = said.intent in VAGUE or said.confidence < self.near or said.intent in LOOK_UPS
        wants = said.share(*ASKING, "status", "do") >= self.sure or bool(said.follow_up)
        which = listed and unplain and not wants and any(each["sure"] for each in conditions or ())  # 号忘了，买锅那单
        priced = said.intent == PRICE and (compared or (FELL in said.cues and _goods(said)))  # 便宜那个呢，一起买的书呢，降没降
        which = which or (wished == PROTECTION and priced)
        points = said.reference.get("bare") or (said.intent in VAGUE and any(each["by"] == "other" for each in conditions or ()))
        if context.new or not conditions or not (corrects or which or (points and said.act in NAMES_ONE)):
            return None
        plain = said.confidence >= self.sure and said.intent not in (*VAGUE, wished) and (compared or not said.follow_up)
        if wished is None or (plain and not which and said.act not in ("correct", "no")):
            return None
        return Reading(wished, (command("start", intent=wished, words=said.words or said.text),))

    def _of_spoken(self, said: Said, context: Context) -> Optional[Reading]:
        """头一个大概哪天到: what is asked of one of those spoken of, by its place among them, where nothing else is listed."""
        places = [each for each in said.reference.get("conditions") or () if each["by"] == "place"]
        same = [each for each in reversed(context.focus) if said.follow_up and each.get("kind") == said.follow_up["kind"]]
        at = int(places[0]["value"]) if len(places) == 1 else 0
        if not at or len(same) < max(2, abs(at)):
            return None
        one = same[at - 1 if at > 0 else at]
        about = {"kind": one["kind"], "id": one["id"]}
        return Reading(said.intent, (command("ask", aspect=said.follow_up["aspect"], object=about),))

    def _adds(self, said: Said, context: Context) -> bool:
        """Whether more of the story is told of what was just reported (a ticket): it is added to it."""
        newest = context.focus[0] if context.focus else {}
        reported = newest.get("kind") == "ticket" and newest.get("told") in REPORTED
        lately = len(context.wished) - int(newest.get("said") or 0) <= 2
        tells = said.act == "tell" and said.share("tell") >= self.sure and said.intent in (*STORY, *VAGUE)
        return reported and lately and tells and COMPLAINS not in said.cues and not said.follow_up

    def _begun(self, said: Said, context: Context) -> Optional[Reading]:
        """What is done about a thing that was begun already, or in the way that is wished for, whatever intent is nearest."""
        newest = context.focus[0] if context.focus else {}
        more = newest.get("kind") == "ticket" and newest.get("told") in MORE_OF and said.intent in VAGUE
        if more and said.share("tell") >= self.sure:
            told = [{"entity": ADD[0], "value": ADD[1], "extractor": HEARD}, {"entity": "tickets_number", "value": newest["id"]}]
            return Reading(TICKET, (command("start", intent=TICKET),), [*map(dict, said.entities), *told])  # 他还摔我箱子
        wants = said.act not in (*ASKING, "status") and said.confidence < self.certain
        if COMPLAINS in said.cues and wants and said.intent.startswith(("tickets_", *VAGUE)) and not more:
            return Reading(ACCOUNTS[0], (command("start", intent=ACCOUNTS[0]),), said.entities)  # 投诉，给我登记一下
        urges = any((each.get("entity"), each.get("value")) == (ADD[0], "urge") for each in said.entities)
        if urges and newest.get("kind") == "ticket" and not _goods(said) and said.share("do") >= self.sure:
            return Reading(TICKET, (command("start", intent=TICKET),), said.entities)  # 你再催一下他们
        adds = _has(said, *ADD) or TO_TICKET in said.cues
        latest = next((each for each in context.focus if each.get("kind") != "payment"), {})
        ticket = latest if latest.get("kind") == "ticket" else None
        of_it = ticket and (said.confidence < self.certain or said.follow_up)  # 给那张补一句，两笔都是微信付的: no new matter
        of_one = of_it or said.intent in (*ACCOUNTS, *VAGUE, TICKET, "chat_hold")
        if adds and of_one and said.share("ask", "status", "why") < self.sure:
            heard = [] if _has(said, *ADD) else [{"entity": ADD[0], "value": ADD[1], "extractor": HEARD}]
            named = [{"entity": "tickets_number", "value": ticket["id"]}] if ticket and not _has(said, "tickets_number") else []
            return Reading(TICKET, (command("start", intent=TICKET),), [*map(dict, said.entities), *heard, *named])
        if self._fetches(said, context):
            anew = {"entity": PICKUP, "value": ANEW}
            return Reading(SLIPS, (command("start", intent=SLIPS),), [*map(dict, said.entities), anew])
        of_goods = said.intent.startswith("after_sales_") or said.intent in VAGUE
        if PARTIAL in said.cues and of_goods and said.share("status", "why") < self.sure:
            return Reading(MONEY_BACK[0], (command("start", intent=MONEY_BACK[0]),))
        if _guessed_change(said, self.near):
            return Reading(CHANGE, (command("start", intent=CHANGE),))
        wish = _wish(said)
        if wish and said.intent != wish and said.confidence < self.certain and not {wish, said.intent} <= set(MONEY_BACK):
            forms_of = [intents for intents in self.starts.values() if wish in intents and said.intent in intents]
            if forms_of and said.share("do", "tell") >= self.sure:
                return Reading(wish, (command("start", intent=wish),))
        return None

    def _fetches(self, said: Said, context: Context) -> bool:
        """Whether the goods of a slip are to be fetched at another time (后天上午来取行不行)."""
        come = any(each.get("entity") == PICKUP and each.get("value") == FETCHED for each in said.entities)
        fetched = come or PICKUP in said.cues
        of_slip = PICKUP in said.cues or any(each.get("kind") == "return" for each in context.focus)
        asks = said.share("status", "why", "tell") >= self.sure
        return fetched and of_slip and not asks and (_timed(said) or CHANGES in said.cues)

    def _accepts(self, said: Said, context: Context) -> bool:
        """Whether it is a yes to an offer, and to nothing else (好吧我今晚用掉)."""
        agrees = said.act == "yes" and said.share("yes") >= self.sure_yes and self._answers(said, "chat_affirm")
        return agrees and not offers.of_something_else(said.text, context.said, context.buttons)

    def _answers(self, said: Said, *intents: Text) -> bool:
        """Whether what sounds like an answer to an offer is one, and no question or wish of its own (要开专票需要啥)."""
        likely = any(each["name"] in intents and float(each["confidence"]) >= self.maybe for each in said.ranking)
        return likely or len(said.text) <= CURT or not said.ranking

    def _unless(self, said: Said) -> Optional[Reading]:
        """先找找，找不到再退钱: what is only wished for otherwise is no wish yet; what stands before it is."""
        otherwise = said.cues.get(IF_NOT)
        if otherwise is None or said.intent not in self.does:
            return None
        begins = said.text.rfind(otherwise)
        head = next((each for each in reversed(said.heads) if each[0] <= begins), None)
        if head is None or head[1] == said.intent or head[1].startswith(PLAIN_TALK) or head[2] < self.near:
            return Reading("faq", (command("know", question=said.text, intent=said.intent),))
        words = said.words[: said.offsets[head[0]]]
        return Reading(head[1], (command("start", intent=head[1], words=words),))

    def _says_more_of_wish(self, said: Said, context: Context) -> bool:
        """Whether goods were just recommended and the message, surely no wish to have something done, names a sum."""
        recommended = any(name.startswith(RECOMMENDED) for name in context.told)
        another = said.intent in self.does and said.confidence >= self.sure
        return recommended and not another and any(each.get("entity") == "amount" for each in said.entities)

    def _says_more_of_split(self, said: Said, context: Context) -> bool:
        """书架单独一张, 抬头不变: whether it is told how an invoice is to be split, which was offered to a person."""
        offered = any(name.startswith(f"utter_{SPLIT}") for name in context.told)
        tells = said.share(*ASKING, "status", *ANSWERED_BY) < self.sure
        return offered and tells and said.intent.startswith(("invoices_", "chat_follow_up", *VAGUE))

    # ── the rest ──────────────────────────────────────────────────────────────

    def _pressed(self, said: Said, context: Context) -> Optional[Reading]:
        """A button's own words, typed."""
        button = next((each for each in context.buttons if normalise(each.title).text == said.text), None)
        if button is None or not button.payload.startswith("/"):
            return None
        first = of_intent(button.intent, said.text, context.asked)
        return Reading(button.intent, (first,), _named_by(button))

    def _pointed(self, said: Said, context: Context) -> Optional[Reading]:
        """没人回电那个呢: one of the things that were listed, now or a little before, told in words of one's own."""
        things = [each for each in context.listed if each.entities and set(each.entities) <= set(NUMBERS)]
        wishes = [each for each in said.entities if each.get("entity") == ADD[0]]
        told = said.text  # 扣钱那张催一下: what is wished is no word of which one
        for each in wishes:
            told = told.replace(said.words[each.get("start", 0) : each.get("end", 0)], "")
        one = offers.told_of(told, things) if not context.asked and POINTS.search(said.text) else None
        if one is None or one.intent not in context.wished[:LATELY]:
            return None
        named = [*_named_by(one), *map(dict, wishes)]
        return Reading(one.intent, (command("start", intent=one.intent, words=said.words or said.text),), named)

    def _chosen(self, said: Said, context: Context) -> Optional[Reading]:
        """One of the things offered, in words of one's own: what its button says, of what it says it of."""
        if not context.buttons or context.kind in (VALUE, WORDS):
            return None
        listed = [each for each in offers.offers(context.buttons) if context.asked and context.asked in each.entities]
        if len(listed) == 1 and context.kind == CHOOSE and offers.only_agrees(said.text):  # 对，就这个
            return Reading(listed[0].intent, (of_intent(listed[0].intent, said.text, context.asked),), _named_by(listed[0]))
        if said.act not in (*ACCEPTS, *UNDOES):
            return None
        passes = offers.passes_on(said.text) or REGISTERS in said.cues
        if context.kind != CONFIRM and passes and any(each.intent == PERSON for each in context.buttons):
            return Reading(PERSON, (command("person"),))  # 那你转吧, 帮我登记，抬头是…
        if context.kind == CONFIRM or context.asked in NUMBERS or str(context.asked).endswith(("_line", "_order", "_choice")):
            return None  # the form knows more of them than stand on the table
        buttons = [each for each in context.buttons if not context.asked or context.asked in each.entities]
        another = any(each["sure"] for each in said.reference.get("conditions") or ())
        another = another or any(each.get("entity") in NUMBERS for each in said.entities)
        button = offers.named(said.text, buttons) or (None if context.asked else offers.placed(said.reference, buttons))
        if button is None and not context.asked and not another:
            means = said.act in ("yes", "do", "value") and said.confidence >= self.near and len(said.text) <= offers.LONGEST
            button = offers.wished(said.intent, buttons) if means else None
            takes = context.kind == OFFER and self._accepts(said, context) and not context.offered
            if takes or (said.act in ("do", "yes") and offers.only_agrees(said.text) and len(offers.offers(buttons)) == 1):
                button = button or offers.agreed(context.said, buttons)
            if button is None and context.kind == OFFER and self._takes(said, buttons):
                button = offers.meant(said.text, context.said, buttons)
                if button is None and all(each.intent == PERSON for each in buttons):
                    return Reading(PERSON, (command("person"),))  # 行，你转，我说的都带上
        if button is None:
            return None
        beside = [] if context.asked else [dict(e) for e in said.entities if e.get("entity") not in button.entities]
        named_too = [*beside, *_named_by(button)]  # 改地址, below 修改订单
        return Reading(button.intent, (of_intent(button.intent, said.text, context.asked),), named_too)

    def _takes(self, said: Said, buttons: Sequence[Button]) -> bool:
        """Whether something offered is surely taken, and nothing is asked, denied or plainly another wish."""
        another = said.intent not in {each.intent for each in buttons} and not said.intent.startswith(PLAIN_TALK)
        plainly = another and (said.confidence >= self.certain or _wish(said) == said.intent)
        sure = self.certain if offers.denies(said.text) else self.taken
        urges = _has(said, *URGES) and not any(HURRIES in each.intent for each in buttons)
        takes = 1 - (1 - said.takes) * (1 - said.share("yes"))
        return takes >= sure and not (plainly or urges or said.second) and said.share(*ASKING, "status", *DENIES) < self.sure

    def _plain(self, said: Said, asked: Optional[Text]) -> Reading:
        """What the intent says."""
        if said.follow_up:
            about = {"kind": said.follow_up["kind"], "id": said.follow_up["id"]}
            return Reading(said.intent, (command("ask", aspect=said.follow_up["aspect"], object=about),))
        return Reading(said.intent, (of_intent(said.intent, said.text, asked, candidates(said)),))

    def _and_more(self, reading: Reading, said: Said, context: Context) -> Reading:
        """What else is wished for in the same breath follows, each with its own words and the things that it names."""
        first = reading.commands[0] if len(reading.commands) == 1 else {}
        mine, others = said.words[: said.split].strip(ENDS), said.words[said.split :].strip()
        two = said.second and len(said.requests) == 2 and IF_NOT not in said.cues
        story = said.intent in ACCOUNTS or (context.kind == WORDS and not str(context.asked).endswith("_reason"))
        if not two or story or first.get("command") not in FOLLOWED or said.requests[1] == reading.intent:
            return reading
        of_reason = context.kind == WORDS and not linked(normalise(others).text)  # 我爸不喜欢，不想要了: why, and no cancelling
        guessed = next((sure for _, name, sure in said.rests if name == said.requests[1]), 1.0) < self.surer
        guessed = guessed or of_reason
        if not context.new and (guessed or said.requests[1] in NEVER_BESIDE) and not linked(normalise(others).text):
            return reading  # 后台点一下不就好了: nobody suggests anything
        acts = {act for start, _, act, _ in said.parts if said.offsets[start] >= said.split}
        writes = said.requests[1] in self.does and said.requests[1] not in STORY and HURRIES not in said.requests[1]
        told = acts and acts <= set(LETS_BE if writes else TOLD_BESIDE)
        if told and not (linked(normalise(others).text) and acts <= set(TOLD_BESIDE)):
            return reading  # 换成M码，趁没发货; 当时还用了张礼品卡: nothing more is wanted
        if not writes and CHECKS in said.cues and not any(str(each["said"]) in others for each in _named(said)):
            return reading  # 取消吧，不会又发出来了吧: of the same
        sums = [each for each in said.entities if each.get("entity") == "amount" and each.get("start", 0) >= said.split]
        goods = [each for each in _named(said) if str(each["said"]) in others]
        if sums and not goods and said.requests[1] in MONEY_BACK and not said.requests[0].startswith("after_sales_"):
            return reading  # 能补上券吗，退我20就行: how much
        second = command(
            "start",
            intent=said.requests[1],
            words=others,
            entities=[dict(each) for each in said.entities if each.get("start", 0) >= said.split],
            reference=described(said.reference, others),
            values=_from(said, said.words.index(others, said.split)),
            fresh=True,
        )
        for key in ("words", "value", "question"):
            if key in first or (key == "words" and first["command"] == "start"):
                first = {**first, key: mine}
        named = [each for each in said.entities if each.get("start", 0) < said.split]
        return Reading(reading.intent, (first, second), named, described(said.reference, mine))


def _from(said: Said, begins: int) -> List[Dict[Text, Any]]:
    """The values of a message from a place on, as they stand in the words from there on."""
    left = [each for each in said.values if each.get("start", -1) >= begins]
    return [{**each, "start": each["start"] - begins, "end": each["end"] - begins} for each in left]


def _named_by(button: Button) -> List[Dict[Text, Any]]:
    """A button's entities, as Rasa has them."""
    return [{"entity": name, "value": value} for name, value in button.entities.items()]


def _compensation(context: Context) -> Mapping[Text, Any]:
    """What is due for lateness, where it was just spoken of."""
    return next((each for each in context.focus[:2] if each.get("kind") == GIVEN[0]), {})


def _has(said: Said, name: Text, value: Optional[Text] = None) -> bool:
    """Whether an entity of that name, and value, is in the message."""
    return any(each.get("entity") == name and value in (None, each.get("value")) for each in said.entities)


def _names_other_sum(said: Said, context: Context) -> bool:
    """Whether a sum is named which is none of those that the question reads back."""
    shown = {float(figure) for figure in re.findall(r"\d+(?:\.\d+)?", context.said)}
    named = [str(each.get("value")) for each in said.entities if each.get("entity") == "amount"]
    return any(figure.replace(".", "", 1).isdecimal() and float(figure) not in shown for figure in named)


def _core(value: Mapping[Text, Any]) -> Text:
    """A colour or a size as it stands within what it is called: 米白 of 米白色, 40 of 40码."""
    return re.sub(r"[色码]$", "", str(value["value"]))


def _timed(said: Said) -> bool:
    """Whether a time is named."""
    return any(each.get("entity") in ("time", "date", "period") for each in said.entities)


def _guessed_change(said: Said, near: float) -> bool:
    """Whether no wish is plain and the words name a field of an order, and give what it is to be (把地址改成…)."""
    vague = said.intent in VAGUE or said.confidence < near
    field = any(each.get("entity") == "orders_change_field" for each in said.entities)
    return vague and field and CHANGES in said.cues and any(each["kind"] in OF_ORDER for each in said.values)


def _named(said: Said) -> List[Mapping[Text, Any]]:
    """What is read of the goods that the message names."""
    return [each for each in said.reference.get("conditions") or () if each["by"] in NAMED_BY and not each.get("negated")]


def _shown(condition: Mapping[Text, Any], context: Context) -> bool:
    """Whether goods are those that the question shows."""
    return _in(condition, f"{context.said} {context.slots.get('orders_title') or ''}")


def _read_back(condition: Mapping[Text, Any], shown: Text, context: Context) -> bool:
    """Whether what is described is what the question reads back."""
    if condition["by"] in NAMED_BY:
        return _shown(condition, context)
    return condition["by"] == "amount" and str(condition["said"]) in shown


def _in(condition: Mapping[Text, Any], title: Text) -> bool:
    """Whether goods are called so in a text."""
    shown = normalise(title).text
    called = (condition["said"], condition.get("kind"), *condition.get("words", ()), *condition.get("parts", ())[-1:])
    return any(word and word in shown for word in called)


def _wish(said: Said) -> Optional[Text]:
    """The intent that a cue of the message wishes for; of several the one said last."""
    wishes = [(said.text.rfind(value), cue.removeprefix(WISH)) for cue, value in said.cues.items() if cue.startswith(WISH)]
    return max(wishes)[1] if wishes else None


def _topical(cues: Sequence[Text], context: Context) -> bool:
    """Whether one of these cues names a slot of the open form's topic."""
    topic = str(context.form).partition("_")[0]
    return any(cue.startswith(f"{SLOT}{topic}_") for cue in cues)


def _goods(said: Said) -> bool:
    """Whether goods are named."""
    named = any(each.get("entity") in ("product", "product_category") for each in said.entities)
    return named or any(each["by"] in ("kind", "product") for each in said.reference.get("conditions") or ())


def _resized(said: Said) -> bool:
    """夹脚，要43的: whether what was bought does not fit and another size is wanted; nothing new is to be bought."""
    trouble = any(each["kind"] == "reason" and each.get("code") == "size" for each in said.values)
    return trouble and any(each["kind"] == "size" for each in said.values)


def _asked_last(said: Said) -> float:
    """How probably the last clause asks."""
    return said.parts[-1][3] if said.parts and said.parts[-1][2] in ASKING else 0.0


def _names(said: Said, start: int, end: int) -> bool:
    """Whether these words of a message name a thing."""
    at, to = said.offsets[start], said.offsets[end]
    return any(at <= each.get("start", -1) < to for each in said.entities)


def _only_describes(said: Said) -> bool:
    """Whether the words do nothing but describe one of several things."""
    return bool(said.reference.get("bare") and said.reference.get("conditions"))


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class CommandReader(GraphComponent):
    """Sets `commands`, and the intent that the first of them means. Last of the pipeline."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._declared: Dict[Text, Any] = {"kinds": {}, "starts": {}, "does": [], "values": {}, "undone": []}

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Nothing to set."""
        return {}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> CommandReader:
        """An untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CommandReader:
        """A component with what the topics declared when the model was trained."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._declared = json.loads((folder / "declared.json").read_text("utf-8"))
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Other forms are another component."""
        return json.dumps(declared(), sort_keys=True)

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps in the model what the topics' forms say: where it runs there is no `data/`."""
        self._declared = declared()
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "declared.json").write_text(json.dumps(self._declared), "utf-8")
        return self._resource

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Reads each message."""
        context = Context.of(tracker, self._declared["kinds"])
        told = self._declared
        reader = Reader(told["starts"], frozenset(told["does"]), told["values"], frozenset(told["undone"]))
        for message in messages:
            if not (message.get(TEXT) or "").strip():
                continue
            reading = reader.read(said(message), context)
            message.set(COMMANDS, list(reading.commands), add_to_output=True)
            if message.get(DANGER) and command("danger") not in reading.commands:
                message.set(DANGER, None, add_to_output=True)  # it was said that there is none, or nobody is cheated
            if reading.intent != (message.get(INTENT) or {}).get("name"):
                message.set(INTENT, {"name": reading.intent, "confidence": 1.0}, add_to_output=True)
            if reading.entities is not None:
                message.set(ENTITIES, list(reading.entities), add_to_output=True)
            if reading.reference is not None:
                message.set(REFERENCE, dict(reading.reference), add_to_output=True)
        return messages


def declared() -> Dict[Text, Any]:
    """What the topics' `forms.yml` say, as far as reading hangs on it."""
    told = forms.of_project()
    starts = {name: [*form.starts, *form.meant_by] for name, form in told.forms.items()}
    undone = sorted(name for name, form in told.forms.items() if form.undone_by)
    return {"kinds": told.kinds, "starts": starts, "does": sorted(told.does), "values": told.values, "undone": undone}
