"""Every "no" of the shop's rules about parcels, after-sales and tickets has words of its own, with a next step."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

# reply of a route → the rules it asks: (module under backoffice/, functions)
ROUTES: dict[str, list[tuple[str, set[str]]]] = {
    "utter_logistics_urge_rejected": [("rules/deliveries", {"urge"})],
    "utter_logistics_arrange_rejected": [("rules/deliveries", {"arrange", "_reroute", "_date", "_time_slot"})],
    "utter_logistics_report_rejected": [("rules/deliveries", {"report"})],
    "utter_logistics_compensation_rejected": [
        ("rules/compensations", {"eligible", "_delivered_late", "_shipped_late"})
    ],
    "utter_after_sales_open_rejected": [
        ("rules/returns", {"decide", "_order_allows", "_line_allows", "_no_reason", "_fault", "_repair", "exchange_stock"}),
        ("rules/pickups", {"choose"}),
        ("effects/returns", {"_covered"}),
    ],
    "utter_after_sales_status_rejected": [("rules/pickups", {"choose"})],
    "utter_after_sales_cancel_rejected": [("rules/returns", {"cancel_slip"})],
    "utter_complaints_withdraw_rejected": [("rules/tickets", {"withdraw"})],
    "utter_tickets_status_rejected": [("rules/tickets", {"comment", "urge"})],
}
# Said otherwise: in words of its own, or never to be met on that route.
ELSEWHERE = {
    ("utter_after_sales_open_rejected", "review_by_person"): "utter_after_sales_person_refund_dispute",
    ("utter_after_sales_open_rejected", "pickup_too_late"): "utter_after_sales_open_rejected",  # only for an old slip
}
CONSTANTS = {"REVIEW_BY_PERSON": "review_by_person"}


def replies() -> dict[str, list[dict[str, Any]]]:
    """All responses."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((ROOT / "data").glob("*/responses.yml")):
        found.update(yaml.safe_load(path.read_text("utf-8"))["responses"])
    return found


REPLIES = replies()


def refusing(module: str) -> dict[str, set[str]]:
    """The codes that each function of a module refuses with: `refuse("code", …)` and `Problem(409, "code", …)`."""
    tree = ast.parse((ROOT / "backoffice" / f"{module}.py").read_text("utf-8"))
    found: dict[str, set[str]] = {}
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            place = {"refuse": 0, "Problem": 1}.get(node.func.id)
            if place is not None:
                code = node.args[place]
                told = code.value if isinstance(code, ast.Constant) else CONSTANTS[ast.unparse(code)]
                found.setdefault(function.name, set()).add(str(told))
    return found


def refusals() -> Iterator[tuple[str, str]]:
    """(reply, code) of all routes."""
    for reply, asked in ROUTES.items():
        for module, functions in asked:
            codes = refusing(module)
            yield from ((reply, code) for name in sorted(functions) for code in sorted(codes.get(name, ())))


@pytest.mark.parametrize(("reply", "code"), sorted(set(refusals())))
def test_every_refusal_has_words_of_its_own_and_a_next_step(reply: str, code: str) -> None:
    name = ELSEWHERE.get((reply, code), f"{reply}_{code}")
    assert name in REPLIES, f"the shop may answer {code}: write {name}, or name it in ELSEWHERE"
    for variant in REPLIES[name]:
        assert variant.get("buttons") or len(variant["text"].replace("{detail}", "")) >= 8, f"{name} says no next step"


@pytest.mark.parametrize("module", sorted({module for asked in ROUTES.values() for module, _ in asked}))
def test_no_rule_refuses_beside_the_routes(module: str) -> None:
    listed = {name for asked in ROUTES.values() for named, functions in asked if named == module for name in functions}
    assert set(refusing(module)) <= listed, "add the function to the route that asks it"
