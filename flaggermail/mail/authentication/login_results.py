# SPDX-License-Identifier: EUPL-1.2
"""Whether our own server says that the author logged in to submit the mail (RFC 8601, section 2.7.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_VALUE = rf"{_QUOTED}|[^\s\";]+"
_METHOD = re.compile(r"\s*auth\s*(?:/\s*\d+\s*)?=", re.IGNORECASE)
# Every property is read to its end: `smtp.auth="somebody"@elsewhere` is not a login of what it quotes.
_PASS = re.compile(
    rf"\s*auth\s*(?:/\s*1\s*)?=\s*pass((?:\s+[a-z][\w-]*(?:\.[\w-]+)?\s*=\s*(?:{_VALUE}))*)\s*",
    re.IGNORECASE | re.DOTALL,
)
_LOGIN = re.compile(rf"\ssmtp\.auth\s*=\s*({_VALUE})|{_QUOTED}", re.IGNORECASE | re.DOTALL)


def is_login_of(address: str, fields: Iterable[Sequence[str] | None]) -> bool:
    """True if the results of our server name one login, and it is this address in lower case.

    `fields`: the results in each field above our Received line, without comments; None if one cannot be read reliably.
    Several results must agree. smtp.mailfrom proves nothing: it is the AUTH parameter of the MAIL command, and whoever
    logged in may choose it (RFC 4954, section 5).
    """
    logins: list[str | None] = []
    for results in fields:
        if results is None:
            return False
        logins += [_login(result) for result in results if _METHOD.match(result)]
    return bool(logins) and all(login == address for login in logins)


def _login(result: str) -> str | None:
    """Returns the login in lower case, or None unless the result is a pass that names exactly one."""
    passed = _PASS.fullmatch(result)
    found = [match[1] for match in _LOGIN.finditer(passed[1]) if match[1]] if passed else []
    # Some letters beyond ASCII become ASCII in lower case, such as the Kelvin sign.
    return found[0].strip('"').lower() if len(found) == 1 and found[0].isascii() else None
