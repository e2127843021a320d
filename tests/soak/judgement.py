"""Reads the book and the databases at the end, and says what was lost, doubled, out of order, untrue, leaked or slow."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from tests.e2e.test_once import UNKNOWN
from tests.soak.customers import PATIENCE, REPLIED
from tests.soak.world import Said, Wish, World

APOLOGY = re.compile("没有办成|没办成|没有处理|没能处理完|连不上|出了点问题|暂时")
UNSURE = re.compile(f"{UNKNOWN.pattern}|没能处理完")
GROWTH, SPARE = 1.3, 60.0
"""How much more memory (times, and MiB besides) a process may take in the last third than in the first."""


@dataclass
class Verdict:
    """One promise: on how much it was looked at, and where it was not kept."""

    promise: str
    looked_at: int = 0
    broken: list[str] = field(default_factory=list)
    note: str = ""


def verdicts(world: World) -> Iterator[Verdict]:
    """All promises."""
    book = Book(world)
    yield from (book.taken(), book.answered(), book.not_doubled(), book.in_order(), book.as_stored(), book.true())
    yield from (done_once(world), *with_people(world, book), no_faults(world), silent_logs(world), alive(world), bounded(world))
    yield Verdict("nothing else went wrong", len(world.said), world.wrong)


class Book:
    """What the channels' store holds, beside what customers remember."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        columns = "conversation_id, seq, who, body, key, reply_to, attempts, waiting"
        for row in world.channel_rows(f"select {columns} from messages order by conversation_id, seq"):
            self.rows[row["conversation_id"]].append(dict(row))
        self.by_id = {row["key"]: row for rows in self.rows.values() for row in rows if row["who"] == "customer"}
        self.known = [said for said in world.said if said.conversation]
        at_desk = world.stack.rows("select key from handoff_messages where who = 'customer'")
        self.to_people = {str(row["key"]).replace("customer:", "in:", 1) for row in at_desk}

    def answers(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        return [each for each in self.rows[row["conversation_id"]] if each["reply_to"] == row["seq"]]

    def taken(self) -> Verdict:
        """Everything that a customer was told to be taken is written down, once."""
        waited = [said for said in self.known if said.answers is not None]
        verdict = Verdict("a message that was taken is there, once", len(waited))
        for said in waited:
            found = [row for row in self.rows[said.conversation] if row["key"] == f"in:{said.id}"]
            if len(found) != 1:
                verdict.broken.append(f"{said.text[:20]} {said.id}: {len(found)} times")
        return verdict

    def answered(self) -> Verdict:
        """Also for those who have gone. Silence is meant where the desk has the message."""
        verdict = Verdict("every message is answered (or a person has it)", len(self.by_id))
        for key, row in self.by_id.items():
            if row["waiting"]:
                verdict.broken.append(f"still waiting: {row['body'][:60]}")
            elif not self.answers(row) and key not in self.to_people:
                verdict.broken.append(f"silence: {row['body'][:60]} attempts={row['attempts']} {key}")
        return verdict

    def not_doubled(self) -> Verdict:
        """What a crash interrupts is handled again; the customer must not hear it twice, nor two things for one."""
        again = sum(row["attempts"] > 1 for row in self.by_id.values())
        verdict = Verdict("no answer twice", len(self.by_id), note=f"{again} handled again after a crash")
        for row in self.by_id.values():
            answers = self.answers(row)
            places = [str(each["key"]).rsplit(":", 1)[0] for each in answers]
            if len(set(places)) < len(places) or len({_text(each) for each in answers}) < len(answers):
                verdict.broken.append(f"{_text(row)} → {[_text(each)[:60] for each in answers]} attempts={row['attempts']}")
        return verdict

    def in_order(self) -> Verdict:
        """Messages as they were said, answers as their messages."""
        verdict = Verdict("in order", len(self.rows))
        said: dict[str, list[Said]] = defaultdict(list)
        for each in self.known:
            if f"in:{each.id}" in self.by_id and not each.vanished:
                said[each.conversation].append(each)
        for conversation, messages in said.items():
            numbers = [self.by_id[f"in:{each.id}"]["seq"] for each in messages]
            replies = [row["reply_to"] for row in self.rows[conversation] if row["reply_to"]]
            if numbers != sorted(numbers) or replies != sorted(replies):
                verdict.broken.append(f"messages {numbers}, answers to {replies}")
            if [row["seq"] for row in self.rows[conversation]] != list(range(1, len(self.rows[conversation]) + 1)):
                verdict.broken.append("numbers with gaps")
        return verdict

    def as_stored(self) -> Verdict:
        """What customers saw is what is stored: nothing was lost on the way."""
        waited = [said for said in self.known if said.answers is not None and not said.to_person and f"in:{said.id}" in self.by_id]
        verdict = Verdict("what was heard is what is stored", len(waited))
        for said in waited:
            stored = [_text(each) for each in self.answers(self.by_id[f"in:{said.id}"])]
            # The web chat also shows what people say meanwhile, and is read until it rests.
            if [text for text in stored if text not in (said.answers or [])]:
                verdict.broken.append(f"{said.text[:20]}: heard {said.answers}, stored {stored}")
        return verdict

    def true(self) -> Verdict:
        """An apology is true only when something was down."""
        waited = [said for said in self.known if said.answers]
        apologies = [said for said in waited if APOLOGY.search("".join(said.answers or []))]
        verdict = Verdict("who is told of trouble: there was trouble", len(apologies), note=f"of {len(waited)} answers")
        for said in apologies:
            if not self._world.disturbed(said.began - 5, said.ended):
                verdict.broken.append(f"{said.text[:20]} → {said.answers}")
        return verdict


def done_once(world: World) -> Verdict:
    """Rows in the back office, against what the customer heard."""
    verdict = Verdict("what was wanted is done once, and said so")
    kinds: dict[str, int] = defaultdict(int)
    for wish in world.wishes:
        kind, rows = wish.attempt.kind, wish.attempt.rows()
        told = bool(wish.heard and re.search(kind.told, wish.heard))
        verdict.looked_at += 1
        kinds[kind.name] += rows
        right = rows == 0 if not wish.confirmed else rows == 1 if told else rows == 0 or bool(UNSURE.search(wish.heard))
        right = right or (told and rows == 0 and _open_already(world, wish))
        if not right or rows > 1:
            verdict.broken.append(f"{kind.name} {wish.attempt.thing}: {rows} rows, confirmed={wish.confirmed}, told {wish.heard[:200]!r}")
        if told and kind.name == "cancel":
            refunds = world.stack.rows("select method, amount_fen from refunds where order_number = ?", wish.attempt.thing)
            amount = world.stack.rows("select amount_fen from orders where number = ?", wish.attempt.thing)[0]["amount_fen"]
            if sum(row["amount_fen"] for row in refunds) != amount or len({row["method"] for row in refunds}) < len(refunds):
                verdict.broken.append(f"order {wish.attempt.thing}: refunds do not make what was paid")
    verdict.note = ", ".join(f"{count} {name}" for name, count in sorted(kinds.items()))
    return verdict


def _open_already(world: World, wish: Wish) -> bool:
    """Whether the customer was told of a ticket of theirs for the same matter, opened in an earlier conversation."""
    question = "select customer_id, kind from tickets where number = ? and conversation_id <> ?"
    attempt = wish.attempt
    found = [row for number in re.findall("GD[0-9]+", wish.heard) for row in world.stack.rows(question, number, attempt.customer.sender)]
    return any(row["customer_id"] == attempt.customer.name and f"'{row['kind']}'" in attempt.kind.rows for row in found)


def with_people(world: World, book: Book) -> Iterator[Verdict]:
    """Both directions between a customer and a person."""
    replies = Verdict("an agent's reply comes once, in order", sum(len(talk.replies) for talk in world.talks))
    asked = Verdict("what is said to a person arrives once, in order", sum(len(talk.asked) for talk in world.talks))
    back = Verdict("a closed conversation is given back once", len(world.talks))
    for talk in world.talks:
        stored = [_text(row) for row in book.rows[talk.conversation] if row["who"] == "agent" and _text(row).startswith(REPLIED)]
        heard = [text for text in talk.heard if text.startswith(REPLIED)]
        if stored != talk.replies or (talk.heard and heard != talk.replies):
            replies.broken.append(f"said {talk.replies}, stored {stored}, heard {heard}")
        question = "select text from handoff_messages where handoff_id = ? and who = 'customer' order by seq"
        at_desk = [row["text"] for row in world.stack.rows(question, talk.handoff)]
        if at_desk != talk.asked:
            asked.broken.append(f"said {talk.asked}, at the desk {at_desk}")
        times = sum("人工服务已经结束" in _text(row) for row in book.rows[talk.conversation])
        if times != 1 or not talk.given_back:
            back.broken.append(f"told {times} times, within {PATIENCE:.0f} s: {talk.given_back}")
    return iter((replies, asked, back))


def no_faults(world: World) -> Verdict:
    """5xx are for moments when something was down."""
    verdict = Verdict("5xx only while something was down", len(world.faults))
    verdict.broken = [each.what for each in world.faults if not world.disturbed(each.began, each.ended)]
    verdict.note = f"{world.refused} times 429"
    return verdict


def silent_logs(world: World) -> Verdict:
    """Secrets, tokens, conversations, names and phones of whoever spoke."""
    secrets = {value for name, value in world.stack.environ.items() if name.startswith("LINGXI_") and name.endswith(("TOKEN", "SECRET"))}
    people = {str(row[name]) for row in world.stack.rows("select id, name, phone from customers") if row["id"] in world.people for name in ("name", "phone")}
    conversations = {said.conversation for said in world.said if said.conversation}
    needles = {*secrets, *world.tokens, *people, *conversations}
    verdict = Verdict("no log tells a secret, a conversation, a person", len(needles))
    for log in sorted(world.stack.folder.glob("*.log")):
        written = log.read_text("utf-8", "replace")
        verdict.note += f"{log.stem} {len(written) // 1024} KiB  "
        verdict.broken += [f"{log.name}: {line[:200]}" for needle in needles if needle in written for line in written.splitlines() if needle in line]
    return verdict


def alive(world: World) -> Verdict:
    """Every process runs and answers."""
    names = world.stack.names()
    return Verdict("every process is alive", len(names), [name for name in names if not world.stack.answers(name)])


def bounded(world: World) -> Verdict:
    """Memory in the last third against the first, of processes that have settled."""
    verdict = Verdict("memory does not grow without bound", len(world.memory))
    told = []
    for name, samples in sorted(world.memory.items()):
        third = len(samples) // 3
        if not third:
            continue
        first, last = (median(size for _, size in part) for part in (samples[:third], samples[-third:]))
        told.append(f"{name} {first:.0f} → {last:.0f}")
        if last > first * GROWTH + SPARE:
            verdict.broken.append(told[-1])
    verdict.note = ", ".join(told) + " MiB"
    return verdict


def speed(world: World) -> str:
    """How long customers waited."""
    lines = []
    waited = [said for said in world.said if said.answers is not None]
    calm = [said for said in waited if not world.disturbed(said.began, said.ended)]
    for name, chosen in (("all answers", waited), ("while nothing was down", calm)):
        seconds = sorted(said.ended - said.began for said in chosen)
        if len(seconds) > 2:
            cut = quantiles(seconds, n=20)
            lines.append(f"{name}: {len(seconds)}, p50 {median(seconds):.2f} s, p95 {cut[18]:.2f} s, slowest {seconds[-1]:.1f} s")
    return "\n".join(lines)


def table(world: World, judged: list[Verdict]) -> str:
    """What is printed at the end."""
    troubles = ", ".join(f"{count} × {name}" for name, count in sorted(world.troubles.items()))
    lines = [f"\n{'promise':<52}{'looked at':>10}{'broken':>8}  "]
    lines += [f"{each.promise:<52}{each.looked_at:>10}{len(each.broken):>8}  {each.note}" for each in judged]
    lines += [f"\ntroubles: {troubles}", speed(world)]
    for each in judged:
        lines += [f"BROKEN {each.promise}: {broken}" for broken in each.broken[:8]]
    return "\n".join(lines)


def _text(row: dict[str, Any]) -> str:
    body = row["body"] if isinstance(row["body"], dict) else json.loads(row["body"])
    return str(body.get("text") or "")
