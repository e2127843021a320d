"""How much one conversation, one address and everybody together may do, so that no one client takes all there is.

Counted in each Rasa process by itself. What is refused is told when to come again (`Retry-After`), and loses nothing.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from connectors.errors import Refused

Network = IPv4Network | IPv6Network
# Addresses and conversations remembered at once, of each kind: some 10 MB. Whoever is pushed out begins anew, which
# only somebody with more addresses than this can bring about; they meet what all together may do.
_MOST_KEYS = 50_000
_IPV6_CUSTOMER = 64  # one customer's network


@dataclass(frozen=True)
class Rate:
    """How often: `at_once` from rest, `per_minute` in the long run."""

    at_once: int
    per_minute: float

    def times(self, factor: float) -> Rate:
        """More of it."""
        return Rate(max(1, int(self.at_once * factor)), self.per_minute * factor)


@dataclass(frozen=True)
class Limits:
    """What may be done: messages, new conversations, pictures sent, sockets held open.

    Many people share an address (a company's, a mobile network's), so an address may do what a crowd does by hand.
    """

    conversation_messages: Rate = Rate(10, 48)
    address_messages: Rate = Rate(200, 1200)
    address_conversations: Rate = Rate(60, 120)
    address_pictures: Rate = Rate(20, 60)
    address_sockets: int = 300
    all_messages: Rate = Rate(1000, 6000)
    all_conversations: Rate = Rate(600, 3000)
    all_pictures: Rate = Rate(60, 300)
    all_sockets: int = 3000

    def times(self, factor: float) -> Limits:
        """More of everything."""
        now = {each.name: getattr(self, each.name) for each in fields(self)}
        grown: dict[str, Any] = {
            name: each.times(factor) if isinstance(each, Rate) else max(1, int(each * factor))
            for name, each in now.items()
        }
        return Limits(**grown)


class Allowance:
    """What is left of a rate; begins full."""

    def __init__(self, rate: Rate) -> None:
        """Nothing is used up yet."""
        self._most = rate.at_once
        self._per_second = rate.per_minute / 60
        self._left = float(rate.at_once)
        self._at = time.monotonic()

    def take(self) -> float:
        """0 when allowed (and then it is used up), else the seconds to wait."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._per_second


class Allowances:
    """One allowance a key. The key not seen for longest is forgotten when there are too many."""

    def __init__(self, rate: Rate, most_keys: int = _MOST_KEYS) -> None:
        """Every key begins full."""
        self._rate = rate
        self._most_keys = most_keys
        self._by_key: OrderedDict[str, Allowance] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._by_key)

    def take(self, key: str) -> float:
        """0 when `key` may (and then it is used up), else the seconds to wait."""
        mine = self._by_key.get(key)
        if mine is None:
            mine = self._by_key[key] = Allowance(self._rate)
            if len(self._by_key) > self._most_keys:
                self._by_key.popitem(last=False)
        else:
            self._by_key.move_to_end(key)
        return mine.take()


class Places:
    """What is held for a while and then given back: so many an address, so many in all."""

    def __init__(self, an_address: int, in_all: int) -> None:
        """All are free."""
        self._an_address = an_address
        self._in_all = in_all
        self._held: Counter[str] = Counter()
        self._total = 0

    def free(self, address: str) -> bool:
        """Whether the address could have one more."""
        return self._held.get(address, 0) < self._an_address and self._total < self._in_all

    def take(self, address: str) -> bool:
        """Hold one; False where none is free."""
        if not self.free(address):
            return False
        self._held[address] += 1
        self._total += 1
        return True

    def give_back(self, address: str) -> None:
        """The address holds one less."""
        self._total -= 1
        self._held[address] -= 1
        if self._held[address] <= 0:
            del self._held[address]


class Guard:
    """The limits of this process. For the event loop's thread only.

    Whoever is asked for first is the narrowest: one client used up by itself takes nothing from the rest.
    """

    def __init__(self, limits: Limits) -> None:
        """Nobody has done anything yet."""
        self._speaking = Allowances(limits.conversation_messages)
        self._messages = Allowances(limits.address_messages), Allowance(limits.all_messages)
        self._conversations = Allowances(limits.address_conversations), Allowance(limits.all_conversations)
        self._pictures = Allowances(limits.address_pictures), Allowance(limits.all_pictures)
        # Asking for a person's replies costs less than a turn, and is done every few seconds.
        self._polls = Allowances(limits.address_messages.times(5)), Allowance(limits.all_messages.times(5))
        self.sockets = Places(limits.address_sockets, limits.all_sockets)
        # Bodies in memory at the same time.
        self.uploads = Places(an_address=3, in_all=8)

    def message(self, address: str, conversation_id: str, message_id: str | None = None) -> None:
        """A message of a customer's. Raises Refused (`too_fast`)."""
        wait = self._speaking.take(conversation_id)
        if wait:
            raise _too_fast("发送太快了，请稍等几秒再发。", wait + 0.5, message_id)
        wait = _take(self._messages, address)
        if wait:
            raise _too_fast("现在咨询的人太多了，请稍等几秒再发。", wait + 0.5, message_id)

    def conversation(self, address: str) -> None:
        """A new conversation. Raises Refused (`too_many_conversations`)."""
        wait = _take(self._conversations, address)
        if wait:
            text = "现在咨询的人太多了，请稍等，马上为您接通。"
            raise Refused("too_many_conversations", text, retry_after=round(wait + 1, 1))

    def picture(self, address: str) -> None:
        """A picture about to be read. Raises Refused (`too_many_pictures`)."""
        wait = _take(self._pictures, address)
        if wait:
            raise too_many_pictures(wait + 1)

    def poll(self, address: str) -> None:
        """A look for new replies. Raises Refused (`too_fast`)."""
        wait = _take(self._polls, address)
        if wait:
            raise _too_fast("查询太频繁了，请稍等几秒再查。", wait + 0.5, None)


@cache
def open_guard(limits: Limits) -> Guard:
    """The process's one guard: the channels share it."""
    return Guard(limits)


def too_many_pictures(wait: float) -> Refused:
    """Pictures are sent faster than they are taken."""
    return Refused(
        "too_many_pictures", "图片发得太多了，请稍等再发，或用文字说明。", retry_after=round(wait, 1)
    )


def _too_fast(text: str, wait: float, message_id: str | None) -> Refused:
    return Refused("too_fast", text, message_id=message_id, retry_after=round(wait, 1))


def _take(rates: tuple[Allowances, Allowance], address: str) -> float:
    an_address, in_all = rates
    return an_address.take(address) or in_all.take()


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas. Raises ValueError."""
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def within(address: str, allowed: Sequence[Network]) -> bool:
    """Whether whoever is counted as `address` (of `client_address`) belongs to one of the networks."""
    try:
        found = ip_network(address)
    except ValueError:
        return False
    return any(type(found) is type(each) and found.subnet_of(each) for each in allowed)  # type: ignore[arg-type]


def client_address(peer: str, headers: Mapping[str, Sequence[str]], trusted: Sequence[Network]) -> str:
    """Who is counted: the address at the other end, or the one that a trusted proxy there speaks for.

    `headers`: lower-case name → values. Only what our own proxies have added to X-Forwarded-For counts, so it is read from its
    end; what a client writes into it stands before that. An IPv6 customer has a whole network, which counts as one.
    """
    at = _ip(peer)
    if at is None or not _among(at, trusted):
        return _counted(at) if at else peer[:64]
    hops = [hop for value in headers.get("x-forwarded-for", ()) for hop in value.split(",")][-20:]
    if not hops:
        hops = list(headers.get("x-real-ip", ()))[-1:]
    for hop in reversed(hops):
        said = _ip(hop)
        if said is None:
            break
        at = said
        if not _among(at, trusted):
            break
    return _counted(at)


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without its port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _among(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _counted(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_CUSTOMER), strict=False))
    return str(address)
