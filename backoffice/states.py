"""Every code the back office stores, each with the shop's Chinese word for it.

A code is what programs compare (`state_code` in JSON), a label is what a customer reads (`state`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """A string code that carries the Chinese word shown to customers."""

    label: str

    # The default lets a code alone find its member: Level("gold").
    def __new__(cls, code: str, label: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class Level(Labelled):
    """Membership (document 07, 会员等级怎么划分)."""

    BASIC = "basic", "普通"
    SILVER = "silver", "银卡"
    GOLD = "gold", "金卡"
    DIAMOND = "diamond", "钻石"


class SellerType(Labelled):
    """Who sells and answers for the goods (document 09, 自营与商家)."""

    SELF = "self", "自营"
    MERCHANT = "merchant", "商家"


class Category(Labelled):
    """The classes of goods the documents tell apart (windows, freight, price protection)."""

    DIGITAL = "digital", "手机数码"
    APPLIANCE = "appliance", "家用电器"
    APPAREL = "apparel", "服饰鞋靴"
    BABY = "baby", "母婴"
    FOOD = "food", "食品"
    FRESH = "fresh", "生鲜"
    BOOK = "book", "图书"
    OTHER = "other", "其他"


class ReturnRule(Labelled):
    """Why goods may be excluded from returns without a reason (document 03, 哪些商品不支持)."""

    STANDARD = "standard", "普通商品"
    CUSTOM = "custom", "定制商品"
    FRESH = "fresh", "生鲜等鲜活易腐商品"
    MEDIA = "media", "拆封的音像制品、计算机软件"
    DIGITAL_CONTENT = "digital_content", "已兑换的数字内容"
    PERIODICAL = "periodical", "交付的报纸期刊"
    INTIMATE = "intimate", "拆封的贴身内衣裤"
    OPENED_FOOD = "opened_food", "已开封的食品和奶粉"
    FEEDING = "feeding", "拆封的奶瓶奶嘴"
    ACTIVATABLE = "activatable", "已激活的手机、平板、电脑和智能手表"
    NEAR_EXPIRY = "near_expiry", "标明的临期商品"
    FLAWED = "flawed", "标明的瑕疵商品"


class PriceKind(Labelled):
    """The price a line was bought at; special ones have no price protection (document 06)."""

    NORMAL = "normal", "普通价"
    FLASH = "flash", "秒杀价"
    GROUP = "group", "拼团价"
    LIVE = "live", "直播间专享价"
    NEWCOMER = "newcomer", "新人专享价"
    MEMBER = "member", "会员专享价"


class PaymentMethod(Labelled):
    """Document 02, 支付方式."""

    WECHAT = "wechat", "微信支付"
    ALIPAY = "alipay", "支付宝"
    UNIONPAY = "unionpay", "云闪付"
    DEBIT_CARD = "debit_card", "储蓄卡"
    CREDIT_CARD = "credit_card", "信用卡"
    INSTALMENT = "instalment", "灵犀分期"
    GIFT_CARD = "gift_card", "礼品卡"
    BALANCE = "balance", "账户余额"
    CASH_ON_DELIVERY = "cash_on_delivery", "货到付款"
    BANK_TRANSFER = "bank_transfer", "公司转账"


class PaymentProblem(Labelled):
    """What customers report about paying (document 02, 支付异常 and 充值). Stored nowhere."""

    PAID_UNPAID = "paid_unpaid", "付了款，订单没有变"
    CHARGED_TWICE = "charged_twice", "重复扣款"
    FAILED = "failed", "付不了款"
    TOP_UP = "top_up", "充值没有到账"
    OTHER = "other", "支付问题"


class OrderState(Labelled):
    """As customers name them. Document 02 (订单状态分别是什么意思) says 待出库 for 待发货, 已出库 for 已发货,
    and 派送中 for a shipped order whose parcel is out for delivery.
    """

    UNPAID = "unpaid", "待付款"
    PAID = "paid", "待发货"
    SHIPPED = "shipped", "已发货"
    SIGNED = "signed", "已签收"
    COMPLETED = "completed", "已完成"
    CANCELLED = "cancelled", "已取消"


class CancelReason(Labelled):
    """Who or what ended an order (document 02, 我没有操作，订单为什么被取消了)."""

    CUSTOMER = "customer", "客户取消"
    PAYMENT_EXPIRED = "payment_expired", "超过付款时限"
    OUT_OF_STOCK = "out_of_stock", "商品断货"
    PRICE_MISTAKE = "price_mistake", "标价错误，已协商取消"
    UNDELIVERABLE = "undeliverable", "地址不支持配送或联系不上收货人"
    RISK = "risk", "防刷单核验未通过"


class Carrier(Labelled):
    """LXWL… is the house's own, SF… and ZT… are others'."""

    LINGXI = "lingxi", "灵犀物流"
    SF = "sf", "顺丰"
    ZTO = "zto", "中通"


class ShipmentState(Labelled):
    CREATED = "created", "待揽收"
    IN_TRANSIT = "in_transit", "运输中"
    OUT_FOR_DELIVERY = "out_for_delivery", "派送中"
    AT_PICKUP_POINT = "at_pickup_point", "待自提"
    SIGNED = "signed", "已签收"
    RETURNING = "returning", "退回中"


class ReturnKind(Labelled):
    REFUND = "refund", "退款"
    RETURN = "return", "退货"
    EXCHANGE = "exchange", "换货"
    REPAIR = "repair", "维修"


class ReturnState(Labelled):
    REVIEWING = "reviewing", "待审核"
    AWAITING_GOODS = "awaiting_goods", "待寄回"
    INSPECTING = "inspecting", "待验收"
    REPAIRING = "repairing", "维修中"
    REFUNDING = "refunding", "退款中"
    REFUNDED = "refunded", "已退款"
    DONE = "done", "已完成"
    REJECTED = "rejected", "已拒绝"
    WITHDRAWN = "withdrawn", "已撤销"
    CLOSED = "closed", "已关闭"

    @property
    def is_open(self) -> bool:
        return self in OPEN_RETURN_STATES


OPEN_RETURN_STATES = frozenset(
    {
        ReturnState.REVIEWING,
        ReturnState.AWAITING_GOODS,
        ReturnState.INSPECTING,
        ReturnState.REPAIRING,
        ReturnState.REFUNDING,
    }
)


class ReturnReason(Labelled):
    """What a customer's reason comes to; decides window, freight and whether evidence is needed."""

    NO_REASON = "no_reason", "不想要了"
    SIZE = "size", "尺码或颜色不合适"
    QUALITY = "quality", "质量问题"
    DAMAGED = "damaged", "运输损坏"
    WRONG_ITEM = "wrong_item", "发错货"
    MISSING = "missing", "少件漏发"


class RefundState(Labelled):
    SENT = "sent", "退款已发出"
    ARRIVED = "arrived", "退款已到账"


class InvoiceType(Labelled):
    NORMAL = "normal", "数电普通发票"
    SPECIAL = "special", "数电专用发票"


class InvoiceTitleKind(Labelled):
    PERSON = "person", "个人"
    COMPANY = "company", "单位"


class InvoiceContent(Labelled):
    DETAIL = "detail", "商品明细"
    CATEGORY = "category", "税收分类大类"


class InvoiceState(Labelled):
    WAITING = "waiting", "待订单完成"
    ISSUING = "issuing", "开具中"
    MERCHANT = "merchant", "待商家开具"
    ISSUED = "issued", "已开具"
    CHANGING = "changing", "换开中"
    VOIDED = "voided", "已红冲"


class CouponKind(Labelled):
    PLATFORM = "platform", "平台券"
    SHOP = "shop", "店铺券"
    FREIGHT = "freight", "运费券"
    COMPENSATION = "compensation", "赔付券"
    BIRTHDAY = "birthday", "生日礼券"


class CompensationKind(Labelled):
    """What a coupon makes up for (documents 10, 配送延误有赔偿吗, and 01, 延迟发货赔付)."""

    LATE_DELIVERY = "late_delivery", "延误赔付"
    LATE_SHIPPING = "late_shipping", "延迟发货赔付"


class CouponState(Labelled):
    UNUSED = "unused", "未使用"
    USED = "used", "已使用"
    EXPIRED = "expired", "已过期"


class TicketState(Labelled):
    OPEN = "open", "待处理"
    WORKING = "working", "处理中"
    SOLVED = "solved", "已解决"
    CLOSED = "closed", "已关闭"

    @property
    def is_open(self) -> bool:
        return self in (TicketState.OPEN, TicketState.WORKING)


class TicketPriority(Labelled):
    NORMAL = "normal", "一般"
    URGENT = "urgent", "紧急"
    MAJOR = "major", "重大"


class HandoffState(Labelled):
    WAITING = "waiting", "排队中"
    CONNECTED = "connected", "已接入"
    TICKETED = "ticketed", "已留言"
    CLOSED = "closed", "已结束"


class Speaker(Labelled):
    """Who says something while a person has the conversation."""

    CUSTOMER = "customer", "客户"
    AGENT = "agent", "人工客服"
    SYSTEM = "system", "系统"


class OutboxKind(Labelled):
    REPLY = "reply", "客服回复"
    ENDED = "ended", "人工服务结束"


class FeedbackKind(Labelled):
    RATING = "rating", "评价"
    SUGGESTION = "suggestion", "建议"


class KnowledgeState(Labelled):
    """Of an entry's newest version; an older one may be live beside it."""

    DRAFT = "draft", "草稿"
    IN_REVIEW = "in_review", "待审核"
    PUBLISHED = "published", "已发布"
    RETIRED = "retired", "已下线"


class RegressionOrigin(Labelled):
    """Where a question that an entry must go on answering comes from."""

    OWN = "own", "自写"
    HELPFUL = "helpful", "客户确认有帮助"


class SearchDecision(Labelled):
    """What the search did with a question."""

    ANSWER = "answer", "直接回答"
    CLARIFY = "clarify", "请客户选择"
    PASS = "pass", "没有找到"


class QuestionOutcome(Labelled):
    """What became of an answer."""

    HELPFUL = "helpful", "有帮助"
    UNHELPFUL = "unhelpful", "没帮助"
    HANDED_OVER = "handed_over", "转了人工"
