# SPDX-License-Identifier: EUPL-1.2
"""Finds mails: across cases by number, correspondent, date and tag, within one case also by words of their text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import partial

from flaggermail.archive import search_text
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.mail.case_numbers import without_tail
from flaggermail.mail.message import Message
from flaggermail.record.definition import YEARS, where
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import ViewRefusal

_DAY = r"\d{4}-\d{2}(?:-\d{2})?"
_DATE = re.compile(rf"({_DAY})?(\.\.)?({_DAY})?")
_ADDRESS = re.compile(r"[^\s@/\\<>()]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
_NUMBER = re.compile(r"[\w-]{0,60}\d[\w-]{0,60}")
_UNDERSTOOD = "a case number, an address or domain, a date (2024-06, 2024-06-06..2024-06-30) or a tag"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` up to and including `last`; None: no limit."""

    first: date | None
    last: date | None

    def holds(self, at: datetime, zone: tzinfo) -> bool:
        """True if that instant's day in `zone` is one of them."""
        day = at.astimezone(zone).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a mail must fulfil, all of it."""

    numbers: list[str] = field(default_factory=list)
    correspondents: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def add_word(self, word: str, tags: Collection[str]) -> None:
        """Takes a word for what its form says. Raises Refusal."""
        if word in tags:
            self.tags.append(word)
        elif _DATE.fullmatch(word):
            self.add_date(word)
        elif _ADDRESS.fullmatch(word) or _DOMAIN.fullmatch(word):
            self.add_correspondent(word)
        elif _NUMBER.fullmatch(word):
            self.numbers.append(word)
        else:
            raise Refusal(ViewRefusal.WORD_NOT_UNDERSTOOD(given=ascii(word[:60]), known=_UNDERSTOOD))

    def add_correspondent(self, word: str) -> None:
        """Takes an address or domain. Raises Refusal for anything else, such as a handle or the address of a page."""
        if not (_ADDRESS.fullmatch(word) or _DOMAIN.fullmatch(word)):
            raise Refusal(ViewRefusal.NO_CORRESPONDENT(given=ascii(word[:60]), wanted="name@domain"))
        self.correspondents.append(word.lower())

    def add_date(self, word: str) -> None:
        """Takes a day, a month, or two of them with `..` between. Raises Refusal."""
        found = _DATE.fullmatch(word)
        if found is None or not (found[1] or found[3]):
            raise Refusal(ViewRefusal.NO_DATE(given=ascii(word[:60]), wanted="2024-06-01..2024-06-30"))
        first = _first(found[1]) if found[1] else None
        until = found[3] if found[2] else found[1]
        last = _last(until) if until else None
        if first and last and last < first:
            raise Refusal(ViewRefusal.DATES_BACKWARDS(last=str(last), first=str(first)))
        self.spans.append(Span(first, last))

    def add_tag(self, word: str, tags: Collection[str]) -> None:
        """Takes a narrative or label from the closed lists. Raises Refusal, naming them."""
        if word not in tags:
            raise Refusal(ViewRefusal.NO_TAG(given=ascii(word[:60]), known=sorted(tags) or RefusalPart.NO_TAGS()))
        self.tags.append(word)

    @property
    def is_empty(self) -> bool:
        """True if nothing is asked."""
        return not (self.numbers or self.correspondents or self.spans or self.tags)


def is_correspondent(wanted: str, address: str) -> bool:
    """True if the address is the wanted one, or of the wanted domain or below it; `wanted` is in lower case."""
    known = address.lower()
    domain = known.rpartition("@")[2]
    return known == wanted if "@" in wanted else domain == wanted or domain.endswith(f".{wanted}")


def _first(text: str) -> date:
    return _day(text if len(text) > len("2024-06") else f"{text}-01")


def _last(text: str) -> date:
    if len(text) > len("2024-06"):
        return _day(text)
    return (_day(f"{text}-01").replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as fault:
        raise Refusal(ViewRefusal.NO_DAY(given=text, wanted="2024-06-06")) from fault
    if found.year not in YEARS:
        raise Refusal(ViewRefusal.DAY_TOO_FAR(given=text, least=YEARS[0], most=YEARS[-1]))
    return found


_SERIAL = 4  # digits of a case number


def known_tags(work: UnitOfWork) -> set[str]:
    """Returns the configured narratives and labels, and those that cases still use."""
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
    """Returns the mails of one case that contain every term of `query`, and the ids of unreadable ones.

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
    """Returns the cases of these mails, and cases found by number or tag alone."""
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
