"""What goes to the action server: the conversation once, the domain (160 KB of wording) by its digest.

A call names the domain by digest (`X-Domain-Digest`) and leaves it out. Our action server (`actions/server.py`) puts in
the domain it knows by that digest, or answers 449 as newer Rasa servers do, and gets the whole. In such a call the
action stands under `digest_action`: an action server that knows nothing of digests finds no action to run and answers
`null`, so that nothing ever runs without its domain; it gets whole calls from then on.

Connections are kept between calls, and the text of an event is made once.

`action_chat_context` stands behind slot mappings, which Rasa fills at each message and again where it starts a form; it
counts a message once and has nothing to say the second time, which is not asked.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import time
import warnings
from typing import Any

import aiohttp
import rasa
from rasa.core.actions.action import ActionExtractSlots, RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.constants import DEFAULT_REQUEST_TIMEOUT
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

from components.baton import waiting
from components.rasa_turn.replacing import Replacement, original

_FORMAT = "rasa.core.actions.action:RemoteAction._action_call_format"
_MAPPED = "rasa.core.actions.action:ActionExtractSlots._run_custom_action"
_REQUEST = "rasa.utils.endpoints:EndpointConfig.request"
COUNTS_ONCE = ("action_chat_context",)
DIGEST_HEADER = "X-Domain-Digest"
UNKNOWN_DIGEST = 449
WHOLE_CALLS_SECONDS = 60.0  # how long a server that knows no digests is not asked again whether it does
UNREAD = frozenset({"intent_ranking", "response_selector", "text_tokens"})  # `latest_message` has them still
KEEP_ALIVE_SECONDS = 3.0  # Sanic closes an idle connection after 5


class ActionCall(dict[str, Any]):
    """Rasa's own call of an action, whole, that can also say itself with the domain's digest."""

    def __init__(self, name: str, tracker: DialogueStateTracker, domain: Domain) -> None:
        super().__init__(
            next_action=name,
            sender_id=tracker.sender_id,
            tracker={**tracker.current_state(EventVerbosity.NONE), "events": None},
            version=rasa.__version__,
        )
        self._domain = domain
        final = _final_events(tracker)
        self._events = [_text(event, keep=n < final) for n, event in enumerate(tracker.events)]

    @property
    def digest(self) -> str:
        """The domain's digest."""
        return digest_and_text(self._domain)[0]

    def body(self, whole: bool) -> bytes:
        """The call as JSON, Chinese unescaped: a third of the size, and nothing for the receiver to look behind."""
        text = self._text(whole)
        try:
            return text.encode()
        except UnicodeEncodeError:  # half a sign, which only an escape can say
            return json.dumps(json.loads(text)).encode()

    def _text(self, whole: bool) -> str:
        head = (
            {**self}
            if whole
            else {("digest_action" if k == "next_action" else k): v for k, v in self.items()}
        )
        state = {name: value for name, value in head.pop("tracker").items() if name != "events"}
        domain = f', "domain": {digest_and_text(self._domain)[1]}' if whole else ""
        events = ", ".join(self._events)
        return f'{_json(head)[:-1]}, "tracker": {_json(state)[:-1]}, "events": [{events}]}}{domain}}}'


def digest_and_text(domain: Domain) -> tuple[str, str]:
    """SHA-256 over the domain as JSON with sorted keys, and that JSON."""
    known: tuple[str, str] | None = domain.__dict__.get("_digest_and_text")
    if known is None:
        text = json.dumps(domain.as_dict(), sort_keys=True)
        known = domain.__dict__["_digest_and_text"] = (hashlib.sha256(text.encode()).hexdigest(), text)
    return known


def _final_events(tracker: DialogueStateTracker) -> int:
    """How many of the events change no more: those before the customer's latest message."""
    for n, event in enumerate(reversed(tracker.events)):
        if event is tracker.latest_message:
            return len(tracker.events) - n - 1
    return 0


def _text(event: Event, keep: bool) -> str:
    known: str | None = event.__dict__.get("_text") if keep else None
    if known is None:
        known = _json(_for_actions(event.as_dict()))
        if keep:
            event.__dict__["_text"] = known
    return known


def _for_actions(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what no action looks at in what lies behind: which intents a message did not have."""
    parsed = event.get("parse_data")
    if isinstance(parsed, dict) and not UNREAD.isdisjoint(parsed):
        return {**event, "parse_data": {name: value for name, value in parsed.items() if name not in UNREAD}}
    return event


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def action_call_format(action: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """A call that may leave the domain out; Rasa's own for endpoints that choose domains or have ways of their own."""
    if type(action.action_endpoint) is not EndpointConfig or action._is_selective_domain_enabled():
        return dict(original(_FORMAT)(action, tracker, domain))
    return ActionCall(action.name(), tracker, domain)


async def request(
    endpoint: EndpointConfig,
    method: str = "post",
    subpath: str | None = None,
    content_type: str | None = "application/json",
    compress: bool = False,
    **kwargs: Any,
) -> Any:
    """`EndpointConfig.request` over a connection that stays; a call of an action by digest where that is understood."""
    call = kwargs.get("json")
    if not isinstance(call, ActionCall) or endpoint.cafile:
        return await original(_REQUEST)(endpoint, method, subpath, content_type, compress, **kwargs)
    calls = _Calls.of(endpoint)
    url = concat_url(endpoint.url, subpath)
    if not compress and time.monotonic() >= calls.whole_until:
        status, answer = await calls.post(url, call.body(whole=False), call.digest, False)
        if status != UNKNOWN_DIGEST:
            if answer is not None:
                return answer
            calls.whole_until = time.monotonic() + WHOLE_CALLS_SECONDS
    return (await calls.post(url, call.body(whole=True), call.digest, compress))[1]


class _Calls:
    """The connections to one endpoint from one event loop."""

    def __init__(self, endpoint: EndpointConfig) -> None:
        self._endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self.whole_until = 0.0
        self._connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        auth = endpoint.basic_auth
        self._session = aiohttp.ClientSession(
            headers=endpoint.headers,
            auth=aiohttp.BasicAuth(auth["username"], auth["password"]) if auth else None,
            timeout=aiohttp.ClientTimeout(total=DEFAULT_REQUEST_TIMEOUT),
            connector=self._connector,
        )

    @classmethod
    def of(cls, endpoint: EndpointConfig) -> _Calls:
        """Those of this endpoint; new ones in a new event loop."""
        calls: _Calls | None = endpoint.__dict__.get("_calls")
        if calls is None or calls._loop is not asyncio.get_running_loop():
            if calls is not None:
                calls.close()
            calls = endpoint.__dict__["_calls"] = cls(endpoint)
            atexit.register(calls.close)
        return calls

    async def post(self, url: str, content: bytes, digest: str, compress: bool) -> tuple[int, Any]:
        """The answer's status and JSON (None where it is none). Raises ClientResponseError for a refusal, as Rasa does."""
        endpoint = self._endpoint
        headers = {"Content-Type": "application/json", DIGEST_HEADER: digest, **endpoint.headers}
        async with (
            waiting(),
            self._session.post(
                url, data=content, headers=headers, params=endpoint.combine_parameters(), compress=compress
            ) as response,
        ):
            body = await response.read()
        if response.status == UNKNOWN_DIGEST:
            return response.status, None
        if response.status >= 400:
            raise ClientResponseError(response.status, str(response.reason), body)  # type: ignore[arg-type]
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return response.status, json.loads(body) if kind == "application/json" else None

    def close(self) -> None:
        """Let go of the connections."""
        with warnings.catch_warnings():  # it does its work at once, and warns that one day it may not
            warnings.simplefilter("ignore", DeprecationWarning)
            self._connector.close()


async def run_custom_action(
    extraction: ActionExtractSlots,
    custom_action: str,
    output_channel: OutputChannel,
    nlg: NaturalLanguageGenerator,
    tracker: DialogueStateTracker,
    domain: Domain,
) -> list[Event]:
    """What an action behind slot mappings says; nothing from one that has counted this very message already."""
    message = tracker.latest_message
    if custom_action not in COUNTS_ONCE or message is None:
        return list(await original(_MAPPED)(extraction, custom_action, output_channel, nlg, tracker, domain))
    counted: set[str] = message.__dict__.setdefault("_counted", set())
    if custom_action in counted:
        return []
    events = list(await original(_MAPPED)(extraction, custom_action, output_channel, nlg, tracker, domain))
    if events:  # else it may have failed
        counted.add(custom_action)
    return events


REPLACEMENTS = (
    Replacement(_MAPPED, "a20d71ee74b1cd5c", run_custom_action),
    Replacement(_FORMAT, "428795b944f22edb", action_call_format),
    Replacement(_REQUEST, "ccdb778aed8208e2", request),
)
