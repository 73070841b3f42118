# SPDX-License-Identifier: EUPL-1.2
"""What a form sends beside its fields: which act, on which version, a key that makes a repeat harmless, and a token.

The token is a keyed digest of person and page (RFC 2104): no other site can make it, and no session is kept. Headers
that browsers send about the origin of a request (`Sec-Fetch-Site`, `Origin`) are believed where they are sent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from werkzeug.datastructures import Headers

ACT, TOKEN, KEY, VERSION, HELD, AIM = "act", "token", "key", "version", "held", "aim"
OWN_FIELDS = frozenset({ACT, TOKEN, KEY, VERSION, HELD, AIM})
"""`held` names, once each, the fields that the record had filled when the page was made."""
_KEY_OCTETS = 16
_DONE_DIGITS = 16  # 64 bits: whoever guessed it would have made a page say "done"
_SITES = frozenset({"same-origin", "none"})


class FormAim(StrEnum):
    """What the button of a form is for: its act, to keep it half filled, or to discard what is kept."""

    ACT = "act"
    KEEP = "keep"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class FormTokens:
    """Makes and knows the tokens of forms; `secret` is the desk's own, so that they outlive a door."""

    secret: bytes

    def token(self, person: str, path: str) -> str:
        """Returns the token of a form on a page, for a person."""
        return hmac.new(self.secret, f"{person}\n{path}".encode(), hashlib.sha256).hexdigest()

    def done(self, person: str, path: str, aim: FormAim, warned: str = "") -> str:
        """Returns what tells the page that a form of that person led to it; no link of another's making does.

        `warned`: what the page says beside that.
        """
        return self.token(person, f"{path}?{aim}\n{warned}")[:_DONE_DIGITS]

    def what_is_done(self, given: str, person: str, path: str, warned: str = "") -> FormAim | None:
        """Returns the aim of what `done` returned; None for anything else."""
        told, made = given.encode("utf-8", "replace"), partial(self.done, person, path, warned=warned)
        return next((aim for aim in FormAim if hmac.compare_digest(told, made(aim).encode())), None)

    def is_token(self, given: str, person: str, path: str) -> bool:
        """True for the token of that person on that page."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token(person, path).encode())


def new_key() -> str:
    """Returns the key by which a post is known that is sent twice."""
    return secrets.token_hex(_KEY_OCTETS)


def is_from_here(headers: Headers, host: str) -> bool:
    """False if the browser says that another site sent the post (Fetch Metadata; RFC 6454, section 7).

    A browser that says the site names no origin for a page that gives its address to nobody (`no-referrer`).
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None:
        return site in _SITES
    return origin is None or origin.partition("://")[2] == host
