"""Goods: search, price, stock, details."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import case, func, select

from backoffice.api.context import Reading, problems
from backoffice.api.inputs import Limit, Offset, Printable, SkuPath
from backoffice.models import Product
from backoffice.problems import not_found
from backoffice.states import Category
from backoffice.views.products import (
    ProductDetailView,
    ProductPage,
    product_detail_view,
    product_view,
)

router = APIRouter(prefix="/products", tags=["products"])

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


@router.get("/{sku}", summary="一个商品规格", responses=problems(400, 404))
def get_product(sku: SkuPath, look: Reading) -> ProductDetailView:
    product = look.session.get(Product, sku)
    if product is None:
        raise not_found()
    same = select(Product).where(Product.product_id == product.product_id).order_by(Product.sku)
    return product_detail_view(product, list(look.session.scalars(same)))
