"""Where money goes back to and how long it takes (document 03, 退款多久到账 and 退款会退到哪里)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backoffice.money import yuan
from backoffice.rules.workdays import add_workdays
from backoffice.states import PaymentMethod

_WORKDAYS: dict[PaymentMethod, tuple[int, int]] = {
    PaymentMethod.WECHAT: (1, 3),
    PaymentMethod.ALIPAY: (1, 3),
    PaymentMethod.UNIONPAY: (1, 3),
    PaymentMethod.DEBIT_CARD: (1, 5),
    PaymentMethod.CREDIT_CARD: (3, 7),
    PaymentMethod.INSTALMENT: (1, 1),
    PaymentMethod.BANK_TRANSFER: (5, 7),
}


@dataclass(frozen=True)
class RefundPart:
    method: PaymentMethod
    amount_fen: int


def destination(method: PaymentMethod) -> PaymentMethod:
    """The way it was paid; cash on delivery goes to the balance."""
    return PaymentMethod.BALANCE if method is PaymentMethod.CASH_ON_DELIVERY else method


def parts(
    refund_fen: int, amount_fen: int, method: PaymentMethod, gift_card_fen: int, balance_fen: int
) -> list[RefundPart]:
    """Splits a refund over the ways an order was paid, in proportion; the main way takes the rounding."""
    if refund_fen <= 0 or amount_fen <= 0:
        return []
    shares: dict[PaymentMethod, int] = {}
    for extra, paid in ((PaymentMethod.GIFT_CARD, gift_card_fen), (PaymentMethod.BALANCE, balance_fen)):
        if paid:
            shares[extra] = refund_fen * paid // amount_fen
    main = destination(method)
    shares[main] = shares.get(main, 0) + refund_fen - sum(shares.values())
    return [RefundPart(way, fen) for way, fen in shares.items() if fen > 0]


def route(refund: list[RefundPart]) -> str:
    """原路退回微信支付; with several ways, each with its amount."""
    if not refund:
        return "无需退款"
    if len(refund) == 1:
        only = refund[0].method
        return "退到账户余额（可以提现）" if only is PaymentMethod.BALANCE else f"原路退回{only.label}"
    return "原路退回：" + "，".join(f"{part.method.label} {yuan(part.amount_fen)} 元" for part in refund)


def eta(method: PaymentMethod) -> str:
    """How long after sending the money arrives."""
    days = _WORKDAYS.get(method)
    if days is None:
        return "即时到账"
    if days[0] == days[1]:
        return f"{days[0]} 个工作日内冲销" if method is PaymentMethod.INSTALMENT else f"{days[0]} 个工作日"
    return f"{days[0]} 至 {days[1]} 个工作日"


def eta_of(refund: list[RefundPart]) -> str | None:
    if not refund:
        return None
    if len(refund) == 1:
        return eta(refund[0].method)
    return "，".join(f"{part.method.label}{eta(part.method)}" for part in refund)


def arrives_by(method: PaymentMethod, sent: date) -> date:
    """The last day on which it should have arrived."""
    return add_workdays(sent, _WORKDAYS.get(method, (0, 0))[1])


def is_instant(method: PaymentMethod) -> bool:
    return method not in _WORKDAYS
