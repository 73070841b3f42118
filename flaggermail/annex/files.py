# SPDX-License-Identifier: EUPL-1.2
"""The files of an approved annex, and the manifest beside them. The same annex gives the same octets.

The manifest may lie beside published files, so nothing in it is a step towards what was taken out: no place, no length,
no digest of a mail or of a piece of one, no name of a person, and no count of unseen characters: names in scripts from
right to left are written with them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping

from flaggermail.annex.approved import RedactedExchange
from flaggermail.annex.printed import PrintedMail, PrintedNote
from flaggermail.annex.redaction.marks import markers
from flaggermail.documents import html
from flaggermail.documents.model import Document
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.services import UnitOfWork
from flaggermail.wording.annex import AnnexLabel, NoAnnex

TEXT, PAGE, ODT, PDF, MANIFEST = "annex.txt", "annex.html", "annex.odt", "annex.pdf", "manifest.json"
_TOP = 1  # level of the headings in a file of its own


def of_annex(work: UnitOfWork, made: RedactedExchange) -> dict[str, bytes]:
    """Returns the files by their names. Raises Refusal unless the annex is approved."""
    document = document_of(work, made)
    writer = work.env.documents
    files = {
        TEXT: made.text().encode("utf-8", "replace"),
        PAGE: html.page(document).encode("utf-8", "replace"),
        ODT: writer.odt(document),
        PDF: writer.pdf(document),
    }
    written = json.dumps(manifest(work, made, files), ensure_ascii=True, indent=2)
    return {**files, MANIFEST: f"{written}\n".encode()}


def document_of(work: UnitOfWork, made: RedactedExchange) -> Document:
    """Returns the annex as a document of its own, dated at its approval."""
    annex, organisation = made.annex, work.env.settings.desk.organisation.name
    if annex.approved_at is None:
        raise Refusal(NoAnnex.NOT_APPROVED(annex=annex.id, state=annex.state.value))
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


def counts(made: RedactedExchange) -> list[Json]:
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
