"""The demo's page and tokens, and that nothing of them exists where the demo is off."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser

import jwt
import pytest
from fastapi.testclient import TestClient

from backoffice.database import Database
from backoffice.models import Customer, Product
from backoffice.seed.picker import PICKER

from .shops import JWT_SECRET, MOMENTS, RASA_URL, client, seeded

NOW = MOMENTS[0]
ROUTES = [
    ("GET", "/demo"),
    ("GET", "/demo/customers"),
    ("POST", "/demo/token"),
    ("GET", "/demo/shop.js"),
    ("GET", "/demo/shop.css"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with seeded(tmp_path_factory.mktemp("demo"), NOW, order_count=40) as database:
        yield database


@pytest.fixture(scope="module")
def browser(shop: Database) -> Iterator[TestClient]:
    with client(shop, NOW) as talks:
        yield talks


class _Tags(HTMLParser):
    """Every tag with its attributes, and whether a script or style has text of its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, text: str) -> None:
        if self._inside in ("script", "style"):
            self.inline += text


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_the_demo_there_is_nothing(shop: Database, method: str, path: str) -> None:
    with client(shop, NOW, demo=False) as talks:
        answer = talks.request(method, path, json={"customer_id": "C000001"} if method == "POST" else None)
    assert answer.status_code == 404


def test_the_picker_tells_who_and_in_which_situation(browser: TestClient) -> None:
    entries = browser.get("/demo/customers").json()
    assert [entry["id"] for entry in entries] == [f"C{number:06}" for number in range(1, 13)]
    assert entries[0]["name"] == "王小明" and entries[0]["level"] == "金卡"
    page = browser.get("/demo").text
    for character in PICKER:
        assert character.name in page and character.situation in page
        assert f'href="/demo?customer={character.id}"' in page
    assert "未登录访客" in page


def test_the_page_shows_goods_of_the_database(browser: TestClient, shop: Database) -> None:
    page = browser.get("/demo").text
    with shop.read() as session:
        robot = session.get(Product, "LX-R7")
    assert robot.name in page and "¥2199" in page
    assert "¥329" in page and "<s>¥359</s>" in page
    assert page.count('class="card') > 30


def test_a_token_proves_its_customer_for_a_quarter_of_an_hour(browser: TestClient) -> None:
    answer = browser.post("/demo/token", json={"customer_id": "C000001"})
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 900
    claims = jwt.decode(answer.json()["token"], JWT_SECRET, algorithms=["HS256"])
    assert claims["sub"] == "C000001" and 880 < claims["exp"] - time.time() <= 900


@pytest.mark.parametrize("customer_id", ["C000013", "C999999"])
def test_nobody_else_gets_a_token(browser: TestClient, customer_id: str) -> None:
    assert browser.post("/demo/token", json={"customer_id": customer_id}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"customer_id": ""},
        {"customer_id": "C000001 "},
        {"customer_id": "' OR 1=1"},
        {"customer_id": 1},
        {"customer_id": "C" * 33},
        {"customer_id": "C000001", "exp": 9},
        [],
    ],
)
def test_a_malformed_request_gets_no_token(browser: TestClient, body: object) -> None:
    assert browser.post("/demo/token", json=body).status_code == 422


def test_a_token_is_not_to_be_had_by_address_or_form(browser: TestClient) -> None:
    assert browser.get("/demo/token?customer_id=C000001").status_code == 404
    assert browser.post("/demo/token", data={"customer_id": "C000001"}).status_code == 422
    assert not re.search(r"eyJ", browser.get("/demo?customer=C000001").text)


def test_the_page_runs_only_its_own_and_the_chats_files(browser: TestClient) -> None:
    answer = browser.get("/demo?customer=C000001")
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == f"'self' {RASA_URL}"
    assert "unsafe" not in answer.headers["content-security-policy"]
    parsed = _Tags(answer.text)
    assert not parsed.inline.strip()
    for _, attributes in parsed.tags:
        assert "style" not in attributes and not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "/").startswith(("/", "#"))


@pytest.mark.parametrize("chosen", ["C000001", None])
def test_the_page_knows_who_was_chosen(browser: TestClient, chosen: str | None) -> None:
    parsed = _Tags(browser.get("/demo", params={"customer": chosen} if chosen else {}).text)
    [body] = [attributes for tag, attributes in parsed.tags if tag == "body"]
    assert body["data-customer"] == (chosen or "") and body["data-chat-url"] == RASA_URL
    [current] = [attributes["href"] for _, attributes in parsed.tags if "aria-current" in attributes]
    assert current == (f"/demo?customer={chosen}" if chosen else "/demo")


@pytest.mark.parametrize("customer", ["C000013", "C999999", '"><script>alert(1)</script>'])
def test_an_unknown_choice_is_a_visitor(browser: TestClient, customer: str) -> None:
    page = browser.get("/demo", params={"customer": customer}).text
    assert 'data-customer=""' in page and customer not in page


def test_what_the_database_holds_is_shown_as_text(shop: Database, browser: TestClient) -> None:
    with shop.write() as session:
        session.get(Customer, "C000012").name = "<b>许&诺</b>"
    page = browser.get("/demo").text
    assert "&lt;b&gt;许&amp;诺&lt;/b&gt;" in page and "<b>许&诺" not in page
