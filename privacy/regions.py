"""Provinces, cities and districts by name, and how much of an address they are.

Hand-kept after GB/T 2260 (行政区划代码): all provinces and prefecture-level cities, county-level cities that ship much,
and the districts of the larger cities. Counties and districts not listed are known by their suffix.
"""

from __future__ import annotations

import re

PROVINCES = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 "
    "台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门"
).split()

CITIES = (
    "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰 通辽 "
    "鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安盟 锡林郭勒 阿拉善 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳市 葫芦岛 长春 吉林市 四平 辽源 "
    "通化 白山市 松原 白城 延边 延吉 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 "
    "泰州 宿迁 昆山 江阴 张家港 常熟 太仓 宜兴 溧阳 丹阳 如皋 海门 启东 靖江 泰兴 兴化 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌 慈溪 余姚 诸暨 海宁 桐乡 平湖 "
    "瑞安 乐清 温岭 临海 东阳 永康 嵊州 建德 龙泉市 兰溪 江山市 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山市 滁州 阜阳 宿州 六安 亳州 池州 宣城 巢湖市 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 "
    "宁德 晋江 石狮 南安市 福清 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽 寿光 "
    "胶州 即墨 平度 龙口 莱州 招远 荣成 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡市 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 济源 巩义 新郑 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 "
    "荆州 黄冈 咸宁 随州 恩施 仙桃 潜江 天门市 神农架 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西 浏阳 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 "
    "梅州 汕尾 河源 阳江 清远 东莞 中山市 潮州 揭阳 云浮 普宁 南宁 柳州 桂林 梧州 北海市 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 海口 三亚 三沙 儋州 琼海 文昌 万宁 成都 自贡 攀枝花 泸州 "
    "德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山 西昌 都江堰 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南 凯里 都匀 兴义 昆明 曲靖 玉溪 保山 昭通 丽江 "
    "普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆 拉萨 日喀则 昌都 林芝 山南 那曲 阿里地区 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康市 商洛 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 "
    "庆阳 定西 陇南 临夏 甘南 西宁 海东 海北 黄南 果洛 玉树 海西 格尔木 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 库尔勒 阿克苏 喀什 和田 伊犁 伊宁 塔城 阿勒泰 石河子 "
    "台北 高雄 台中 台南 新竹 九龙"
).split()

DISTRICTS = (
    "东城区 西城区 海淀 丰台 石景山 门头沟 房山 通州区 顺义 昌平 大兴区 怀柔 平谷区 密云 延庆 朝阳区 黄浦 徐汇 长宁区 静安 普陀 虹口 杨浦 闵行 宝山 嘉定 浦东新区 浦东 松江 青浦 奉贤 崇明 "
    "渝中 江北区 南岸区 沙坪坝 九龙坡 大渡口 渝北 巴南 北碚 万州 涪陵 江津 合川 永川 璧山 南开区 河西区 河东区 河北区 红桥区 和平区 滨海新区 武清 北辰 西青 津南 东丽 宝坻 静海 "
    "玄武区 秦淮 建邺 鼓楼区 浦口 栖霞 雨花台 江宁 六合区 溧水 高淳 梁溪 滨湖区 锡山 惠山 新吴 姑苏 虎丘 吴中 相城 吴江 天宁区 钟楼区 新北区 武进区 金坛 崇川 云龙区 泉山 铜山 贾汪 亭湖 盐都 大丰区 "
    "广陵 邗江 江都 京口 润州 丹徒 上城 下城 江干 拱墅 西湖区 滨江区 萧山 余杭 富阳 临安 临平 钱塘区 海曙 江东区 镇海 北仑 鄞州 奉化 鹿城 龙湾 瓯海 洞头 南湖区 秀洲 吴兴 南浔 越城 柯桥 上虞 婺城 金东 "
    "柯城 衢江 定海 椒江 黄岩 路桥区 莲都 瑶海 庐阳 蜀山 包河 镜湖区 弋江 鸠江 鼓楼区 台江 仓山 马尾 晋安 长乐 思明 湖里 集美 海沧 同安 翔安 鲤城 丰泽 洛江 泉港 芗城 龙文 东湖区 青云谱 青山湖 红谷滩 "
    "历下 市中区 槐荫 天桥区 历城 长清 章丘 市南区 市北区 黄岛 崂山 李沧 城阳 张店 芝罘 福山 莱山 奎文 潍城 中原区 二七区 管城 金水区 惠济 上街区 洛龙 涧西 西工 江岸 江汉区 硚口 汉阳 武昌 青山区 洪山 东西湖 "
    "汉南 蔡甸 江夏 黄陂 新洲区 芙蓉区 天心区 岳麓 开福 雨花区 望城 荔湾 越秀 海珠 天河 白云区 黄埔 番禺 花都 南沙 从化 增城 罗湖 福田 南山区 宝安 龙岗 盐田 龙华区 坪山 光明区 香洲 斗门 金湾 禅城 南海区 顺德 "
    "三水区 高明区 惠城 惠阳 蓬江 江海区 新会 青秀 兴宁区 西乡塘 良庆 江南区 秀英 龙华 琼山 美兰 锦江 青羊 金牛 武侯 成华 龙泉驿 青白江 新都 温江 双流 郫都 新津 涪城 游仙 南明区 云岩区 花溪 乌当 观山湖 五华 盘龙 "
    "官渡 西山区 呈贡 新城区 碑林 莲湖区 灞桥 未央 雁塔 阎良 临潼 长安区 高陵 鄠邑 城关区 七里河 安宁区 西固 城中区 城东区 城西区 城北区 兴庆 西夏 金凤 天山区 沙依巴克 新市区 水磨沟 头屯河 米东 和平区 沈河 大东区 "
    "皇姑 铁西区 苏家屯 浑南 于洪 沈北 中山区 西岗 沙河口 甘井子 旅顺口 金州区 南关 宽城区 朝阳区 二道区 绿园区 道里 道外 南岗 香坊 平房区 松北 呼兰 阿城 长安区 桥西 新华区 裕华 藁城 鹿泉 路北区 路南区 曹妃甸 竞秀 莲池区 清苑 "
    "小店区 迎泽 杏花岭 尖草坪 万柏林 晋源 新城区 回民区 玉泉区 赛罕 昆都仑"
).split()

_SUFFIX = "特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市"
_PROVINCE = "|".join(sorted(PROVINCES, key=len, reverse=True))
_CITY = "|".join(sorted(CITIES, key=len, reverse=True))
# Only names that mean nothing else may stand without 区: 西湖, 和平, 朝阳 are also lakes, words and roads.
_DISTRICT = "|".join(sorted(DISTRICTS, key=len, reverse=True))

_NATION = r"(?:[\u4e00-\u9fff]{1,6}族)"
_FIRST = "".join(
    sorted({name[0] for name in (*PROVINCES, *CITIES, *DISTRICTS)})
)  # spares most signs the long lists
KNOWN = re.compile(
    rf"(?=[{_FIRST}])(?:(?:{_PROVINCE})(?:{_SUFFIX})?|(?:{_CITY})(?:{_NATION}{{0,3}}自治州|地区|盟|州|市)?(?!路|街|大道|巷)|(?:{_DISTRICT})(?:新区|区|县|市)?(?!路|街|大道|巷))"
)
_TOP = re.compile(rf"(?:中国)?\s?(?:{_PROVINCE})(?:{_SUFFIX})?\s?")
_MIDDLE = re.compile(
    rf"(?:(?:{_CITY})(?:{_NATION}{{0,3}}自治州|地区|盟|州|市)?(?!路|街|大道|巷|东路|西路|南路|北路|中路)|[\u4e00-\u9fff]{{2,5}}?(?:市|自治州|地区|盟)(?![场民中区]))\s?"
)
_LISTED = re.compile(
    rf"(?:{_DISTRICT})(?:新区|区|县|市)?(?!路|街|大道|巷|东路|西路|南路|北路|中路|新村|花园|小区|苑|里|园)\s?"
)
_NAMED = re.compile(r"[\u4e00-\u9fff]{1,6}?(?:自治县|新区|区|县|市|旗)(?![场民号栋幢])\s?")
_NO_DISTRICT = re.compile(
    r"(?:小|园|社|校|厂|景|片|街|院|住宅|别墅|工业|科技|[一二三四五六七八九十东西南北中A-Z0-9])区\s?$"
)
_COUNTY = re.compile(r"[\u4e00-\u9fff]{1,4}?(?:自治县|县)\s?")


def admin_prefix(address: str) -> int:
    """How many signs at the start of an address name its province, city and district (0: none)."""
    at = 0
    for pattern in (_TOP, _MIDDLE, _MIDDLE):
        found = pattern.match(address, at)
        if found is not None:
            at = found.end()
    listed = _LISTED.match(address, at)
    if listed is not None:
        at = listed.end()
    elif at:
        named = _NAMED.match(address, at)
        if named is not None and not _NO_DISTRICT.search(named.group()):
            at = named.end()
    else:
        county = _COUNTY.match(address)
        at = county.end() if county else 0
    return len(address[:at].rstrip())
