"""The desk: who has a conversation, what is said in it, and what reaches the assistant whatever breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from backoffice.assistant import Assistant, AssistantUnreachable
from backoffice.clock import system_clock
from backoffice.effects.handoffs import WAITS_AT_MOST, has_picture
from backoffice.handoffs_worker import HandoffsWorker, said_since
from backoffice.models import Handoff, HandoffMessage, OutboxItem, Ticket
from backoffice.states import Level, TicketPriority
from privacy import kept
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, BERT, Shop

AGENT = {"agent_id": "xiaoli", "agent_name": "小李"}


class FakeAssistant:
    """Rasa's API as far as the desk needs it; `down` refuses, `deaf` does the work and loses the answer."""

    def __init__(self) -> None:
        self.down = self.deaf = False
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.trackers: dict[str, list[dict[str, Any]]] = {}
        self.broken: dict[str, str] = {}  # conversation: how it answers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        assert request.url.params["token"] == "the-token"
        conversation = request.url.path.split("/")[2]
        if conversation in self.broken:
            return self._broken(self.broken[conversation])
        if request.method == "GET":
            return httpx.Response(200, json={"events": self.trackers.get(conversation, [])})
        assert request.url.params["output_channel"] == "latest"
        body = json.loads(request.content)
        self.posted.append((request.url.path, body))
        if body.get("event") == "bot":
            assert request.url.params["execute_side_effects"] == "true"
            self.trackers.setdefault(conversation, []).append(body)
        if self.deaf:
            raise httpx.ReadTimeout("too late")
        return httpx.Response(200, json={})

    @staticmethod
    def _broken(how: str) -> httpx.Response:
        if how == "too_late":
            raise httpx.ReadTimeout("too late")
        return httpx.Response(500) if how == "status" else httpx.Response(200, text="<html>")

    @property
    def said(self) -> list[str]:
        """What was said to customers, in order."""
        return [body["text"] for _, body in self.posted if "text" in body]


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def worker(office: Office, assistant: FakeAssistant) -> Iterator[HandoffsWorker]:
    """The worker, run by hand."""
    speaks = Assistant("http://rasa.invalid", "the-token", httpx.MockTransport(assistant))
    made = HandoffsWorker(office.shop.database, office.clock, speaks)
    yield made
    speaks.close()


def handed_over(office: Office, conversation: str = "c1", customer: str | None = ANNA, **more: Any) -> str:
    body = {"conversation_id": conversation, "reason": "customer_asked", **more}
    return str(office.send("/handoffs", body, customer=customer).json()["id"])


def taken(office: Office, **more: Any) -> str:
    handoff = handed_over(office, **more)
    assert office.send(f"/handoffs/{handoff}/take", AGENT).status_code == 200
    return handoff


def message(message_id: str, text: str) -> dict[str, Any]:
    return {"message_id": message_id, "text": text, "at_ms": 1_795_228_200_000}


def texts(office: Office, handoff: str, who: str = "customer") -> list[str]:
    items = office.get(f"/handoffs/{handoff}/messages").json()["items"]
    return [each["text"] for each in items if each["who_code"] == who]


def due_in(shop: Shop, seconds: float) -> None:
    """Sets the wait before the next try of all that was tried in vain."""
    at = system_clock() + timedelta(seconds=seconds)
    with shop.database.write() as session:
        session.execute(update(OutboxItem).where(OutboxItem.attempts > 0).values(next_try_at=at))


def test_the_agent_sees_who_it_is_and_why(office: Office, shop: Shop) -> None:
    number = shop.order()
    handoff = handed_over(office, sentiment="angry", tags=["orders_ask_status", "logistics_track"], slots={"form": "x"})
    told = office.get(f"/handoffs/{handoff}").json()
    assert (told["reason_label"], told["sentiment_label"], told["topics"]) == ("客户要求人工", "生气", ["订单", "物流"])
    assert (told["customer"]["level"], told["customer"]["orders"][0]["number"]) == ("普通", number)
    assert office.get("/handoffs?open=true").json()["items"][0]["waited_seconds"] == 0


def test_what_somebody_is_at_already_is_named_to_the_person_and_the_ticket_is_of_no_order_that_nobody_spoke_of(
    office: Office, shop: Shop
) -> None:
    shop.order()
    number = shop.order()
    opened = {"kind": "refund_dispute", "subject": "电磁炉", "text": "退的钱不对", "order_number": number}
    ticket = office.send("/tickets", opened).json()["number"]
    handoff = office.get(f"/handoffs/{handed_over(office)}").json()
    assert ticket in handoff["slots"]["tickets_open"]
    assert office.get(f"/tickets/{handoff['ticket_number']}").json()["order_number"] is None
    spoken_of = office.get(f"/handoffs/{handed_over(office, 'c2', slots={'orders_last': number})}").json()
    assert office.get(f"/tickets/{spoken_of['ticket_number']}").json()["order_number"] == number


def test_the_customers_words_are_kept_once_and_in_their_order(office: Office) -> None:
    handoff = handed_over(office)
    path = f"/handoffs/{handoff}/messages"
    assert office.send(path, {"messages": [message("m1", "一")]}).status_code == 200
    office.send(path, {"messages": [message("m1", "一"), message("m2", "二"), message("m3", "三")]})
    office.send(path, {"messages": [message("m3", "三")]})
    assert texts(office, handoff) == ["一", "二", "三"]
    later = office.get(f"{path}?after=2").json()
    assert [each["text"] for each in later["items"]] == ["三"] and later["last_seq"] == 3


def test_fifty_relays_at_once_are_one_message(office: Office, shop: Shop) -> None:
    handoff = handed_over(office)
    body = {"messages": [message("m1", "一"), message("m2", "二")]}
    answers = office.at_once(50, f"/handoffs/{handoff}/messages", body, None)
    assert {answer.status_code for answer in answers} == {200}
    assert [each.text for each in shop.all(HandoffMessage)] == ["一", "二"]


def test_another_customer_cannot_speak_in_it(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    handoff = handed_over(office)
    body = {"messages": [message("m1", "一")]}
    assert office.send(f"/handoffs/{handoff}/messages", body, customer=BERT).status_code == 404
    assert texts(office, handoff) == []


def test_one_agent_has_a_conversation(office: Office) -> None:
    handoff = handed_over(office)
    said = {"agent_id": "xiaoli", "text": "您好"}
    assert office.send(f"/handoffs/{handoff}/replies", said).json()["code"] == "handoff_not_taken"
    first = office.send(f"/handoffs/{handoff}/take", AGENT).json()
    assert (first["state_code"], first["agent_name"]) == ("connected", "小李")
    assert office.send(f"/handoffs/{handoff}/take", AGENT).status_code == 200
    other = office.send(f"/handoffs/{handoff}/take", {"agent_id": "xiaowang", "agent_name": "小王"})
    assert other.json()["code"] == "handoff_taken"
    assert office.send(f"/handoffs/{handoff}/replies", {**said, "agent_id": "xiaowang"}).json()["code"] == "handoff_taken"


def test_two_agents_at_once_and_one_gets_it(office: Office) -> None:
    handoff = handed_over(office)
    answers = office.at_once(20, f"/handoffs/{handoff}/take", AGENT, None)
    assert {answer.status_code for answer in answers} == {200}
    assert texts(office, handoff, "agent") == ["您好，我是人工客服小李，前面的对话我已经看到了，这就为您处理。"]


def test_nothing_can_be_said_in_a_closed_one(office: Office) -> None:
    handoff = taken(office)
    assert office.send(f"/handoffs/{handoff}/close").status_code == 200
    refusals = [
        office.send(f"/handoffs/{handoff}/messages", {"messages": [message("m1", "一")]}),
        office.send(f"/handoffs/{handoff}/replies", {"agent_id": "xiaoli", "text": "您好"}),
        office.send(f"/handoffs/{handoff}/take", AGENT),
    ]
    assert {answer.json()["code"] for answer in refusals} == {"handoff_closed"}


def test_replies_go_out_in_order_and_say_who_speaks(
    office: Office, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    handoff = taken(office)
    key = "the-same-press"
    for _ in range(2):
        answer = office.send(f"/handoffs/{handoff}/replies", {"agent_id": "xiaoli", "text": "一"}, key=key)
    assert answer.json()["delivered"] is False
    office.send(f"/handoffs/{handoff}/replies", {"agent_id": "xiaoli", "text": "二"})
    for _ in range(5):
        worker.deliver()
    assert assistant.said[1:] == ["一", "二"]
    path, body = assistant.posted[1]
    assert path == "/conversations/c1/tracker/events"
    about = body["metadata"]
    assert (about["agent_id"], about["agent_name"], bool(about["reply_id"])) == ("xiaoli", "小李", True)
    assert all(each["delivered"] for each in office.get(f"/handoffs/{handoff}/messages").json()["items"])


def test_what_the_assistant_does_not_take_is_tried_again(
    office: Office, shop: Shop, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    handoff = taken(office)
    office.send(f"/handoffs/{handoff}/replies", {"agent_id": "xiaoli", "text": "一"})
    assistant.down = True
    worker.deliver()
    assistant.down = False
    assert [item.attempts for item in shop.all(OutboxItem) if item.attempts] == [1]
    due_in(shop, 60)
    worker.deliver()
    assert assistant.said == [], "not before the wait is over, and nothing overtakes it"
    due_in(shop, 0)
    for _ in range(3):
        worker.deliver()
    assert assistant.said[-1] == "一" and len(assistant.said) == 2


def test_an_answer_that_was_lost_is_no_reason_to_say_it_again(
    office: Office, shop: Shop, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    taken(office)
    assistant.deaf = True
    worker.deliver()
    assistant.deaf = False
    due_in(shop, 0)
    worker.deliver()
    assert len(assistant.said) == 1
    assert any(item.sent_at for item in shop.all(OutboxItem))


def test_one_stuck_conversation_holds_up_no_other(
    office: Office, shop: Shop, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    taken(office, conversation="c1")
    assistant.down = True
    worker.deliver()
    assistant.down = False
    due_in(shop, 60)
    taken(office, conversation="c2")
    worker.deliver()
    assert [path for path, _ in assistant.posted] == ["/conversations/c2/tracker/events"]


def test_closing_gives_the_conversation_back_after_the_last_words(
    office: Office, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    handoff = taken(office)
    office.send(f"/handoffs/{handoff}/replies", {"agent_id": "xiaoli", "text": "再见"})
    office.send(f"/handoffs/{handoff}/close")
    for _ in range(5):
        worker.deliver()
    assert assistant.said[-1] == "再见"
    path, body = assistant.posted[-1]
    assert path == "/conversations/c1/trigger_intent"
    assert body == {
        "name": "EXTERNAL_handoff_closed",
        "entities": {"handoff_ended": handoff, "handoff_how": ""},
    }


def event(message_id: str, text: str, at: float, **metadata: Any) -> dict[str, Any]:
    return {"event": "user", "text": text, "message_id": message_id, "timestamp": at, "metadata": metadata}


def test_what_was_missed_is_read_from_the_tracker(
    office: Office, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    handoff = handed_over(office)
    office.send(f"/handoffs/{handoff}/messages", {"messages": [message("m2", "一")]})
    assistant.trackers["c1"] = [
        event("m1", "转人工", 1.0),
        {"event": "slot", "name": "handoff_id", "value": handoff},
        event("m2", "一", 2.0),
        event("m3", "[图片]", 3.0, media=[{"id": "p" * 32, "type": "image/png", "path": "/x"}]),
        event("m4", "/EXTERNAL_handoff_closed", 3.5, is_external=True),
        event("m5", "三", 4.0),
    ]
    worker.catch_up()
    worker.catch_up()
    assert texts(office, handoff) == ["一", "[图片]", "三"]
    assert office.get(f"/handoffs/{handoff}/messages").json()["items"][1]["media"][0]["type"] == "image/png"


def test_nothing_said_to_the_bot_or_to_another_person_is_taken_for_this_one() -> None:
    events = [
        {"event": "slot", "name": "handoff_id", "value": "HO1"},
        event("m1", "给前一位", 1.0),
        {"event": "slot", "name": "handoff_id", "value": None},
        event("m2", "给机器人", 2.0),
        {"event": "slot", "name": "handoff_id", "value": "HO2"},
        event("m3", "给这一位", 3.0),
    ]
    assert [said.text for said in said_since(events, "HO2")] == ["给这一位"]
    assert said_since(events[:4], "HO1") == []


def test_who_waits_too_long_gets_a_ticket_and_the_bot(
    office: Office, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    handoff = handed_over(office)
    worker.tidy_queue()
    assert office.get(f"/handoffs/{handoff}").json()["state_code"] == "waiting"
    office.clock.now += WAITS_AT_MOST + timedelta(seconds=1)
    worker.tidy_queue()
    worker.deliver()
    told = office.get(f"/handoffs/{handoff}").json()
    assert told["state_code"] == "ticketed"
    assert assistant.posted[0][1]["entities"] == {"handoff_ended": handoff, "handoff_how": "unanswered"}
    assert office.get(f"/tickets/{told['ticket_number']}").json()["state_code"] == "open"


def test_at_midnight_nobody_is_left_waiting_but_who_is_served_stays(office: Office, worker: HandoffsWorker) -> None:
    served, waiting = taken(office, conversation="c1"), handed_over(office, conversation="c2")
    office.clock.now = office.clock.now.replace(hour=0) + timedelta(days=1, minutes=1)
    worker.tidy_queue()
    states = [office.get(f"/handoffs/{each}").json()["state_code"] for each in (served, waiting)]
    assert states == ["connected", "ticketed"]


def at(office: Office, hour: int, minute: int = 0) -> None:
    office.clock.now = office.clock.now.replace(hour=hour, minute=minute)


def listed(office: Office, **query: Any) -> list[str]:
    return [each["id"] for each in office.get("/handoffs", customer=None, params=query).json()["items"]]


def test_what_was_left_at_night_is_shown_with_its_promise_oldest_first_and_answered_once(
    office: Office, shop: Shop, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    at(office, 2)
    shop.customer("C000009", level=Level.GOLD)
    first = handed_over(office, conversation="c1")
    at(office, 3)
    second = handed_over(office, conversation="c2", customer="C000009")
    page = office.get("/handoffs?state_code=ticketed", customer=None).json()
    assert [each["id"] for each in page["items"]] == [first, second], "no member's level jumps a promise"
    assert (page["counts"]["left"], page["counts"]["overdue"]) == (2, 0)
    told = page["items"][0]
    assert (told["answer_by"], told["left_label"]) == ("2026-11-21T12:00:00+08:00", "夜间留言")
    at(office, 12, 1)
    assert office.get("/handoffs").json()["counts"]["overdue"] == 2
    assert office.get(f"/handoffs/{first}").json()["overdue"] is True

    said = {**AGENT, "text": "您的订单今天发出。"}
    for _ in range(2):
        answer = office.send(f"/handoffs/{first}/replies", said, customer=None, key="one-press")
        assert answer.status_code == 201
    again = office.send(f"/handoffs/{first}/replies", {**said, "agent_id": "xiaowang"}, customer=None)
    assert again.json()["code"] == "handoff_closed", "one answer to one message"
    for _ in range(3):
        worker.deliver()
    assert len(assistant.said) == 1 and "小李" in assistant.said[0] and said["text"] in assistant.said[0]
    assert told["ticket_number"] in assistant.said[0]
    assert not [path for path, _ in assistant.posted if path.endswith("trigger_intent")], "the bot has it already"
    ticket = office.get(f"/tickets/{told['ticket_number']}").json()
    assert ticket["state_code"] == "solved" and ticket["comments"][-1]["text"] == said["text"]
    assert listed(office, state_code="ticketed") == [second] and listed(office, state_code="closed") == [first]


def test_a_message_nobody_took_is_to_be_answered_when_the_night_is_over(office: Office, worker: HandoffsWorker) -> None:
    at(office, 23, 55)
    handoff = handed_over(office)
    office.clock.now = office.clock.now.replace(hour=0, minute=1) + timedelta(days=1)
    worker.tidy_queue()
    told = office.get(f"/handoffs/{handoff}").json()
    assert (told["answer_by"], told["left_label"]) == ("2026-11-22T12:00:00+08:00", "无人接入")
    assert told["answer_by"] == office.get(f"/tickets/{told['ticket_number']}").json()["due_at"]


def test_what_more_is_said_at_night_is_known_in_the_morning(office: Office) -> None:
    at(office, 2)
    handed_over(office, transcript=[{"who": "customer", "text": "我的快递呢"}])
    more = [{"who": "customer", "text": "我的快递呢"}, {"who": "customer", "text": "已经三天了"}]
    handoff = handed_over(office, transcript=more, sentiment="angry")
    told = office.get(f"/handoffs/{handoff}").json()
    assert [line["text"] for line in told["transcript"]] == ["我的快递呢", "已经三天了"]
    assert told["sentiment"] == "angry" and office.get("/handoffs").json()["total"] == 1


def test_a_left_message_settled_without_an_answer_is_solved(office: Office, shop: Shop) -> None:
    at(office, 2)
    handoff = handed_over(office)
    ticket = office.get(f"/handoffs/{handoff}").json()["ticket_number"]
    assert office.send(f"/handoffs/{handoff}/close").status_code == 200
    assert office.get(f"/tickets/{ticket}").json()["state_code"] == "solved"
    assert shop.all(OutboxItem) == []


def test_mine_are_those_i_have(office: Office) -> None:
    mine, waiting = taken(office, conversation="c1"), handed_over(office, conversation="c2")
    assert listed(office, open=True, mine=True, agent_id="xiaoli") == [mine]
    assert sorted(listed(office, open=True)) == sorted([mine, waiting])
    counts = office.get("/handoffs?agent_id=xiaoli").json()["counts"]
    assert counts == {"open": 2, "mine": 1, "left": 0, "overdue": 0}
    assert office.get("/handoffs?agent_id=xiaowang").json()["counts"]["mine"] == 0


def test_who_waits_no_longer_leaves_the_queue_and_the_bot_is_told(
    office: Office, worker: HandoffsWorker, assistant: FakeAssistant
) -> None:
    first = handed_over(office, conversation="c1")
    office.clock.now += timedelta(seconds=1)
    second = handed_over(office, conversation="c2")
    assert office.get(f"/handoffs/{second}").json()["position"] == 2
    assert office.send(f"/handoffs/{first}/leave").json()["state_code"] == "closed"
    assert office.get(f"/handoffs/{second}").json()["position"] == 1
    worker.deliver()
    assert assistant.posted[0][1]["entities"] == {"handoff_ended": first, "handoff_how": "left"}
    ticket = office.get(f"/handoffs/{first}").json()["ticket_number"]
    assert office.get(f"/tickets/{ticket}").json()["state_code"] == "closed"
    assert office.send(f"/handoffs/{first}/leave").json()["code"] == "handoff_closed"


def test_nobody_leaves_a_talk_that_has_begun(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    handoff = taken(office)
    assert office.send(f"/handoffs/{handoff}/leave").json()["code"] == "handoff_taken"
    assert office.send(f"/handoffs/{handoff}/leave", customer=BERT).status_code == 404


def test_the_strongest_mood_of_the_talk_stays_its_tag(office: Office) -> None:
    handoff = handed_over(office, sentiment="neutral")
    path = f"/handoffs/{handoff}/messages"
    for number, mood in enumerate(("dissatisfied", "angry", "satisfied")):
        office.send(path, {"messages": [{**message(f"m{number}", "…"), "sentiment": mood}]})
    assert office.get(f"/handoffs/{handoff}").json()["sentiment_label"] == "生气"


def test_pictures_of_before_the_handoff_can_be_looked_at_and_others_cannot(office: Office, shop: Shop) -> None:
    picture = {"id": "p" * 32, "type": "image/png", "path": "/webhooks/webchat/media/p"}
    handoff = handed_over(office, transcript=[{"who": "customer", "text": "[图片]", "media": [picture]}])
    assert office.get(f"/handoffs/{handoff}").json()["transcript"][0]["media"] == [picture]
    with shop.database.read() as session:
        assert has_picture(session, handoff, "p" * 32)
        assert not has_picture(session, handoff, "q" * 32)


def test_the_page_runs_nothing_but_its_own_files(office: Office) -> None:
    page = office.client.get("/desk", headers={"Authorization": ""})
    policy = page.headers["content-security-policy"]
    assert page.status_code == 200 and "default-src 'none'" in policy and "unsafe" not in policy
    assert "<script>" not in page.text and "style=" not in page.text and "http" not in page.text
    for name in ("desk.js", "desk.css", "icon.svg"):
        assert f"/desk/{name}" in page.text and office.client.get(f"/desk/{name}").status_code == 200
    assert office.client.get("/desk/routes.py").status_code == 404


@pytest.mark.parametrize(
    "conversation", ["../conversations/x", "..", "a/b", "a?x", "a#x", "张三", "a b", "a.b", "", "x" * 129, "a\nb"]
)
def test_a_conversations_id_is_of_the_one_alphabet(office: Office, conversation: str) -> None:
    body = {"conversation_id": conversation, "reason": "customer_asked"}
    answer = office.send("/handoffs", body)
    assert answer.status_code == 422, answer.text
    complaint = {"kind": "rating", "score": 5, "conversation_id": conversation}
    assert office.send("/feedback", complaint).status_code == 422


@pytest.mark.parametrize("conversation", ["../conversations/x", "..", "a?x", "a#x", "张三", "a b", ""])
def test_no_address_is_built_of_anything_else(assistant: FakeAssistant, conversation: str) -> None:
    """Rows of before may hold such ids: they reach no other conversation."""
    speaks = Assistant("http://rasa.invalid", "the-token", httpx.MockTransport(assistant))
    asked: tuple[Callable[[], object], ...] = (
        lambda: speaks.say(conversation, "您好", {}),
        lambda: speaks.end(conversation, "HO1", "closed"),
        lambda: speaks.events(conversation),
        lambda: speaks.picture(conversation, "m1"),
    )
    for ask in asked:
        with pytest.raises(AssistantUnreachable):
            ask()
    assert assistant.posted == []
    speaks.close()


@pytest.mark.parametrize("how", ["status", "no_json", "odd_events", "too_late"])
def test_one_unreadable_tracker_stops_none_of_the_others(
    office: Office, assistant: FakeAssistant, worker: HandoffsWorker, how: str
) -> None:
    said = [
        {"event": "slot", "name": "handoff_id", "value": ""},
        {"event": "user", "text": "在吗", "message_id": "m1", "timestamp": 1_795_228_200.0},
    ]
    open_ones = {name: handed_over(office, conversation=name) for name in ("older", "broken", "newer")}
    for name, handoff in open_ones.items():
        assistant.trackers[name] = [{**said[0], "value": handoff}, {**said[1]}]
    if how == "odd_events":
        assistant.trackers["broken"][1]["timestamp"] = "soon"
    else:
        assistant.broken["broken"] = how
    worker.catch_up()
    heard = {name: texts(office, handoff) for name, handoff in open_ones.items()}
    assert heard == {"older": ["在吗"], "broken": [], "newer": ["在吗"]}


def test_trackers_that_cannot_be_read_do_not_hold_up_the_rest_for_ever(
    office: Office, assistant: FakeAssistant, worker: HandoffsWorker
) -> None:
    """The newest are read first: more broken ones than are tried in a round lie before the one that is whole."""
    whole = handed_over(office, conversation="whole")
    assistant.trackers["whole"] = [
        {"event": "slot", "name": "handoff_id", "value": whole},
        {"event": "user", "text": "在吗", "message_id": "m1", "timestamp": 1_795_228_200.0},
    ]
    for number in range(7):
        office.clock.now += timedelta(seconds=1)
        handed_over(office, conversation=f"broken-{number}")
        assistant.broken[f"broken-{number}"] = "status"
    for _ in range(3):
        worker.catch_up()
    assert texts(office, whole) == ["在吗"]


def grave(office: Office, handoff: str, shop: Shop) -> Ticket:
    """The ticket of the handoff, which must be grave."""
    number = office.get(f"/handoffs/{handoff}").json()["ticket_number"]
    with shop.database.read() as session:
        ticket = session.get_one(Ticket, number)
        assert ticket.priority is TicketPriority.MAJOR and ticket.tags == ["人身安全"]
        assert ticket.respond_by and ticket.close_by and ticket.due_at <= office.clock.now + timedelta(hours=4)
        assert "充电宝冒烟了" in [comment.text for comment in ticket.comments]
        return ticket


SMOKE = [{"who": "customer", "text": "充电宝冒烟了", "time": "2026-11-21T10:00:00+08:00", "media": []}]


@pytest.mark.parametrize("customer", [ANNA, None])
@pytest.mark.parametrize("hour", [10, 2])
def test_a_danger_is_a_grave_ticket_by_day_and_by_night_whoever_it_is(
    office: Office, shop: Shop, customer: str | None, hour: int
) -> None:
    at(office, hour)
    handoff = handed_over(office, customer=customer, reason="danger", transcript=SMOKE)
    assert "充电宝冒烟了" in grave(office, handoff, shop).subject
    assert office.get(f"/handoffs/{handoff}").json()["reason_label"] == "人身安全"


def test_who_waits_already_has_the_ticket_raised_and_is_served_first(office: Office, shop: Shop) -> None:
    first, second = handed_over(office, "c1"), handed_over(office, "c2")
    assert handed_over(office, "c2", reason="danger", transcript=SMOKE) == second
    grave(office, second, shop)
    assert office.get(f"/handoffs/{second}").json()["position"] == 1
    assert office.get(f"/handoffs/{first}").json()["position"] == 2


def test_no_code_of_the_assistants_is_written_into_a_ticket(office: Office, shop: Shop) -> None:
    for place, reason in enumerate(("angry", "not_understood", "complaints_file", "orders_cancel", "after_sales_return", "x_y")):
        number = office.get(f"/handoffs/{handed_over(office, f't{place}', reason=reason)}").json()["ticket_number"]
        with shop.database.read() as session:
            said = [comment.text for comment in session.get_one(Ticket, number).comments]
        assert said and not any(text.isascii() for text in said), said


def test_a_promise_renewed_keeps_the_worst_mood_of_the_talk(office: Office) -> None:
    at(office, 2)
    handoff = handed_over(office, sentiment="angry")
    assert handed_over(office, sentiment="neutral") == handoff
    assert office.get(f"/handoffs/{handoff}").json()["sentiment"] == "angry"


@pytest.mark.parametrize("reason", ["angry", "not_understood"])
def test_at_night_the_assistant_leaves_no_ticket_that_nobody_asked_for(office: Office, reason: str) -> None:
    at(office, 2)
    refused = office.send("/handoffs", {"conversation_id": "c1", "reason": reason})
    assert (refused.status_code, refused.json()["code"]) == (409, "handoff_nobody_there")
    assert office.get("/tickets").json()["items"] == []
    handed_over(office, reason="customer_asked")
    assert len(office.get("/tickets").json()["items"]) == 1


def test_a_ticket_is_called_by_its_matter_and_order(office: Office, shop: Shop) -> None:
    number = shop.order()
    said = [
        {"who": "customer", "text": f"订单{number}的退款怎么还没到", "time": "2026-11-21T10:00:00+08:00", "media": []},
        {"who": "customer", "text": "给我转人工", "time": "2026-11-21T10:00:05+08:00", "media": []},
    ]
    wanted = handed_over(office, transcript=said, tags=["after_sales_ask_status"])
    ticket = office.get(f"/tickets/{office.get(f'/handoffs/{wanted}').json()['ticket_number']}").json()
    assert ticket["order_number"] == number
    assert ticket["subject"].startswith(f"转人工 · 售后 · 订单 {number}") and "退款怎么还没到" in ticket["subject"]


def test_a_ticket_says_the_wish_in_full_beside_the_last_words(office: Office, shop: Shop) -> None:
    wish = "帮我登记补开，抬头是青禾文化传播（杭州）有限公司，税号 91330106MA2AAAAA0X"
    said = [
        {"who": "customer", "text": wish, "time": "2026-11-21T10:00:00+08:00", "media": []},
        {"who": "customer", "text": "转人工", "time": "2026-11-21T10:00:05+08:00", "media": []},
    ]
    wanted = handed_over(office, transcript=said)
    with shop.database.read() as session:
        ticket = session.get_one(Ticket, session.get_one(Handoff, wanted).ticket_number)
        assert ticket.comments[0].text == f"{kept(wish)}\n转人工"


def test_who_is_cheated_is_not_called_hurt(office: Office, shop: Shop) -> None:
    said = [{"who": "customer", "text": "有人冒充客服要我的码", "time": "2026-11-21T10:00:00+08:00", "media": []}]
    wanted = handed_over(office, reason="danger", transcript=said, slots={"danger": ["fraud"]})
    with shop.database.read() as session:
        ticket = session.get_one(Ticket, session.get_one(Handoff, wanted).ticket_number)
        assert ticket.subject.startswith("疑似诈骗") and ticket.tags == ["疑似诈骗"]


def test_a_number_that_is_no_order_of_the_customers_is_not_written_into_a_ticket(office: Office) -> None:
    said = [{"who": "customer", "text": "202611209999到哪了", "time": "2026-11-21T10:00:00+08:00", "media": []}]
    wanted = handed_over(office, transcript=said)
    assert office.get(f"/tickets/{office.get(f'/handoffs/{wanted}').json()['ticket_number']}").json()["order_number"] is None


def test_records_hold_neither_names_nor_addresses_nor_codes(office: Office, shop: Shop) -> None:
    told = "收件人欧阳明哲，地址杭州市西湖区文三路90号2幢301，验证码 730582"
    said = [{"who": "customer", "text": told, "time": "2026-11-21T10:00:00+08:00", "media": []}]
    wanted = handed_over(office, transcript=said)
    with shop.database.read() as session:
        handoff = session.get_one(Handoff, wanted)
        ticket = session.get_one(Ticket, handoff.ticket_number)
        kept = str(handoff.transcript) + ticket.subject + " ".join(comment.text for comment in ticket.comments)
    assert not any(value in kept for value in ("明哲", "文三路", "730582"))


def test_who_serves_reads_an_address_and_the_record_of_it_does_not_keep_it(office: Office, shop: Shop) -> None:
    wanted = handed_over(office)
    office.send(f"/handoffs/{wanted}/messages", {"messages": [message("m1", "改到杭州市西湖区文三路90号2幢301")]})
    assert any("文三路" in text for text in texts(office, wanted))
    office.send(f"/handoffs/{wanted}/close", {})
    assert not any("文三路" in text for text in texts(office, wanted))
