"""Turns customers and goods into the page. The markup around them is `shop.html`."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from backoffice.demo.shelf import Card
from backoffice.models import Customer
from backoffice.money import yuan
from backoffice.seed.picker import Character

_TEMPLATE = Path(__file__).parent / "shop.html"
_CURRENT = ' aria-current="true"'
_PICTURES = {
    "手机数码": "phone",
    "电脑办公": "laptop",
    "大家电": "fridge",
    "小家电": "pot",
    "服饰鞋靴": "shoe",
    "母婴": "baby",
    "食品": "food",
    "生鲜": "fresh",
    "图书": "book",
    "家居": "home",
    "美妆": "beauty",
    "运动户外": "sport",
}
_HOUSE_PICTURES = {"LX-B3": "earbuds", "LX-R7": "robot", "LX-A5": "pot"}


@dataclass(frozen=True)
class Guest:
    """A customer to choose, with the situation."""

    character: Character
    customer: Customer


@dataclass(frozen=True)
class PageParts:
    guests: list[Guest]
    chosen: Guest | None
    """None: a visitor who has not signed in."""
    goods: list[Card]
    chat_url: str
    """Where the browser finds the assistant."""


def render(parts: PageParts) -> str:
    chosen_id = parts.chosen.character.id if parts.chosen else ""
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        customer=escape(chosen_id),
        chat_url=escape(parts.chat_url),
        visitor_current="" if parts.chosen else _CURRENT,
        guests="\n".join(_guest(guest, guest is parts.chosen) for guest in parts.guests),
        greeting=_greeting(parts.chosen),
        cards="\n".join(_card(card) for card in parts.goods),
    )


def _guest(guest: Guest, chosen: bool) -> str:
    customer = guest.customer
    return (
        f'<li><a class="guest" href="/demo?customer={escape(customer.id)}"{_CURRENT if chosen else ""}>'
        f'<span class="face" aria-hidden="true">{escape(customer.name[:1])}</span>'
        f'<span class="who"><b>{escape(customer.name)}</b>'
        f'<i class="level {customer.level.value}">{customer.level.label}</i></span>'
        f'<span class="situation">{escape(guest.character.situation)}</span></a></li>'
    )


def _greeting(chosen: Guest | None) -> str:
    if chosen is None:
        title, told = "你好，访客", "没有登录也能问商品、规则，或者转人工；查订单要先选一位客户。"
        asks: tuple[str, ...] = ("满多少包邮", "LX-B3 防水吗", "推荐一款送长辈的手机")
    else:
        title, told = f"你好，{chosen.customer.name}", chosen.character.situation
        asks = chosen.character.try_asking
    chips = "".join(f"<li>{escape(ask)}</li>" for ask in asks)
    return (
        f"<h1>{escape(title)}</h1><p>{escape(told)}</p>"
        f'<div class="asks"><span>可以这样问客服：</span><ul>{chips}</ul></div>'
    )


def _card(card: Card) -> str:
    model = next((model for model in _HOUSE_PICTURES if model in card.name), None)
    picture = _HOUSE_PICTURES[model] if model else _PICTURES.get(card.department, "home")
    badge = (
        f'<span class="badge merchant">{escape(card.seller)}</span>'
        if card.seller
        else '<span class="badge">自营</span>'
    )
    was = f"<s>¥{_short(card.was_fen)}</s>" if card.was_fen else ""
    more = f"{card.variants} 种规格" if card.variants > 1 else "单一规格"
    stock = f"<span>{more}</span>" if card.in_stock else '<span class="out">暂时无货</span>'
    return (
        f'<li class="card {picture}{" flagship" if card.flagship else ""}">'
        f'<svg viewBox="0 0 48 48" aria-hidden="true"><use href="#{picture}"/></svg>'
        f'<div class="text"><p class="department">{escape(card.department)}</p>'
        f"<h3>{escape(card.name)}</h3>"
        f'<p class="price"><b>¥{_short(card.price_fen)}</b>{was}</p>'
        f'<p class="meta">{badge}{stock}</p></div></li>'
    )


def _short(fen: int) -> str:
    """199 rather than 199.00."""
    return yuan(fen).removesuffix(".00")
