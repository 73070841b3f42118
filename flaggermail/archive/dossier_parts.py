# SPDX-License-Identifier: EUPL-1.2
"""The files of a dossier, part by part, so that no more than one case's list or one mail is in memory.

Each part gives files by their path in the dossier; a file that is no MDTO metadata has metadata of its own beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from string import Template

from flaggermail.archive import mdto, retention_list
from flaggermail.archive.dossier import Scope, attached_name, case_target, mail_key, mails_of, target_of
from flaggermail.archive.dossier_lists import DossierPage, as_html, as_text, visible, visible_line
from flaggermail.archive.dossier_pages import Pages
from flaggermail.archive.dossier_shown import Shown, figures_csv, value_in_words
from flaggermail.archive.mdto import Concept, Custody, FileObject, Level, ObjectEvent, RecordObject, Target
from flaggermail.archive.retention_list import KeepingClass, KeptSpan, Schedule
from flaggermail.mail.message import Address, Message
from flaggermail.record.case_values import LanguageCode, Source
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, Delivery, Election, Notification, Platform, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.settings.sections import RetentionTerm
from flaggermail.settings.yaml_files.kinds import Names
from flaggermail.wording.catalogues import text_of
from flaggermail.wording.dossier import Absence


def schedule_of(settings: Settings) -> Schedule:
    """Returns the classes of the configuration, by which everything is kept: list, declaration and metadata."""
    section = settings.desk.retention
    classes = [(entry, _keeping(entry)) for entry in section.classes]
    return Schedule(
        default=_keeping(section.default),
        kinds={kind: of for entry, of in classes for kind in entry.kinds},
        cases={case: of for entry, of in classes for case in entry.cases},
        review_window=section.window,
    )


def _keeping(entry: RetentionTerm) -> KeepingClass:
    return KeepingClass(entry.code, entry.term, entry.start, entry.appraisal, entry.basis)


def custody_of(settings: Settings) -> Custody:
    """Returns what the configuration says of the custody of records."""
    asked, creator = settings.desk.dossier, settings.desk.dossier.creator
    return Custody(
        creator=Target(settings.desk.organisation.name.nl)
        if creator is None
        else Target(creator.name, creator.code, creator.origin),
        restriction=Concept(asked.restriction.label, asked.restriction.origin, asked.restriction.code),
        activity=asked.activity,
    )


EML = Concept("Internet e-mail message format", "IANA Media types", "message/rfc822")
TEXT, HTML, JSON_LINES, CSV = (
    mdto.media_type(name) for name in ("text/plain", "text/html", "application/jsonl", "text/csv")
)
_ORGANISATIONS = frozenset({Source.GOVERNMENT_BODY, Source.FELLOW_AUTHORITY, Source.FACT_CHECKER})
_CLASSES = "Soorten zaken flaggermail"
_KINDS = "Soorten mail flaggermail"


@dataclass(slots=True)
class Files:
    """Files by their path in the dossier, in the order in which they were added."""

    as_of: datetime
    represents: Target
    held: list[tuple[str, bytes]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # mails whose octets the archive does not give

    def add(self, path: str, octets: bytes, kind: Concept, *, summed_at: datetime | None = None) -> None:
        """Adds a file with the metadata beside it."""
        self.held.append((path, octets))
        name = path.rpartition("/")[2]
        about = FileObject(
            key=f"{self.represents.key}/{name}",
            name=name,
            size=len(octets),
            format=kind,
            sha256=hashlib.sha256(octets).hexdigest(),
            summed_at=summed_at or self.as_of,
            represents=self.represents,
        )
        self.held.append((f"{path}.bestand.mdto.xml", mdto.file_xml(about)))

    def add_page(self, folder: str, page: DossierPage) -> None:
        """Adds a list in both forms."""
        self.add(f"{folder}index.html", as_html(page), HTML)
        self.add(f"{folder}index.txt", as_text(page), TEXT)


class DossierWriter:
    """Writes the parts of one dossier in one unit of work, in the desk's language and zone."""

    def __init__(self, work: UnitOfWork, as_of: datetime) -> None:
        self._shown = Shown(work, as_of)
        self._pages, self._custody = Pages(self._shown), custody_of(work.env.settings)
        self._schedule = schedule_of(work.env.settings)

    # ------------------------------------------------------------ the whole

    def frame(self, scope: Scope) -> Files:
        """Returns the page for strangers, the list of cases, and the metadata of an election."""
        name = self._shown.work.env.settings.desk.organisation.name
        top = target_of(scope)
        files = Files(self._shown.as_of, top)
        files.add(FILE, readme(scope.name, name, self._shown.minute(self._shown.as_of)), TEXT)
        files.add_page("", self._pages.of_cases(scope))
        numbers = {case.number for case in scope.cases}
        files.add("figures.csv", figures_csv(self._shown.work.tx, numbers, self._shown.zone), CSV)
        if scope.election is not None:
            record = RecordObject(
                key=scope.name,
                name=scope.election.name_nl,
                level=Level.SERIES,
                kept=self._kept_all(scope),
                begins=scope.election.period_from,
                ends=scope.election.period_until,
                language=LanguageCode.NL,
                parts=[case_target(case) for case in scope.cases],
                further_files=[Target("index.html", f"{top.key}/index.html")],
            )
            files.held.append((f"{scope.name}.mdto.xml", mdto.record_xml(record, self._custody)))
        return files

    def _kept_all(self, scope: Scope) -> KeptSpan:
        """Returns the span of a series: as long as the case of it that is kept longest."""
        spans = [self._kept(case) for case in scope.cases]
        return max(spans, key=retention_list.longest, default=KeptSpan(self._schedule.default))

    # ------------------------------------------------------------ one case

    def case(self, case: Case) -> Files:
        """Returns the lists and the metadata of one case."""
        mails = mails_of(self._shown.work.tx, case)
        files = Files(self._shown.as_of, case_target(case))
        files.add_page(f"{case.number}/", self._pages.of_case(case, mails))
        record = RecordObject(
            key=case.number,
            name=f"{case.number} {value_in_words(case.type, LanguageCode.NL)}",
            level=Level.DOSSIER,
            kept=self._kept(case),
            classes=[Concept(value_in_words(case.type, LanguageCode.NL), _CLASSES, case.type.value)],
            keywords=[*case.narratives, *sorted({use.platform for use in self._shown.uses(case)})],
            begins=self._shown.day(case.opened_at),
            ends=self._closed(case),
            language=case.language,
            happenings=self._happenings(case),
            part_of=Target(f"Verkiezing {case.election}", case.election),
            parts=[Target(self._name(mail), mail_key(mail)) for mail in mails.kept],
            further_files=[Target("index.html", f"{case.number}/index.html")],
            related=[(Target(number, number), "eerdere zaak") for number in case.related],
            parties=self._parties(case),
        )
        files.held.append((f"{case.number}/{case.number}.mdto.xml", mdto.record_xml(record, self._custody)))
        return files

    def _kept(self, case: Case) -> KeptSpan:
        return retention_list.span_of_case(self._schedule, case.type, self._closed(case), self._ended(case))

    def _closed(self, case: Case) -> date | None:
        return None if case.closed_at is None else self._shown.day(case.closed_at)

    def _ended(self, case: Case) -> date | None:
        election = self._shown.work.tx.get(Election, case.election)
        return None if election is None else election.period_until

    def _happenings(self, case: Case) -> list[ObjectEvent]:
        found = [ObjectEvent("Opening", case.opened_at.astimezone(self._shown.zone))]
        for kind, at in (("Besluit", case.decided_at), ("Afsluiting", case.closed_at)):
            found += [ObjectEvent(kind, at.astimezone(self._shown.zone))] if at else []
        return found

    def _parties(self, case: Case) -> list[tuple[str, Target]]:
        """Returns the organisations of a case: never a person, nor a domain that may be one person's."""
        found = [("Platform", Target(use.platform)) for use in self._shown.uses(case)]
        domain = (case.referrer_address or "").rpartition("@")[2]
        if domain and case.source in _ORGANISATIONS:
            found.append(("Melder", Target(domain)))
        return list(dict.fromkeys(found))

    # ------------------------------------------------------------ one mail

    def mail(self, case: Case, mail: StoredMessage, number: str) -> Files:
        """Returns the files of one mail: its octets, its text, its attachments, and metadata."""
        key = Target(self._name(mail), mail_key(mail))
        files = Files(self._shown.as_of, key)
        folder = f"{case.number}/{number}/"
        octets = None if mail.discarded_at is not None else self._shown.octets(mail)
        if octets is None and mail.discarded_at is None:
            files.lost.append(mail.id)
        if octets is not None:
            self._add_octets(files, folder, number, mail, octets)
        record = RecordObject(
            key=mail_key(mail),
            name=self._name(mail),
            level=Level.ITEM,
            kept=self._kept_mail(case, mail),
            further_keys=[(self._shown.keys.hidden(mail.message_id), "RFC 5322")] if mail.message_id else [],
            classes=[Concept(value_in_words(kind, LanguageCode.NL), _KINDS, kind.value) for kind in mail.kinds],
            begins=self._shown.day(mail.received_at),
            happenings=self._of_mail(mail),
            part_of=case_target(case),
            files=[Target(name, f"{key.key}/{name}") for name in _shown_files(files)],
            parties=self._parties_of_mail(mail),
        )
        files.held.append((f"{folder}{number}.mdto.xml", mdto.record_xml(record, self._custody)))
        return files

    def _add_octets(self, files: Files, folder: str, number: str, mail: StoredMessage, octets: bytes) -> None:
        parsed = self._shown.parsed(octets)
        files.add(f"{folder}{number}.eml", octets, EML, summed_at=mail.first_seen_at)
        lines: list[str] = []
        attached: list[tuple[str, bytes, Concept]] = []
        for at, one in enumerate(parsed.attachments, start=1):
            content = self._shown.attachment(octets, at - 1)
            name = attached_name(number, at, one)
            shown = one.filename or one.content_type
            lines.append(
                f"{shown}: {self._shown.absent(Absence.UNDECODED)}" if content is None else f"{shown} = {name}"
            )
            if content is not None:
                attached.append((name, content, mdto.media_type(one.content_type)))
        files.add(f"{folder}{number}.txt", rendition(parsed, lines), TEXT)
        for name, content, kind in attached:
            files.add(folder + name, content, kind)

    def _of_mail(self, mail: StoredMessage) -> list[ObjectEvent]:
        zone = self._shown.zone
        kind = "Ontvangst" if mail.direction is Direction.IN else "Verzending"
        found = [ObjectEvent(kind, mail.received_at.astimezone(zone))]
        found += [
            ObjectEvent("Controle bij ontvangst", copy.first_seen_at.astimezone(zone), self._found_then(copy))
            for copy in self._shown.copies([mail])
        ]
        found += [ObjectEvent("Vernietiging", mail.discarded_at.astimezone(zone))] if mail.discarded_at else []
        return found

    def _found_then(self, copy: Delivery) -> str:
        """Says what was found when a copy came in, without the domain of a sender, which may be one person's."""
        dutch = LanguageCode.NL
        signature = f"handtekening: {value_in_words(copy.signature, dutch)}"
        verdict = value_in_words(copy.verdict, dutch)
        return "; ".join([f"afzender: {verdict}", signature, *self._shown.look_up(copy, dutch)])

    def _kept_mail(self, case: Case, mail: StoredMessage) -> KeptSpan:
        return retention_list.span_in_case(
            self._schedule, mail, self._kept(case), closed=self._closed(case), ended=self._ended(case),
            arrived=self._shown.day(mail.received_at),
        )  # fmt: skip

    def _parties_of_mail(self, mail: StoredMessage) -> list[tuple[str, Target]]:
        use = self._shown.work.tx.get(Notification, mail.notification) if mail.notification else None
        platform = self._shown.work.tx.get(Platform, use.platform) if use else None
        relation = "Afzender" if mail.direction is Direction.IN else "Geadresseerde"
        return [(relation, Target(platform.name))] if platform else []

    def _name(self, mail: StoredMessage) -> str:
        """Returns a neutral title: kind and day. A subject may name a person."""
        kind = next(iter(mail.kinds), Kind.UNKNOWN)
        return f"{mail.id} {value_in_words(kind, LanguageCode.NL)} {self._shown.day(mail.received_at).isoformat()}"


def _shown_files(files: Files) -> Sequence[str]:
    return [path.rpartition("/")[2] for path, _ in files.held if not path.endswith(".mdto.xml")]


# ---- The page in each dossier that tells a stranger, in each language, what each file is and how to check them all


FILE = "LEESMIJ-README.txt"


def readme(name: str, organisation: Names, as_of: str) -> bytes:
    """Returns the page in UTF-8. `as_of` is the instant of the last event, with its offset."""
    return "".join(
        Template(text_of(language, "dossier_readme")).substitute(
            name=name, organisation=getattr(organisation, language), as_of=as_of
        )
        for language in LanguageCode
    ).encode()


# ---- The text of one mail, to be read without a mail program; the mail itself lies beside it, unchanged


LONGEST_HEADER = 20_000  # characters of one line


def rendition(mail: Message, attachments: Iterable[str]) -> bytes:
    """Returns header and text in UTF-8; `attachments` are the lines that name them."""
    head = [
        ("From", _people(mail.from_)),
        ("Reply-To", _people(mail.reply_to)),
        ("To", _people(mail.to)),
        ("Cc", _people(mail.cc)),
        ("Subject", mail.subject or ""),
        ("Date", mail.header("date") or ""),
        ("Message-ID", mail.message_id or ""),
    ]
    lines = [f"{name}: {visible_line(value[:LONGEST_HEADER])}" for name, value in head if value]
    lines += [f"Attachment: {visible_line(line)}" for line in attachments]
    lines += [f"Defect: {visible_line(defect)}" for defect in mail.defects]
    return ("\n".join([*lines, "", *visible(mail.text).splitlines()]) + "\n").encode("utf-8", "replace")


def _people(people: Iterable[Address]) -> str:
    return ", ".join(f"{one.name} <{one.address}>" if one.name else one.address for one in people)
