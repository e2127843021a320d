"""The one HTTP client under all gateways: pooled, bounded in time, safe to retry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from actions.gateways.errors import GatewayError, NotFound, Unavailable, refusal

CONNECT_SECONDS, READ_SECONDS = 2.0, 6.0


@dataclass(frozen=True)
class Caller:
    """On whose behalf a call is made.

    Attributes:
        customer: proven customer id, or None for a visitor.
        key: idempotency key of a write; None for reads.
    """

    customer: str | None = None
    key: str | None = None

    def headers(self) -> dict[str, str]:
        """The HTTP headers that carry both."""
        named = {"X-Customer-Id": self.customer, "Idempotency-Key": self.key}
        return {name: value for name, value in named.items() if value is not None}


class BackOffice:
    """Speaks HTTP with the back office; raises only `GatewayError` and its kinds.

    Every write carries an idempotency key, so any call may be repeated after a broken connection.
    `requests` blocks: call the gateways in a thread, never on the event loop.
    """

    def __init__(self, url: str, token: str, adapter: HTTPAdapter | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.trust_env = False  # a proxy of the machine is no business of a local call
        retry = Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504), allowed_methods=None)
        self._session.mount(self._url, adapter or HTTPAdapter(pool_maxsize=32, max_retries=retry))

    def get(self, path: str, caller: Caller = Caller(), **query: Any) -> Any:
        """Read; answers the decoded JSON."""
        return self._call("GET", path, caller, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, caller: Caller, body: dict[str, Any]) -> Any:
        """Write once under the caller's idempotency key; answers the decoded JSON."""
        return self._call("POST", path, caller, json=_without_none(body))

    def patch(self, path: str, caller: Caller, body: dict[str, Any]) -> Any:
        """Change some fields once under the caller's idempotency key; answers the decoded JSON."""
        return self._call("PATCH", path, caller, json=_without_none(body))

    def _call(self, method: str, path: str, caller: Caller, **kwargs: Any) -> Any:
        try:
            response = self._session.request(
                method, self._url + path, headers=caller.headers(), timeout=(CONNECT_SECONDS, READ_SECONDS), **kwargs
            )
        except requests.RequestException as error:
            raise Unavailable(f"{method} back office: {type(error).__name__}") from error
        if response.status_code < 300:
            return _json(response)
        if response.status_code == 404:
            raise NotFound(path.split("/")[1])
        if response.status_code in (409, 422):
            raise refusal(_json(response))
        if response.status_code in (502, 503, 504):
            raise Unavailable(f"{method} back office: {response.status_code}")
        raise GatewayError(f"{method} back office: {response.status_code}")


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise GatewayError(f"back office answered {response.status_code} without JSON") from error


def _without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
