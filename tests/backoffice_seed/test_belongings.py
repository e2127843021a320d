"""All that a customer has, as the assistant looks through it to find which one is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from .shops import MOMENTS, Customer, client, seeded

DESCRIBED = Path(__file__).resolve().parents[1] / "actions" / "references" / "shop.json"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with (
        seeded(tmp_path_factory.mktemp("belongings"), MOMENTS[0], order_count=60) as database,
        client(database, MOMENTS[0]) as talks,
    ):
        yield talks


def test_all_of_ones_own_and_nothing_of_anybody_elses(api: TestClient) -> None:
    for number in (1, 2, 7, 10):
        customer = Customer(api, f"C{number:06}")
        told = customer.get("/belongings")
        orders = customer.orders()
        assert [order["number"] for order in told["orders"]] == [order["number"] for order in orders]
        assert [order["title"] for order in told["orders"]] == [order["title"] for order in orders]
        assert [order["state"] for order in told["orders"]] == [order["state"] for order in orders]
        for kind, name in (("returns", "slip"), ("invoices", "number"), ("tickets", "number")):
            theirs = customer.get(f"/{kind}", limit=50)["items"]
            assert [each[name] for each in told[kind]] == [each[name] for each in theirs]


def test_a_slip_and_an_invoice_are_called_as_everywhere(api: TestClient) -> None:
    customer = Customer(api, "C000001")
    told = customer.get("/belongings")
    assert [slip["title"] for slip in told["returns"]] == [each["item"] for each in customer.get("/returns")["items"]]
    assert [invoice["goods"] for invoice in told["invoices"]] == [
        each["order_title"] for each in customer.get("/invoices")["items"]
    ]


def test_somebody_new_has_nothing(api: TestClient) -> None:
    told = Customer(api, "C000012").get("/belongings")
    assert told == {"orders": [], "returns": [], "invoices": [], "tickets": []}


def test_the_shop_that_descriptions_are_tested_on_is_told_in_the_same_form(api: TestClient) -> None:
    told = Customer(api, "C000001").get("/belongings")
    recorded = json.loads(DESCRIBED.read_text("utf-8"))["C000001"]
    for kind in ("orders", "returns", "invoices", "tickets"):
        assert told[kind][0].keys() == recorded[kind][0].keys()
    assert told["orders"][0]["items"][0].keys() == recorded["orders"][0]["items"][0].keys()

