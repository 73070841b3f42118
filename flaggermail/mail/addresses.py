# SPDX-License-Identifier: EUPL-1.2
"""Parses address lists in header fields and in forwarded text (RFC 5322, section 3.4), in one pass, not recursively."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flaggermail.mail.invisible import is_invisible
from flaggermail.mail.message import Address

MOST = 1000
LOCAL_PART_LIMIT, _ADDRESS_LIMIT = 64, 254  # octets: RFC 5321, section 4.5.3.1, less the angle brackets of a path
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"  # RFC 6531, section 3.3: what is not ASCII too
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_address(text: str, *, international: bool = False) -> bool:
    """True if `text` is a plain local-part@domain: no quotes, comments, literals (RFC 5321, section 4.1.2).

    It is ASCII, unless `international`: then its local part may hold any visible character (RFC 6531, section 3.3).
    """
    if not (text.isascii() or (international and not any(map(is_invisible, text)) and text.isprintable())):
        return False
    local = text.rpartition("@")[0]
    short = len(local.encode()) <= LOCAL_PART_LIMIT and len(text.encode()) <= _ADDRESS_LIMIT
    return short and _ADDRESS.fullmatch(text) is not None


def mailbox_of(address: str) -> str:
    """Returns the address in lower case without its subaddress, from the first plus sign on (RFC 5233)."""
    local, at, domain = address.strip().lower().rpartition("@")
    own = local.partition("+")[0] or local
    return f"{own}{at}{domain}"


# One token: a quoted pair, a special character, an encoded word, or a run of anything else. A bare comma inside an
# encoded word, which RFC 2047, section 5 (3) forbids, does not separate addresses.
_TOKEN = re.compile(
    r"\\.|[\"()<>,;:]|=\?[^?\s\"<>]{1,60}\?[bBqQ]\?[^?\s\"<>]{0,300}\?=|[^\\\"()<>,;:=]+|[\\=]", re.DOTALL
)
# One mailbox as most programs write it, which needs no splitting and no decoding: a bare address, or a name without
# quotation marks and an address in angle brackets.
_SIMPLE = re.compile(
    r"(?:([A-Za-z0-9](?:[A-Za-z0-9.-]| (?! )){0,100}) <)?([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253})(?(1)>)"
)
_LONGEST_ROUTE = 1000
_ROUTE = re.compile(rf"\s*@[^:]{{0,{_LONGEST_ROUTE}}}:")  # RFC 5322, section 4.4: "<@HOST,@HOST:ADDRESS>"
_SPACED_DOMAIN = re.compile(r"(?<=@)(\S{1,250}) \. (?=\S)")  # the same section: blanks around the dots of a domain
# "ADDRESS<mailto:ADDRESS>" and "Jane [mailto:ADDRESS]": how Outlook prints a link as text.
_LINK = re.compile(r"<mailto:[^<>\s]{0,300}>")
_MAILTO = re.compile(r"\[mailto:([^\[\]\s]{1,300})\]", re.IGNORECASE)
# 'Doe, Jane' <ADDRESS>: some programs print apostrophes instead of quotation marks.
_APOSTROPHES = re.compile(r"((?:\A|[,;])\s{0,4})'([^'<>@]{1,80})'\s{0,4}<")
_QUOTES = "'\"\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb \t\u00a0"


@dataclass
class _Mailbox:
    """A mailbox that is still being read."""

    phrase: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    angle: str | None = None

    @property
    def routed(self) -> bool:
        """True while a source route is being read; its commas do not separate addresses yet."""
        read = self.angle or ""
        return len(read) <= _LONGEST_ROUTE and read.lstrip().startswith("@") and ":" not in read

    def finish(self, decode: Callable[[str], str]) -> list[Address]:
        """Returns the addresses read so far, none if nothing was written.

        Every word with an @ outside angle brackets counts as an address. If there are several, all are returned,
        because the text does not say which one is the author's.
        """
        phrase = _SPACED_DOMAIN.sub(r"\1.", " ".join("".join(self.phrase).split()))
        if self.angle is not None:
            return _address(_ROUTE.sub("", self.angle, count=1).strip(), phrase, decode)
        words = phrase.split(" ")
        bare = [word for word in words if "@" in word]
        if len(words) == 1 or not bare:
            return _address(phrase, "".join(self.comment), decode)
        name = " ".join(word for word in words if "@" not in word)
        return [address for word in bare for address in _address(word, name, decode)]


def _address(address: str, name: str, decode: Callable[[str], str]) -> list[Address]:
    address = decode(address).strip("'\"<>").removeprefix("mailto:")
    address = address.replace(" ", "") if "@" in address else address
    return [Address(address, decode(name).strip(_QUOTES) or None)] if address else []


def read_addresses(text: str, decode: Callable[[str], str] = str) -> tuple[Address, ...]:
    """Returns the mailboxes of an address list, group members included, at most 1,000. Never raises.

    See RFC 5322, section 3.4, and RFC 6854 for groups. `decode` is applied to each phrase after the list has been
    split: RFC 2047 forbids decoding first, because a decoded comma would split the list. Semicolons also separate
    addresses, since Outlook writes them.
    """
    if simple := _SIMPLE.fullmatch(text):
        return (Address(simple[2], simple[1].rstrip(" ") if simple[1] else None),)
    return read_list(text, decode)


def read_list(text: str, decode: Callable[[str], str]) -> tuple[Address, ...]:
    """Works like `read_addresses`, without its short way for a single mailbox."""
    addresses: list[Address] = []
    for box in _mailboxes(text):
        addresses += box.finish(decode)
        if len(addresses) >= MOST:
            break
    return tuple(addresses[:MOST])


def _mailboxes(text: str) -> Iterator[_Mailbox]:
    box, angle = _Mailbox(), False
    for sign, token in _tokens(text):
        if sign == "(":
            box.comment.append(token)
        elif sign == "<":
            if box.angle:  # a second pair of brackets starts a second address, so that the first cannot hide it
                yield box
                box = _Mailbox()
            angle, box.angle = True, ""
        elif sign == ">":
            angle = False
        elif (sign == "," and not box.routed) or (sign == ";" and not angle):
            yield box
            box, angle = _Mailbox(), False
        elif angle:
            box.angle = (box.angle or "") + token
        elif sign == ":" and box.phrase and box.angle is None:
            box = _Mailbox()  # the phrase before the colon is a group name
        else:
            box.phrase.append(token)
    yield box


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yields each token with its role: a special character, "(" for text in a comment, "" for text (RFC 5322, 3.2)."""
    depth, quoted = 0, False
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if depth:
            depth += (piece == "(") - (piece == ")")
            if depth:
                yield "(", piece
        elif piece == '"':
            quoted = not quoted
        elif quoted:
            yield "", piece.removeprefix("\\")
        elif piece == "(":
            depth = 1
        else:
            yield piece if len(piece) == 1 else "", piece


def read_written(text: str) -> tuple[Address, ...]:
    """Returns the mailboxes in an address list that a mail program printed into the text of a reply or forward."""
    plain = _MAILTO.sub(r"<\1>", _LINK.sub("", text))
    return read_addresses(_APOSTROPHES.sub(r'\1"\2" <', plain))


def in_domains(domain: str, domains: frozenset[str]) -> bool:
    """True if `domain` is one of `domains` or a subdomain of one."""
    name = domain.lower()
    while name not in domains:
        _, dot, name = name.partition(".")
        if not dot:
            return False
    return True
