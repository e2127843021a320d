"""A person takes a conversation over and gives it back, with processes dying in between."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.desk import Agent, ChatVisitor, RestVisitor, until
from tests.e2e.stack import Stack

Visitor = RestVisitor | ChatVisitor
GREETING = "agent: 您好，我是人工客服小李，前面的对话我已经看到了，这就为您处理。"
BACK = "bot: 人工服务已经结束，我是灵犀，接着为您服务。还有别的事直接说，想再找同事说“转人工”就行。"


@pytest.fixture(params=[RestVisitor, ChatVisitor], ids=["rest", "webchat"])
def visitor(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A customer with orders, on either channel."""
    made: Visitor = request.param(stack, "C000001")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def alive(stack: Stack) -> Iterator[None]:
    """Whatever a test has killed runs again for the next one."""
    yield
    stack.revive()


@pytest.fixture
def agent(stack: Stack) -> Agent:
    """A person at the desk."""
    return Agent(stack)


def handed_over(visitor: Visitor, agent: Agent) -> str:
    """The handoff of a customer who has asked for a person."""
    assert "GD" in visitor.say("转人工")
    return agent.find(visitor.conversation)


def test_a_person_takes_over_answers_and_gives_back(stack: Stack, visitor: Visitor, agent: Agent) -> None:
    visitor.say("满多少包邮")
    handoff = handed_over(visitor, agent)
    known = stack.api(f"/handoffs/{handoff}")
    assert [line["text"] for line in known["transcript"] if line["who"] == "customer"] == ["满多少包邮", "转人工"]
    assert known["customer"]["id"] == "C000001" and known["customer"]["orders"]
    assert known["reason"] == "customer_asked" and known["sentiment"]
    assert handoff in [each["id"] for each in stack.api("/handoffs?open=true&limit=100")["items"]]

    assert visitor.say("我的快递到哪了"), "who waits is not left without a word"
    agent.take(handoff)
    until(lambda: visitor.heard() == [GREETING])
    assert visitor.say("帮我取消订单") == "", "the bot is silent from now on"
    until(lambda: agent.heard(handoff) == ["我的快递到哪了", "帮我取消订单"])
    for _ in range(2):
        agent.reply(handoff, "好的，<b>马上</b>帮您看。", key=f"one-press-in-{handoff}")
    agent.reply(handoff, "已经办好了。")
    replies = ["agent: 好的，<b>马上</b>帮您看。", "agent: 已经办好了。"]
    until(lambda: visitor.heard() == [GREETING, *replies])
    assert agent.delivered(handoff)

    agent.close(handoff)
    until(lambda: visitor.heard() == [GREETING, *replies, BACK])
    assert visitor.say("你好") != "", "the bot answers again"
    assert agent.heard(handoff) == ["我的快递到哪了", "帮我取消订单"], "and the person hears no more"


def test_a_form_neither_takes_what_the_person_is_told_nor_comes_back(stack: Stack, visitor: Visitor, agent: Agent) -> None:
    visitor.say("取消我上次买的那一单")
    handoff = handed_over(visitor, agent)
    agent.take(handoff)
    until(lambda: agent.delivered(handoff))
    visitor.say("我要退货")
    visitor.say("第一个")
    tracker = stack.tracker(visitor.conversation)
    assert not tracker["active_loop"]
    filled = {name for name, value in tracker["slots"].items() if value and name.startswith(("orders_", "after_sales_"))}
    assert not filled - {"orders_last"}
    agent.close(handoff)
    until(lambda: BACK in visitor.heard())
    assert "取消" not in visitor.say("谢谢")


def test_a_form_begun_while_waiting_ends_when_a_person_takes_over(stack: Stack, visitor: Visitor, agent: Agent) -> None:
    handoff = handed_over(visitor, agent)
    visitor.say("我要退货")
    agent.take(handoff)
    until(lambda: agent.delivered(handoff))
    assert visitor.say("第一个") == ""
    agent.close(handoff)
    until(lambda: BACK in visitor.heard())
    visitor.say("谢谢")
    assert not stack.tracker(visitor.conversation)["active_loop"]


def test_what_is_said_while_the_back_office_is_down_arrives_once_and_in_order(
    stack: Stack, visitor: Visitor, agent: Agent
) -> None:
    handoff = handed_over(visitor, agent)
    visitor.say("第一句")
    stack.kill("backoffice")
    assert visitor.say("第二句") == "" and visitor.say("第三句") == "", "nothing is said to somebody who waits for a person"
    stack.start("backoffice")
    until(lambda: agent.heard(handoff) == ["第一句", "第二句", "第三句"])
    visitor.say("第四句")
    until(lambda: agent.heard(handoff) == ["第一句", "第二句", "第三句", "第四句"])


def test_the_next_message_brings_what_was_missed_before_it(stack: Stack, visitor: Visitor, agent: Agent) -> None:
    handoff = handed_over(visitor, agent)
    stack.kill("backoffice")
    visitor.say("第一句")
    stack.start("backoffice")
    visitor.say("第二句")
    until(lambda: agent.heard(handoff) == ["第一句", "第二句"])


def test_replies_outlive_a_dead_assistant(stack: Stack, visitor: Visitor, agent: Agent) -> None:
    handoff = handed_over(visitor, agent)
    agent.take(handoff)
    until(lambda: agent.delivered(handoff))
    stack.kill("rasa")
    agent.reply(handoff, "第一条")
    agent.reply(handoff, "第二条")
    assert not agent.delivered(handoff)
    stack.kill("backoffice")
    stack.start("backoffice", "rasa")
    until(lambda: agent.delivered(handoff))
    until(lambda: visitor.heard() == [GREETING, "agent: 第一条", "agent: 第二条"])
    said = [event["text"] for event in stack.tracker(visitor.conversation)["events"] if event["event"] == "bot"]
    assert said[-2:] == ["第一条", "第二条"] and said.count("第一条") == 1


def test_a_conversation_closed_while_the_assistant_is_dead_is_given_back(
    stack: Stack, visitor: Visitor, agent: Agent
) -> None:
    handoff = handed_over(visitor, agent)
    agent.take(handoff)
    until(lambda: agent.delivered(handoff))
    stack.kill("rasa")
    agent.close(handoff)
    stack.start("rasa")
    until(lambda: visitor.heard() == [GREETING, BACK])
    assert visitor.say("你好") != ""


def test_words_said_as_the_person_leaves_are_not_lost_on_nobody(stack: Stack, agent: Agent) -> None:
    """The desk has closed; before the assistant knows, the customer writes."""
    visitor = RestVisitor(stack, "C000001")
    handoff = handed_over(visitor, agent)
    agent.take(handoff)
    until(lambda: agent.delivered(handoff))
    stack.kill("rasa")
    agent.close(handoff)
    stack.start("rasa")
    until(lambda: any("人工服务" in said for said in [visitor.say("还有一件事"), *visitor.heard()]))
    assert visitor.say("你好") != ""


def test_a_stranger_reads_nothing(stack: Stack, agent: Agent) -> None:
    visitor = RestVisitor(stack, "C000001")
    handoff = handed_over(visitor, agent)
    agent.take(handoff)
    agent.reply(handoff, "只有您能看到")
    until(lambda: len(visitor.heard()) == 2)
    assert RestVisitor(stack, "C000002").heard() == []
    api = f"{stack.urls['backoffice']}/api/v1/handoffs/{handoff}"
    for path in ("", "/messages", "/pictures/aaaaaaaaaaaaaaaa"):
        assert httpx.get(api + path).status_code == 401
        assert httpx.get(api + path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert httpx.get(f"{stack.urls['rasa']}/conversations/{visitor.conversation}/tracker").status_code == 401


def test_a_second_agent_cannot_speak_in_a_conversation_taken(stack: Stack, agent: Agent) -> None:
    visitor = RestVisitor(stack, None)
    handoff = handed_over(visitor, agent)
    agent.take(handoff)
    agent.take(handoff)
    other = Agent(stack, "小王")
    taken = other.post(f"/handoffs/{handoff}/take", {"agent_id": "小王", "agent_name": "小王"})
    spoken = other.post(f"/handoffs/{handoff}/replies", {"agent_id": "小王", "text": "我来"})
    assert [taken.json()["code"], spoken.json()["code"]] == ["handoff_taken", "handoff_taken"]
    until(lambda: visitor.heard() == [GREETING])


def test_who_waits_hears_the_place_and_may_leave(stack: Stack, visitor: Visitor, agent: Agent) -> None:
    handoff = handed_over(visitor, agent)
    assert "位" in visitor.say("我排在第几位了")
    assert "退出排队" in visitor.say("那我不等了")
    told = stack.api(f"/handoffs/{handoff}")
    assert told["state_code"] == "closed" and agent.heard(handoff) == ["我排在第几位了", "那我不等了"]
    assert visitor.say("你好") != "", "the bot answers again"
    assert not [said for said in visitor.heard() if "人工服务" in said], "and says so once"


def test_what_is_promised_at_night_is_answered_in_the_customers_own_channel(
    stack: Stack, visitor: Visitor, agent: Agent
) -> None:
    afternoon = stack.environ["LINGXI_CLOCK"]
    stack.environ["LINGXI_CLOCK"] = afternoon.replace("T15:", "T02:")
    try:
        stack.kill("backoffice")
        stack.start("backoffice")
        promise = visitor.say("转人工")
        (left,) = [
            each
            for each in stack.api("/handoffs?state_code=ticketed&limit=100")["items"]
            if each["conversation_id"] == visitor.conversation
        ]
        due = left["answer_by"]
        assert f"{due[5:10]} 12:00 前" in promise and left["ticket_number"] in promise and due[:10] == afternoon[:10]
        assert visitor.say("你好") != "", "the bot goes on"
    finally:
        stack.environ["LINGXI_CLOCK"] = afternoon
        stack.kill("backoffice")
        stack.start("backoffice")
    agent.reply(left["id"], "您的包裹今天送到。")
    until(lambda: visitor.heard() and visitor.heard()[-1].endswith("您的包裹今天送到。"))
    assert left["ticket_number"] in visitor.heard()[-1]
    assert stack.api(f"/handoffs/{left['id']}")["state_code"] == "closed"
