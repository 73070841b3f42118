# SPDX-License-Identifier: EUPL-1.2
"""Why a verified reply must not act: it was not sent by its author, was seen before, or can be read in two ways."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import sha256

from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.mail.automated.mechanical_kind import answerable
from flaggermail.mail.message import Message
from flaggermail.replies.answered import NotUnderstood, Understood
from flaggermail.replies.request import Request

Found = Understood | NotUnderstood
_RESENT = "resent-"  # RFC 5322, section 3.6.6
_LIST = ("list-", "x-list", "x-mailing-list", "mailing-list", "x-loop", "x-been-there", "x-mailman", "x-sympa")
_SIGNED = re.compile(r"(?:^|;)\s*b\s*=([^;]*)")  # RFC 6376, section 3.5
_AUTOLINK = re.compile(r"\s?[<\[(](?:https?://|mailto:)[^\s<>\[\]()]*[>\])]", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<!\w)[*_/]+(?=\w)|(?<=\w)[*_/]+(?!\w)")
_WORD = re.compile(r"[^\W\u1427]+")  # without the sign that a mail-tracking extension hides in white


def is_passed_on_by_machine(message: Message, ours: Collection[str]) -> bool:
    """True for mail that came through a list or in a loop; like all mail of machines it gets no answer."""
    return not answerable(message, ours) or any(name.startswith(_LIST) for name, _ in message.headers)


def of_sender(message: Message) -> ReplyRefusal | None:
    """Returns why somebody else than the author may have sent the mail: two authors, another sender, sent on."""
    author = message.sender.key if message.sender else ""
    senders = [value.lower() for value in message.header_all("sender") if value.strip()]
    named = [re.findall(r"[^\s<>\",;:()]+@[^\s<>\",;:()]+", value) for value in senders]
    if len(message.from_) != 1 or len(message.header_all("from")) != 1 or any(found != [author] for found in named):
        return ReplyRefusal.SENDER
    return ReplyRefusal.RESENT if any(name.startswith(_RESENT) for name, _ in message.headers) else None


def keys_of(message: Message, token: str) -> Iterator[str]:
    """Yields the keys that identify a repeated mail regardless of its other recipients and References.

    The Message-ID, each DKIM signature, and words, date and answered mail together: whoever sends a signed mail once
    more cannot change what the signature covers.
    """
    author = message.sender.key if message.sender else ""
    yield _key("id", author, message.message_id or message.sha256)
    date = message.date.isoformat() if message.date else message.header("date") or ""
    yield _key("words", author, date, token, *_words(message.reply_text))
    for value in message.header_all("dkim-signature"):
        for signature in _SIGNED.findall(value):
            yield _key("dkim", "".join(signature.split()))


def _key(*parts: str) -> str:
    return f"reply/{sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()}"


def of_readings(message: Message, found: Understood, read: Callable[[str, str], Found]) -> ReplyRefusal | None:
    """Returns why the words are not plain: text that a reader does not see, or alternatives with other commands.

    `read` parses own words and whole text like those of `message`, from which `found` was read. Mail programs print the
    address of a link behind it in plain text, so alternatives are compared without such addresses.
    """
    html = message.html
    if html is None:
        return None
    if _words(html.reply_text) != _words(html.seen_reply_text):
        return ReplyRefusal.HIDDEN
    whole, seen = read(html.reply_text, html.text), read(html.seen_reply_text, html.seen_text)
    if not _agree(whole, seen):
        return ReplyRefusal.HIDDEN
    bare, shown = (read(_AUTOLINK.sub("", own), text) for own, text in (
        (message.reply_text, message.text), (html.seen_reply_text, html.seen_text),
    ))  # fmt: skip
    return None if _agree(found, seen) or _agree(bare, shown) else ReplyRefusal.DISAGREE


def _agree(one: Found, other: Found) -> bool:
    """True if both ask the same of the desk, apart from spaces, wraps, emphasis and printed links."""
    if isinstance(one, NotUnderstood) or isinstance(other, NotUnderstood):
        return isinstance(one, NotUnderstood) and isinstance(other, NotUnderstood)
    return [_plain(asked) for asked in one.requests] == [_plain(asked) for asked in other.requests]


def _plain(asked: Request) -> tuple[str, Mapping[str, object]]:
    """Returns a request, texts without what mail programs change."""
    values = asked.fields.items()
    return asked.name, {name: _line(value) if isinstance(value, str) else value for name, value in values}


def _line(text: str) -> str:
    plain = _EMPHASIS.sub("", _AUTOLINK.sub("", unicodedata.normalize("NFKC", text)))
    return " ".join(word for word in plain.split() if word not in {"-", "\u2022"})


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text))
