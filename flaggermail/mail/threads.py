# SPDX-License-Identifier: EUPL-1.2
"""Groups mails into threads by the identifiers they name (RFC 5256, section 2.2, without ordering)."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.mail.message import Message
from flaggermail.mail.subject import stems
from flaggermail.mail.vocabulary import folded


class _Sets:
    """Disjoint sets of strings (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, item: str) -> str:
        parent = self._parent
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, first: str, second: str) -> None:
        self._parent[self.root(second)] = self.root(first)


def conversations(messages: Sequence[Message]) -> list[list[str]]:
    """Returns the Message-IDs of `messages` grouped by thread, in the order of the first mail of each thread.

    Mails that name the same identifier share a thread, even if no mail has that identifier. The subject joins mails
    only as a last resort: a mail that names no other joins the one thread that holds a mail with its subject minus a
    prefix, if it goes from a recipient of that mail to its author. With several such threads, it stays alone. Mails
    without a Message-ID are omitted.
    """
    listed = [message for message in messages if message.message_id]
    sets = _Sets()
    for message in listed:
        named = (message.message_id or "", *message.references, *message.in_reply_to)
        for identifier in named[1:]:
            sets.join(named[0], identifier)
    _join_by_subject(listed, sets)
    found: dict[str, dict[str, None]] = {}
    for message in listed:
        identifier = message.message_id or ""
        found.setdefault(sets.root(identifier), {})[identifier] = None
    return [list(identifiers) for identifiers in found.values()]


def _join_by_subject(messages: Sequence[Message], sets: _Sets) -> None:
    subjects: dict[str, list[Message]] = {}
    for message in messages:
        subjects.setdefault(folded(message.subject or ""), []).append(message)
    for message in messages:
        if not message.references and not message.in_reply_to:
            same = (other for stem in stems(message.subject or "") for other in subjects.get(stem, ()))
            fitting = {sets.root(other.message_id or "") for other in same if _is_reply_to(message, other)}
            if len(fitting) == 1:
                sets.join(fitting.pop(), message.message_id or "")


def _is_reply_to(reply: Message, other: Message) -> bool:
    """True if `reply` goes from a recipient of `other` to its author."""
    receivers = {address.key for address in (*other.to, *other.cc)}
    authors = {address.key for address in (*other.from_, *other.reply_to)}
    return bool({one.key for one in reply.from_} & receivers) and bool({one.key for one in reply.to} & authors)
