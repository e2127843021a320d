"""What the demo shop's page suggests to ask is answered, whoever is picked."""

from __future__ import annotations

import html
import re

import httpx
import pytest
import yaml

from backoffice.seed.picker import PICKER
from tests.e2e.stack import ROOT, Stack

HELPLESS = {
    "faq": ("utter_faq_no_answer", "utter_faq_no_answer_again"),
    "chat": ("utter_chat_not_understood", "utter_chat_out_of_scope", "utter_default", "utter_chat_inform"),
}
_ASKS = re.compile(r'<div class="asks">.*?</ul>', re.DOTALL)


def suggested(stack: Stack, customer: str | None) -> list[str]:
    """What the page suggests to the customer who was picked, or to a visitor."""
    page = httpx.get(f"{stack.urls['backoffice']}/demo", params={"customer": customer} if customer else None)
    asks = _ASKS.search(page.text)
    assert asks, "the page suggests nothing"
    return [html.unescape(ask) for ask in re.findall(r"<li>(.*?)</li>", asks[0])]


def helpless() -> list[str]:
    """All that is said where nothing is known or understood."""
    told = []
    for topic, names in HELPLESS.items():
        responses = yaml.safe_load((ROOT / "data" / topic / "responses.yml").read_text("utf-8"))["responses"]
        told += [variant["text"] for name in names for variant in responses[name]]
    return told


@pytest.mark.parametrize("customer", [None, *(character.id for character in PICKER)])
def test_what_the_page_suggests_is_answered(stack: Stack, customer: str | None) -> None:
    asks = suggested(stack, customer)
    assert len(asks) >= 2
    for ask in asks:
        answer = stack.customer(customer).say(ask)
        assert answer, f"silence to {ask}"
        assert not [text for text in helpless() if text[:20] in answer], f"{ask} → {answer}"
