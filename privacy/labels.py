"""What the words around a number say it is: a shop's own number (order, SKU, tracking …) or a person's.

All checks look at a short window, so their cost does not grow with the text.
"""

from __future__ import annotations

import re

from privacy.views import View

WINDOW = 24

_THING = (
    r"商品|宝贝|货品|产品|链接|店铺|门店|套餐|套装|活动|卡券|优惠券|代金券|券|红包|批次|生产批|批|货|款|料|物料|配件|零件|零部件|部件|备件|"
    r"图|型|机型|序列|条形|条|追溯|溯源|防伪|订单|子订单|尾款|运单|物流|快递|面单|包裹|退款|退货|退换|换货|维修|售后|工单|投诉|"
    r"受理|合同|协议|发票|税|保单|凭证|流水|交易|支付|付款|商户|商家|设备|固件|版本|机器|主板|整机|出厂|生产|备案|许可证|注册证|"
    r"课程|直播|视频|帖子|车次|航班|样品|颜色|规格|模具|库存|仓库|档案|礼品卡|购物卡|积分|任务|案件|案|事件|申请|单|资产"
)
_SERIAL = (
    rf"(?:(?:{_THING})(?:单号|编号|号码|编码|代码|代号|号|码|ID|id|Id)|(?<!证)件号|(?<!证件)编号|批次|[品这那该此新旧同爆]款|货号|款号|编码|料号|物料|机型|配件|零件|部件|备件|流水|凭证|尾款单|券"
    r"|单号|条码|商品|(?<!微信)(?:ID|Id|id|iD)|SKU|sku|Sku|SPU|spu|SN|sn|S/N|s/n|IMEI|imei|MEID|ISBN|UPC|EAN|RMA|型号|串号|串码|序号)"
)
# One character class, not a list of words: it cannot backtrack.
_CONNECT = r"[\s:=#\"'“”「」(,、.。】【\[\]是为叫写的填也都上显示就那这个标印着]{0,6}"
_SERIAL_LEFT = re.compile(rf"{_SERIAL}{_CONNECT}(?:[A-Za-z0-9\-]{{5,22}}\s?[和跟与或、,/及]\s?){{0,2}}$")
_SERIAL_RIGHT = re.compile(
    rf"[\s,]{{0,2}}[是就为的这那个款该此]{{0,3}}(?:{_SERIAL}|链接|款式|配件|零件|查无此单)(?!\s?[:=是为]?\s?[A-Za-z]{{0,4}}\d)"
)
_ALIEN = re.compile(
    r"快递|物流|运单|单号|订单|包裹|流水|凭证|交易|条码|条形码|追溯|溯源|发票|SKU|sku|IMEI|imei|SN|ISBN|货号|款号|编码|型号|批次|配件|零件|物料|料号|件号|序列|机型|机身|"
    r"顺丰|圆通|中通|申通|韵达|极兔|邮政|德邦|百世|京东快递|菜鸟裹裹|EMS|ems|丰网|退款单|合同"
)


def before(text: str, start: int, width: int = WINDOW) -> str:
    """The window that ends where a value starts."""
    return text[max(0, start - width) : start]


def after(text: str, end: int, width: int = 10) -> str:
    """The window that starts where a value ends."""
    return text[end : end + width]


def is_serial(view: View, start: int, end: int) -> bool:
    """Do the words directly before or after say that this is a thing's number?"""
    text = view.plain
    if _SERIAL_LEFT.search(before(text, start, 48)):
        return True
    return _SERIAL_RIGHT.match(text, end, end + 24) is not None


def is_near_thing(view: View, start: int, end: int, width: int = 10) -> bool:
    """Is a word for parcels, orders, parts or payments nearby? Only for values whose own shape proves little."""
    text = view.plain
    return bool(_ALIEN.search(before(text, start, width)) or _ALIEN.search(after(text, end, width)))
