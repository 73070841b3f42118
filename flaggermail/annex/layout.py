# SPDX-License-Identifier: EUPL-1.2
"""How an annex is laid out: one order of labels and texts, of which document, plain text and form are made.

A heading, the subject without a label, Van, Datum ontvangst (of our own mail Datum verzending), Aan, CC, the text, the
names of attachments. A label stays where its value is empty or taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flaggermail.annex.printed import PrintedExchange, PrintedMail, PrintedNote
from flaggermail.annex.redaction.marks import MARKER, Mark, PrintedPart, redacted
from flaggermail.documents.model import Block, Heading, Labelled, Paragraph, Text, Verbatim, Words
from flaggermail.figures.account import Print
from flaggermail.record.case_values import ContactMeans
from flaggermail.wording.annex import AnnexLabel, WooGround
from flaggermail.wording.report import AccountLabel

Render = Callable[[int], str]
"""Returns what stands in the place of a text, by its position in `PrintedExchange.texts`."""
_LABELS = ((PrintedPart.FROM, AccountLabel.FROM), (PrintedPart.TO, AccountLabel.TO), (PrintedPart.CC, AccountLabel.CC))
_NOTES = {ContactMeans.PORTAL: AnnexLabel.IN_PORTAL, ContactMeans.MAIL: AnnexLabel.LOST_MAIL}


def pieces(exchange: PrintedExchange, style: Print, *, published: bool = False) -> Iterator[str | int]:
    """Yields the annex as plain text: words of ours as they stand, and each text by its position.

    `published`: with what is said below a text whose paragraphs are flowed anew.
    """
    at = 0
    anew = _flowed(exchange) if published else frozenset()
    for number, entry in enumerate(exchange.entries, start=1):
        yield "\n\n" if number > 1 else ""
        if isinstance(entry, PrintedNote):
            yield f"{_note(entry, style)}\n"
            continue
        yield f"{_heading(exchange, entry, style)}\n\n"
        place = {text.part: at + index for index, text in enumerate(entry.texts)}
        yield place[PrintedPart.SUBJECT]
        yield "\n\n"
        for label, part in _header(entry):
            yield f"{label.words(style.language)}: "
            yield style.shown(entry.at) if part is None else place[part]
            yield "\n"
        yield f"{AnnexLabel.COMMENT.words(style.language)}\n\n" if entry.comment else "\n"
        yield place[PrintedPart.BODY]
        yield "\n"
        if place[PrintedPart.BODY] in anew:
            yield f"\n{AnnexLabel.FLOWED.words(style.language)}\n"
        for index, text in enumerate(entry.texts):
            if text.part is PrintedPart.ATTACHMENT:
                yield f"\n{AnnexLabel.ATTACHMENT.words(style.language)}: "
                yield at + index
        yield "\n" if entry.texts[-1].part is PrintedPart.ATTACHMENT else ""
        at += len(entry.texts)


def plain(exchange: PrintedExchange, marks: Sequence[Mark], style: Print) -> str:
    """Returns the annex as plain text, without what the marks take out."""
    render = publishable(exchange, marks)
    printed = "".join(
        piece if isinstance(piece, str) else render(piece) for piece in pieces(exchange, style, published=True)
    )
    grounds = "".join(f"{ground.value}  {words}\n" for ground, words in _grounds(marks, style))
    printed += f"\n{AnnexLabel.UNSEEN.words(style.language)}\n" if _hides(marks) else ""
    return f"{printed}\n{AnnexLabel.LEGEND.words(style.language)}\n{grounds}" if grounds else printed


def publishable(exchange: PrintedExchange, marks: Sequence[Mark]) -> Render:
    """Returns what gives each text as it is published, without what the marks take out of it."""
    texts = exchange.published
    return lambda at: redacted(texts[at], [mark for mark in marks if mark.of == at])


def blocks(exchange: PrintedExchange, marks: Sequence[Mark], style: Print, level: int) -> list[Block]:
    """Returns the annex as parts of a document: each mail a heading of `level`, its subject one below.

    The grounds of what was taken out come last, in words, for a reader who does not know the articles by heart.
    """
    render, found, at = publishable(exchange, marks), list[Block](), 0
    anew = _flowed(exchange)
    for entry in exchange.entries:
        if isinstance(entry, PrintedNote):
            found.append(Paragraph([Text(_note(entry, style))]))
            continue
        here = frozenset(range(at, at + len(entry.texts)))
        shown = [render(index) for index in sorted(here)]
        by_part = {text.part: words for text, words in zip(entry.texts, shown, strict=True)}
        subject = by_part[PrintedPart.SUBJECT]
        foreign = _foreign(entry, by_part[PrintedPart.BODY], style)
        header: list[tuple[str, Words]] = [
            (label.words(style.language), [Text(style.shown(entry.at) if part is None else by_part[part])])
            for label, part in _header(entry)
        ]
        attached = [
            (AnnexLabel.ATTACHMENT.words(style.language), [Text(words)])
            for text, words in zip(entry.texts, shown, strict=True)
            if text.part is PrintedPart.ATTACHMENT
        ]
        found += [
            Heading(level, [Text(_heading(exchange, entry, style))]),
            Heading(level + 1, [Text(subject, foreign) if subject else _no_subject(style)]),
            Labelled(header),
            *([Paragraph([Text(AnnexLabel.COMMENT.words(style.language))])] if entry.comment else []),
            Verbatim(by_part[PrintedPart.BODY], foreign),
            *([Paragraph([Text(AnnexLabel.FLOWED.words(style.language))])] if here & anew else []),
            *([Labelled(attached)] if attached else []),
        ]
        at += len(entry.texts)
    return [*found, *_legend(marks, style)]


def _legend(marks: Sequence[Mark], style: Print) -> Iterator[Block]:
    """Yields what the sign for taken out words means, and the grounds of these marks."""
    grounds = _grounds(marks, style)
    if _hides(marks):
        yield Paragraph([Text(AnnexLabel.UNSEEN.words(style.language))])
    if grounds:
        yield Paragraph([Text(AnnexLabel.LEGEND.words(style.language))])
        yield Labelled([(ground.value, [Text(words)]) for ground, words in grounds])


def _grounds(marks: Sequence[Mark], style: Print) -> list[tuple[WooGround, str]]:
    """Returns the grounds of these marks in the order of the law, each with its words."""
    taken = {mark.ground for mark in marks} - {WooGround.NOT_SEEN}
    return [(ground, ground.words(style.language)) for ground in WooGround if ground in taken]


def _flowed(exchange: PrintedExchange) -> frozenset[int]:
    """Returns which texts have paragraphs that are flowed anew."""
    pairs = zip(exchange.texts, exchange.published, strict=True)
    return frozenset(at for at, (text, published) in enumerate(pairs) if text.text != published.text)


def _hides(marks: Sequence[Mark]) -> bool:
    """True if words are left out that a mail hides from its reader."""
    return any(mark.ground is WooGround.NOT_SEEN for mark in marks)


def _foreign(mail: PrintedMail, body: str, style: Print) -> str:
    """Returns the language of a mail if it is not that of the annex; of words that are all taken out nobody is told."""
    said = any(sign.isalpha() for sign in MARKER.sub("", body))
    return mail.language if said and mail.language != style.language else ""


def _header(mail: PrintedMail) -> list[tuple[AccountLabel, PrintedPart | None]]:
    """Returns the labels in their order, each with its text; None: the instant."""
    sender, to, cc = ((label, part) for part, label in _LABELS)
    return [sender, (AccountLabel.SENT if mail.ours else AccountLabel.RECEIVED, None), to, cc]


def _heading(exchange: PrintedExchange, mail: PrintedMail, style: Print) -> str:
    return AnnexLabel.MAIL(number=exchange.mails.index(mail) + 1).in_language(style.language)


def _no_subject(style: Print) -> Text:
    return Text(AnnexLabel.NO_SUBJECT.words(style.language))


def _note(note: PrintedNote, style: Print) -> str:
    return _NOTES.get(note.means, AnnexLabel.SPOKEN)(at=style.shown(note.at)).in_language(style.language)
