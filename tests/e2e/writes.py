"""Every kind of thing the assistant gets done, as a customer asks for it, and the rows it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.e2e.stack import Customer, Stack


@dataclass(frozen=True)
class Kind:
    """A write.

    Attributes:
        found: SQL for the orders (or slips, tickets …) it is tried on: `thing`, `customer`.
        talk: what is said before the last word; `!title` presses a button, `?title` presses it where it is offered.
        last: the word that does it.
        rows: SQL that counts what was done for `:thing` or `:conversation`: 0 before, 1 after.
        told: words that only the success has.
        operation: the rule of the shop that must allow it.
    """

    name: str
    found: str
    talk: tuple[str, ...]
    last: str
    rows: str
    told: str
    operation: str = ""


ONE_PIECE = "(select count(*) from order_items i where i.order_number = o.number) = 1"


def orders(state: str, more: str = ONE_PIECE) -> str:
    """The shop's own orders in this state, without a return."""
    return (
        "select number thing, customer_id customer from orders o where seller_type = 'self' and not is_enterprise"
        f" and state = '{state}' and not exists (select 1 from returns r where r.order_number = o.number)"
        f" and {more} order by created_at desc"
    )


RECENT = (
    "select number thing, customer_id customer from orders o where not is_enterprise and paid_at is not null"
    f" and state <> 'cancelled' and {ONE_PIECE}"
    " and o.created_at > datetime((select max(created_at) from orders), '-40 days') order by created_at desc"
)
CUSTOMERS = "select id thing, id customer from customers where id > 'C000009' order by id"
NO_TICKET = "not exists (select 1 from tickets t where t.order_number = o.number)"
KINDS = (
    Kind("cancel", orders("paid", "1 = 1"), ("取消订单{}",), "!确认取消",
         "select count(*) from orders where number = :thing and state = 'cancelled'", "已经取消", "cancel"),
    Kind("return", orders("signed"), ("订单{}我想退货", "不喜欢这个颜色", "?自己寄回"), "!确认退货",
         "select count(*) from returns where order_number = :thing and kind = 'return'", "退货单号", "return"),
    Kind("invoice", orders("signed"), ("订单{}开发票", "?个人", "?不用发邮箱"), "!确认开票",
         "select count(*) from invoices where order_number = :thing", "发票申请好了", "invoice"),
    Kind("exchange", orders("signed"), ("订单{}想换货", "质量有问题，有破损", "?自己寄回"), "!确认换货",
         "select count(*) from returns where order_number = :thing and kind = 'exchange'", "服务单号|换货单号|单号 TH", "exchange"),
    Kind("refund", orders("shipped"), ("订单{}我不想要了，退款", "不想要了"), "!确认退款",
         "select count(*) from returns where order_number = :thing", "退款申请好了", "refund"),
    Kind("price protection", RECENT, ("订单{}降价了，申请价保",), "!申请退差价",
         "select count(*) from price_protections where order_number = :thing", "退", "price_protection"),
    Kind("change", orders("paid", "1 = 1"), ("订单{}手机号改成13800138000",), "!确认修改",
         "select count(*) from orders where number = :thing and phone = '13800138000'", "改好了", "change"),
    Kind("urge", orders("paid", NO_TICKET), (), "催一下订单{}发货",
         "select count(*) from tickets where order_number = :thing and kind = 'shipping_urge'", "跟进编号", "urge"),
    Kind("parcel urge", orders("shipped", NO_TICKET), (), "催一下订单{}的快递",
         "select count(*) from tickets where order_number = :thing and kind = 'delivery_urge'", "跟进编号"),
    Kind("parcel lost", orders("shipped", NO_TICKET), (), "订单{}的快递丢了",
         "select count(*) from tickets where order_number = :thing and kind = 'logistics_investigation'", "编号 GD"),
    Kind("withdraw", "select slip thing, customer_id customer from returns where state = 'awaiting_goods'",
         ("我要撤销服务单{}",), "!确认撤销",
         "select count(*) from returns where slip = :thing and state = 'withdrawn'", "撤销"),
    Kind("complaint", CUSTOMERS, (), "我要投诉你们的配送员，态度太差了",
         "select count(*) from tickets where conversation_id = :conversation and kind = 'complaint'", "工单号 GD"),
    Kind("payment ticket", CUSTOMERS, (), "付款扣了两次钱",
         "select count(*) from tickets where conversation_id = :conversation and kind = 'payment_problem'", "工单号 GD"),
    Kind("handoff", CUSTOMERS, (), "转人工",
         "select count(*) from handoffs where conversation_id = :conversation", "工单号 GD"),
    Kind("rating", CUSTOMERS, (), "我给你们五分好评",
         "select count(*) from feedback where conversation_id = :conversation", "5 分"),
    Kind("suggestion", CUSTOMERS, ("我想提个建议",), "希望夜里也能送货",
         "select count(*) from feedback where conversation_id = :conversation", "建议"),
    Kind("ticket words", "select number thing, customer_id customer from tickets where state in ('open', 'working')",
         ("给工单{}补充一下",), "外面的纸箱湿了",
         "select count(*) from ticket_comments where ticket_number = :thing and text like '%纸箱湿了%'", "补充好了"),
)  # fmt: skip


@dataclass
class Attempt:
    """One customer, one word before it is done."""

    kind: Kind
    customer: Customer
    thing: str
    heard: str = ""

    def rows(self) -> int:
        """How often it was done, as the database has it."""
        sql = self.kind.rows.replace(":thing", "?").replace(":conversation", "?")
        whose = self.customer.sender if ":conversation" in self.kind.rows else self.thing
        return int(self.customer.stack.rows(sql, whose)[0][0])

    def say(self, text: str) -> str:
        """Say it, or press it (`!title`, or `?title` where it is offered)."""
        if text.startswith("?"):
            offered = any(text[1:] in button["title"] for button in self.customer.buttons)
            return self.customer.press(text[1:]) if offered else ""
        return self.customer.press(text[1:]) if text.startswith("!") else self.customer.say(text.format(self.thing))


def attempts(stack: Stack, kind: Kind) -> Iterator[Attempt]:
    """Conversations that have come to the last word; each thing is tried once a stack."""
    used: set[str] = stack.__dict__.setdefault("used_orders", set())
    for row in stack.rows(kind.found):
        thing, name = str(row["thing"]), row["customer"]
        mark = f"{kind.name} {thing}"
        if mark in used or name in (None, "C000001", "C000002"):
            continue
        if kind.operation and not stack.api(f"/orders/{thing}", name)["allowed"][kind.operation]["ok"]:
            continue
        attempt = Attempt(kind, stack.customer(name), thing)
        if attempt.rows():
            continue
        used.add(mark)
        for text in kind.talk:
            attempt.say(text)
        if kind.last.startswith("!") and kind.last[1:] not in str(attempt.customer.buttons):
            continue  # this one needs another answer first (which colour instead?)
        yield attempt
