"""What a picture's text tells of an order: its number, the parcel's, the sums."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from components.fixed_forms import fixed_forms

_DIGIT = str.maketrans("oODQlI|!SsBZz", "0000111155822")
# Behind these a number is read although some of its figures look like letters.
_LABEL = re.compile(
    r"(订单(?:编号|号码?|号)|(?:运|快递|物流)单?号码?|单号)\s*[:：;；.]?\s*([0-9A-Za-z|!][0-9A-Za-z|!\- ]{8,24})"
)
_AMOUNT = re.compile(
    r"(?:[¥￥]\s*|(?:实付款?|合计|总价|金额|退款)\s*[:：]?\s*[¥￥]?\s*)(\d{1,7}(?:[.,]\d{1,2})?)(?![\d:/-])"
)
_MOST = 5
_ORDER, _PARCEL = "orders_number", "logistics_tracking_number"


@dataclass(frozen=True)
class Fields:
    """Orders' and parcels' numbers and sums in yuan, in the order in which they stand, each once."""

    orders: tuple[str, ...]
    parcels: tuple[str, ...]
    amounts: tuple[str, ...]

    def told(self) -> dict[str, list[str]]:
        """As metadata carries them: only what there is."""
        return {name: list(values) for name, values in asdict(self).items() if values}


def fields_of(lines: Iterable[str]) -> Fields:
    """Read the lines of a picture."""
    orders: list[str] = []
    parcels: list[str] = []
    amounts: list[str] = []
    for line in lines:
        text = unicodedata.normalize("NFKC", line)
        for form in (text, _mended(text)):
            found = [each for each in fixed_forms(form.lower(), ()) if each.entity in (_ORDER, _PARCEL)]
            orders += [each.value for each in found if each.entity == _ORDER]
            parcels += [each.value for each in found if each.entity == _PARCEL]
            if found:
                break
        amounts += [sum_[1].replace(",", ".") for sum_ in _AMOUNT.finditer(text)]
    return Fields(*(tuple(dict.fromkeys(each))[:_MOST] for each in (orders, parcels, amounts)))


def _mended(text: str) -> str:
    """The line with a labelled number in figures: O is 0 and l is 1 there; gaps and dashes within are none."""

    def figures(found: re.Match[str]) -> str:
        number = re.sub(r"[\s-]", "", found[2])
        prefix = re.match(r"[A-Z]{2,4}(?=[0-9A-Za-z|!]{8})", number)
        kept = prefix[0] if prefix and found[1] not in ("订单编号", "订单号", "订单号码") else ""
        return f"{found[1]}:{kept}{number[len(kept) :].translate(_DIGIT)}"

    return _LABEL.sub(figures, text)
