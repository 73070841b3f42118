# SPDX-License-Identifier: EUPL-1.2
"""Annexes of the record, made anew from the octets of their mails, and refused where a text is not the sealed one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flaggermail import progress
from flaggermail.annex import exchange, layout, printed
from flaggermail.annex.printed import PrintedExchange, PrintedMail, PrintedNote
from flaggermail.annex.redaction.marks import Mark, markers
from flaggermail.annex.redaction.words_left import LeftWord
from flaggermail.documents import html
from flaggermail.documents.model import Block, Document
from flaggermail.errors import NotFound, Refusal
from flaggermail.figures.account import Print
from flaggermail.mail.message import Json
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import where
from flaggermail.record.rows import Annex
from flaggermail.record.states import UNDECIDED, AnnexState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import APPROVES, Officer, Rota
from flaggermail.wording.annex import AnnexLabel
from flaggermail.wording.refusals import AnnexRefusal

_LEVEL = 3  # of the headings in a report


@dataclass(frozen=True, slots=True)
class RedactedExchange:
    """An annex with its printed texts, its marks, and the words that a person left."""

    annex: Annex
    exchange: PrintedExchange
    marks: tuple[Mark, ...]
    style: Print
    kept: frozenset[LeftWord]

    def text(self) -> str:
        """Returns the annex as plain text, without what is taken out."""
        return layout.plain(self.exchange, self.marks, self.style)

    def blocks(self, level: int = _LEVEL) -> list[Block]:
        """Returns the annex as parts of a document, without what is taken out; `level` is that of its headings."""
        return layout.blocks(self.exchange, self.marks, self.style, level)


def blocks(work: UnitOfWork, notification: str, language: LanguageCode) -> list[Block] | None:
    """Returns the latest approved annex of a use as parts of a report in a language; None without one. Raises Refusal.

    Labels and dates are in the language of the report; the mails are as they were written.
    """
    annex = approved(work, notification)
    return None if annex is None else replace(of_annex(work, annex), style=style_of(work, language)).blocks()


def texts(work: UnitOfWork, notification: str) -> str | None:
    """Returns the same as plain text."""
    annex = approved(work, notification)
    return None if annex is None else of_annex(work, annex).text()


def approved(work: UnitOfWork, notification: str) -> Annex | None:
    """Returns the latest approved annex of a use."""
    found = work.tx.find(
        Annex, where(Annex.notification).is_(notification), where(Annex.state).is_(AnnexState.APPROVED)
    )
    return max(found, key=lambda annex: annex.id, default=None)


def waiting(work: UnitOfWork, notification: str) -> Annex | None:
    """Returns the annex of a use that is neither approved nor withdrawn."""
    found = work.tx.find(Annex, where(Annex.notification).is_(notification), where(Annex.state).in_(UNDECIDED))
    return max(found, key=lambda annex: annex.id, default=None)


def the_annex(work: UnitOfWork, key: str) -> Annex:
    """Returns the annex with that id. Raises NotFound."""
    found = work.tx.get(Annex, key)
    if found is None:
        raise NotFound(AnnexRefusal.UNKNOWN(annex=key))
    return found


def open_annex(work: UnitOfWork, key: str) -> Annex:
    """Returns an annex that can still be changed and approved. Raises NotFound, Refusal."""
    annex = the_annex(work, key)
    if annex.state not in UNDECIDED:
        raise Refusal(AnnexRefusal.DECIDED(annex=annex.id, state=annex.state.value, use=annex.notification))
    return annex


def of_annex(work: UnitOfWork, annex: Annex) -> RedactedExchange:
    """Returns an annex, made from the octets. Raises Refusal if a mail is gone or no longer reads as it was sealed."""
    entries = exchange.of_annex(work, annex)
    made = printed.of_entries(work, entries, annex.form, annex.language)
    if made.seals != annex.seals:
        text = next(
            (at for at, (one, other) in enumerate(zip(made.seals, annex.seals, strict=False)) if one != other), 0
        )
        mail, use = made.texts[text].mail + 1, annex.notification
        because = AnnexRefusal.READ_OTHERWISE(
            annex=annex.id, mail=mail, use=use, before=annex.parser, now=printed.PARSER
        )
        raise Refusal(because)
    marks = printed.fitting(made.texts, printed.read_marks(annex.marks))
    return RedactedExchange(annex, made, marks, style_of(work, annex.language), printed.kept_places(annex.marks))


def style_of(work: UnitOfWork, language: LanguageCode) -> Print:
    """Returns how instants and labels are printed."""
    settings = work.env.settings
    months = work.env.draft_patterns.languages[language].months
    report = settings.desk.report
    return Print(language, settings.zone, months, report.date_form, report.decimal_sign)


def refuse_newer(work: UnitOfWork, annex: Annex) -> None:
    """Raises Refusal if the exchange holds other mails today than the annex."""
    use = exchange.the_use(work, annex.notification)
    today = tuple(entry.row.key for entry in exchange.of_use(work, use, annex.form))
    if today != annex.entries:
        differ = sorted({*today} ^ {*annex.entries}) or list(today)
        raise Refusal(AnnexRefusal.NEWER_MAIL(annex=annex.id, rows=differ))


TEXT, PAGE, ODT, PDF, MANIFEST = "annex.txt", "annex.html", "annex.odt", "annex.pdf", "manifest.json"
_TOP = 1  # level of the headings in a file of its own


def annex_files(work: UnitOfWork, made: RedactedExchange) -> dict[str, bytes]:
    """Returns the files by their names. Raises Refusal unless the annex is approved."""
    document = document_of(work, made)
    writer = work.env.documents
    forms: dict[str, Callable[[], bytes]] = {
        TEXT: lambda: made.text().encode("utf-8", "replace"),
        PAGE: lambda: html.page(document).encode("utf-8", "replace"),
        ODT: lambda: writer.odt(document),
        PDF: lambda: writer.pdf(document),
    }
    files = {name: write() for name, write in progress.counted(forms.items(), len(forms))}
    written = json.dumps(manifest(work, made, files), ensure_ascii=True, indent=2)
    return {**files, MANIFEST: f"{written}\n".encode()}


def document_of(work: UnitOfWork, made: RedactedExchange) -> Document:
    """Returns the annex as a document of its own, dated at its approval."""
    annex, organisation = made.annex, work.env.settings.desk.organisation.name
    if annex.approved_at is None:
        raise Refusal(AnnexRefusal.NOT_APPROVED(annex=annex.id, state=annex.state.value))
    return Document(
        title=AnnexLabel.TITLE(notification=annex.notification).in_language(annex.language),
        language=annex.language,
        organisation=getattr(organisation, annex.language),
        at=annex.approved_at,
        blocks=made.blocks(_TOP),
    )


def manifest(work: UnitOfWork, made: RedactedExchange, files: Mapping[str, bytes]) -> dict[str, Json]:
    """Returns what was taken out: counts by ground for each part of each mail, when, and the files' SHA-256."""
    annex, zone = made.annex, work.env.settings.zone
    when = {
        act: None if at is None else at.astimezone(zone).isoformat()
        for act, at in (
            ("proposed", annex.proposed_at), ("confirmed", annex.confirmed_at), ("approved", annex.approved_at),
        )
    }  # fmt: skip
    return {
        "annex": annex.id,
        "revision": annex.revision,
        "notification": annex.notification,
        "form": annex.form.value,
        "language": annex.language.value,
        "when": dict(when),
        "parser": annex.parser,
        "mails": counts(made),
        "contacts_without_mail": sum(isinstance(one, PrintedNote) for one in made.exchange.entries),
        "files": {name: hashlib.sha256(octets).hexdigest() for name, octets in files.items()},
    }


def counts(made: RedactedExchange) -> list[Mapping[str, Json]]:
    """Returns for each mail how many markers are printed in each of its parts, by ground; never how many words."""
    return [_counts(made, number, mail) for number, mail in enumerate(made.exchange.mails)]


def _counts(made: RedactedExchange, number: int, mail: PrintedMail) -> dict[str, Json]:
    texts = made.exchange.published
    found = [
        (text.part, ", ".join(sorted(set(grounds))))
        for at, text in enumerate(texts)
        if text.mail == number
        for _, _, grounds in markers(text, [mark for mark in made.marks if mark.of == at])
    ]
    parts = {part: Counter(grounds for other, grounds in found if other is part) for part, _ in sorted(found)}
    return {
        "mail": number + 1,
        "ours": mail.ours,
        "marks": {part.value: dict(sorted(of.items())) for part, of in parts.items()},
    }


def may_approve(work: UnitOfWork, annex: Annex) -> list[Officer]:
    """Returns the officers who may approve it, in the order of oncall.yaml; none while a hand in it is unknown."""
    rota = work.env.settings.rota
    if unknown_hands(rota, annex):
        return []
    return [one for one in rota.officers if one.roles & APPROVES and not has_shaped(rota, annex, one.id)]


def unknown_hands(rota: Rota, annex: Annex) -> list[str]:
    """Returns the ids with a hand in its marks that oncall.yaml no longer names: nothing tells who that person was."""
    return [one for one in annex.shaped_by if rota.officer(one) is None and rota.associate(one) is None]


def has_shaped(rota: Rota, annex: Annex, actor: str) -> bool:
    """True if the person who is `actor` proposed or confirmed a mark in it, perhaps under another id."""
    return any(one == actor or _marks_of(rota, one) & _marks_of(rota, actor) for one in annex.shaped_by)


def _marks_of(rota: Rota, key: str) -> set[str]:
    """Returns what tells a person apart in oncall.yaml: their name, address and login, whatever their ids are."""
    found = rota.officer(key) or rota.associate(key)
    if found is None:
        return set()
    words = {found.name, found.login or "", found.address if isinstance(found, Officer) else ""}
    return {" ".join(one.casefold().split()) for one in words} - {""}
