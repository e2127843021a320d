"""Plays a script: picks what it is about, says its lines, compares what came back, asks the database."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.e2e.stack import Customer, Stack
from tests.live.scripts import ScriptError, filled
from tests.live.web import WebCustomer

# What no customer should ever read: an unfilled placeholder, Python's nothing, a response's name, a state's code.
RAW = re.compile(r"\{\w*\}|\bNone\b|\bnull\b|\butter_\w+|\baction_\w+")


class Shop:
    """The demo shop's database: as it was seeded at the start of every script, so that none sees another's traces."""

    def __init__(self, folder: Path, clock: str) -> None:
        """`clock`: the back office's, which stands still; it is what `now` means in a script's SQL."""
        self._now = datetime.fromisoformat(clock).astimezone(timezone.utc).strftime("'%Y-%m-%d %H:%M:%S'")
        self._live, self._seeded = folder / "backoffice.db", folder / "seeded.db"
        _copy(self._live, self._seeded)
        self._used: set[str] = set()

    def restore(self) -> None:
        """Back to how it was seeded, while the back office runs."""
        _copy(self._seeded, self._live)

    def stage(self, sql: str, values: dict[str, Any]) -> None:
        """Change a row so that it is what a script is about."""
        with closing(sqlite3.connect(self._live, timeout=30)) as connection, connection:
            connection.execute(self._dated(sql), values)

    def rows(self, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask the database; it cannot be written to."""
        with closing(sqlite3.connect(f"file:{self._live}?mode=ro", uri=True, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(self._dated(sql), values)]

    def _dated(self, sql: str) -> str:
        return sql.replace("'now'", self._now)

    def unused_first(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows that no script of this run has taken come first: its conversation may still be about them."""
        return sorted(rows, key=lambda row: _key(row) in self._used)

    def take(self, row: dict[str, Any]) -> None:
        """Remember that a script is about this row."""
        self._used.add(_key(row))


class Play:
    """One script being played against a running stack."""

    def __init__(self, stack: Stack, shop: Shop, script: dict[str, Any]) -> None:
        self.stack, self.shop, self.script = stack, shop, script
        shop.restore()
        self.row = self._pick() if "given" in script else {}
        name = filled(str(script.get("customer") or self.row.get("customer_id")), self.row)
        face = WebCustomer if any("upload" in step for step in script["conversation"]) else Customer
        self.customer: Customer | WebCustomer = face(stack, None if name == "visitor" else name)
        self.said: list[str] = []
        self._down: set[str] = set()

    def run(self) -> None:
        """Play it to its end. Raises AssertionError with the conversation so far."""
        try:
            for step in self.script["conversation"]:
                self._step(filled(step, self.row))
            for question in self.script.get("database") or []:
                self._ask(question)
        except AssertionError as error:
            raise AssertionError(f"{error}\n\n{self.transcript}") from None
        finally:
            if self._down:
                self.stack.start(*self._down)
            if isinstance(self.customer, WebCustomer):
                self.customer.close()
            print(self.transcript)

    @property
    def transcript(self) -> str:
        """What was said until now."""
        return "\n".join([f"given {self.row}", *self.said])

    def _pick(self) -> dict[str, Any]:
        rows = self.shop.rows(self.script["given"], {})
        for row in self.shop.unused_first(rows):
            if self._permitted(row):
                self.shop.take(row)
                for sql in self.script.get("staged") or []:
                    self.shop.stage(sql, row)
                return row
        reason = "the shop's rules permit none as asked" if rows else "no such row"
        raise AssertionError(f"the demo shop has nothing like this ({len(rows)} rows; {reason}): {self.script['given']}")

    def _permitted(self, row: dict[str, Any]) -> bool:
        wanted: list[tuple[str, str | None, bool]] = []
        for key in ("allowed", "refused"):
            named = self.script.get(key) or []
            codes = named if isinstance(named, dict) else dict.fromkeys([named] if isinstance(named, str) else named)
            wanted += [(operation, code, key == "allowed") for operation, code in codes.items()]
        if not wanted:
            return True
        rules = self.stack.api(f"/orders/{row['number']}", row["customer_id"])["allowed"]
        unknown = {operation for operation, _, _ in wanted} - set(rules)
        if unknown:
            raise ScriptError(f"the shop's rules know no {sorted(unknown)}; there are {sorted(rules)}")
        return all(
            rules[operation]["ok"] is ok and code in (None, rules[operation]["code"]) for operation, code, ok in wanted
        )

    def _step(self, step: dict[str, Any]) -> None:
        if "kill" in step:
            self._note(f"  [{step['kill']} dies]")
            self._down.add(step["kill"])
            self.stack.kill(step["kill"])
        elif "start" in step:
            self._note(f"  [{step['start']} comes back]")
            self.stack.start(step["start"])
            self._down.discard(step["start"])
        elif "token" in step:
            self._note(f"  [token: {step['token']}]")
            self._change_token(step["token"])
        else:
            self._speak(step)

    def _change_token(self, kind: str) -> None:
        name = self.customer.name or ""
        if kind == "missing":
            self.customer.token = None
        elif kind == "expired":
            self.customer.token = self.stack.token(name, seconds=-10)
        elif kind == "forged":
            self.customer.token = self.stack.token(name, secret="x" * 48)
        else:
            self.customer.token = self.stack.token(name if kind == "valid" else kind)

    def _speak(self, step: dict[str, Any]) -> None:
        customer = self.customer
        self._note(f"顾客: {step.get('say') or step.get('press') or step.get('upload')}")
        if "say" in step:
            answer = customer.say(step["say"], step.get("message_id"))
        elif "press" in step:
            answer = customer.press(step["press"], step.get("message_id"))
        else:
            answer = customer.upload()  # type: ignore[union-attr]
        titles = [button["title"] for button in customer.buttons]
        names = self._names()
        deadline = time.monotonic() + 5
        while answer and not names and time.monotonic() < deadline:  # what the back office made it say is heard first, kept then
            time.sleep(0.1)
            names = self._names()
        self._note(f"灵犀: {answer}  {names}" + (f"  [{' | '.join(titles)}]" if titles else ""))
        shown = "\n".join([answer, *titles])
        raw = RAW.search(shown)
        assert not raw, f"the customer reads {raw and raw[0]!r}"
        if "replies" in step:
            assert names == step["replies"], f"replies are {names}, not {step['replies']}"
        elif "replies_any" in step:
            assert len(names) == 1 and names[0] in step["replies_any"], f"reply {names} is none of {step['replies_any']}"
        else:
            assert names, "nothing is answered"
        for words in step.get("contains", []):
            assert str(words) in shown, f"{words!r} is not in the answer"
        for words in step.get("absent", []):
            assert str(words) not in shown, f"{words!r} is in the answer"
        for words in step.get("buttons", []):
            assert any(words in title for title in titles), f"no button {words!r} among {titles}"
        if "slots" in step:
            kept = self.stack.tracker(customer.sender)["slots"]
            wanted = step["slots"]
            assert {name: kept.get(name) for name in wanted} == wanted, f"the tracker remembers otherwise: { {name: kept.get(name) for name in wanted} }"

    def _names(self) -> list[str]:
        """The response names of all that was said since the customer's last message."""
        names: list[str] = []
        for event in reversed(self.stack.tracker(self.customer.sender)["events"]):
            if event["event"] == "user" and (names or not (event.get("metadata") or {}).get("is_external")):
                break  # an end that the back office tells of in silence is passed over
            if event["event"] == "bot":
                names.insert(0, (event.get("metadata") or {}).get("utter_action") or "text")
        return names

    def _ask(self, question: dict[str, Any]) -> None:
        rows, wanted = self.shop.rows(question["sql"], self.row), filled(question["rows"], self.row)
        assert rows == wanted, f"{question['sql']}\n  holds   {rows}\n  and not {wanted}"

    def _note(self, line: str) -> None:
        self.said.append(line)


def _key(row: dict[str, Any]) -> str:
    """What two scripts better do not share: the number, else the customer."""
    return str(row.get("number") or row.get("customer_id") or "")


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as here, closing(sqlite3.connect(target, timeout=30)) as there:
        here.backup(there)
