"""Who the customer is: the customer token that the shop's site or app signs, and that every user message carries.

A token is a JWT (RFC 7519) signed with HS256; claims `sub` (customer id, e.g. ``C000001``) and `exp` are required.
Its holder is that customer until `exp`, so a token is short-lived and never stored or logged.

    IdentityError
    ├── TokenMissing    nobody has said who they are
    ├── TokenExpired    proven once, no longer
    └── TokenForged     not signed by the shop, or not a customer token at all
"""

from __future__ import annotations

import re
import time

import jwt
from jwt.types import Options

_ALGORITHM = "HS256"
_MAX_LENGTH = 4096
# The same as the back office's: whoever is proven here must be able to be somebody there.
CUSTOMER_ID = "^[A-Za-z0-9_-]{1,32}$"
# Clocks of the shop's servers differ by seconds: only `exp` says when, and `aud` may serve the shop's other readers.
_OPTIONS: Options = {"require": ["sub", "exp"], "verify_iat": False, "verify_nbf": False, "verify_aud": False}


class IdentityError(Exception):
    """The customer is not proven; the message never holds the token."""


class TokenMissing(IdentityError):
    """There is no token."""


class TokenExpired(IdentityError):
    """The shop signed this token, and its `exp` has passed."""


class TokenForged(IdentityError):
    """The token is unreadable, wrongly signed, or lacks `sub` or `exp`."""


def verify_customer_token(token: str | None, secret: str) -> str:
    """The id of the customer that `token` proves. Raises `TokenMissing`, `TokenExpired` or `TokenForged`."""
    if token is None or token == "":
        raise TokenMissing("no customer token")
    if not isinstance(token, str) or len(token) > _MAX_LENGTH:
        raise TokenForged("not a customer token")
    try:
        claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options=_OPTIONS)
    except jwt.ExpiredSignatureError:
        raise TokenExpired("the customer token has expired") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        # Hostile text also breaks the JSON and the encoding inside; whatever breaks proves nobody.
        raise TokenForged("the customer token is not the shop's") from None
    customer = claims["sub"]
    if not isinstance(customer, str) or not re.fullmatch(CUSTOMER_ID, customer):
        raise TokenForged("the customer token names no customer")
    return customer


def sign_customer_token(customer: str, secret: str, lifetime: int) -> str:
    """A token that proves `customer` for `lifetime` seconds: for connectors that have proven the customer themselves."""
    return jwt.encode({"sub": customer, "exp": int(time.time()) + lifetime}, secret, algorithm=_ALGORITHM)
