"""Who has refused is remembered whatever is forgotten, and no number gets more in a day than it may; on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.outbox import Outbox
from connectors.sms.codec import Report
from connectors.sms.ledger import NO_CONSENT, STOPPED, Ledger
from connectors.sms.settings import SmsSettings
from connectors.sms.templates import read_templates
from connectors.store import ConnectorStore, now_ms

NUMBER = "+8613800000000"


def test_nobody_is_written_to_unasked(store: ConnectorStore) -> None:
    assert Ledger(store).refuses(NUMBER) == NO_CONSENT


def test_a_refusal_outlives_conversation_and_restart(store: ConnectorStore) -> None:
    ledger = Ledger(store)
    conversation = Outbox(store).reach("sms", NUMBER)
    assert ledger.hear(NUMBER)
    ledger.stop(NUMBER)
    later = now_ms() + 10_000
    assert store.forget(conversation.id, later, later)
    again = Ledger(store)
    assert not again.hear(NUMBER)
    assert again.refuses(NUMBER) == STOPPED
    again.start(NUMBER)
    assert ledger.refuses(NUMBER) is None


def test_who_refuses_before_ever_writing_is_believed(store: ConnectorStore) -> None:
    ledger = Ledger(store)
    ledger.stop(NUMBER)
    ledger.hear(NUMBER)
    assert ledger.refuses(NUMBER) == STOPPED


def test_processes_that_hear_of_a_number_at_once(store: ConnectorStore) -> None:
    ledgers = [Ledger(store) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda each: each.hear(NUMBER), ledgers))
        list(threads.map(lambda each: each.stop(NUMBER), ledgers))
    assert ledgers[0].refuses(NUMBER) == STOPPED


def test_a_day_has_so_many(store: ConnectorStore) -> None:
    ledger = Ledger(store)
    for count in range(3):
        assert ledger.wait(NUMBER, 3) == 0
        ledger.sent(NUMBER, f"r{count}", 1)
    assert 86_000 < ledger.wait(NUMBER, 3) <= 86_400
    assert ledger.wait(NUMBER, 4) == 0 and ledger.wait("+8613800000001", 3) == 0


def test_a_report_counts_once_and_only_of_what_was_sent(store: ConnectorStore) -> None:
    ledger = Ledger(store)
    ledger.sent(NUMBER, "r1", 2)
    failed = Report("r1", NUMBER, False, "MK:0012")
    assert [ledger.reported(failed), ledger.reported(failed)] == [True, False]
    assert not ledger.reported(Report("r2", NUMBER, True, ""))
    assert not ledger.reported(Report("r1", "+8613800000001", True, ""))


GOOD = {
    "LINGXI_SMS_PROVIDER": "tencent", "LINGXI_SMS_KEY_ID": "id", "LINGXI_SMS_KEY_SECRET": "secret", "LINGXI_SMS_SIGNATURE": "【灵犀商城】",
    "LINGXI_SMS_SENDER": "1400000001", "LINGXI_SMS_PATH_SECRET": "path-secret-of-the-tests-0123", "LINGXI_SMS_CALLBACK_ADDRESSES": "",
    "LINGXI_SMS_PUBLIC_URL": "", "LINGXI_SMS_API_URL": "", "LINGXI_SMS_A_DAY": "",
}  # fmt: skip


def _told(monkeypatch: pytest.MonkeyPatch, **change: str) -> SmsSettings | None:
    for name, value in {**GOOD, **change}.items():
        monkeypatch.setenv(name, value)
    return SmsSettings.from_env()


def test_settings_are_read_and_without_a_provider_there_is_no_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _told(monkeypatch)
    assert told is not None and (told.signature, told.a_day) == ("灵犀商城", 50)
    assert _told(monkeypatch, LINGXI_SMS_PROVIDER="") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINGXI_SMS_PROVIDER", "carrier pigeon"), ("LINGXI_SMS_KEY_ID", ""), ("LINGXI_SMS_KEY_SECRET", ""), ("LINGXI_SMS_SIGNATURE", ""),
        ("LINGXI_SMS_SENDER", ""), ("LINGXI_SMS_PATH_SECRET", "short"), ("LINGXI_SMS_CALLBACK_ADDRESSES", "anywhere"),
        ("LINGXI_SMS_A_DAY", "0"), ("LINGXI_SMS_A_DAY", "many"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        _told(monkeypatch, **{name: value})


@pytest.mark.parametrize("text", ["", "x: 1", "[1]", "reply: {text: 您好}", "other: {text: '{text}'}", "reply: {"])
def test_a_file_of_templates_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.yml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"t\.yml"):
        read_templates(tmp_path / "t.yml")
