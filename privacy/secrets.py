"""What nobody may type into a chat: identity numbers, bank cards and their check codes, passwords, codes that open an account.

Narrower than `mask`: telephone, address, name, tax number and pick-up code stay, since the shop needs them.
"""

from __future__ import annotations

import re

from privacy.engine import scan
from privacy.forms import masked
from privacy.labels import before
from privacy.spans import Span

_CARDS = frozenset({"id_card", "bank_card"})
# A code that the courier or the shop itself gave out, and wants back.
_HANDED_OUT = re.compile(r"(?:取[件货餐物]|自提|提货|收货|寄存|存[包物件]|邀请|识别|优惠|兑换|核销)[码号密]?")
_TAX = re.compile(r"税号|纳税人|识别号|信用代码")
_CHECK_CODE = re.compile(
    r"(?:[Cc][Vv][VvCcNn]2?|安全码|(?:卡|背面|签名)[^\d，。,!！?？]{0,8}[后末]?(?:三|3)[位个](?:数字?|码)?)[\s:：是为=，,]{0,4}(?P<code>\d{3,4})(?!\d)"
)
_HIDDEN = re.compile(
    r"(?<![\d*])[\d零〇一二三四五六七八九幺两洞拐勾]{4}[\s\-]?\*{2,}[*\s\-]{4,}"
    r"|\*{4,}[^*，。！？\n]{0,8}(?:码|密)"
    r"|(?:码|密|短信|[Cc][Vv][VvCcNn]2?|口令|(?:三|3)[位个](?:数字?)?|[Pp][Ii][Nn]|[Pp]ass\w*|PASS\w*|[Pp]wd)[^*，。！？\n]{0,14}\*{3,}"
)


def hide(text: str) -> str:
    """The text with its secrets masked; same length, and hiding again changes nothing."""
    for span in reversed(_secrets(text)):
        hidden = masked(span.type, text[span.start : span.end])
        text = text[: span.start] + hidden + text[span.end :]
    return text


def has_hidden(text: str) -> bool:
    """Whether a text has been through `hide`, and a secret was in it."""
    return "*" in text and _HIDDEN.search(text) is not None


def _secrets(text: str) -> list[Span]:
    found = [span for span in scan(text).spans if _is_secret(text, span)]
    for match in _CHECK_CODE.finditer(text):
        span = Span(*match.span("code"), "passcode")
        if all(span.end <= known.start or known.end <= span.start for known in found):
            found.append(span)
    return sorted(found)


def _is_secret(text: str, span: Span) -> bool:
    left = before(text, span.start, 16)
    if span.type in _CARDS:
        return _TAX.search(left) is None
    return span.type == "passcode" and _HANDED_OUT.search(left) is None
