"""What a customer who asks for a recommendation wants, and why a product answers it: three at most."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backoffice.money import yuan
from backoffice.rules.properties import SHELF, kind_of
from backoffice.rules.search import said, search, tokens

MOST = 3
_AROUND = 0.2
_AT_LEAST = re.compile("以上|起步|不低于|高于|往上")
_ABOUT = re.compile("左右|上下|来块|多块|出头|差不多")
_CHEAP = re.compile("别太贵|不要太贵|不太贵|便宜|实惠|划算|性价比|省钱|经济")
_PURPOSES = (
    (
        re.compile(
            "老人|老年|爸妈|父母|爷爷|奶奶|外公|外婆|姥姥|长辈|老妈|老爸|老伴|老头|老太|上了?岁数|字大|大字|声大|大声"
        ),
        "老人 大字 字体",
    ),
    (re.compile("孩子|小孩|儿童|宝宝|娃|小学生|儿子|女儿"), "儿童 宝宝 学生"),
    (re.compile("便携|轻便|出差|旅行"), "轻薄 便携 登机"),
    (re.compile("运动|跑步|健身"), "运动 跑鞋"),
    (re.compile("打游戏|电竞|游戏"), "游戏 电竞"),
    (re.compile("游泳|防水"), "防水 游泳"),
    (re.compile("拍照|拍视频"), "像素 相机 视频"),
)
_MADE_FOR = ("老人", "儿童", "婴儿", "宝宝")
"""Goods for these are no advice for somebody who did not speak of them."""
_KIND, _WORD, _HISTORY, _BRAND, _SOLD = 4.0, 3.0, 2.0, 0.5, 1.0


@dataclass(frozen=True)
class Wish:
    """What was said: the kind of goods, other words, a colour, and bounds of the price in fen."""

    kind: str = ""
    text: str = ""
    colour: str = ""
    amounts: tuple[int, ...] = ()

    def bounds(self) -> tuple[int, int | None]:
        """At least and at most, in fen."""
        if len(self.amounts) >= 2:
            return min(self.amounts), max(self.amounts)
        if not self.amounts:
            return 0, None
        amount = self.amounts[0]
        if _AT_LEAST.search(self.text):
            return amount, None
        if _ABOUT.search(self.text):
            return round(amount * (1 - _AROUND)), round(amount * (1 + _AROUND))
        return 0, amount

    @property
    def is_open(self) -> bool:
        """Whether nothing was said to go by but a colour."""
        return not (self.kind or self.amounts or said(self.text))


@dataclass(frozen=True)
class Offer:
    """A product that is in stock: its cheapest variant that fits."""

    product_id: str
    sku: str
    name: str
    variants: tuple[str, ...]
    price_fen: int
    attributes: Mapping[str, str]
    sold: int = 0
    """Pieces sold in the last 90 days."""
    was_fen: int | None = None
    """The price before a fall within the last 30 days."""

    @property
    def kind(self) -> str:
        """智能手机, of 手机数码 · 智能手机."""
        return kind_of(self.attributes)


@dataclass(frozen=True)
class Bought:
    """A product the customer has bought."""

    product_id: str
    name: str
    kind: str


@dataclass
class Pick:
    """A recommended product and the reasons, the strongest first."""

    offer: Offer
    score: float = 0.0
    why: list[str] = field(default_factory=list)


def recommend(wish: Wish, offers: Sequence[Offer], bought: Sequence[Bought], most: int = MOST) -> list[Pick]:
    """What fits best and why; where nothing was said, by earlier purchases, else what sells best."""
    least, highest = wish.bounds()
    fitting = [o for o in offers if o.price_fen >= least and (highest is None or o.price_fen <= highest)]
    words = said(wish.text) | {
        t for asked, more in _PURPOSES if asked.search(wish.text) for t in tokens(more)
    }
    whom = {whom for whom in _MADE_FOR if whom in words}
    of_kind = _made_for(whom, wish, fitting) or _of_kind(wish, words, fitting)
    if of_kind and _CHEAP.search(wish.text) and not wish.amounts:
        middle = sorted(offer.price_fen for offer in of_kind)[len(of_kind) // 2]
        of_kind = [offer for offer in of_kind if offer.price_fen <= middle]
    picks = [_judged(offer, wish, words, highest, bought) for offer in of_kind]
    picks.sort(key=lambda pick: (-pick.score, pick.offer.product_id))
    return picks[:most]


def _made_for(whom: set[str], wish: Wish, offers: Sequence[Offer]) -> list[Offer]:
    """Those of the kind that was named that are made for whom they are to be; by their names."""
    kind = tokens(wish.kind)
    return [
        offer
        for offer in offers
        if any(each in offer.name for each in whom) and kind and kind <= tokens(f"{offer.name} {offer.kind}")
    ]


def _of_kind(wish: Wish, words: set[str], offers: Sequence[Offer]) -> list[Offer]:
    """Those of the kind that was named; where none was, those that any word fits; where no word does, all."""
    shelf = [(o, f"{o.name} {o.kind}".lower()) for o in offers]
    if wish.kind:
        return [found.key for found in search(tokens(wish.kind), shelf) if found.best]
    meant = [found for found in search(words, shelf) if found.score >= 1 / 3]
    if meant:
        return [found.key for found in meant]
    fitting = [o for o in offers if words & tokens(" ".join(o.attributes.values()))]
    return fitting or list(offers)


def _judged(offer: Offer, wish: Wish, words: set[str], highest: int | None, bought: Sequence[Bought]) -> Pick:
    pick = Pick(offer, score=_SOLD * min(offer.sold, 100) / 100)
    told = {name: value for name, value in offer.attributes.items() if name != SHELF}
    named = tokens(f"{offer.name} {offer.kind}")
    if wish.kind or words & named:
        pick.score += _KIND * (len(words & named) / (len(words) or 1) + bool(wish.kind))
    wanted = words - named
    matches = [(len(wanted & tokens(f"{name} {value}")), name) for name, value in told.items()]
    count, name = max(matches, default=(0, ""))
    if count:
        negative = re.match("不|无", told[name])
        pick.score += _WORD * (-1 if negative else 1)
        if not negative:
            pick.why.append(f"{name}：{told[name]}")
    if any(whom in offer.name and whom not in words for whom in _MADE_FOR):
        pick.score -= _WORD
    if wish.colour and any(wish.colour.rstrip("色") in variant for variant in offer.variants):
        pick.score += _WORD
        pick.why.append(f"有您要的{wish.colour}")
    same = next((b for b in bought if b.kind == offer.kind), None)
    if any(b.product_id == offer.product_id for b in bought):
        pick.score -= _HISTORY
    elif same:
        pick.score += _HISTORY
        pick.why.append(f"您买过{same.name}，这是同类的另一款")
    elif any(offer.name.split(" ")[0] == b.name.split(" ")[0] for b in bought):
        pick.score += _BRAND
        pick.why.append("和您买过的是同一个品牌")
    if highest is not None:
        pick.why.append("在您说的预算以内")
    if offer.was_fen and offer.was_fen > offer.price_fen:
        pick.why.append(f"最近从 {yuan(offer.was_fen)} 元降下来的")
    if offer.sold:
        pick.why.append(f"近 90 天卖出 {offer.sold} 件")
    if len(pick.why) < 2 and told:
        others = (f"{name}：{value}" for name, value in told.items())
        pick.why += [one for one in others if one not in pick.why][:1]
    pick.why = pick.why[:2]
    return pick
