# SPDX-License-Identifier: EUPL-1.2
"""Web addresses and handles. The address of a post or an account names its author; a host alone names nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flaggermail.annex.redaction.known import KnownToDesk, web_key
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import TextSpan

_ENDS = r"\s<>\"\u201c\u201d\u00ab\u00bb\u2039\u203a"
_SCHEME = re.compile(rf"(?<![\w@])(?:h(?:tt|xx)ps?://|www\d?\.)[^{_ENDS}]{{3,2000}}", re.IGNORECASE)
_HOST = re.compile(
    rf"(?<![\w@./-])(?:[^\W_](?:[\w-]{{0,61}})(?:\.|\[\.\])){{1,6}}[^\W\d_]{{2,24}}(?::\d{{2,5}})?/[^{_ENDS}]{{1,2000}}"
)
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_TRAILING = ".,;:!?'\u2019*_|"

_HANDLE = re.compile(r"(?<![\w@.+/=])@[^\W_][\w.-]{1,49}(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})?")
_UNDERSCORE = re.compile(r"(?<![\w@.+/=])@_[\w.]{2,49}")
_USER = re.compile(r"(?<![\w/])/?[uU]/[\w-]{3,40}")
_NAMED_HANDLE = r"[\u201c\"']?[@\w][\w.-]{2,49}"


def web_addresses(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields web addresses; those below a public address are left out."""
    end = 0
    for match in sorted((*_SCHEME.finditer(text), *_HOST.finditer(text)), key=lambda found: found.start()):
        if match.start() < end:
            continue
        address = _trimmed(match[0])
        end = match.start() + len(address)
        if not _is_public(web_key(address), known):
            yield TextSpan(match.start(), end, Detail.WEB_ADDRESS)


def _trimmed(address: str) -> str:
    """Returns an address without the marks of the sentence around it."""
    while address:
        last = address[-1]
        opener = _CLOSERS.get(last)
        if last in _TRAILING or (opener and address.count(opener) < address.count(last)):
            address = address[:-1]
        else:
            break
        if len(address) < len("www.a"):
            break
    return address


def _is_public(key: str, known: KnownToDesk) -> bool:
    return known.is_official(key) or any(
        key == public or key.startswith((f"{public}/", f"{public}?", f"{public}#")) for public in known.public_keys
    )


def handles(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields names of accounts: behind `@` or `u/`, or behind a word such as "account" and a colon."""
    for pattern in (_HANDLE, _UNDERSCORE, _USER):
        for match in pattern.finditer(text):
            yield TextSpan(match.start(), match.start() + len(match[0].rstrip(".-")), Detail.HANDLE)
    words = "|".join(map(re.escape, known.words.sorted_lists["handle_words"]))
    if words:
        named = re.compile(rf"(?<!\w)(?:{words})[ ]?[:=][ ]{{0,3}}({_NAMED_HANDLE})", re.IGNORECASE)
        for match in named.finditer(text):
            yield TextSpan(match.start(1), match.start(1) + len(match[1].rstrip(".-")), Detail.HANDLE)
