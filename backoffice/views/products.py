"""Goods as the API tells them: price, stock, what the page says. No customer is needed."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from backoffice.models import Coupon, Product
from backoffice.money import yuan
from backoffice.rules.properties import Page, asked, is_general, kind_of, told
from backoffice.rules.returns import goods_policy
from backoffice.rules.search import Found
from backoffice.rules.wishes import Pick
from backoffice.states import SellerType
from backoffice.views.base import Day, Money, Time, View

_FEW = 5


class ProductView(View):
    sku: str = Field(examples=["SKU000123"])
    product_id: str
    name: str = Field(examples=["蓝牙耳机 LX-B3"])
    variant: str = Field(examples=["云白"])
    category: str = Field(examples=["手机数码"])
    category_code: str = Field(examples=["digital"])
    seller_type: str = Field(examples=["self"])
    seller_name: str = Field(examples=["灵犀自营"])
    price: Money
    stock: int
    stock_state: str = Field(examples=["有货"])
    stock_state_code: str = Field(examples=["in_stock"])
    restock_hint: str | None = Field(examples=[None, "预计 2026-12-01 到货"])


class PriceView(View):
    price: Money
    since: Time


class VariantView(View):
    sku: str
    variant: str
    price: Money
    stock: int
    stock_state: str = Field(examples=["有货"])
    stock_state_code: str = Field(examples=["in_stock"])
    restock_hint: str | None = Field(examples=[None, "预计 2026-12-01 到货"])


class ProductDetailView(ProductView):
    description: str
    attributes: dict[str, Any] = Field(examples=[{"防护等级": "IP54"}])
    warranty_months: int
    return_policy: str = Field(examples=["七天无理由退货"])
    restock_on: Day | None
    price_history: list[PriceView] = Field(description="新的在前")
    variants: list[VariantView] = Field(description="同款的全部规格")


class ProductPage(View):
    items: list[ProductView]
    total: int


class FoundView(View):
    """A product with all its variants; `sku` is one of them, in stock where any is."""

    product_id: str
    sku: str
    name: str
    kind: str = Field(examples=["智能手机"])
    price_from: Money
    price_to: Money
    in_stock: bool
    score: float = Field(description="0 至 1，客户的话有多少对得上")
    best: bool = Field(description="和最合适的差不多合适")


class FoundPage(View):
    items: list[FoundView]
    total: int


class FactView(View):
    name: str = Field(examples=["防水"])
    value: str = Field(examples=["耳机 IP54，充电盒不防水"])


class AnswerView(View):
    """`facts` answer the question; where they are empty the page says nothing about it."""

    sku: str
    name: str
    general: bool = Field(description="问的是整体怎么样，不是某一项")
    facts: list[FactView]
    recorded: list[FactView] = Field(description="商品页写了的全部参数")


class UsableCouponView(View):
    name: str = Field(examples=["满 129 减 20"])
    value: Money
    price_after: Money
    valid_to: Time


class OfferView(View):
    """What a product costs now, what it cost before the last change, and the customer's coupons for it."""

    sku: str
    name: str
    variant: str
    price: Money
    since: Time | None
    was: Money | None = Field(description="上一次调价前的价格")
    lowest: Money = Field(description="有记录以来的最低价")
    coupons: list[UsableCouponView]


class PickView(View):
    sku: str
    product_id: str
    name: str
    kind: str
    price: Money
    why: list[str] = Field(examples=[["防水：IP68", "近 90 天卖出 12 件"]])


class PickList(View):
    items: list[PickView]
    open: bool = Field(description="客户没有说要什么")


def found_view(found: Found[str], variants: list[Product]) -> FoundView:
    chosen = min(variants, key=lambda product: (not _for_sale(product), product.sku))
    prices = [product.price_fen for product in variants]
    return FoundView(
        product_id=found.key,
        sku=chosen.sku,
        name=chosen.name,
        kind=kind_of(chosen.attributes),
        price_from=yuan(min(prices)),
        price_to=yuan(max(prices)),
        in_stock=any(map(_for_sale, variants)),
        score=round(found.score, 4),
        best=found.best,
    )


def answer_view(product: Product, page: Page, question: str) -> AnswerView:
    return AnswerView(
        sku=product.sku,
        name=product.name,
        general=is_general(question),
        facts=[FactView(name=fact.name, value=fact.value) for fact in asked(question, page)],
        recorded=[FactView(name=fact.name, value=fact.value) for fact in told(page)],
    )


def page_of(product: Product, variants: list[Product]) -> Page:
    """What a product's page tells."""
    return Page(
        name=product.name,
        attributes={name: str(value) for name, value in product.attributes.items()},
        seller_type=product.seller_type,
        seller_name=product.seller_name,
        category=product.category,
        warranty_months=product.warranty_months,
        return_policy=goods_policy(product.return_rule, product.category, product.seller_type),
        variants=tuple(each.variant for each in variants),
    )


def offer_view(product: Product, coupons: list[Coupon]) -> OfferView:
    now, before = [*product.prices, None, None][:2]
    return OfferView(
        sku=product.sku,
        name=product.name,
        variant=product.variant,
        price=yuan(product.price_fen),
        since=now.since if now else None,
        was=yuan(before.price_fen) if before else None,
        lowest=yuan(min([product.price_fen, *(each.price_fen for each in product.prices)])),
        coupons=[
            UsableCouponView(
                name=coupon.name,
                value=yuan(coupon.value_fen),
                price_after=yuan(max(product.price_fen - coupon.value_fen, 0)),
                valid_to=coupon.valid_to,
            )
            for coupon in coupons
        ],
    )


def pick_view(pick: Pick) -> PickView:
    offer = pick.offer
    return PickView(
        sku=offer.sku,
        product_id=offer.product_id,
        name=offer.name,
        kind=offer.kind,
        price=yuan(offer.price_fen),
        why=pick.why,
    )


def product_view(product: Product) -> ProductView:
    return ProductView(**_fields(product))


def product_detail_view(product: Product, variants: list[Product]) -> ProductDetailView:
    return ProductDetailView(
        **_fields(product),
        description=product.description,
        attributes=product.attributes,
        warranty_months=product.warranty_months,
        return_policy=goods_policy(product.return_rule, product.category, product.seller_type),
        restock_on=product.restock_on,
        price_history=[PriceView(price=yuan(each.price_fen), since=each.since) for each in product.prices],
        variants=[
            VariantView(
                sku=each.sku,
                variant=each.variant,
                price=yuan(each.price_fen),
                stock=_for_sale(each),
                **dict(zip(("stock_state", "stock_state_code", "restock_hint"), _stock(each), strict=True)),
            )
            for each in variants
        ],
    )


def _fields(product: Product) -> dict[str, Any]:
    state, code, hint = _stock(product)
    return {
        "sku": product.sku,
        "product_id": product.product_id,
        "name": product.name,
        "variant": product.variant,
        "category": product.category.label,
        "category_code": product.category.value,
        "seller_type": product.seller_type.value,
        "seller_name": product.seller_name,
        "price": yuan(product.price_fen),
        "stock": _for_sale(product),
        "stock_state": state,
        "stock_state_code": code,
        "restock_hint": hint,
    }


def _for_sale(product: Product) -> int:
    return product.stock if product.on_sale else 0


def _stock(product: Product) -> tuple[str, str, str | None]:
    """(word, code, when there will be more) — document 02, 商品显示无货."""
    if not product.on_sale:
        return "已停售", "discontinued", "停产或换季商品可能不再补货"
    if product.stock > _FEW:
        return "有货", "in_stock", None
    if product.stock > 0:
        return f"仅剩 {product.stock} 件", "few_left", None
    if product.restock_on:
        return "无货", "out_of_stock", f"预计 {product.restock_on:%Y-%m-%d} 到货，可以点“到货通知”"
    if product.seller_type is SellerType.SELF:
        return "无货", "out_of_stock", "一般 7 至 15 天补货，可以点“到货通知”"
    return "无货", "out_of_stock", "补货时间请咨询商家"
