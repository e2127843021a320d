"""The running API keeps to its own OpenAPI, whatever it is sent.

A few cases a route in `make test`, so that it ends within a minute; many in `make soak`.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from backoffice.states import OrderState
from tests.backoffice.conftest import TOKEN, Office
from tests.backoffice.shop import ANNA, Shop
from tests.scale import times

EXAMPLES = times(4)
# A request may fit the schema and still be refused with 422: a key used before, a remark beyond 100 words.
LEFT_OUT = {"positive_data_acceptance"}
REFUSING = [400, 401, 404, 405, 409, 413, 422]
OUT_OF_REACH = "503"
"""Documented where a route asks the assistant, which does not run here."""


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_route_keeps_to_its_description(office: Office, shop: Shop, mode: str) -> None:
    shop.order(OrderState.SIGNED, number="202611210001", shipment={"tracking_number": "LXWL202611200001"})
    config = schemathesis.Config.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": REFUSING}}}
    )
    schema = schemathesis.openapi.from_url(
        f"{office.url}/openapi.json", config=config, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    generation = schemathesis.GenerationMode(mode)
    tested = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if not operation.path.startswith("/api/v1"):
            continue
        strategy = operation.as_strategy(generation_mode=generation)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def holds(case: schemathesis.Case) -> None:
            checks = checks_of(case)
            headers = {"Authorization": f"Bearer {TOKEN}"}
            if mode == "positive":
                headers["Idempotency-Key"] = secrets.token_hex(8)
                headers["X-Customer-Id"] = ANNA
            told = checks
            if mode == "negative" and not is_sent_as_generated(case):
                if "Authorization" in (case.headers or {}):
                    own = {"Authorization": str(case.headers["Authorization"])}
                    case.call_and_validate(headers=own, checks=checks)  # the token as generated must be refused
                told = [check for check in checks if check.__name__ != "negative_data_rejection"]
            case.call_and_validate(headers=headers, checks=told)

        holds()
        tested += 1
    assert tested >= 35


def checks_of(case: schemathesis.Case) -> list[Any]:
    """All checks but those that do not hold for this route here."""
    unreached = OUT_OF_REACH in case.operation.definition.raw["responses"]
    left_out = {*LEFT_OUT, *(("not_a_server_error",) if unreached else ())}
    return [check for check in CHECKS.get_all() if check.__name__ not in left_out]


def is_sent_as_generated(case: schemathesis.Case) -> bool:
    """Whether what violates the schema reaches the server: the token is always the right one, and a query carries only words.

    A list in a query (`name=[]`) arrives as the word `[]`, which is a name like any other.
    """
    words = all(isinstance(value, (str, int, float)) for value in (case.query or {}).values())
    return words and "Authorization" not in (case.headers or {})
