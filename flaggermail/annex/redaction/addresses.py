# SPDX-License-Identifier: EUPL-1.2
"""Mail addresses in printed text (RFC 5321, RFC 6531), also those written with words: "jan (at) gemeente punt nl"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flaggermail.annex.redaction.known import KnownToDesk, contact_key, web_key
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import TextSpan, fold

_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^{|}~\u2019-]+\Z")
_LOCAL_SIGNS = "!#$%&'*+/=?^{|}~_-.\u2019"
_MOST_LOCAL, _MOST_DOMAIN = 96, 253  # octets: RFC 5321, section 4.5.3.1, with room for rewritten addresses
_DOMAIN = re.compile(rf"[\w-][\w.-]{{0,{_MOST_DOMAIN}}}")
_TOP = re.compile(r"\.(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})\Z", re.IGNORECASE)
_TOKEN = re.compile(r"(?:(?<![0-9a-z])vf\.|\+)[0-9a-f]{32}(?![0-9a-z])", re.IGNORECASE)


def mail_addresses(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields mail addresses that are not public."""
    last = 0
    at = text.find("@")
    while at >= 0:
        span = _around(text, at, last)
        if span:
            start, end = span
            last = end
            yield from _told_apart(text, start, end, known)
        at = text.find("@", max(at + 1, last))
    yield from _in_words(text, known)


def _around(text: str, at: int, last: int) -> tuple[int, int] | None:
    """Returns the place of the address around the sign `@`; None if there is none, or if it is a handle."""
    if not at or not (text[at - 1].isalnum() or text[at - 1] in _LOCAL_SIGNS):
        return None
    begin = max(last, at - _MOST_LOCAL)
    local = _LOCAL.search(text[begin:at])
    domain = _DOMAIN.match(text, at + 1)
    if not local or not domain:
        return None
    host = domain[0].rstrip(".-_")
    while host and not _TOP.search(host) and "." in host:
        host = host.rpartition(".")[0].rstrip(".-_")  # a number behind the address
    name = local[0].lstrip(".'\u2019/=-")
    if not name or not _TOP.search(host):
        return None
    start = at - len(name)
    return None if start and text[start - 1] == "@" else (start, at + 1 + len(host))


def _told_apart(text: str, start: int, end: int, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields an address as ours, as a channel's or as somebody's; nothing if it is public."""
    address = text[start:end]
    key = contact_key(address)
    if _TOKEN.search(address) or any(token in address.lower() for token in known.tokens):
        yield TextSpan(start, end, Detail.KEY)
    elif key in known.own_keys:
        yield TextSpan(start, end, Detail.OWN_ADDRESS)
    elif key in known.channel_keys:
        yield TextSpan(start, end, Detail.CHANNEL)
    elif key not in known.public_keys:
        yield TextSpan(start, end, Detail.MAIL_ADDRESS)


def _in_words(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields addresses in which words stand for `@` and for the points, and those with blanks around `@`."""
    at = "|".join(map(re.escape, known.words.sorted_lists["at_words"]))
    dot = "|".join(map(re.escape, known.words.sorted_lists["dot_words"]))
    if not at or not dot:
        return
    point = rf"(?:\.|[ ]?[(\[{{][ ]?(?:{dot}|\.)[ ]?[)\]}}][ ]?|[ ](?:{dot})[ ])"
    sign = re.compile(rf"[ ]?[(\[{{<][ ]?(?:{at}|@)[ ]?[)\]}}>][ ]?|[ ](?:{at}|@)[ ]|[ ]@|@[ ]", re.IGNORECASE)
    host = re.compile(rf"[\w-]{{1,63}}(?:{point}[\w-]{{1,63}}){{1,5}}", re.IGNORECASE)
    local = re.compile(rf"[\w+-]{{1,64}}(?:{point}[\w+-]{{1,64}}){{0,5}}\Z", re.IGNORECASE)
    spaced = re.compile(rf"[ ](?:{dot})[ ]", re.IGNORECASE)
    for match in sign.finditer(text):
        domain = host.match(text, match.end())
        before = text[max(0, match.start() - 2 * _MOST_LOCAL // 3) : match.start()]
        name = local.search(before) if domain and before[-1:].isalnum() else None
        if not domain or not name or not any(map(str.isalpha, name[0])) or domain[0][0].isdigit():
            continue
        bare = not re.search(r"[(\[{<@]", match[0])
        if bare and not spaced.search(domain[0]) and not _reads_as_local(name[0], known):
            continue  # "we looked at" a host
        end = _end_of_host(domain, point)
        if end:
            yield TextSpan(match.start() - len(name[0]), end, Detail.MAIL_ADDRESS)


def _reads_as_local(written: str, known: KnownToDesk) -> bool:
    """True if what is before "at" is no word of a sentence: it has a point, a digit or a capital, or is a name."""
    if any(sign in "._+-" or sign.isdigit() for sign in written) or written[0].isupper():
        return True
    folded = fold(written)
    return folded in known.words["given_names"] | known.words["mailbox_words"]


def _end_of_host(domain: re.Match[str], point: str) -> int | None:
    """Returns where the host ends with its top-level domain, without what follows in the sentence; None without one."""
    labels = [*re.finditer(point, domain[0], re.IGNORECASE)]
    for count in range(len(labels), 0, -1):
        stop = labels[count].start() if count < len(labels) else len(domain[0])
        if _TOP.search(re.sub(point, ".", domain[0][:stop], flags=re.IGNORECASE)):
            return domain.start() + stop
    return None


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
