"""The one HTTP client under all gateways: pooled, bounded in time, safe to retry.

A read that fails was in vain. A write that fails may have been done: what counts is whether anything was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError
from urllib3.util.retry import Retry

from actions.gateways.errors import GatewayError, NotFound, OutcomeUnknown, Unavailable, refusal

CONNECT_SECONDS, READ_SECONDS = 2.0, 6.0
IN_BETWEEN = (502, 503, 504)  # said by what stands between us and the back office
KEY_REUSED = "idempotency_key_reused"


@dataclass(frozen=True)
class Caller:
    """On whose behalf a call is made.

    Attributes:
        customer: proven customer id, or None for a visitor.
        key: idempotency key of a write; None for reads.
        again: whether an earlier try of the same message may have written under this key already, in other words.
    """

    customer: str | None = None
    key: str | None = None
    again: bool = False

    def headers(self) -> dict[str, str]:
        """The HTTP headers that carry both."""
        named = {"X-Customer-Id": self.customer, "Idempotency-Key": self.key}
        return {name: value for name, value in named.items() if value is not None}


class BackOffice:
    """Speaks HTTP with the back office; raises only `GatewayError` and its kinds.

    Every write carries an idempotency key, so any call may be repeated after a broken connection. A read is, here; a write
    only where nothing was sent: else the caller hears `OutcomeUnknown`, and may repeat it under the same key.
    `requests` blocks: call the gateways in a thread, never on the event loop.
    """

    def __init__(self, url: str, token: str, adapter: HTTPAdapter | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.trust_env = False  # a proxy of the machine is no business of a local call
        retry = Retry(total=2, backoff_factor=0.2, status_forcelist=IN_BETWEEN, allowed_methods=None)
        self._session.mount(self._url, adapter or HTTPAdapter(pool_maxsize=32, max_retries=retry))
        # A retry that hides a lost answer behind a refused connection would make "sent" look like "not sent".
        self._writing = requests.Session()
        self._writing.headers["Authorization"] = f"Bearer {token}"
        self._writing.trust_env = False
        unsent = Retry(total=2, connect=2, read=False, status=0, other=0, backoff_factor=0.2, allowed_methods=None)
        self._writing.mount(self._url, adapter or HTTPAdapter(pool_maxsize=32, max_retries=unsent))

    def get(self, path: str, caller: Caller = Caller(), **query: Any) -> Any:
        """Read; answers the decoded JSON."""
        return self._call("GET", path, caller, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, caller: Caller, body: dict[str, Any]) -> Any:
        """Write once under the caller's idempotency key; answers the decoded JSON."""
        if caller.key is None:  # a look that needs a body
            return self._call("POST", path, caller, json=_without_none(body))
        return self._write("POST", path, caller, _without_none(body))

    def patch(self, path: str, caller: Caller, body: dict[str, Any]) -> Any:
        """Change some fields once under the caller's idempotency key; answers the decoded JSON."""
        return self._write("PATCH", path, caller, _without_none(body))

    def outcome(self, caller: Caller) -> tuple[int, Any] | None:
        """The status and the JSON that the write under the caller's key was answered with; None where there is none."""
        try:
            path = f"/outcomes/{quote(caller.key or '', safe='')}"
            stored = self._call("GET", path, Caller(caller.customer))
        except NotFound:
            return None
        return int(stored["status"]), stored["answer"]

    def _write(self, method: str, path: str, caller: Caller, body: dict[str, Any]) -> Any:
        try:
            response = self._writing.request(
                method, self._url + path, headers=caller.headers(), timeout=(CONNECT_SECONDS, READ_SECONDS), json=body
            )
        except requests.RequestException as error:
            kind = Unavailable if _never_connected(error) else OutcomeUnknown
            raise kind(f"{method} back office: {type(error).__name__}") from error
        status = response.status_code
        if status in IN_BETWEEN:
            raise OutcomeUnknown(f"{method} back office: {status}")
        if status >= 500:
            return self._stored(caller, GatewayError(f"{method} back office: {status}"))
        try:
            told = response.json()
        except ValueError as error:
            if status < 300:
                raise OutcomeUnknown(f"{method} back office: {status} without JSON") from error
            told = {}
        if caller.again and status == 422 and told.get("code") == KEY_REUSED:
            return self._stored(caller, OutcomeUnknown(f"{method} back office: {KEY_REUSED}"))
        return _answer(method, path, status, told)

    def _stored(self, caller: Caller, none: GatewayError) -> Any:
        """What the back office has stored for the key; raises `none` where it has stored nothing."""
        try:
            found = self.outcome(caller)
        except GatewayError as error:
            raise OutcomeUnknown(f"outcome: {error}") from error
        if found is None:
            raise none
        return _answer("GET", "/outcomes", *found)

    def _call(self, method: str, path: str, caller: Caller, **kwargs: Any) -> Any:
        try:
            response = self._session.request(
                method, self._url + path, headers=caller.headers(), timeout=(CONNECT_SECONDS, READ_SECONDS), **kwargs
            )
        except requests.RequestException as error:
            raise Unavailable(f"{method} back office: {type(error).__name__}") from error
        if response.status_code in IN_BETWEEN:
            raise Unavailable(f"{method} back office: {response.status_code}")
        told = _json(response) if response.status_code < 300 or response.status_code in (409, 422) else None
        return _answer(method, path, response.status_code, told)


def _answer(method: str, path: str, status: int, told: Any) -> Any:
    """The JSON of an answer, or the error that it means."""
    if status < 300:
        return told
    if status == 404:
        raise NotFound(path.split("/")[1])
    if status in (409, 422):
        raise refusal(told)
    raise GatewayError(f"{method} back office: {status}")


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no byte of the request can have reached anybody."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, (NewConnectionError, ConnectTimeoutError))


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise GatewayError(f"back office answered {response.status_code} without JSON") from error


def _without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
