# SPDX-License-Identifier: EUPL-1.2
"""Finds mails: across cases by number, correspondent, date and tag, within one case also by words of their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from flaggermail.archive import search_text
from flaggermail.archive.criteria import Criteria, is_correspondent
from flaggermail.errors import OctetsLost
from flaggermail.mail.message import Message
from flaggermail.mail.subject import without_tail
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.services import UnitOfWork

_SERIAL = 4  # digits of a case number


def known_tags(work: UnitOfWork) -> set[str]:
    """Returns the narratives and labels of the configuration, and those that cases still bear."""
    tags = work.env.settings.desk.tags
    return {*tags.narratives, *tags.labels, *(tag for case in work.tx.find(Case) for tag in case.narratives)}


def mails(work: UnitOfWork, asked: Criteria, case: str | None) -> list[StoredMessage]:
    """Returns the mails that fulfil everything, in the order of their arrival; `case` limits them to one case."""
    limit = [where(StoredMessage.case).is_(case)] if case is not None else []
    zone = work.env.settings.zone
    rows = work.tx.find(StoredMessage, *limit)
    found = [row for row in rows if all(span.holds(row.received_at, zone) for span in asked.spans)]
    if asked.numbers:
        found = [row for row in found if all(_bears(row, number) for number in asked.numbers)]
    if asked.tags:
        narratives = {row.number: row.narratives for row in work.tx.find(Case)}
        found = [row for row in found if {*row.labels, *narratives.get(row.case or "", ())}.issuperset(asked.tags)]
    if asked.correspondents:
        recipients = _recipients(work)
        fits = partial(_is_of, work, recipients)
        found = [row for row in found if all(fits(row, wanted) for wanted in asked.correspondents)]
    return sorted(found, key=lambda row: (row.received_at, row.id))


def with_text(work: UnitOfWork, rows: Sequence[StoredMessage], query: str) -> tuple[list[StoredMessage], list[str]]:
    """Returns the mails of one case in which every term of `query` occurs, and the ids of those that cannot be read.

    A mail longer than `search_text.PIECE` is searched piece by piece. Raises Refusal.
    """
    terms = search_text.terms(query)
    texts: list[str] = []
    owners: list[StoredMessage] = []
    unread: list[str] = []
    for row in rows:
        message = _read(work, row)
        if message is None:
            unread.append(row.id)
            continue
        hidden = (words for _, words in message.unseen)
        for piece in search_text.pieces("\n".join((message.subject or "", message.text, message.html_text, *hidden))):
            texts.append(piece)
            owners.append(row)
    found = {owners[number].id for number in work.tx.search(texts, terms)}
    return [row for row in rows if row.id in found], unread


def cases(work: UnitOfWork, asked: Criteria, rows: Sequence[StoredMessage]) -> list[Case]:
    """Returns the cases of these mails, and those that a number or tag names by itself."""
    of_mails = {row.case for row in rows}
    named = asked.numbers or asked.tags
    alone = named and not (asked.spans or asked.correspondents)
    return [
        case
        for case in work.tx.find(Case)
        if case.number in of_mails
        or (
            alone
            and all(_is_number(case.number, number) for number in asked.numbers)
            and set(case.narratives).issuperset(asked.tags)
        )
    ]


def _bears(row: StoredMessage, number: str) -> bool:
    """True if the mail is of the case with that number, or is itself named by it; platforms' references count."""
    return _is_number(row.case or "", number) or number in {row.id, *row.platform_references}


def _is_number(case: str, typed: str) -> bool:
    """True if the case has the number that was typed: whole, with a tail, or its last digits in any election."""
    serial = typed.zfill(_SERIAL) if typed.isascii() and typed.isdecimal() else None
    return case in {typed, without_tail(typed)} or (serial is not None and case.endswith(f"-{serial}"))


def _recipients(work: UnitOfWork) -> dict[str, list[str]]:
    """Returns the recipients of the mail that the desk wrote, by Message-ID."""
    found: dict[str, list[str]] = {}
    for mail in work.tx.readable(OutboxMail):
        found.setdefault(mail.message_id, []).append(mail.recipient)
    return found


def _is_of(work: UnitOfWork, recipients: dict[str, list[str]], row: StoredMessage, wanted: str) -> bool:
    ours = recipients.get(row.message_id or "", [])
    known = [row.from_address or "", *ours]
    if any(is_correspondent(wanted, address) for address in known):
        return True
    return not ours and row.case is not None and any(is_correspondent(wanted, one) for one in _parties(work, row))


def _parties(work: UnitOfWork, row: StoredMessage) -> Iterator[str]:
    """Yields the recipients in the header of a mail in a case; the row of a mail names its author alone."""
    message = _read(work, row)
    if message is not None:
        yield from (address.address for address in (*message.to, *message.cc))


def _read(work: UnitOfWork, row: StoredMessage) -> Message | None:
    """Returns the mail, parsed; None if its octets are destroyed or lost, or it is costly to read."""
    if row.costly or row.discarded_at is not None:
        return None
    try:
        return work.env.parser.parse(work.env.octets.get(row.digest))
    except OctetsLost:
        return None
