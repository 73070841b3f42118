# SPDX-License-Identifier: EUPL-1.2
"""The SASL exchanges that carry a token: OAUTHBEARER (RFC 7628), and XOAUTH2, which Exchange and Gmail use."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from flaggermail.ports import AccessToken, TokenSource

OAUTHBEARER, XOAUTH2 = "OAUTHBEARER", "XOAUTH2"

_LONGEST = 40  # characters kept of the server's status
_AGAIN = 60.0  # seconds
_AT_ONCE = 5.0  # seconds from the endpoint's answer to the end of a login
_LATELY = 60.0  # seconds; a token younger than this was refused for what it may not do, not for its age


def preferred(offered: Collection[str]) -> str | None:
    """Returns the token mechanism to use (in upper case); None if the server offers none."""
    return next((name for name in (OAUTHBEARER, XOAUTH2) if name in offered), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whose token opens which mailbox. `monotonic` counts seconds and never goes back."""

    tokens: TokenSource
    mailbox: str  # the address that is opened, or for which mail is sent
    client_id: str = ""  # of the application, for error texts
    monotonic: Callable[[], float] = time.monotonic

    def current(self) -> AccessToken:
        """Returns a token that lives long enough. Raises LinkLost, LoginRefused."""
        return self.tokens.token(self.monotonic())

    def forget(self, token: AccessToken) -> bool:
        """Gives up a token that the server refused; returns True if it was just fetched, so that another is no use.

        One that has ended is kept for a while, and then refused for its age.
        """
        self.tokens.forget(token)
        now = self.monotonic()
        return now - token.got_at < (_LATELY if now < token.ends_at else _AT_ONCE)

    def left(self, token: AccessToken) -> float:
        """Returns the seconds until the session with this token is to be renewed, at least one.

        If that is over, because no other token can be had: a minute, or less if the token ends before.
        """
        now = self.monotonic()
        return max(1.0, token.renew_at - now if now < token.renew_at else min(_AGAIN, token.ends_at - now))


@dataclass(slots=True)
class BearerExchange:
    """One exchange. The server's challenge after the token is its reason for refusing it."""

    mechanism: str
    user: str
    token: AccessToken
    status: str = field(default="", init=False)

    def first(self) -> bytes:
        """Returns the client's first message, with the token."""
        bearer = f"auth=Bearer {self.token.value}\x01\x01"
        if self.mechanism == XOAUTH2:
            return f"user={self.user}\x01{bearer}".encode()
        identity = self.user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801, section 4
        return f"n,a={identity},\x01{bearer}".encode()

    def answer(self, challenge: bytes) -> bytes:
        """Returns the first message to an empty challenge; else keeps the reason and ends the exchange."""
        if not challenge:
            return self.first()
        self.status = _status(challenge)
        return b"" if self.mechanism == XOAUTH2 else b"\x01"  # RFC 7628, section 3.2.3


def _status(challenge: bytes) -> str:
    """Returns the status of the server's error (RFC 7628, section 3.2.2), such as invalid_token or 401."""
    try:
        told: object = json.loads(challenge)
    except ValueError:
        return "no reason given"
    status = str(told.get("status", "")) if isinstance(told, dict) else ""
    text = "".join(letter for letter in status if letter.isascii() and (letter.isalnum() or letter in "_-."))
    return text[:_LONGEST] or "no reason given"
