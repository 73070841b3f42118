# SPDX-License-Identifier: EUPL-1.2
"""What the account of an election says, as values: what the record gives, and what a person wrote.

Nothing here says what a platform did, and no exercise is in it, not even as a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flaggermail.documents.dates import DateForm, DecimalSign
from flaggermail.figures.uses import PlatformUse
from flaggermail.record import clocks
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, LanguageCode
from flaggermail.record.clocks import CLOCKS
from flaggermail.wording.refusals import ReportFinding
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A platform's policy as a notification named it then; `named`: the notification or its mail itself names it."""

    title: str = ""
    url: str = ""
    read_on: date | None = None
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCase:
    """A linked case, and when its notifications were sent."""

    case: str
    sent: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSteps:
    """When the desk took each step before a sending; None for one that is not on record, or came later.

    `is_signal`: `came_at` is the arrival of a mail that reported the matter; else an officer opened the case then.
    """

    came_at: datetime | None = None
    is_signal: bool = False
    decided_at: datetime | None = None
    approved_at: datetime | None = None


class CaseCount(StrEnum):
    """What became of a case, as the report counts it: a case with a use is one of the first two."""

    NOTIFIED = "notify"
    NOT_BEFOREHAND = "not_beforehand"  # a use was made before any decision to notify was on record
    NOT_SENT = "not_sent"  # decided to notify, and no notification reached a platform
    DECLINED = "decline"
    REFERRED = "refer"
    NONE = "none"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseFacts:
    """One use with what is told of it beside its clocks.

    `came_back` are the instants of sendings to the same platform that reached nobody there; `answer` is the mail or
    contact note that stopped the human clock, empty while it runs.
    """

    use: PlatformUse
    channel_name: str
    about: CaseType
    criteria: tuple[int, ...] = ()
    policy: Policy = Policy()
    earlier: tuple[EarlierCase, ...] = ()
    came_back: tuple[datetime, ...] = ()
    answer: str = ""
    is_noted: bool = False  # the answer is a contact note
    is_decided: bool = True  # a decision to notify was on record before it was sent
    decision: Decision | None = None  # on its case, as the record has it now
    steps: OwnSteps = OwnSteps()

    @property
    def shown_by(self) -> str:
        """The command that shows the answer to a person; empty without one."""
        if not self.answer:
            return ""
        return f"flaggermail case show {self.use.case}" if self.is_noted else f"flaggermail message show {self.answer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """A contact that is noted by hand and belongs to no use."""

    id: str
    case: str
    at: datetime
    means: ContactMeans


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCount:
    """How many there are of one kind; `name` is its code."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectionUses:
    """The uses of one election: the minutes until each answer, and those that each open one has waited so far."""

    election: str
    names: Mapping[str, str]  # by language
    answered: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What the record says of an election's uses at `as_of`.

    `received` counts all cases by their source or origin, with an empty name where none is recorded; `decisions`
    counts the same cases by `CaseCount`; `declined` counts citizens' mails; `elections` are this one and those before
    it, in their order. The other counts are of uses.
    """

    as_of: datetime
    election: str
    names: Mapping[str, str]  # by language
    polling_days: tuple[date, ...]
    cases: tuple[str, ...] = ()  # the numbers of all cases that are counted
    uses: tuple[UseFacts, ...] = ()
    contacts: tuple[ContactFacts, ...] = ()
    received: tuple[NamedCount, ...] = ()
    decisions: tuple[NamedCount, ...] = ()
    declined: int = 0
    criteria: tuple[NamedCount, ...] = ()
    by_platform: tuple[NamedCount, ...] = ()
    by_type: tuple[NamedCount, ...] = ()
    elections: tuple[ElectionUses, ...] = ()


# ---------------------------------------------------------------- what a person writes

BothLanguages = Mapping[str, str]
"""Words of a person by language; a language may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseWords:
    """A person's words about a use: why it was made, and the answer in a sentence of their own."""

    reason: BothLanguages
    paraphrase: BothLanguages


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWords:
    """A person's words about a contact; `leave_out`: it was not with a platform."""

    words: BothLanguages
    leave_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A parliamentary paper; `dossier` without spaces."""

    chamber: str
    year: str
    dossier: str
    number: int
    annex: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colophon:
    """Who publishes the report, and how to reach them: each line by language."""

    publisher: BothLanguages
    address: BothLanguages
    telephone: str
    hours: BothLanguages


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenParts:
    """The draft as values; uses by their number, contacts by their note."""

    languages: tuple[LanguageCode, ...]
    title: BothLanguages
    uses: Mapping[str, UseWords]
    contacts: Mapping[str, ContactWords]
    papers: tuple[Paper, ...]
    colophon: Colophon | None
    remarks: BothLanguages
    consents: tuple[str, ...] = ()


# ---------------------------------------------------------------- what else decides how it reads


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """One section of fixed text: its heading and its body, and the digest of its template file."""

    heading: str
    body: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintSettings:
    """The settings on which the printed words depend; every mapping is by language."""

    organisation: Mapping[str, str]
    organisation_named: Mapping[str, str]  # as it begins a sentence, with its article
    zone: str
    months: Mapping[str, tuple[str, ...]]
    date_form: DateForm
    decimal_sign: DecimalSign
    smallest_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """All that a report is made from. `blocks`: each section by `LANGUAGE/NAME`; `templates`: the version in force."""

    facts: ReportFacts
    written: WrittenParts
    settings: PrintSettings
    blocks: Mapping[str, TextBlock]
    templates: str
    annexes: Mapping[str, str]  # the annex of a use in a language as JSON of its blocks; see `frozen.annexes_of`


def disagreements(facts: ReportFacts) -> Iterator[StoredText]:
    """Yields each statement of the report that another one of it would contradict."""
    yield from _sums(facts)
    yield from _cases(facts)
    for told in facts.uses:
        yield from _of_use(told, facts)


def _sums(facts: ReportFacts) -> Iterator[StoredText]:
    """Compares the number of uses, and that of cases, with what each table adds up to."""
    uses, cases = len(facts.uses), len(facts.cases)
    own = [len(one.answered) + len(one.waiting) for one in facts.elections if one.election == facts.election]
    tables = (
        (uses, "by_platform", _total(facts.by_platform)),
        (uses, "by_type", _total(facts.by_type)),
        (sum(len(told.criteria) for told in facts.uses), "criteria", _total(facts.criteria)),
        (uses, "elections", sum(own)),
        (cases, "received", _total(facts.received)),
        (cases, "decisions", _total(facts.decisions)),
    )
    for count, table, total in tables:
        if count != total:
            yield ReportFinding.SUM(table=table, total=total, count=count)


def _cases(facts: ReportFacts) -> Iterator[StoredText]:
    """Compares the cases that were put to a platform with the uses, and those without a decision with what is said."""
    counted = {one.name: one.count for one in facts.decisions}
    late = {told.use.case for told in facts.uses if not told.is_decided}
    used = {told.use.case for told in facts.uses} - late
    for kind, cases in ((CaseCount.NOTIFIED, used), (CaseCount.NOT_BEFOREHAND, late)):
        if counted.get(kind, 0) != len(cases):
            yield ReportFinding.CASES(kind=kind.value, total=counted.get(kind, 0), count=len(cases))


def _of_use(told: UseFacts, facts: ReportFacts) -> Iterator[StoredText]:
    """Compares what is said of a use with its own figures."""
    use, number = told.use, told.use.notification
    if told.decision not in {None, Decision.NOTIFY}:
        yield ReportFinding.DECIDED_OTHERWISE(use=number, case=use.case, decision=str(told.decision))
    if use.case not in facts.cases or use.election != facts.election:
        yield ReportFinding.NOT_COUNTED(use=number, case=use.case)
    for kind in CLOCKS:
        stop = use.stop(kind)
        if stop is not None and (stop.minutes < 0 or stop.minutes != clocks.minutes(use.sent_at, stop.at)):
            yield ReportFinding.MINUTES(use=number, clock=kind.value, minutes=stop.minutes)


def _total(counts: Sequence[NamedCount]) -> int:
    return sum(one.count for one in counts)
