"""Goods: search, price, stock, details."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy import case, func, select

from backoffice.api.context import Look, MaybeCustomerReading, Reading, problems
from backoffice.api.inputs import Limit, Offset, Printable, SkuPath
from backoffice.api.routing import Router
from backoffice.effects import shelf
from backoffice.models import Product
from backoffice.problems import not_found
from backoffice.rules.search import said, tokens
from backoffice.rules.wishes import Wish, recommend
from backoffice.states import Category
from backoffice.views.products import (
    AnswerView,
    FoundPage,
    OfferView,
    PickList,
    ProductDetailView,
    ProductPage,
    answer_view,
    found_view,
    offer_view,
    page_of,
    pick_view,
    product_detail_view,
    product_view,
)

router = Router(prefix="/products", tags=["products"])

_MAX_WORDS = 8


@router.get("", summary="找商品", responses=problems(400))
def list_products(
    look: Reading,
    q: Annotated[
        str | None,
        Query(max_length=100, description="商品名里的词，用空格分开", examples=["蓝牙耳机"]),
        Printable,
    ] = None,
    category: Annotated[Category | None, Query(description="只看这一类")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> ProductPage:
    wanted = [Product.category == category] if category else []
    for word in (q or "").split()[:_MAX_WORDS]:
        named = func.lower(Product.name + " " + Product.variant)
        wanted.append(named.contains(word.lower(), autoescape=True))
    total = look.session.scalar(select(func.count()).select_from(Product).where(*wanted)) or 0
    sold_out = case((Product.on_sale & (Product.stock > 0), 0), else_=1)
    page = select(Product).where(*wanted).order_by(sold_out, Product.sku).limit(limit).offset(offset)
    return ProductPage(items=[product_view(each) for each in look.session.scalars(page)], total=total)


Words = Annotated[str, Query(max_length=500, description="客户的原话", examples=["那它防水吗"]), Printable]
MaybeWords = Annotated[str | None, Query(max_length=500, description="客户的原话"), Printable]
Name = Annotated[
    str | None, Query(max_length=100, description="商品名、型号或品类", examples=["LX-B3"]), Printable
]


@router.get("/search", summary="客户的话说的是哪个商品", responses=problems(400))
def search_products(
    look: Reading,
    name: Name = None,
    text: MaybeWords = None,
    limit: Limit = 5,
) -> FoundPage:
    wanted = tokens(name) if name else said(text or "")
    found = shelf.find(look.session, wanted)
    variants = shelf.variants(look.session, [each.key for each in found[:limit]])
    items = [found_view(each, variants[each.key]) for each in found[:limit]]
    return FoundPage(items=items, total=len(found))


@router.get("/recommendations", summary="推荐，最多三个，带理由", responses=problems(400, 404))
def recommend_products(
    look: MaybeCustomerReading,
    kind: Name = None,
    text: MaybeWords = None,
    colour: Name = None,
    amount: Annotated[list[int] | None, Query(description="提到的金额，元", max_length=4)] = None,
) -> PickList:
    amounts = tuple(min(abs(each), 10_000_000) * 100 for each in amount or ())
    wish = Wish(kind or "", text or "", colour or "", amounts)
    bought = shelf.bought(look.session, look.customer.id) if look.customer else []
    picks = recommend(wish, shelf.offers(look.session, look.now), bought)
    return PickList(items=[pick_view(pick) for pick in picks], open=wish.is_open)


@router.get("/{sku}/answer", summary="商品页怎么回答一个问题", responses=problems(400, 404))
def answer_question(sku: SkuPath, question: Words, look: Reading) -> AnswerView:
    product, variants = _product(look, sku)
    return answer_view(product, page_of(product, variants), question)


@router.get("/{sku}/offer", summary="现在的价格和能用的券", responses=problems(400, 404))
def get_offer(sku: SkuPath, look: MaybeCustomerReading) -> OfferView:
    product, _ = _product(look, sku)
    coupons = shelf.coupons_for(look.session, look.customer.id, product, look.now) if look.customer else []
    return offer_view(product, coupons)


@router.get("/{sku}", summary="一个商品规格", responses=problems(400, 404))
def get_product(sku: SkuPath, look: Reading) -> ProductDetailView:
    return product_detail_view(*_product(look, sku))


def _product(look: Look, sku: str) -> tuple[Product, list[Product]]:
    """A variant and all of its product. A product's number means its first variant in stock."""
    product = look.session.get(Product, sku)
    same = select(Product).where(Product.product_id == (product.product_id if product else sku))
    variants = list(look.session.scalars(same.order_by(Product.sku)))
    if not variants:
        raise not_found()
    return product or min(variants, key=lambda each: (not each.stock, each.sku)), variants
