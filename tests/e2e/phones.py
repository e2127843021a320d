"""A stack with telephones: WeChat and SMS as the stand-ins of `make run STANDINS=1`, which verify what the providers do."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.stack import Stack

# In Rasa's environment: the stand-ins are made of the channels' own code. By a file: what is printed there hides secrets.
_ACCOUNTS = """
import json, pathlib, sys
from deploy.run import with_standins
folder = pathlib.Path(sys.argv[1])
(folder / "accounts.json").write_text(json.dumps(with_standins({}, folder)))
"""


class PhoneStack(Stack):
    """The three processes, and the providers' ends beside them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        subprocess.check_call([self.root / ".venv/bin/python", "-c", _ACCOUNTS, folder], cwd=self.root)
        told = json.loads((folder / "accounts.json").read_text())
        accounts, self._commands["standins"], self.phones = told
        self.environ |= accounts
        self.urls["standins"] = self.phones

    def start(self, *names: str) -> None:
        super().start(*(names or ("standins", "backoffice", "actions", "rasa")))

    def _health(self, name: str) -> str:
        return f"{self.phones}/" if name == "standins" else super()._health(name)

    def later(self) -> None:
        """WeChat's 48 hours pass."""
        self._ask("/phone/wechat/later")

    def _ask(self, path: str, told: dict[str, Any] | None = None) -> Any:
        answer = httpx.post(f"{self.phones}{path}", json=told or {}, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def wechat(self, openid: str) -> Phone:
        """A follower's chat with the account."""
        where = f"/phone/wechat/shown?openid={openid}"
        return Phone(
            lambda text: self._ask(f"/phone/wechat/say?openid={openid}", {"text": text}),
            lambda: [each.get("text") or "" for each in self._got(where)["shown"] if each["from"] == "account"],
        )

    def sms(self, number: str) -> Phone:
        """A telephone."""
        where = f"/sms/phones/{number}"
        return Phone(
            lambda text: self._ask(where, {"text": text}),
            lambda: [each["text"] for each in self._got(where) if each["who"] == "shop"],
        )

    def _got(self, path: str) -> Any:
        return httpx.get(f"{self.phones}{path}", timeout=60).json()


class Phone:
    """What a customer writes at one address, and what has come there."""

    def __init__(self, write: Callable[[str], Any], read: Callable[[], list[str]]) -> None:
        self.write, self.read = write, read

    def has(self, words: str) -> bool:
        """Whether one of the messages says so."""
        return any(words in each for each in self.read())

    def times(self, words: str) -> int:
        """How often it was said."""
        return sum(each.count(words) for each in self.read())


def binding_code(text: str) -> str:
    """The code that a text gives."""
    return re.findall(r"\d{4} \d{4}", text)[-1]
