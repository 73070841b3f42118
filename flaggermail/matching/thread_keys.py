# SPDX-License-Identifier: EUPL-1.2
"""By what later mail of a case is known, beside our own keys: learned from its mail.

A platform's system gives a number of its own and drops our References; people answer a mail that never reached us. What
verified mail of a case named leads later mail that names it to the same case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flaggermail.mail import reply_tokens
from flaggermail.mail.message import Message
from flaggermail.matching.placing import Anchor
from flaggermail.record.events import Change, EventKind, added, changed
from flaggermail.record.rows import StoredMessage, ThreadKey
from flaggermail.rules import classifier
from flaggermail.services import EventRef, UnitOfWork


def learned(work: UnitOfWork, message: Message, platform: str | None) -> dict[str, Anchor]:
    """Where what `message` names leads, by the words for it; to no case where mail of two cases named it."""
    words = _references(work, message, platform)
    words |= {_mail(name): f"refers, as others do, to <{name}>" for name in _named(message)}
    rows = {row.id: row for row in work.tx.find(ThreadKey, id=list(words))}
    return {
        words[key]: Anchor() if rows[key].ambiguous else Anchor(rows[key].case, rows[key].notification)
        for key in words
        if key in rows
    }


def learn(
    work: UnitOfWork, stored: StoredMessage, message: Message, platform: str | None, *, by_hand: bool = False
) -> None:
    """Know later mail by what this one, filed in its case, names.

    Only mail of a sender that somebody vouches for, or that a person has filed, may teach: a stranger could otherwise
    lead a platform's answer into a case of his choice. What a person has filed corrects what was learned before.
    """
    if stored.case is None or not (by_hand or stored.verdict == "verified"):
        return
    named = _named(message)
    held = {m.message_id for m in work.tx.find(StoredMessage, message_id=named)}
    keys = [*_references(work, message, platform), *(_mail(name) for name in named if name not in held)]
    known = {row.id: row for row in work.tx.find(ThreadKey, id=keys)}
    fresh = ThreadKey(id="", case=stored.case, notification=stored.notification, message=stored.id, learned_at=work.now)
    changes = [change for key in keys for change in _taught(known.get(key), replace(fresh, id=key), by_hand=by_hand)]
    if changes:
        about = EventRef(stored.case, stored.notification, stored.id)
        work.record(EventKind.KEY_LEARNED, *changes, about=about)


def forget(work: UnitOfWork, stored: StoredMessage) -> None:
    """What this mail taught leads no later mail to the case that it leaves."""
    taught = work.tx.find(ThreadKey, message=stored.id, case=stored.case, ambiguous=False)
    changes = [changed(key, replace(key, ambiguous=True)) for key in taught]
    if changes:
        work.record(EventKind.KEY_FORGOTTEN, *changes, about=EventRef(stored.case, stored.notification, stored.id))


def _taught(known: ThreadKey | None, fresh: ThreadKey, *, by_hand: bool) -> Iterable[Change]:
    if known is None:
        yield added(fresh)
    elif by_hand and (known.ambiguous or known.case != fresh.case):
        yield changed(known, fresh)
    elif known.case != fresh.case and not known.ambiguous:
        yield changed(known, replace(known, ambiguous=True))


def _references(work: UnitOfWork, message: Message, platform: str | None) -> dict[str, str]:
    """The keys of the platform's own references in a mail of that platform, each with the words for it."""
    if platform is None:
        return {}
    found = classifier.references(message, work.env.settings.rules, work.env.matcher.find)
    return {f"reference {platform} {reference}": f"names {reference}" for reference in found}


def _named(message: Message) -> list[str]:
    """The mails that this one answers, without those that bear a token of ours: these speak for themselves."""
    named = dict.fromkeys((*message.in_reply_to, *message.references))
    return [name for name in named if not reply_tokens.tokens([name])]


def _mail(message_id: str) -> str:
    return f"mail {message_id}"
