"""What an SMS is: its parts, numbers in one form, words that stop, and the providers' published examples."""

from __future__ import annotations

import hashlib

import pytest

from connectors.sms import aliyun
from connectors.sms.codec import Unreadable, e164, parts, wish


@pytest.mark.parametrize(
    ("text", "signature", "count"),
    [("", "", 1), ("字" * 70, "", 1), ("字" * 71, "", 2), ("字" * 134, "", 2), ("字" * 135, "", 3),
     ("字" * 64, "灵犀商城", 1), ("字" * 65, "灵犀商城", 2), ("😀" * 35, "", 1), ("😀" * 36, "", 2)],
)  # fmt: skip
def test_parts_count_the_signature(text: str, signature: str, count: int) -> None:
    assert parts(text, signature) == count


@pytest.mark.parametrize(
    "number",
    ["13800000000", "8613800000000", "+8613800000000", "008613800000000", "+86 138-0000-0000", 13800000000],
)
def test_a_number_has_one_form(number: object) -> None:
    assert e164(number) == "+8613800000000"


def test_numbers_of_other_countries() -> None:
    assert e164("+15005550006") == "+15005550006"
    assert e164("91234567", "852") == "+85291234567"


@pytest.mark.parametrize("number", ["", "abc", "+", "１３８００００００００", None, [], "1" * 20, "12"])
def test_what_is_no_number(number: object) -> None:
    with pytest.raises(Unreadable):
        e164(number)


@pytest.mark.parametrize("text", ["R", "r", " T。", "ＴＤ", "退订", "“退订”", "stop", "退订！"])
def test_words_that_stop(text: str) -> None:
    assert wish(text) == "stop"


@pytest.mark.parametrize("text", ["我要退订会员", "T恤", "Return", "退", "停", "", "NO"])
def test_words_that_do_not(text: str) -> None:
    assert wish(text) is None


def test_aliyuns_own_example_is_signed_alike() -> None:
    """“V3版本请求体&签名机制”, the example with fixed parameters."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-version": "2014-05-26",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    query = {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    signed = aliyun.authorization("YourAccessKeyId", "YourAccessKeySecret", query, headers)
    assert signed.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")
