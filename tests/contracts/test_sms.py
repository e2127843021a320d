"""What goes out by SMS is a registered template: its parameters are facts that the reply itself tells."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connectors.sms.templates import CODE, REPLY, read_templates, without_template
from tests.contracts.test_refusals import REPLIES

PLACEHOLDER = re.compile(r"\{(\w+)\}")
TEMPLATED = {
    name: [v["custom"] for v in variants if v.get("channel") == "sms" and "custom" in v]
    for name, variants in REPLIES.items()
    if any(v.get("channel") == "sms" and "custom" in v for v in variants)
}
KEPT = (  # replies with a number that a customer keeps
    "utter_orders_cancelled", "utter_after_sales_opened", "utter_complaints_filed", "utter_logistics_reported",
    "utter_orders_escalated", "utter_tickets_status",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(TEMPLATED))
def test_every_parameter_is_a_placeholder_of_the_reply(name: str) -> None:
    texts: list[dict[str, Any]] = [v for v in REPLIES[name] if "channel" not in v]
    assert texts, f"{name} has no default"
    for custom in TEMPLATED[name]:
        assert set(custom) == {"sms_template", "params"} and re.fullmatch(r"[a-z_]+", custom["sms_template"])
        for param, value in custom["params"].items():
            found = PLACEHOLDER.fullmatch(value)
            assert found, f"{name}: {param} is a value of its own, not a placeholder"
            assert all(found[0] in text["text"] for text in texts), f"{name}: {value} is not in the default text"


@pytest.mark.parametrize("name", KEPT)
def test_numbers_to_keep_have_a_template(name: str) -> None:
    assert name in TEMPLATED


def test_a_template_always_takes_the_same_parameters() -> None:
    taken: dict[str, set[str]] = {}
    for customs in TEMPLATED.values():
        for custom in customs:
            assert taken.setdefault(custom["sms_template"], set(custom["params"])) == set(custom["params"])


def test_every_template_is_registered_with_its_parameters_and_used() -> None:
    of_the_channel = (REPLY, CODE)
    known = {name: set(each.params) for name, each in read_templates().items() if name not in of_the_channel}
    used = {custom["sms_template"]: set(custom["params"]) for customs in TEMPLATED.values() for custom in customs}
    assert known == used


def test_notices_are_no_advertising() -> None:
    """《通信短信息服务管理规定》: what a customer asked for carries no 拒收请回复R."""
    assert not [name for name, each in read_templates().items() if "拒收" in each.text or "R" in each.text]


def test_what_has_no_template_is_told() -> None:
    """`python -m connectors.sms.templates` names exactly the responses that go by the general template."""
    assert set(without_template()) == set(REPLIES) - set(TEMPLATED)
