# SPDX-License-Identifier: EUPL-1.2
"""Thread keys learned from verified mail, in addition to our own tokens.

A platform's system assigns its own reference and drops our References; people answer a mail that never reached us. Keys
found in verified mail of a case file later mail with the same keys in that case.
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
    """Returns the case for each learned key in `message`, by its description; no case if mail of two cases named it."""
    words = _references(work, message, platform)
    words |= {_mail_key(name): f"refers, as others do, to <{name}>" for name in _answered_ids(message)}
    rows = {row.id: row for row in work.tx.find(ThreadKey, id=list(words))}
    return {
        words[key]: Anchor() if rows[key].ambiguous else Anchor(rows[key].case, rows[key].notification)
        for key in words
        if key in rows
    }


def learn(
    work: UnitOfWork, stored: StoredMessage, message: Message, platform: str | None, *, by_hand: bool = False
) -> None:
    """Learns the thread keys in this mail, which was filed in its case.

    Only mail that is verified, or filed by a person, may teach keys: otherwise a stranger could redirect a platform's
    answer to a case of their choice. Filing by a person overrides what was learned before.
    """
    if stored.case is None or not (by_hand or stored.verdict == "verified"):
        return
    named = _answered_ids(message)
    held = {m.message_id for m in work.tx.find(StoredMessage, message_id=named)}
    keys = [*_references(work, message, platform), *(_mail_key(name) for name in named if name not in held)]
    known = {row.id: row for row in work.tx.find(ThreadKey, id=keys)}
    fresh = ThreadKey(id="", case=stored.case, notification=stored.notification, message=stored.id, learned_at=work.now)
    changes = [
        change for key in keys for change in _key_changes(known.get(key), replace(fresh, id=key), by_hand=by_hand)
    ]
    if changes:
        about = EventRef(stored.case, stored.notification, stored.id)
        work.record(EventKind.KEY_LEARNED, *changes, about=about)


def forget(work: UnitOfWork, stored: StoredMessage) -> None:
    """Makes the keys learned from this mail ambiguous, so that they file no later mail in the case it leaves."""
    taught = work.tx.find(ThreadKey, message=stored.id, case=stored.case, ambiguous=False)
    changes = [changed(key, replace(key, ambiguous=True)) for key in taught]
    if changes:
        work.record(EventKind.KEY_FORGOTTEN, *changes, about=EventRef(stored.case, stored.notification, stored.id))


def _key_changes(known: ThreadKey | None, fresh: ThreadKey, *, by_hand: bool) -> Iterable[Change]:
    if known is None:
        yield added(fresh)
    elif by_hand and (known.ambiguous or known.case != fresh.case):
        yield changed(known, fresh)
    elif known.case != fresh.case and not known.ambiguous:
        yield changed(known, replace(known, ambiguous=True))


def _references(work: UnitOfWork, message: Message, platform: str | None) -> dict[str, str]:
    """Returns the keys of the platform's own references in a mail of that platform, each with its description."""
    if platform is None:
        return {}
    found = classifier.references(message, work.env.settings.rules, work.env.matcher.find)
    return {f"reference {platform} {reference}": f"names {reference}" for reference in found}


def _answered_ids(message: Message) -> list[str]:
    """Returns the Message-IDs that this mail answers, except those with a token of ours, which are matched directly."""
    named = dict.fromkeys((*message.in_reply_to, *message.references))
    return [name for name in named if not reply_tokens.tokens([name])]


def _mail_key(message_id: str) -> str:
    return f"mail {message_id}"
