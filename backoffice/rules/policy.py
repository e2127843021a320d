"""The shop's figures: days, hours, fees, limits. Each stands once, here, and is read by all.

Days are calendar days and count from the day after what they follow; fees are yuan.
"""

from __future__ import annotations

from datetime import timedelta

from backoffice.states import Category, Level

# ── orders (document 02) ──────────────────────────────────────────────────────
SELF_SHIPS_WITHIN = timedelta(hours=24)
MERCHANT_SHIPS_WITHIN = timedelta(hours=48)
MERCHANT_CANCEL_REVIEW = timedelta(hours=24)
SMALL_GOODS_DAYS = 7  # a delivery can be put off for so long; large goods: below
LARGE_GOODS_DAYS = 30
AUTO_COMPLETE_DAYS = 10

# ── deliveries (document 05) ──────────────────────────────────────────────────
STALLED_AFTER = timedelta(hours=72)
REPORT_DAYS = 7
PICKUP_POINT_DAYS = 5
REFUSED_LARGE_FEE = 60

# ── returns, exchanges, repairs (documents 03, 04) ────────────────────────────
NO_REASON_DAYS = 7
APPAREL_DAYS = 15
FAULT_RETURN_DAYS = 7
FAULT_EXCHANGE_DAYS = 15
SEND_BACK_DAYS = 7
PICKUP_DAYS = 2
PICKUP_FEE = 10
EXCHANGE_AGAIN_FEE = 10
LARGE_RETURN_FEE = REFUSED_LARGE_FEE
INSPECTION_FEE = 30
FREE_PICKUPS = {Level.SILVER: 2, Level.GOLD: 6, Level.DIAMOND: 12}  # a year
FLASH_REFUND_FEN = {Level.SILVER: 50_000, Level.GOLD: 100_000, Level.DIAMOND: 200_000}
SELF_REVIEW = timedelta(hours=24)
MERCHANT_REVIEW = timedelta(hours=48)
LARGE_REPAIR_VISIT = timedelta(hours=48)  # the maker's engineer comes for large appliances
FRESH_REVIEW = timedelta(hours=2)
EVIDENCE_WINDOW = timedelta(hours=48)
FRESH_EVIDENCE_WINDOW = timedelta(hours=24)

# ── price protection (document 06) ────────────────────────────────────────────
PROTECTION_DAYS = {Category.APPLIANCE: 30, Category.DIGITAL: 15}
PROTECTION_OTHER_DAYS = 7
SALE_PROTECTION_DAYS = 30

# ── compensation for delays (documents 10, 01) ────────────────────────────────
LATE_DELIVERY_FEN = {Level.DIAMOND: 1_000}
LATE_DELIVERY_OTHER_FEN = 500
LATE_DELIVERY_DAYS = 7  # to apply in, after the promised day
LATE_SHIPPING_PERCENT = 5
LATE_SHIPPING_LEAST_FEN = 500
LATE_SHIPPING_MOST_FEN = 5_000
COMPENSATION_COUPON_DAYS = 30

# ── invoices (document 08) ────────────────────────────────────────────────────
INVOICE_REQUEST_DAYS = 365
INVOICE_CHANGE_DAYS = 180
INVOICE_WITHIN = timedelta(hours=24)
INVOICE_MERCHANT_DAYS = 7
INVOICE_SPECIAL_WORKDAYS = 3

# ── said in several places ────────────────────────────────────────────────────
PAID_REPAIR = (
    f"先检测报价，您同意后才修；寄修后不同意报价的收检测费 {INSPECTION_FEE} 元，自己送到网点的不收。"
)


def hours(span: timedelta) -> int:
    """A span in hours, for a text."""
    return int(span.total_seconds() // 3600)
