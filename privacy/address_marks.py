"""The marks of a Chinese address: the telling ends of its elements, by kind.

Each kind has a letter, in which `addresses` writes the runs that are an address:
A known region · a 省, 市, 区, 县 by suffix · t town · v village · w village office · r road · x crossing · c compound or
building · i school, hospital and their parts · D number of a building · m number of a room · n any other number (号, 楼, 层,
组, 班 …) · g gate · d where parcels are left.
"""

from __future__ import annotations

import re

from privacy.regions import KNOWN


def _any(words: str) -> str:
    return "|".join(words.split())


def _not_after(words: str, suffix: str) -> str:
    """The suffix, unless one of these words ends just before it (转运中心 is no place to live)."""
    return "".join(f"(?<!{word})" for word in words.split()) + suffix


_HAN = "[\u4e00-\u9fff]"
_CHINESE = "一二三四五六七八九十"
_NUMBER = (
    r"(?:附?\d{1,5}(?:[-#/]\d{1,5}){0,3}|[A-Za-z]{1,2}-?\d{0,4}|[甲乙丙丁东南西北]\d{1,4}"
    rf"|[{_CHINESE}百千零〇]{{1,7}}|[甲乙丙丁])"
)
_LOCKERS = (
    r"(?:菜鸟|妈妈|[中圆申]通|韵达|顺丰|极兔|兔喜|邮政|京东)?"
    r"(?:驿站|快递[柜架点]|丰巢|物业|门卫|门岗|岗亭|保安[亭室]|传达室|便利店|前台|自提[柜点])"
)

_BUILDING_NUMBER = "|".join(
    [
        rf"{_NUMBER}\s?(?:号楼|号院|号(?:宿舍|办公|教学|实验|住院|综合|商务|公寓|门诊)楼?|宿舍楼|栋|幢|单元|号?铺(?!子)|号(?:车间|商场)|#(?=\s?\d)"
        rf"|梯(?=\s?\d)|支弄|弄(?![错丢坏脏混好了清])|#楼|楼座)",
        r"[A-Za-z\d东南西北]{1,3}座",
        r"[东西南北主副][塔楼](?=\s?[A-Za-z]?\d)|[东西南北中]单元(?=\s?\d)",
        r"楼[上下]\s?[A-Za-z]?\d{3,4}",
        rf"(?<={_HAN})\d{{1,3}}-\d{{1,4}}-\d{{3,4}}(?!-?\d)",  # 翠苑12-3-501
    ]
)
_OTHER_NUMBER = "|".join(
    [
        r"[(]\d{1,2}[)]班",
        rf"{_NUMBER}\s?(?:号门(?!口)|号店|号库|号房|号室|号(?![线色链电码子客楼店机板车工档])|层|楼|座|区(?![别分间])|期(?![间待望])"
        r"|组(?![合装])|队|社(?![区会])|年级|班|病区|户|院|村|排|门)",
        rf"第[{_CHINESE}\d]{{1,2}}[家户栋排间](?!店)",
        rf"(?<=[路道街])[{_CHINESE[:9]}东西南北中]段",
    ]
)
_ROOM_NUMBER = rf"{_NUMBER}\s?(?:室|房(?![间东租])|号?板房|号?(?:车位|工位|铺位|档口|摊位|柜台)|病床|床(?![上单垫头]))"

_ROAD = "|".join(
    [
        _any("大道 大街 胡同 公路 国道 省道 县道 巷"),
        rf"路(?=\s?[\d{_CHINESE}百]{{1,7}}\s?[号弄])",
        _not_after("一 半 上 走 网 思 问 带 顺 原 修 水 电 线 气 油 陆", "路(?![由上过人线径程费灯演牌])"),
        _not_after("逛", "街(?![道拍舞边上])"),
        r"道(?=\s?\d{1,5}号)",
        rf"里(?=\s?[A-Za-z\d{_CHINESE}]{{1,4}}\s?[号区弄栋幢])",
    ]
)
_COMPOUND = "|".join(
    [
        _any(
            "小区 社区 花园 家园 公寓 大厦 大楼 广场 别墅 新村 园区 大院 科技园 科创园 产业园 工业园 工业区 创业园 软件园"
        ),
        _any(
            "创意园 写字楼 商务楼 商厦 商城 商贸城 市场 国际 新城 名苑 花苑 嘉苑 雅苑 名城 名都 府邸 华府 山庄 豪庭"
        ),
        _any("华庭 公馆 世家 人家 天地 校区 院区"),
        _not_after(
            "转运 分拣 分拨 检测 领券 客服 售后 服务 配送 个人 会员 维修 处理 集散 任务 卡券 帮助 体验 活动 消息 订单 投诉 呼叫 物流 回收",
            "中心",
        ),
        rf"[苑庭](?=\s?[东南西北前后大正]|\s?[A-Za-z]?\d|[{_CHINESE[:9]}])",
        rf"(?<={_HAN})[城园苑府湾郡](?=[A-Z]\d{{0,4}}[区座栋号])|SOHO|(?<={_HAN})塔(?=\s?\d)",
        rf"(?<!校)[坊园城府湾居郡里墅轩邸苑庭院期](?=[东南西北前后大正侧]{{1,2}}门|{_LOCKERS})",
    ]
)
_INSTITUTION = "|".join(
    [
        r"(?<!上)大学(?!生)|(?:中学|小学|高中|初中)(?!生)",
        _any(
            "学院 幼儿园 学校 师范 技校 医院 卫生院 图书馆 食堂 教学楼 实验楼 住院部 住院楼 门诊部 门诊楼 门诊 宿舍"
        ),
        rf"[{_CHINESE}]中(?=[高初]|\s?\d|校|门|宿)",
        r"(?:内|外|骨|儿|妇产|产|神经|心内|肿瘤)科",
    ]
)
_REGION_SUFFIX = "|".join(
    [
        _any("自治县 自治州 开发区 高新区 经开区 新区"),
        rf"(?<={_HAN})省(?![钱心事])",
        rf"(?<={_HAN})(?<![超城上])市(?![场面民价集值])",
        rf"(?<={_HAN})(?<![小地社园专景校厂片禁])区(?![别分间域块号])",
        rf"(?<={_HAN})县(?!城)",
        rf"(?<={_HAN})旗(?![舰袍])",
    ]
)
_TOWN = r"街道(?:办事处)?|镇(?![静痛定上里])|乡(?![下愁]|村)|苏木"
_VILLAGE = "|".join(
    [
        _any("自然村 生产队 大队 寨"),
        _not_after("农 山 错 全 同名 隔壁", "村(?![里头民上委])"),
        r"屯(?!货)",
        rf"(?<={_HAN})庄(?!园|重|家)",
    ]
)
_DROP_POINT = "|".join(
    [
        _any(
            "驿站 快递柜 快件柜 自提柜 储物柜 快递架 自提点 代收点 代收店 取件点 快递点 岗亭 前台 传达室 收发室 门房 门岗"
        ),
        _any("信箱 小卖部 便利店 超市 服务台 护士站 大堂 架空层 仓库 门口 车库"),
        r"丰巢柜?|物业(?:中心|处|办公室)?|门卫室?|保安[室亭]|菜鸟(?!裹)",
    ]
)

# Order matters: where two kinds could begin at one place, the first one takes it.
_KINDS = {
    "A": KNOWN.pattern,
    "D": _BUILDING_NUMBER,
    "n": _OTHER_NUMBER,
    "m": _ROOM_NUMBER,
    "r": _ROAD,
    "c": _COMPOUND,
    "i": _INSTITUTION,
    "t": _TOWN,
    "v": _VILLAGE,
    "a": _REGION_SUFFIX,
    "g": r"[东南西北正后前侧大]{1,2}门",
    "d": _DROP_POINT,
    "x": r"交叉口|交界处?|交汇处?|[路街道巷]口",
    "w": r"村委会|居委会",
}

MARK = re.compile("|".join(f"(?P<{kind}>{shape})" for kind, shape in _KINDS.items()))
