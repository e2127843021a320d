"""Customer tokens prove one customer until they expire, and nothing else proves anything."""

from __future__ import annotations

import base64
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.gateways.identity import (
    IdentityError,
    TokenExpired,
    TokenForged,
    TokenMissing,
    sign_customer_token,
    verify_customer_token,
)

SECRET = "a-secret-of-at-least-thirty-two-characters"


def signed(algorithm: str = "HS256", secret: str = SECRET, **claims: Any) -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def soon() -> int:
    return int(time.time()) + 24 * 3600


def test_a_good_token_names_its_customer() -> None:
    assert verify_customer_token(sign_customer_token("C000001", SECRET, 60), SECRET) == "C000001"
    assert (
        verify_customer_token(signed(sub="C000001", exp=soon(), aud="shop", iat=soon()), SECRET) == "C000001"
    )


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(token: str | None) -> None:
    with pytest.raises(TokenMissing):
        verify_customer_token(token, SECRET)


def test_an_expired_token() -> None:
    with pytest.raises(TokenExpired):
        verify_customer_token(sign_customer_token("C000001", SECRET, -1), SECRET)


@pytest.mark.parametrize(
    "token",
    [
        " ",
        "a.b.c",
        "\ud800.x.y",
        signed(sub="C000001", exp=soon())[:-3],
        signed(secret="another-secret-of-thirty-two-characters", sub="C000001", exp=soon()),
        signed(secret="another-secret-of-thirty-two-characters", sub="C000001", exp=1),
        signed(algorithm="none", secret="", sub="C000001", exp=soon()),
        signed(secret=SECRET * 2, algorithm="HS512", sub="C000001", exp=soon()),
        signed(sub="C000001"),
        signed(exp=soon()),
        signed(sub="", exp=soon()),
        signed(sub="C0\r\nX-Admin: 1", exp=soon()),
        signed(sub="C000001", exp=float("inf")),
        signed(sub="C000001", exp="tomorrow"),
        base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e.e",
        "a" * 5000,
        7,
    ],
)
def test_anything_else_is_forged(token: Any) -> None:
    with pytest.raises(TokenForged):
        verify_customer_token(token, SECRET)


@given(st.text() | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}"))
def test_no_text_gets_past(token: str) -> None:
    with pytest.raises(IdentityError):
        verify_customer_token(token, SECRET)
