"""The shop's facts come over the back office's own API, masked, and join the conversations."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
import uvicorn

from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_marts
from analytics.metrics import measure
from analytics.problems import StoreError
from analytics.sources.backoffice import collect_facts
from analytics.sources.sql import open_store
from backoffice.app import create_app
from backoffice.database import Database
from backoffice.models import AskedQuestion, Feedback, Handoff, Ticket
from backoffice.settings import Settings
from backoffice.states import FeedbackKind, HandoffState, SearchDecision, TicketPriority, TicketState
from tests.analytics.conftest import bot, slot, user, write
from tests.backoffice.shop import ANNA, NOW, Shop

TOKEN = "test-service-token-of-forty-characters-xx"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running back office with one of each fact; its address."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('office')}/backoffice.db")
    database.migrate()
    shop, minute = Shop(database), timedelta(minutes=1)
    shop.customer()
    shop.order(created_at=NOW + 3 * 24 * 60 * minute)
    shop.add(
        Handoff(
            id="HO1", conversation_id="13812345678", customer_id=ANNA, state=HandoffState.CLOSED, reason="angry", agent_id="A1",
            created_at=NOW, connected_at=NOW + minute, closed_at=NOW + 9 * minute,
        ),
        Ticket(
            number="GD202611210001", kind="complaint", subject="吵", state=TicketState.SOLVED, priority=TicketPriority.MAJOR,
            conversation_id="c2", created_at=NOW, due_at=NOW + 60 * minute, updated_at=NOW + 30 * minute,
        ),
        Feedback(conversation_id="13812345678", kind=FeedbackKind.RATING, score=2, text="电话13812345678没人接", created_at=NOW),
        AskedQuestion(asked_at=NOW, question="几天发货", decision=SearchDecision.ANSWER, channel="rest", key="faq-1"),
        AskedQuestion(asked_at=NOW, question="能刻字吗", decision=SearchDecision.PASS, channel="rest"),
    )  # fmt: skip
    app = create_app(Settings(service_token=TOKEN, customer_jwt_secret="j" * 40, clock=lambda: NOW), database)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_facts_join_the_conversations(office: str, lake: Lake, tmp_path: Path) -> None:
    said = NOW.timestamp()
    rows = [user("13812345678", "气死了", said), slot("13812345678", "handoff_id", "HO1", said + 1)]
    rows += [bot("13812345678", "给您挑了这几款", said + 2, "utter_products_recommend")]
    rows += [user("nobody", "推荐一款", said), bot("nobody", "给您挑了这几款", said + 2, "utter_products_recommend")]
    collect(lake, open_store(write(tmp_path / "t.db", rows)))
    counts: dict[str, int] = {}
    collect_facts(lake, office, TOKEN, counts.__setitem__)
    assert counts == {"人工服务": 1, "工单": 1, "售后单": 0, "订单": 1, "评价": 1, "知识提问": 2}
    marts = open_marts(lake)
    sessions = marts.table("sessions").to_pandas().set_index("conversation_id")
    assert sessions.recommended.all()
    assert pd.isna(sessions.ordered_after["nobody"]), "nobody knows who it was"
    session = sessions[sessions.customer_id == ANNA].iloc[0]
    assert session.ordered_after
    assert (session.customer_id, session.handoff_reason, session.score) == (ANNA, "angry", 2)
    frame = measure(marts, ["waiting_time", "complaint_sla", "knowledge_coverage"])
    assert list(frame.value) == [60.0, 1.0, 0.5]
    assert marts.table("ratings").to_pandas().text[0] == "电话138****5678没人接"


def test_a_wrong_token_and_a_wrong_address_are_told_apart(office: str, lake: Lake) -> None:
    with pytest.raises(StoreError, match="LINGXI_SERVICE_TOKEN"):
        collect_facts(lake, office, "wrong")
    with pytest.raises(StoreError, match="连不上业务系统"):
        collect_facts(lake, "http://127.0.0.1:1", TOKEN)
