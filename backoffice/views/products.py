"""Goods as the API tells them: price, stock, what the page says. No customer is needed."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from backoffice.models import Product
from backoffice.money import yuan
from backoffice.rules.returns import goods_policy
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
            VariantView(sku=each.sku, variant=each.variant, price=yuan(each.price_fen), stock=_for_sale(each))
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
