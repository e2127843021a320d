"""Renders what customers send: screenshots of orders in several layouts and themes, as phones and chats leave them.

    python -m tests.connectors.recognition.screenshots     all 60: how many order numbers are right, seconds and memory a picture
"""

from __future__ import annotations

import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from connectors.recognition.fields import fields_of

COUNT, LEAST = 60, 0.95
FONTS = Path("/usr/share/fonts/opentype/noto")
SANS, BOLD, SERIF = "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc"
GOODS = ("无线降噪耳机 Pro 白色", "纯棉四件套 1.8 米", "不粘炒锅 30cm 麦饭石", "儿童保温杯 316 不锈钢", "轻薄羽绒服 女 黑色 M")
STATES = ("等待收货", "卖家已发货", "交易成功", "待付款", "退款中")


@dataclass(frozen=True)
class Theme:
    """Colours and type."""

    back: str
    card: str
    text: str
    faint: str
    accent: str
    font: str


THEMES = (
    Theme("#f4f4f4", "#ffffff", "#222222", "#888888", "#ff5000", SANS),
    Theme("#111111", "#1e1e1e", "#eeeeee", "#9a9a9a", "#ff7a45", SANS),
    Theme("#ffffff", "#ffffff", "#333333", "#999999", "#e1251b", BOLD),
    Theme("#fff7ec", "#fffdf8", "#4a3b2a", "#a08c72", "#b5651d", SERIF),
    Theme("#eef3fb", "#ffffff", "#1f2a44", "#7a89a8", "#2f6bff", SANS),
)


@dataclass(frozen=True)
class Shot:
    """A screenshot and what stands in it. `how`: what happened to it on the way."""

    number: int
    content: bytes
    order: str
    parcel: str | None
    how: str


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), size)


class _Page:
    def __init__(self, theme: Theme, width: int, height: int) -> None:
        self.theme, self.width, self.unit = theme, width, width / 375
        self.image = Image.new("RGB", (width, height), theme.back)
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, size: float = 14, colour: str = "", right: bool = False) -> None:
        font = _font(self.theme.font, round(size * self.unit))
        self.draw.text((x * self.unit, y * self.unit), text, font=font, fill=colour or self.theme.text, anchor="ra" if right else "la")

    def card(self, top: float, bottom: float) -> None:
        u = self.unit
        self.draw.rounded_rectangle((10 * u, top * u, 365 * u, bottom * u), 10 * u, fill=self.theme.card)

    def goods(self, y: float, chance: random.Random) -> None:
        u, colour = self.unit, chance.choice(("#c9d6df", "#e8c4a0", "#a8c69f"))
        self.draw.rectangle((24 * u, y * u, 104 * u, (y + 80) * u), fill=colour)
        self.text(114, y, chance.choice(GOODS), 14)
        self.text(351, y + 30, f"¥{chance.randint(9, 999)}.{chance.randint(0, 99):02}", 14, right=True)
        self.text(351, y + 54, "x1", 12, self.theme.faint, right=True)


def _detail(page: _Page, order: str, parcel: str | None, chance: random.Random) -> None:
    """An order's page, label and value in two columns."""
    page.text(16, 40, chance.choice(STATES), 20, page.theme.accent)
    page.card(80, 190)
    page.goods(95, chance)
    page.card(200, 420)
    rows = [("订单编号", order), ("下单时间", "2026-06-01 12:30:22"), ("支付方式", "微信支付"), ("实付款", f"¥{chance.randint(10, 900)}.00")]
    if parcel:
        rows.insert(1, ("运单号", parcel))
    for row, (label, value) in enumerate(rows):
        page.text(24, 216 + row * 38, label, 13, page.theme.faint)
        page.text(351, 216 + row * 38, value, 13, right=True)


def _inline(page: _Page, order: str, parcel: str | None, chance: random.Random) -> None:
    """One line for label and value, with a button to copy it."""
    page.card(60, 170)
    page.goods(75, chance)
    page.card(180, 360)
    page.text(24, 196, f"订单号：{order}  复制", 13, page.theme.faint)
    page.text(24, 228, "创建时间：2026-05-30 08:15:09", 13, page.theme.faint)
    page.text(24, 260, f"付款时间：2026-05-30 08:16:{chance.randint(10, 59)}", 13, page.theme.faint)
    if parcel:
        page.text(24, 292, f"快递单号：{parcel}", 13, page.theme.faint)


def _listed(page: _Page, order: str, parcel: str | None, chance: random.Random) -> None:
    """A list of orders of which one shows its number."""
    for top in (60, 260):
        page.card(top, top + 190)
        page.text(24, top + 14, "灵犀自营旗舰店", 14)
        page.text(351, top + 14, chance.choice(STATES), 12, page.theme.accent, right=True)
        page.goods(top + 46, chance)
    page.text(24, 202, f"订单编号 {order}", 12, page.theme.faint)
    if parcel:
        page.text(24, 226, f"物流单号 {parcel}", 12, page.theme.faint)


def _bubble(page: _Page, order: str, parcel: str | None, chance: random.Random) -> None:
    """A message of the shop's in a chat."""
    u = page.unit
    page.draw.rounded_rectangle((60 * u, 120 * u, 350 * u, 260 * u), 8 * u, fill=page.theme.card)
    page.text(72, 134, "亲，您的订单", 15)
    page.text(72, 162, order, 15, page.theme.accent)
    page.text(72, 190, "已经发出，请注意查收" if parcel else "已经下单成功", 15)
    if parcel:
        page.text(72, 218, f"单号 {parcel}", 15)


def _logistics(page: _Page, order: str, parcel: str | None, chance: random.Random) -> None:
    """A parcel's trace above the order's number."""
    page.card(50, 150)
    page.text(24, 66, f"运单号 {parcel or 'SF1029384756102'}", 15)
    for row, words in enumerate(("【杭州市】快件已到达转运中心", "【上海市】快件正在派送中", "快件已由快递柜签收")):
        page.text(40, 180 + row * 52, words, 13)
        page.text(40, 202 + row * 52, f"06-0{row + 1} 1{row}:2{row}", 11, page.theme.faint)
    page.text(24, 380, f"订单编号：{order}", 13, page.theme.faint)


LAYOUTS: tuple[Callable[[_Page, str, str | None, random.Random], None], ...] = (_detail, _inline, _listed, _bubble, _logistics)


def shots(numbers: range | None = None) -> Iterator[Shot]:
    """The screenshots, always the same ones."""
    for number in numbers or range(COUNT):
        yield _shot(number)


def _shot(number: int) -> Shot:
    chance = random.Random(number * 7919 + 5)
    order = f"20{chance.randint(24, 26)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}{chance.randint(0, 9999):04}"
    parcel = None
    if chance.random() < 0.6 or number % 5 == 4:
        parcel = chance.choice(("SF", "YT", "JT")) + "".join(str(chance.randint(0, 9)) for _ in range(13))
    width = chance.choice((720, 828, 1080, 1170))
    height = round(width * chance.choice((1.78, 2.16)))
    page = _Page(THEMES[(number // 5) % len(THEMES)], width, height)
    LAYOUTS[number % len(LAYOUTS)](page, order, parcel, chance)
    image, how = page.image, [f"{width}x{height}"]
    if number % 4 == 1:  # only a part was kept
        top = round(page.unit * chance.choice((20, 30, 40)))
        image = image.crop((0, top, width, min(height, top + round(page.unit * 440))))
        how.append("crop")
    if number % 3 == 1:  # forwarded by a chat that makes it smaller
        scale = chance.uniform(0.55, 0.85)
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
        how.append(f"scale {scale:.2f}")
    if number % 6 == 2:  # a photo of the screen
        image = image.rotate(chance.uniform(-2.5, 2.5), Image.Resampling.BICUBIC, expand=True, fillcolor="#555555")
        how.append("rotate")
    if number % 5 in (0, 3):
        radius = chance.uniform(0.4, 1.1) * image.width / 1080
        image = image.filter(ImageFilter.GaussianBlur(radius))
        how.append(f"blur {radius:.1f}")
    content = io.BytesIO()
    if number % 7 == 0:
        image.save(content, "PNG")
        how.append("png")
    else:
        quality = chance.choice((25, 40, 55, 70, 85))
        image.save(content, "JPEG", quality=quality)
        how.append(f"jpeg {quality}")
    return Shot(number, content.getvalue(), order, parcel, ", ".join(how))


def main() -> int:
    """Read all in a worker; print what is wrong, and what it costs. 1 where too many order numbers are wrong."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "connectors.recognition.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin and worker.stdout
    orders = parcels = with_parcel = 0
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for shot in shots():
            path = Path(folder) / str(shot.number)
            path.write_bytes(shot.content)
            started = time.monotonic()
            print(json.dumps({"path": str(path)}), file=worker.stdin, flush=True)
            lines = json.loads(worker.stdout.readline())["lines"]
            seconds.append(time.monotonic() - started)
            fields = fields_of(lines)
            right = fields.orders == (shot.order,)
            orders += right
            with_parcel += shot.parcel is not None
            parcels += shot.parcel is not None and fields.parcels == (shot.parcel,)
            if not right or (shot.parcel and fields.parcels != (shot.parcel,)):
                print(shot.number, shot.how, "|", shot.order, shot.parcel, "|", fields, "|", lines if not right else "")
    worker.stdin.close()
    worker.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"order number right: {orders} of {COUNT}; tracking number right: {parcels} of {with_parcel}")
    print(f"seconds a picture: median {sorted(seconds)[len(seconds) // 2]:.2f}, most {max(seconds):.2f}; CPU {used.ru_utime / COUNT:.2f}")
    print(f"memory of the worker: {used.ru_maxrss // 1024} MiB at most")
    return 0 if orders >= LEAST * COUNT else 1


if __name__ == "__main__":
    sys.exit(main())
