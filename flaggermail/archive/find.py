# SPDX-License-Identifier: EUPL-1.2
"""Finds mails: across cases by number, correspondent, date and tag, within one case also by words of their text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from flaggermail import progress
from flaggermail.archive import search_text
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.mail.case_numbers import without_tail
from flaggermail.mail.message import Message
from flaggermail.record.definition import YEARS, FieldCondition, where
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

    def instants(self, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """Returns when these days begin in `zone`, and when the day after them does."""

        def begins(day: date | None, after: timedelta) -> datetime | None:
            return None if day is None else datetime.combine(day + after, time.min, zone).astimezone(UTC)

        return begins(self.first, timedelta()), begins(self.last, timedelta(days=1))


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
_JUST = timedelta(microseconds=1)


def known_tags(work: UnitOfWork) -> set[str]:
    """Returns the configured narratives and labels, and those that cases still use."""
    tags = work.env.settings.desk.tags
    used = work.tx.columns(Case, (Case.narratives,))
    return {*tags.narratives, *tags.labels, *(tag for (narratives,) in used for tag in narratives)}


class MailMatch(NamedTuple):
    """Of the row of a mail: its place in the list, and its case. A search looks at every mail."""

    received_at: datetime
    id: str
    case: str | None


def mails(work: UnitOfWork, asked: Criteria, case: str | None) -> list[MailMatch]:
    """Returns the mails that fulfil everything, in the order of their arrival; `case` limits them to one case.

    Of each mail only those fields are read about which something is asked.
    """
    spans = [span.instants(work.env.settings.zone) for span in asked.spans]
    here = [] if case is None else [where(StoredMessage.case).is_(case)]
    here += [where(StoredMessage.received_at).after(first - _JUST) for first, _ in spans if first is not None]
    here += [where(StoredMessage.received_at).before(end) for _, end in spans if end is not None]
    sets = [_bearing(work, number, here) for number in asked.numbers]
    sets += [_tagged(work, tag, here) for tag in asked.tags]
    found: Collection[MailMatch] = sets[0].intersection(*sets[1:]) if sets else _found(work, *here)
    if asked.correspondents:
        found = _with_correspondents(work, found, asked.correspondents, here)
    return sorted(found)


def _found(work: UnitOfWork, *conditions: FieldCondition) -> list[MailMatch]:
    fields = (StoredMessage.received_at, StoredMessage.id, StoredMessage.case)
    return [MailMatch(*one) for one in work.tx.columns(StoredMessage, fields, *conditions)]


def _of_lists(
    work: UnitOfWork, of: tuple[str, ...], wanted: str, here: Sequence[FieldCondition]
) -> list[MailMatch]:  # fmt: skip
    """Returns the mails of which the list in a field has that word; `of`: the field. Most mails have an empty one."""
    filled = where(of).some()
    held = work.tx.columns(StoredMessage, (StoredMessage.id, of), filled, *here)
    return _found(work, where(StoredMessage.id).in_([key for key, words in held if wanted in words]))


def _bearing(work: UnitOfWork, number: str, here: Sequence[FieldCondition]) -> set[MailMatch]:
    """Returns the mails of the cases with that number, and those that are named by it; platforms' references count."""
    named = [case for (case,) in work.tx.columns(Case, (Case.number,)) if _is_number(case, number)]
    of_cases = _found(work, where(StoredMessage.case).in_(named), *here)
    itself = _found(work, where(StoredMessage.id).is_(number), *here)
    return {*of_cases, *itself, *_of_lists(work, StoredMessage.platform_references, number, here)}


def _tagged(work: UnitOfWork, tag: str, here: Sequence[FieldCondition]) -> set[MailMatch]:
    """Returns the mails with that label, and those of the cases on that narrative."""
    tagged = [key for key, narratives in work.tx.columns(Case, (Case.number, Case.narratives)) if tag in narratives]
    of_cases = _found(work, where(StoredMessage.case).in_(tagged), *here)
    return {*of_cases, *_of_lists(work, StoredMessage.labels, tag, here)}


def rows_of(work: UnitOfWork, found: Sequence[MailMatch]) -> list[StoredMessage]:
    """Returns the rows of these mails, in their order."""
    rows = {row.id: row for row in work.tx.find(StoredMessage, where(StoredMessage.id).in_([one.id for one in found]))}
    return [rows[one.id] for one in found]


def with_text(work: UnitOfWork, of_case: Sequence[MailMatch], query: str) -> tuple[list[MailMatch], list[str]]:
    """Returns the mails of one case that contain every term of `query`, and the ids of unreadable ones.

    A mail longer than `search_text.PIECE` is searched piece by piece. Raises Refusal.
    """
    terms = search_text.terms(query)
    texts: list[str] = []
    owners: list[StoredMessage] = []
    unread: list[str] = []
    for row in rows_of(work, of_case):
        message = _read(work, row)
        if message is None:
            unread.append(row.id)
            continue
        hidden = (words for _, words in message.unseen)
        for piece in search_text.pieces("\n".join((message.subject or "", message.text, message.html_text, *hidden))):
            texts.append(piece)
            owners.append(row)
    found = {owners[number].id for number in work.tx.search(texts, terms)}
    return [mail for mail in of_case if mail.id in found], unread


def cases(work: UnitOfWork, asked: Criteria, found: Sequence[MailMatch]) -> list[Case]:
    """Returns the cases of these mails, and cases found by number or tag alone."""
    of_mails = {one.case for one in found}
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


def _with_correspondents(
    work: UnitOfWork, found: Collection[MailMatch], wanted: Sequence[str], here: Sequence[FieldCondition]
) -> Collection[MailMatch]:  # fmt: skip
    """Returns the mails that are from or to each of those wanted; which are in a case, by the recipients in the header.

    The row of a mail names its author alone, and our own mails are of their recipients.
    """
    recipients = _recipients(work)
    fields = (StoredMessage.id, StoredMessage.from_address, StoredMessage.message_id)
    known = {
        key: (author or "", *recipients.get(name or "", ()))
        for key, author, name in work.tx.columns(StoredMessage, fields, *here)
    }
    for one in wanted:
        of = {names: any(is_correspondent(one, name) for name in names) for names in {*known.values()}}
        asked = [mail for mail in found if mail.case is not None and not of[known[mail.id]] and not known[mail.id][1:]]
        by_header = {
            row.id
            for row in progress.counted(rows_of(work, asked), len(asked))
            if any(is_correspondent(one, name) for name in _parties(work, row))
        }
        found = [mail for mail in found if of[known[mail.id]] or mail.id in by_header]
    return found


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
