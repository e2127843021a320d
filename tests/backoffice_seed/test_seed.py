"""The whole demo shop in a database: how many, in which states, the same again, and nothing left to settle."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backoffice import states
from backoffice.database import PROJECT_ROOT, Database
from backoffice.effects.settle import is_due
from backoffice.models import (
    Coupon,
    Customer,
    Invoice,
    Order,
    PriceChange,
    PriceProtection,
    Product,
    Return,
    Shipment,
    Ticket,
    TicketComment,
)
from backoffice.seed import seed
from backoffice.seed.shop import assemble, write

from .shops import MOMENTS, count, rows, seeded

NOW = MOMENTS[0]
KNOWLEDGE = PROJECT_ROOT / "backoffice" / "knowledge" / "demo"

_DIGEST = """
import hashlib, sys
from datetime import datetime
from backoffice.database import Database
from backoffice.seed.shop import assemble, write
from tests.backoffice_seed.shops import rows
database = Database("sqlite:///" + sys.argv[1])
database.migrate()
with database.write() as session:
    write(session, assemble(datetime.fromisoformat(sys.argv[2]), int(sys.argv[3]), order_count=300))
print(hashlib.sha256(repr(sorted(rows(database.engine).items())).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The shop as `python -m backoffice seed` makes it, at the full size."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('seed') / 'shop.db'}")
    database.migrate()
    started = time.process_time()
    with database.write() as session:
        assert seed(session, NOW)
    print(f"seeded in {time.process_time() - started:.1f} s of processor time")
    yield database
    database.close()


def test_it_has_the_size_of_a_small_shop(shop: Database) -> None:
    assert count(shop.engine, "customers") == 200
    assert count(shop.engine, "orders") == 3000
    with shop.read() as session:
        assert session.scalar(select(func.count(func.distinct(Product.product_id)))) == 400
        assert session.scalar(select(func.count()).select_from(TicketComment)) > 140


@pytest.mark.parametrize(
    ("column", "states_of"),
    [
        (Order.state, states.OrderState),
        (Order.cancel_reason_code, states.CancelReason),
        (
            Order.payment_method,
            set(states.PaymentMethod) - {states.PaymentMethod.GIFT_CARD, states.PaymentMethod.BALANCE},
        ),
        (Order.seller_type, states.SellerType),
        (Customer.level, states.Level),
        (Shipment.carrier, states.Carrier),
        (Shipment.state, set(states.ShipmentState) - {states.ShipmentState.AT_PICKUP_POINT}),
        (Return.kind, states.ReturnKind),
        (Return.state, states.ReturnState),
        (
            Invoice.state,
            {states.InvoiceState.WAITING, states.InvoiceState.MERCHANT, states.InvoiceState.ISSUED},
        ),
        (Coupon.kind, set(states.CouponKind)),
        (Coupon.state, states.CouponState),
        (Ticket.state, states.TicketState),
        (Product.category, states.Category),
    ],
)
def test_every_state_is_there_to_talk_about(shop: Database, column, states_of) -> None:
    with shop.read() as session:
        found = set(session.scalars(select(column).distinct()))
    assert set(states_of) <= found


def test_there_are_goods_out_of_stock_and_prices_that_fell_lately(shop: Database) -> None:
    with shop.read() as session:
        assert session.scalar(select(func.count()).where(Product.stock == 0)) > 20
        assert session.scalar(select(func.count()).select_from(PriceProtection)) > 10
        newest = session.execute(
            select(PriceChange.sku, func.max(PriceChange.since)).group_by(PriceChange.sku)
        )
        assert sum((NOW - since).days < 15 for _, since in newest) > 60


def test_what_lies_in_the_database_needs_no_settling(shop: Database) -> None:
    """Periods of the seeded rows agree with the back office's own."""
    with shop.read() as session:
        assert [
            customer for customer in session.scalars(select(Customer.id)) if is_due(session, customer, NOW)
        ] == []


def test_a_second_seeding_does_nothing(shop: Database) -> None:
    before = count(shop.engine, "shipment_traces")
    with shop.write() as session:
        assert not seed(session, NOW)
    assert count(shop.engine, "shipment_traces") == before


@pytest.mark.parametrize(("document", "sku"), [("11", "LX-B3-01"), ("12", "LX-R7"), ("13", "LX-A5-01")])
def test_the_houses_models_agree_with_their_handbooks(shop: Database, document: str, sku: str) -> None:
    [path] = KNOWLEDGE.glob(f"{document}-*.md")
    handbook = path.read_text(encoding="utf-8")
    [price] = re.findall(r"参考价格 \| (\d+) 元", handbook)
    with shop.read() as session:
        product = session.get(Product, sku)
    assert product.price_fen == int(price) * 100
    assert product.name.split()[1] in handbook
    # Every number the page tells is in the handbook.
    told = json.dumps(product.attributes, ensure_ascii=False)
    assert set(re.findall(r"\d+(?:\.\d+)?", told)) <= set(re.findall(r"\d+(?:\.\d+)?", handbook))


def test_phones_are_nobodys(shop: Database) -> None:
    with shop.read() as session:
        assert all(re.fullmatch(r"1380000\d{4}", phone) for phone in session.scalars(select(Customer.phone)))


def test_the_same_moment_and_seed_make_the_same_rows_in_any_process(tmp_path: Path) -> None:
    def digest(name: str, random_seed: int, hash_seed: str) -> str:
        arguments = [str(tmp_path / name), NOW.isoformat(), str(random_seed)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(PROJECT_ROOT)}
        run = subprocess.run(
            [sys.executable, "-c", _DIGEST, *arguments],
            env=environment,
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    first = digest("first.db", 1, "1")
    assert digest("again.db", 1, "2") == first
    assert digest("other.db", 2, "1") != first


def test_postgresql_holds_the_same_rows(postgres: str, tmp_path: Path) -> None:
    there = Database(postgres)
    there.migrate()
    with there.write() as session:
        write(session, assemble(NOW, order_count=600))
    with seeded(tmp_path, NOW, 600) as here:
        # Other tables hold what the processes did, and the migrations' own.
        assert {name: sorted(map(repr, found)) for name, found in rows(there.engine).items()} == {
            name: sorted(map(repr, found)) for name, found in rows(here.engine).items()
        }
    there.close()
