"""Masks texts, each distinct one once; many at a time are shared with a second process for each further core.

Most of what a bot says is a sentence with other numbers in it each time. Where the masker looks at no digit's value, all
texts that differ in digits alone are one text to it: such a shape is masked once, and where nothing was found in it, there
is nothing in any of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from privacy import mask
from privacy.views import View

# What the masker asks a digit's value for, and more: landlines and numbers abroad, mobiles and cards, shorter numbers behind a
# word for telephone, e-mail addresses, codes. Names, addresses, plates, passports and WeChat ids are known by where digits
# stand, not by which.
_NUMBERS_TELL = re.compile(
    r"(?:\d[ \-.()]{0,4}){9}|(?:\d[^\dA-Za-z\u4e00-\u9fff]{0,8}){11}|\+"
    r"|(?:电话|座机|固话|宅电|传真|总机|话机|[Tt][Ee][Ll]|hone|☎|(?<![单编货款批券件条])号码?|拨|致电|联系|来电|回电|打)"
    r"[^\dA-Za-z]{0,8}(?:\d[ \-]?){7}"
    r"|@|艾特|爱特|at|圈[aA]|小老鼠"
    r"|码|验证|动态|口令|暗号|密|锁|短信|取[件货餐]|\d位|[Pp][Ii][Nn]|assword|ASSWORD|pwd|PWD|code"
)
# A random id, as shops' systems make them, with at most two letters before it: it is too long for any id that people have, and
# where no nine digits stand together there is no number in it.
_RANDOM_ID = re.compile(r'"?(?!.*\d{9})[A-UX-Z]{0,2}[0-9a-f]{21,64}"?')
_ANY_DIGIT = str.maketrans("123456789", "0" * 9)
_REMEMBERED = 200_000  # texts
_SHARED = 1_000  # new texts in one call that are worth starting a process for


class Masker:
    """What it has masked it remembers; `close` ends its processes, and so does the end of this one, whatever ended it."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._harmless: dict[str, bool] = {}
        """Of a shape: whether no text of it holds anything."""
        self._helpers: list[_Helper] = []

    def masked(self, text: str) -> str:
        """A text without personal data."""
        return self.all_masked([text])[0]

    def all_masked(self, texts: Sequence[str]) -> list[str]:
        """Texts without personal data, in their order."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            self._harmless.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, self._work(new), strict=True)
        return [self._known[text] for text in texts]

    def close(self) -> None:
        """End the helpers."""
        for helper in self._helpers:
            helper.close()
        self._helpers.clear()

    def _work(self, texts: list[str]) -> list[str]:
        masked = {text: text for text in texts if _RANDOM_ID.fullmatch(text)}
        texts, asked = [text for text in texts if text not in masked], texts
        shapes = [text.translate(_ANY_DIGIT) for text in texts]
        told = {shape: _numbers_tell(shape) for shape in dict.fromkeys(shapes) if shape not in self._harmless}
        blind = [shape for shape, tells in told.items() if not tells]
        masked |= zip(blind, self._shared(blind), strict=True)
        self._harmless |= {shape: masked.get(shape) == shape for shape in told}
        left = [
            text for text, shape in zip(texts, shapes, strict=True) if not self._harmless[shape] and text not in masked
        ]
        masked |= zip(left, self._shared(left), strict=True)
        return [masked.get(text, text) for text in asked]

    def _shared(self, texts: list[str]) -> list[str]:
        if len(texts) < _SHARED:
            return _all(texts)
        if not self._helpers:
            self._helpers = [_Helper() for _ in range(len(os.sched_getaffinity(0)) - 1)]
        share = -(-len(texts) // (len(self._helpers) + 1))
        shares = [texts[at : at + share] for at in range(0, len(texts), share)]
        lent = list(zip(self._helpers, shares[1:], strict=False))
        for helper, theirs in lent:
            helper.give(theirs)
        done = _all(shares[0])
        for helper, theirs in lent:
            done += helper.take() or _all(theirs)
        return done


class _Helper:
    """This module run as a process: a JSON list a line in, its masked texts out. Ctrl-C does not reach it."""

    def __init__(self) -> None:
        command = (sys.executable, "-m", "analytics.masking")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii",
            cwd=Path(__file__).parents[1], start_new_session=True,
        )  # fmt: skip

    def give(self, texts: list[str]) -> None:
        """Let it begin."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(texts) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._process.kill()

    def take(self) -> list[str] | None:
        """What it has done; None when somebody ended it."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        return list(json.loads(line)) if line.endswith("\n") else None

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def _numbers_tell(shape: str) -> bool:
    view = View.of(shape)
    return any(_NUMBERS_TELL.search(reading) for reading in (view.plain, view.spoken))


def _all(texts: list[str]) -> list[str]:
    return [mask(text) for text in texts]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_all(json.loads(line))), flush=True)
