"""The customers of the demo page's picker: each has a little situation to talk about.

Their moments are told from `now`, so that a situation holds on whatever day and at whatever hour
the shop is seeded: "promised tomorrow" is tomorrow, "signed yesterday" is yesterday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from backoffice.clock import SHANGHAI
from backoffice.models import Customer, Order, Product, Ticket
from backoffice.seed import after_sales, parcels
from backoffice.seed.catalogue import Goods
from backoffice.seed.invoices import make_invoice
from backoffice.seed.numbers import Numbers
from backoffice.seed.orders import Life, Line, Purchase, completes_by_itself, make_purchase
from backoffice.seed.parcels import Step
from backoffice.seed.people import Place, Shopper, Words, customer_id, home_in, phone
from backoffice.seed.tickets import Matter, make_ticket
from backoffice.states import (
    CancelReason,
    Carrier,
    OrderState,
    PaymentMethod,
    ReturnKind,
    ReturnReason,
    ShipmentState,
    TicketPriority,
)


@dataclass(frozen=True)
class Character:
    """One of the picker's customers."""

    id: str
    name: str
    city: str
    situation: str
    """One line for the picker."""
    try_asking: tuple[str, ...]
    """What the situation gives to ask."""


_CHARACTERS = (
    (
        "王小明",
        "杭州市",
        "每种状态的订单都有，耳机明天送到，还有一张退货单和一张工单",
        ("我的耳机到哪了", "帮我取消那个保温杯", "退货进度怎么样了"),
    ),
    ("李雷", "广州市", "扫地机器人过了承诺日期 2 天还没到", ("快递怎么还没到", "帮我催一下", "我要投诉")),
    ("韩梅梅", "成都市", "四件套的物流 80 小时没有更新", ("物流好几天不动了", "帮我查查包裹是不是丢了")),
    ("陈小美", "武汉市", "昨天显示本人签收，其实没有收到", ("显示签收了但我没收到", "转人工")),
    ("周一鸣", "南京市", "跑鞋签收 10 天了，想换大一码或者退货", ("鞋子小了换 43 码", "这双鞋还能退吗")),
    ("林若溪", "深圳市", "手机已经激活，不喜欢想退", ("手机不喜欢想退", "手机有故障怎么办")),
    (
        "赵国栋",
        "西安市",
        "第三方商家的订单：一单迟迟不发货，一单想退",
        ("商家怎么还不发货", "耳机我要退货"),
    ),
    ("沈佳怡", "上海市", "刚买的空气炸锅降价了", ("刚买就降价了能退差价吗", "我有哪些优惠券")),
    ("吴子涵", "北京市", "退货已经验收，退款在路上", ("退款什么时候到账", "钱退到哪里")),
    (
        "孙婉清",
        "北京市",
        "企业采购：公司转账待付款，还要单位发票",
        ("复印纸帮我开单位发票", "公司转账多久要付"),
    ),
    (
        "何秀英",
        "重庆市",
        "包裹今天派送，家里的扫地机器人坏了还在保修期",
        ("今天能送到吗", "扫地机器人坏了怎么修"),
    ),
    ("许诺", "长沙市", "新用户，还没有下过单", ("新人有什么优惠", "推荐一款空气炸锅")),
)
PICKER = tuple(
    Character(customer_id(number), *character) for number, character in enumerate(_CHARACTERS, start=1)
)


class Cast:
    """Stages the situations: first the orders, later what follows from them."""

    def __init__(
        self,
        rng: Random,
        numbers: Numbers,
        depot: parcels.Depot,
        now: datetime,
        goods: Sequence[Goods],
        places: Sequence[Place],
        words: Words,
    ) -> None:
        self._rng = rng
        self._numbers = numbers
        self._depot = depot
        self._now = now
        self._goods = goods
        self._words = words
        self._purchases: list[Purchase] = []
        by_city = {place.city: place for place in places}
        self._shoppers = [self._shopper(character, by_city[character.city]) for character in PICKER]
        self.tickets: list[Ticket] = []

    @property
    def customers(self) -> list[Customer]:
        return [shopper.customer for shopper in self._shoppers]

    def stage(self) -> list[Purchase]:
        """Makes the orders and parcels of all of them."""
        (
            everything,
            late,
            stalled,
            not_received,
            shoes,
            activated,
            merchant,
            price_drop,
            refunding,
            business,
            out_today,
            newcomer,
        ) = self._shoppers
        self._everything(everything)
        self._late(late)
        self._stalled(stalled)
        self._signed(not_received, self._goods_named("乳胶枕", "眠山").first, days=1, hour=18)
        self._shoes(shoes)
        phone_line = Line(self._goods_named("星岚 X20 5G").first, activated=True)
        self._signed(activated, phone_line.product, days=3, line=phone_line)
        self._merchant(merchant)
        self._price_drop(price_drop)
        self._refunded = self._signed(
            refunding, self._goods_named("拂晓", "吹风机").first, days=6, payment=PaymentMethod.ALIPAY
        )
        self._business(business)
        self._out_today(out_today)
        newcomer.customer.registered_at = self._day(3, 20)
        return self._purchases

    def play_out(self) -> None:
        """Slips, invoices and tickets of the orders staged."""
        after_sales.make_return(
            self._rng,
            self._numbers,
            self._now,
            self._to_return.order,
            line=1,
            kind=ReturnKind.RETURN,
            reason=ReturnReason.NO_REASON,
            created_at=self._day(1, 9),
            course=after_sales.RETURNED,
            text="不想要了",
        )
        # Inspected after 70 h, paid back 30 h later: the money left 20 h ago and has some days.
        after_sales.make_return(
            self._rng,
            self._numbers,
            self._now,
            self._refunded.order,
            line=1,
            kind=ReturnKind.RETURN,
            reason=ReturnReason.NO_REASON,
            created_at=self._now - timedelta(hours=120),
            course=after_sales.RETURNED,
            text="声音比想象的大",
        )
        self._invoice(self._invoiced.order)
        self._invoice(self._for_business.order, self._words.companies[0])
        self.tickets.append(
            make_ticket(
                self._rng,
                self._numbers,
                self._now,
                self._to_return.order.customer_id,
                Matter(
                    kind="complaint",
                    subject="配送员把包裹放在门外没有打电话",
                    about=OrderState.SIGNED,
                    priority=TicketPriority.NORMAL,
                    talk=(
                        ("客户", "备注了送前打电话，配送员直接放门外就走了，希望处理"),
                        ("客服", "已转配送站核实，24 小时内答复您"),
                        ("客服", "站点负责人已致歉并对配送员培训"),
                    ),
                ),
                created_at=self._now - timedelta(hours=5),
                order=self._to_return.order,
            )
        )

    def _everything(self, shopper: Shopper) -> None:
        """One order in each state, the windows of a return open and passed, and enough bought to be gold."""
        now = self._now
        self._buy(shopper, self._goods_named("锅小匠", "保温杯").first, Life(now - timedelta(minutes=4)))
        self._buy(shopper, self._goods_named("点点电", "67W").first, _paid(now - timedelta(hours=3)))
        self._on_the_way(
            shopper,
            self._goods_named("LX-B3").first,
            shipped_at=now - timedelta(hours=20),
            promised=self._today + timedelta(days=1),
            last_news=timedelta(hours=3),
        )
        self._signed(shopper, self._goods_named("微光", "台灯").first, days=2)
        self._to_return = self._signed(shopper, self._goods_named("青屿", "棉衬衫").first, days=4)
        self._signed(shopper, self._goods_named("清渡 X4").first, days=9)
        self._signed(shopper, self._goods_named("动起来 骑行头盔").first, days=20)
        self._invoiced = self._signed(shopper, self._goods_named("星岚 X20 Pro").first, days=75)
        self._signed(shopper, self._goods_named("明视 M65").first, days=160)
        ordered = self._day(12, 21)
        cancelled = self._buy(
            shopper,
            self._goods_named("远帆 26 英寸").first,
            Life(
                ordered,
                paid_at=ordered + timedelta(minutes=1),
                cancelled_at=ordered + timedelta(hours=2),
                cancel_reason=CancelReason.CUSTOMER,
            ),
        )
        cancelled.order.cancel_reason = "规格拍错了，重新下单"

    def _late(self, shopper: Shopper) -> None:
        """Promised two days ago, still moving; and a diamond member's years of shopping."""
        self._on_the_way(
            shopper,
            self._goods_named("LX-R7").first,
            shipped_at=self._day(5, 9),
            promised=self._today - timedelta(days=2),
            last_news=timedelta(hours=9),
        )
        years = {70: "极光屏 G85", 130: "北野 Book 16 电竞", 210: "北冰川 BCD-620F", 280: "清渡 KFR-72LW"}
        for days, name in years.items():
            self._signed(shopper, self._goods_named(name).first, days, payment=PaymentMethod.CREDIT_CARD)

    def _stalled(self, shopper: Shopper) -> None:
        self._on_the_way(
            shopper,
            self._goods_named("眠山", "四件套").first,
            shipped_at=self._now - timedelta(hours=100),
            promised=self._today - timedelta(days=1),
            last_news=timedelta(hours=80),
        )
        self._signed(shopper, self._goods_named("清渡 KFR-26GW").first, days=100)

    def _shoes(self, shopper: Shopper) -> None:
        """The shop's own shoes, for which 15 days hold; a size larger is there."""
        shoes = self._goods_named("步野 疾风 3")
        shoes.variant("黑白", "43 码").stock = 60
        self._signed(shopper, shoes.variant("黑白", "42 码"), days=10)

    def _merchant(self, shopper: Shopper) -> None:
        headphones, speaker = self._goods_named("声屿 Y10"), self._goods_named("声屿 Y2 ")
        self._signed(shopper, headphones.first, days=3, carrier=Carrier.ZTO)
        self._buy(shopper, speaker.first, _paid(self._now - timedelta(hours=60)))

    def _price_drop(self, shopper: Shopper) -> None:
        """Bought before the air fryer's price fell (catalogue: price_drop), and gold by other orders."""
        self._signed(shopper, self._goods_named("LX-A5").variant("墨绿色"), days=4)
        self._signed(shopper, self._goods_named("寒汐 BCD-620F").first, days=90)
        self._signed(shopper, self._goods_named("净澜 G100H").first, days=200)

    def _business(self, shopper: Shopper) -> None:
        shopper.customer.tags = ["企业采购"]
        shopper.customer.special_invoice_qualified = True
        chairs = Line(self._goods_named("栖木", "人体工学椅").first, quantity=4)
        printer = self._goods_named("印行 P110").first
        self._buy(
            shopper,
            chairs.product,
            Life(self._now - timedelta(hours=5)),
            line=chairs,
            payment=PaymentMethod.BANK_TRANSFER,
            is_enterprise=True,
        )
        self._for_business = self._signed(
            shopper, printer, days=50, payment=PaymentMethod.BANK_TRANSFER, is_enterprise=True
        )
        paper = Line(self._goods_named("纸上", "A4").variant("三份装"), quantity=10)
        self._signed(shopper, paper.product, days=12, line=paper, is_enterprise=True)

    def _out_today(self, shopper: Shopper) -> None:
        morning = datetime.combine(self._today, time(8, 35), SHANGHAI)
        self._on_the_way(
            shopper,
            self._goods_named("禾里 五常大米").first,
            shipped_at=self._day(2, 21),
            promised=self._today,
            last_news=max(self._now - morning, timedelta(minutes=40)),
            state=ShipmentState.OUT_FOR_DELIVERY,
        )
        self._signed(shopper, self._goods_named("LX-R7").first, days=150)

    def _buy(
        self,
        shopper: Shopper,
        product: Product,
        plan: Life,
        line: Line | None = None,
        payment: PaymentMethod = PaymentMethod.WECHAT,
        is_enterprise: bool = False,
    ) -> Purchase:
        purchase = make_purchase(
            self._numbers,
            self._now,
            shopper,
            [line or Line(product)],
            plan,
            payment=payment,
            is_enterprise=is_enterprise,
        )
        self._purchases.append(purchase)
        return purchase

    def _signed(
        self,
        shopper: Shopper,
        product: Product,
        days: int,
        hour: int = 17,
        line: Line | None = None,
        payment: PaymentMethod = PaymentMethod.WECHAT,
        carrier: Carrier = Carrier.LINGXI,
        is_enterprise: bool = False,
    ) -> Purchase:
        """Ordered two evenings before it was signed `days` ago; long ago, it completed by itself."""
        ordered = self._day(days + 2, 20)
        signed = self._day(days, hour)
        plan = Life(
            ordered,
            paid_at=ordered + timedelta(minutes=1),
            shipped_at=ordered + timedelta(hours=14),
            promised_date=signed.date(),
            signed_at=signed,
            completed_at=completes_by_itself(signed),
        )
        purchase = self._buy(shopper, product, plan, line, payment, is_enterprise)
        courier = self._rng.choice(self._words.couriers)
        steps = parcels.route(self._rng, purchase, carrier, courier)
        self._depot.send(purchase, carrier, steps, courier)
        return purchase

    def _on_the_way(
        self,
        shopper: Shopper,
        product: Product,
        shipped_at: datetime,
        promised: date,
        last_news: timedelta,
        state: ShipmentState = ShipmentState.IN_TRANSIT,
    ) -> None:
        """A parcel of the house's carrier that was last heard of `last_news` ago."""
        paid_at = shipped_at - timedelta(hours=9)
        plan = Life(paid_at - timedelta(minutes=1), paid_at, shipped_at, promised)
        purchase = self._buy(shopper, product, plan)
        place = shopper.home.place
        city = place.city.removesuffix("市")
        courier = self._rng.choice(self._words.couriers)
        last = self._now - last_news
        way = last - shipped_at
        onward = f"已离开，下一站{city}分拨中心"
        steps = [
            Step(shipped_at, "郑州仓", "包裹已出库，等待揽收", ShipmentState.CREATED),
            Step(shipped_at + way * 0.2, "郑州仓", "灵犀物流已揽收", ShipmentState.IN_TRANSIT),
            Step(shipped_at + way * 0.5, "郑州分拨中心", onward, ShipmentState.IN_TRANSIT),
        ]
        if state is ShipmentState.OUT_FOR_DELIVERY:
            station = f"{place.district}站"
            steps += [
                Step(shipped_at + way * 0.8, station, f"已到达{station}，等待派送", ShipmentState.IN_TRANSIT),
                Step(last, station, f"配送员{courier}正在派送", state),
            ]
        else:
            steps.append(Step(last, f"{city}分拨中心", f"已到达{city}分拨中心", state))
        self._depot.send(purchase, Carrier.LINGXI, steps, courier)

    def _shopper(self, character: Character, place: Place) -> Shopper:
        number = int(character.id[1:])
        customer = Customer(
            id=character.id,
            name=character.name,
            nickname=None,
            phone=phone(number),
            tags=[],
            balance_fen=0,
            special_invoice_qualified=False,
            registered_at=self._day(900 + number, 19),
        )
        return Shopper(customer, home_in(self._rng, self._words, place), appetite=1.0)

    def _goods_named(self, *words: str) -> Goods:
        """The first product whose name has all `words`, on sale and there; raises LookupError."""
        for goods in self._goods:
            if all(word in goods.first.name for word in words):
                for product in goods.variants:
                    product.on_sale = True
                    product.stock = max(product.stock, 20)
                    product.restock_on = None
                return goods
        raise LookupError(f"the catalogue has no goods named {words}, which a demo customer buys")

    def _invoice(self, order: Order, company: str | None = None) -> None:
        customer = next(customer for customer in self.customers if customer.id == order.customer_id)
        make_invoice(self._numbers, self._now, order, customer, company, special=company is not None)

    @property
    def _today(self) -> date:
        return self._now.date()

    def _day(self, days_ago: int, hour: int) -> datetime:
        """An hour of a day past; never later than now, since `days_ago` is at least 1."""
        return datetime.combine(self._today - timedelta(days=days_ago), time(hour, 12), SHANGHAI)


def _paid(ordered_at: datetime) -> Life:
    return Life(ordered_at, paid_at=ordered_at + timedelta(minutes=1))
