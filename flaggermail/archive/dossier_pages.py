# SPDX-License-Identifier: EUPL-1.2
"""The lists of a dossier: of its cases, and of all that is known of one case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from flaggermail.archive.dossier import CaseMails, Scope, attached_name, destructions, holds_of, number_of
from flaggermail.archive.dossier_lists import Cell, DossierLink, DossierPage, DossierTable
from flaggermail.archive.dossier_shown import Shown, value_in_words
from flaggermail.figures import ledger
from flaggermail.figures.moments import BASES, FORMS
from flaggermail.figures.uses import AnswerForm, PlatformUse, uses_of
from flaggermail.record import clocks
from flaggermail.record.clocks import CLOCKS
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, ClockRow, ContactNote, Delivery, LegalHold, Notification, StoredMessage
from flaggermail.record.states import InstantBasis
from flaggermail.wording.dossier import Absence, Label

_PASSIVE: Mapping[str, frozenset[str]] = {
    ".eml": frozenset({"message/rfc822"}),  # Chromium shows its HTML, and runs and fetches nothing of it
    ".gif": frozenset({"image/gif"}),
    ".jpeg": frozenset({"image/jpeg", "image/jpg"}),
    ".jpg": frozenset({"image/jpeg", "image/jpg"}),
    ".json": frozenset({"application/json"}),
    ".mp4": frozenset({"video/mp4"}),
    ".pdf": frozenset({"application/pdf"}),
    ".png": frozenset({"image/png"}),
    ".txt": frozenset({"text/plain"}),
    ".webm": frozenset({"video/webm"}),
    ".webp": frozenset({"image/webp"}),
}
"""What may be linked, by the ending of its name, and the content types that fit.

Not among them: office documents and CSV, whose macros and formulas the program runs that a browser gives them to.
"""


def is_passive(path: str, content_type: str) -> bool:
    """True if a click on a file of that name, which a stranger sent as that content type, runs nothing of it."""
    return content_type.lower() in _PASSIVE.get(PurePosixPath(path).suffix.lower(), ())


class Pages:
    """Makes the lists from the rows of one unit of work."""

    def __init__(self, shown: Shown) -> None:
        self._shown, self._word, self._minute = shown, shown.word, shown.minute

    def of_cases(self, scope: Scope) -> DossierPage:
        """Returns the list of all cases."""
        heads = (Label.CASE, Label.TYPE, Label.TITLE, Label.STATE, Label.OPENED, Label.FILES)
        rows = [
            (
                case.number, value_in_words(case.type, self._shown.language), case.title, self._shown.state(case),
                self._minute(case.opened_at),
                [DossierLink(f"{case.number}/{name}", f"{case.number}/{name}") for name in ("index.html", "index.txt")],
            )
            for case in scope.cases
        ]  # fmt: skip
        return DossierPage(self._shown.language, scope.name, self._origin(), [self._table(Label.CASES, heads, rows)],
            self._shown.keys)  # fmt: skip

    def of_case(self, case: Case, mails: CaseMails) -> DossierPage:
        """Returns the facts of a case and the list of its mails."""
        back: tuple[str, Cell] = (self._word(Label.BACK), [DossierLink("../index.html", "index.html")])
        tables = [
            self._mails(mails, destructions(self._shown.work.tx, mails.kept)),
            self._receipts(mails),
            self._uses(case),
            self._notes(case),
            self._left_out(mails),
        ]
        title = f"{case.number} {case.title}".rstrip()
        return DossierPage(self._shown.language, title, [back, *self._origin(), *self._facts(case)], tables,
                    self._shown.keys)  # fmt: skip

    def _origin(self) -> list[tuple[str, Cell]]:
        return [
            (self._word(Label.ORGANISATION), self._shown.organisation),
            (self._word(Label.AS_OF), self._minute(self._shown.as_of)),
        ]

    def _facts(self, case: Case) -> list[tuple[str, Cell]]:
        decided = (self._shown.value(case.decision), self._minute(case.decided_at) if case.decided_at else "")
        facts = {
            Label.ELECTION: case.election,
            Label.TYPE: value_in_words(case.type, self._shown.language),
            Label.ORIGIN: ", ".join(filter(None, map(self._shown.value, (case.origin, case.source)))),
            Label.REFERRER: _person(case.referrer_name, case.referrer_address),
            Label.STATE: self._shown.state(case),
            Label.OPENED: self._minute(case.opened_at),
            Label.DECIDED: ", ".join(filter(None, decided)),
            Label.REASON: case.decision_reason or "",
            Label.CLOSED: self._minute(case.closed_at) if case.closed_at else "",
            Label.HOLDS: "; ".join(map(self._hold, holds_of(self._shown.work.tx, case))),
        }
        return [(self._word(label), value) for label, value in facts.items()]

    def _hold(self, hold: LegalHold) -> str:
        """Says from when to when a hold lasts, whatever the day of the export, and why."""
        end = self._minute(hold.lifted_at) if hold.lifted_at else str(hold.until or "...")
        return f"{hold.id}: {self._minute(hold.placed_at)} - {end}: {hold.reason}"

    def _mails(self, mails: CaseMails, reasons: Mapping[str, str]) -> DossierTable:
        heads = (Label.NUMBER, Label.AT, Label.WAY, Label.KINDS, Label.SENDER, Label.SUBJECT, Label.FILES)
        rows = [
            (
                [number_of(at), mail.id], self._minute(mail.received_at), self._shown.way(mail),
                self._shown.kinds(mail), _person(mail.from_name, mail.from_address), mail.subject or "",
                self._files(number_of(at), mail, reasons),
            )
            for at, mail in enumerate(mails.kept, start=1)
        ]  # fmt: skip
        return self._table(Label.MAILS, heads, rows)

    def _files(self, number: str, mail: StoredMessage, reasons: Mapping[str, str]) -> Cell:
        """Returns the files of a mail; or that its octets are not here, and why."""
        if mail.discarded_at is not None:
            said = (self._shown.absent(Absence.DESTROYED), self._minute(mail.discarded_at), reasons.get(mail.id, ""))
            return " ".join(filter(None, said))
        octets = self._shown.octets(mail)
        if octets is None:
            return self._shown.absent(Absence.LOST)
        cells: list[str | DossierLink] = [
            DossierLink(f"{number}/{number}.{form}", f"{number}.{form}") for form in ("eml", "txt")
        ]
        for at, one in enumerate(self._shown.parsed(octets).attachments, start=1):
            name, path = one.filename or one.content_type, f"{number}/{attached_name(number, at, one)}"
            if self._shown.attachment(octets, at - 1) is None:
                cells.append(f"{name}: {self._shown.absent(Absence.UNDECODED)}")
            else:  # a click must not run what a stranger wrote
                cells.append(DossierLink(path, name) if is_passive(path, one.content_type) else f"{path} ({name})")
        return cells

    def _receipts(self, mails: CaseMails) -> DossierTable:
        """Lists what was found about the sender of each received copy when it came in."""
        heads = (Label.NUMBER, Label.TAKEN_IN, Label.OCTETS_BY, Label.SENDER_WAS, Label.SIGNATURE, Label.KEY)
        rows = [
            (
                copy.message, self._minute(copy.first_seen_at), self._shown.value(copy.source), self._sender_then(copy),
                self._shown.signature(copy), self._key(copy),
            )
            for copy in self._shown.copies(mails.kept)
        ]  # fmt: skip
        return self._table(Label.RECEIPTS, heads, rows)

    def _key(self, copy: Delivery) -> Cell:
        """Returns the key that was looked up, and its record as it was seen, each on a line of its own."""
        return [*self._shown.look_up(copy, self._shown.language), *filter(None, [copy.key_record])]

    def _sender_then(self, copy: Delivery) -> str:
        basis = copy.verdict_basis.in_language(self._shown.language)
        return ": ".join(filter(None, (self._shown.value(copy.verdict), basis)))

    def _uses(self, case: Case) -> DossierTable:
        heads = (Label.NUMBER, Label.PLATFORM, Label.STATE, Label.SENT, Label.CLOCKS)
        counted = {
            one.notification: one for one in uses_of(ledger.of_rows(self._shown.work.tx)) if one.case == case.number
        }
        rows = [
            (
                use.id, f"{use.platform}, {use.channel_name}", self._shown.value(use.state),
                self._sent(use), [*self._clocks(use, counted.get(use.id))],
            )
            for use in self._shown.uses(case)
        ]  # fmt: skip
        return self._table(Label.NOTIFICATIONS, heads, rows)

    def _sent(self, use: Notification) -> str:
        return "" if use.sent_at is None else ", ".join([self._minute(use.sent_at), *self._rests(use.sent_basis)])

    def _rests(self, basis: InstantBasis) -> Iterator[str]:
        """Yields what an instant rests on, unless it is a mail."""
        if basis is not InstantBasis.MAIL:
            yield f"basis: {BASES[basis].words(self._shown.language)}"

    def _clocks(self, use: Notification, counted: PlatformUse | None) -> Iterator[str]:
        """Yields each clock of a notification, with form and basis as in the figures; an exercise has no figure."""
        found = self._shown.work.tx.find(ClockRow, where(ClockRow.notification).is_(use.id))
        for clock in sorted(found, key=lambda one: CLOCKS.index(one.kind)):
            if clock.stopped_at is None:
                yield f"{self._shown.value(clock.kind)}: {self._shown.value(clock.state)}"
                continue
            spoken = clocks.spoken(clocks.minutes(clock.started_at, clock.stopped_at), self._shown.language)
            figure = [] if use.exercise else [spoken]
            if counted is not None and (stop := counted.stop(clock.kind)) is not None:
                form = [] if stop.form is AnswerForm.MAIL else [FORMS[stop.form].words(self._shown.language)]
                figure += [*form, *self._rests(stop.basis)]
            yield f"{self._shown.value(clock.kind)}: {', '.join([self._minute(clock.stopped_at), *figure])}"

    def _notes(self, case: Case) -> DossierTable:
        notes = self._shown.work.tx.find(ContactNote, where(ContactNote.case).is_(case.number))
        rows = [
            (note.id, self._minute(note.effective_at), self._shown.value(note.means), note.author, note.text)
            for note in sorted(notes, key=lambda note: (note.effective_at, note.id))
        ]
        return self._table(Label.NOTES, (Label.NUMBER, Label.AT, Label.KINDS, Label.AUTHOR, Label.WORDS), rows)

    def _left_out(self, mails: CaseMails) -> DossierTable:
        rows = [
            (
                mail.id, self._minute(mail.received_at), self._shown.kinds(mail),
                absence.words(self._shown.language),
            )
            for mail, absence in mails.left_out
        ]  # fmt: skip
        return self._table(Label.LEFT_OUT, (Label.NUMBER, Label.AT, Label.KINDS, Label.REASON), rows)

    def _table(self, heading: Label, heads: Sequence[Label], rows: Sequence[Sequence[Cell]]) -> DossierTable:
        return DossierTable(self._word(heading), [self._word(head) for head in heads], rows, self._word(Label.NONE))


def _person(name: str | None, address: str | None) -> str:
    return " ".join(filter(None, (name, f"<{address}>" if address else "")))
