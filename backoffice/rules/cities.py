"""Which city an address lies in, as far as its first words tell.

Orders and parcels can be redirected within one city only (documents 01 改地址 and 02 修改订单).
"""

from __future__ import annotations

import re

_PROVINCES = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 "
    "四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门"
).split()
_PREFECTURES = (
    "北京 天津 上海 重庆 "
    "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 "
    "太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁 "
    "呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 "
    "沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛 "
    "长春 吉林 四平 辽源 通化 白山 松原 白城 "
    "哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 "
    "南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 "
    "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 "
    "合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城 "
    "福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 "
    "南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶 "
    "济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽 "
    "郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 "
    "武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 "
    "长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 "
    "广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 "
    "阳江 清远 东莞 中山 潮州 揭阳 云浮 "
    "南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 "
    "海口 三亚 三沙 儋州 "
    "成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 "
    "贵阳 六盘水 遵义 安顺 毕节 铜仁 "
    "昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 "
    "拉萨 日喀则 昌都 林芝 山南 那曲 "
    "西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛 "
    "兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 "
    "西宁 海东 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 吐鲁番 哈密"
).split()
_MUNICIPALITIES = frozenset(_PROVINCES[:4])

_PROVINCE = re.compile(
    rf"^({'|'.join(_PROVINCES)})(?:省|市|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区)?"
)
_ANY_PREFECTURE = "|".join(sorted(_PREFECTURES, key=len, reverse=True))
# Without 市 a district must follow: 杭州滨江区 names a city, 杭州路 and 朝阳区 (of Beijing) do not.
_CITY = re.compile(rf"^({_ANY_PREFECTURE})(?:市|(?=(?![区县])[^路街道巷弄]{{1,5}}[区县]))")
_OTHER_CITY = re.compile(r"^([^路街道巷弄区县镇乡村号\d]{2,8}?(?:市|自治州|地区|盟))")
_ROAD = re.compile(r"^[东南西北中]?[一二三四五六]?(?:路|大道|大街|街)")


def named_place(address: str) -> tuple[str | None, str | None]:
    """(province, city) named at the start of an address, without suffix; None where it names none."""
    rest = re.sub(r"\s+", "", address)
    province = city = None
    found = _PROVINCE.match(rest)
    if found and not _ROAD.match(rest[len(found[1]) :]):
        # 吉林 is a province and a city, 北京 both at once: a municipality names the city by itself.
        province, after = found[1], rest[found.end() :]
        if province in _MUNICIPALITIES:
            return province, province
        if province == "吉林" and found[0] == "吉林市":
            province, after = None, rest
        rest = after
    known = _CITY.match(rest)
    if known:
        city = known[1]
    elif other := _OTHER_CITY.match(rest):
        city = other[1].removesuffix("市")
    return province, city


def is_same_city(address: str, province: str, city: str) -> bool:
    """Whether `address` lies in `city` (of `province`): naming no city means the same one."""
    named_province, named_city = named_place(address)
    if named_province and not province.startswith(named_province):
        return False
    if named_city is None:
        return named_province is None
    return city.startswith(named_city)


def complete_address(address: str, province: str, city: str) -> str:
    """Puts province and city before an address that left them out."""
    named_province, named_city = named_place(address)
    if named_city is None:
        prefix = city if province == city else province + city
        return prefix + address
    if named_province is None and province != city:
        return province + address
    return address
