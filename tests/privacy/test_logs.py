"""Whatever way something is written, no secret, token, conversation id or phone comes out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy import logs
from tests.scale import times

ROOT = Path(__file__).resolve().parents[2]
SECRET = "aB3-xYz_" * 6
ODD = "pass/word+of=forty&odd@letters"
CUSTOMER_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDMDAwMDAxIn0.c2lnbmF0dXJlLW9mLXRoZS1zaG9w"
CONVERSATION = "Zb3kPq9-XyW_7aLmN0oRsT1uVwXyZ2aB4cD6eF8gH0i"
PHONE = "13812345678"

WAYS = {
    "print": "print(say)",
    "stderr": "sys.stderr.write(say)",
    "root": "logging.basicConfig(level='INFO'); logging.info(say)",
    "arguments": "logging.basicConfig(level='INFO'); logging.info('%s %r', say, {'a': say})",
    "before": "logging.getLogger('early').handlers[0].stream.flush(); logging.getLogger('early').error(say)",
    "file": "h = logging.FileHandler('/dev/stdout'); logging.getLogger('f').addHandler(h); logging.getLogger('f').error(say)",
    "formatter": (
        "class F(logging.Formatter):\n    def format(self, record): return 'mine ' + record.getMessage()\n"
        "h = logging.StreamHandler(sys.stdout); h.setFormatter(F()); logging.getLogger('g').addHandler(h); logging.getLogger('g').error(say)"
    ),
    "exception": "try:\n    raise ValueError(say)\nexcept ValueError:\n    logging.exception('failed')",
    "uncaught": "raise ValueError(say)",
    "last resort": "logging.getLogger('nobody').warning(say)",
    "warning": "import warnings; warnings.warn(say)",
    "json": "import json; logging.warning(json.dumps({'event': say}))",
    "thread": "import threading\ndef run(): raise ValueError(say)\nt = threading.Thread(target=run); t.start(); t.join()",
    "asyncio": (
        "import asyncio\nasync def fail(): raise ValueError(say)\n"
        "async def main():\n    t = asyncio.ensure_future(fail()); await asyncio.sleep(0); del t\n    import gc; gc.collect()\nasyncio.run(main())"
    ),
    "access": "logging.basicConfig(level='INFO'); logging.getLogger('httpx').info(say); logging.getLogger('sanic.access').info(say)",
}


def written(way: str, say: str) -> str:
    """What a process that installs the guard and then writes `say` this way has written."""
    script = (
        "import logging, sys\nh = logging.StreamHandler(); logging.getLogger('early').addHandler(h)\n"
        f"from privacy import logs\nlogs.install()\nsay = {say!r}\n{WAYS[way]}\n"
    )
    environ = {**os.environ, "LINGXI_RASA_TOKEN": SECRET, "LINGXI_TRACKER_DATABASE_URL": "postgresql://lingxi:database-password@db/tracker"}
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True)
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("way", WAYS)
def test_nothing_secret_is_written(way: str) -> None:
    say = f"before {SECRET} database-password {CUSTOMER_TOKEN} Authorization: Bearer {ODD} after"
    output = written(way, say)
    for secret in (SECRET, "database-password", CUSTOMER_TOKEN, ODD):
        assert secret not in output
    assert "after" in output or way == "access"


@pytest.mark.parametrize("way", [way for way in WAYS if way != "print"])  # a terminal's own user may read what is said
def test_no_conversation_or_person_is_named(way: str) -> None:
    output = written(way, f"POST /conversations/{CONVERSATION}/tracker 电话{PHONE} end")
    assert CONVERSATION not in output and PHONE not in output
    assert logs.name_of(CONVERSATION) in output or way == "access"


@pytest.mark.parametrize(
    "text",
    [
        f"GET http://127.0.0.1:5005/conversations/{CONVERSATION}/tracker/events?token={SECRET}&output_channel=latest",
        f"GET /conversations/{CONVERSATION}?x=1 HTTP/1.1",
        f"{{'sender_id': '{CONVERSATION}', \"conversation_id\": \"{CONVERSATION}\"}}",
        f"Issued ticket for conversation '{CONVERSATION}'.", f"conversation ID '{CONVERSATION}'", f"for conversation ID {CONVERSATION}.", f"GET /webhooks/webchat/media/{CONVERSATION} 401", f"sender={CONVERSATION} ok", f"media {CONVERSATION}/a.jpg",
        f'{{\\"sender_id\\": \\"{CONVERSATION}\\"}}',
    ],
)  # fmt: skip
def test_a_conversation_keeps_one_name_for_its_lines(text: str) -> None:
    cleaned = logs.clean(text)
    assert CONVERSATION not in cleaned and SECRET[:12] not in cleaned.replace(SECRET, "")
    assert logs.name_of(CONVERSATION) in cleaned


@pytest.mark.parametrize("sender", ["u-1", f"test-{'0a' * 16}", PHONE, "C000001", "张伟"])
def test_ids_that_clients_choose_are_hidden_too(sender: str) -> None:
    for text in (f"/conversations/{sender}/tracker", f"sender_id={sender}", f'"sender": "{sender}"', f"conversation '{sender}'", f"tracker for id '{sender}'", f"sessions for conversation ID {sender}.", f"/media/{sender}"):
        assert sender not in logs.clean(text), text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29 01:26:37,123 level=INFO logger=backoffice.requests request id=0f3a9c1b2d4e5f60 method=POST route=/api/v1/orders/{number}/cancel status=200 ms=12",
        "event=turn_failed channel=webchat conversation=0123456789ab seq=12 error=ValueError",
        "Rasa server is up and running.",
        "action=action_orders_cancel rejected=order_shipped",
        '{"event": "processor.actions.log", "event_info": "Parsed NLU data", "level": "info"}',
        "event=request_failed error=KeyError at=server.py:868 < server.py:120",
        "Token limit: 5",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert logs.clean(text) == text


def test_escaped_names_are_seen() -> None:
    assert "\\u" not in logs.clean('"text": "\\u6211\\u53eb\\u5f20\\u4f1f"')
    assert "张伟" not in logs.clean('"text": "\\u6211\\u53eb\\u5f20\\u4f1f"')
    assert logs.clean("a\\u0000b \\ud83d\\ude00 \\ud800") == "a\\u0000b 😀 \\ud800"


@settings(max_examples=times(200), deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_surroundings(before: str, after: str) -> None:
    logs.hide(SECRET, ODD)
    cleaned = logs.clean(f"{before}{SECRET}{after} {ODD} {before}")
    assert SECRET not in cleaned and ODD not in cleaned
    assert logs.clean(cleaned) == cleaned or "<hidden>" in cleaned
