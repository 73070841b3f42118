# SPDX-License-Identifier: EUPL-1.2
"""The form in which a person edits marks: the annex as plain text, with each mark as `⟦ground|words⟧`.

Reading back compares to the character. The text is known, so what is left after the marks are taken off must be that
text, and nothing in a mail can be taken for a boundary. A mail's own ⟦ is written `⟦(⟧` and its own ⟧ `⟦)⟧`, which no
mark can be: it would have no `|`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flaggermail.annex import layout, printed
from flaggermail.annex.printed import PrintedExchange
from flaggermail.annex.redaction.marks import Detail, Mark
from flaggermail.errors import Refusal
from flaggermail.figures.account import Print
from flaggermail.wording.annex import FormWords, WooGround
from flaggermail.wording.refusals import AnnexRefusal

OPEN, CLOSE, BETWEEN = "⟦", "⟧", "|"
BELOW = "⟦=⟧"
"""The line above the words that no list knows. No text of a mail has it, since its own signs are written otherwise."""
_OWN = {OPEN: "⟦(⟧", CLOSE: "⟦)⟧"}
_LITERAL = {written: sign for sign, written in _OWN.items()}
_LONGEST_GROUND = 20  # characters of a wrong ground that a refusal quotes
_SHOWN = 30  # characters of a difference that a refusal quotes
_FIRST = re.compile(r"# (a\d+) (\d+)")


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """A marked piece of the text without marks."""

    start: int
    end: int
    ground: WooGround
    line: int  # of the form, from 1


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was read: which annex and revision it is of, and where its marks are."""

    annex: str
    revision: int
    text: str
    spans: tuple[MarkedSpan, ...]
    head: int  # lines of the head
    below: tuple[tuple[int, str], ...] = ()  # number and text of each line below the text, without empty and our own


# ---- writing


def head(annex: str, revision: int, language: str) -> str:
    """Returns the commented head of a form. Its first line names the annex and the revision."""
    said = (FormWords.HOW, FormWords.KEEP, FormWords.CONFIRM, FormWords.SIGNS, FormWords.GROUNDS)
    lines = [f"{annex} {revision}", *(words.words(language) for words in said), *grounds(language)]
    return "".join(f"# {line}\n" for line in lines) + "\n"


def grounds(language: str) -> list[str]:
    """Returns each ground with its words."""
    return [f"{ground.value}  {ground.words(language)}" for ground in WooGround]


def body(exchange: PrintedExchange, marks: Sequence[Mark], style: Print) -> str:
    """Returns the text of a form."""
    texts = exchange.texts
    return "".join(
        piece if isinstance(piece, str) else with_marks(texts[piece].text, [one for one in marks if one.of == piece])
        for piece in layout.pieces(exchange, style)
    )


def with_marks(text: str, marks: Sequence[Mark]) -> str:
    """Returns a text with its marks, and with its own signs so that they are no marks."""
    found, at = list[str](), 0
    for mark in sorted(marks):
        words = _escaped(text[mark.start : mark.end])
        found += [_escaped(text[at : mark.start]), OPEN, mark.ground, BETWEEN, words, CLOSE]
        at = mark.end
    return "".join([*found, _escaped(text[at:])])


def _escaped(text: str) -> str:
    return "".join(_OWN.get(sign, sign) for sign in text)


# ---- reading


def read(form: str) -> Filled:
    """Returns what a filled form says. Raises Refusal naming the line of what cannot be read."""
    lines = form.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    first = _FIRST.fullmatch(lines[0].rstrip())
    if first is None:
        raise Refusal(AnnexRefusal.NO_HEAD())
    length = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    length += length < len(lines) and not lines[length].strip()  # the empty line below the head
    end = lines.index(BELOW, length) if BELOW in lines[length:] else len(lines)
    text, spans = _parsed("\n".join(lines[length:end]), length + 1)
    below = ((number, line) for number, line in enumerate(lines[end + 1 :], start=end + 2) if line.strip())
    asked = tuple((number, line) for number, line in below if not line.startswith("#"))
    return Filled(first[1], int(first[2]), text, tuple(spans), length, asked)


def _parsed(form: str, line: int) -> tuple[str, list[MarkedSpan]]:
    """Returns the text without marks, and the marks; `line` is the number of its first line."""
    text, length = list[str](), 0
    spans: list[MarkedSpan] = []
    opened: tuple[int, WooGround, int] | None = None
    at = counted = 0
    for sign in re.finditer("[⟦⟧]", form):
        if sign.start() < at:
            continue  # within a sign of the mail's own
        text.append(form[at : sign.start()])
        length += sign.start() - at
        line, counted = line + form.count("\n", counted, sign.start()), sign.start()
        literal = _LITERAL.get(form[sign.start() : sign.start() + 3])
        if literal is not None:
            text.append(literal)
            length, at = length + 1, sign.start() + 3
        elif sign[0] == OPEN:
            if opened is not None:
                raise Refusal(AnnexRefusal.WITHIN_A_MARK(line=line, first=opened[2]))
            ground, at = _ground(form, sign.end(), line)
            opened = (length, ground, line)
        else:
            if opened is None:
                raise Refusal(AnnexRefusal.ENDS_NO_MARK(line=line))
            if opened[0] == length:
                raise Refusal(AnnexRefusal.EMPTY_MARK(line=opened[2]))
            spans.append(MarkedSpan(opened[0], length, opened[1], opened[2]))
            opened, at = None, sign.end()
    if opened is not None:
        raise Refusal(AnnexRefusal.OPEN_MARK(line=opened[2]))
    return "".join([*text, form[at:]]), spans


def _ground(form: str, at: int, line: int) -> tuple[WooGround, int]:
    """Returns the ground of a mark that begins before `at`, and where its words begin."""
    written, bar, _ = form[at : at + _LONGEST_GROUND].partition(BETWEEN)
    try:
        return WooGround(written.strip() if bar else ""), at + len(written) + 1
    except ValueError:
        known = [AnnexRefusal.ONE_GROUND(ground=one.value, words=one()) for one in WooGround]
        raise Refusal(AnnexRefusal.NO_GROUND(line=line, given=ascii(written), known=known)) from None


def marks_of(filled: Filled, exchange: PrintedExchange, before: Sequence[Mark], style: Print) -> tuple[Mark, ...]:
    """Returns the marks of a filled form. Raises Refusal if its text is not that of the mails to the character.

    A mark at the place of one of `before` keeps its kind; any other is a person's.
    """
    texts = exchange.texts
    whole, begins = "", list[int]()
    for piece in layout.pieces(exchange, style):
        begins += [len(whole)] if isinstance(piece, int) else []
        whole += piece if isinstance(piece, str) else texts[piece].text
    _compare(filled, whole, exchange, begins)
    kinds = {(one.of, one.start, one.end): one.detail for one in before}
    found: list[Mark] = []
    for span in filled.spans:
        of = next((at for at, text in enumerate(texts) if _holds(begins[at], len(text.text), span)), None)
        if of is None:
            raise Refusal(AnnexRefusal.OVER_A_LABEL(line=span.line))
        mark = Mark(of, span.start - begins[of], span.end - begins[of], span.ground, Detail.OTHER)
        found.append(replace(mark, detail=kinds.get((of, mark.start, mark.end), Detail.OTHER)))
    return printed.fitting(texts, found)


def _holds(begin: int, length: int, span: MarkedSpan) -> bool:
    return begin <= span.start and span.end <= begin + length


def _compare(filled: Filled, whole: str, exchange: PrintedExchange, begins: Sequence[int]) -> None:
    """Raises Refusal naming mail, part and line of the first difference. Empty lines at the end are an editor's."""
    given, right = filled.text.rstrip("\n"), whole.rstrip("\n")
    if given == right:
        return
    at = next(
        (at for at, (one, other) in enumerate(zip(given, right, strict=False)) if one != other),
        min(len(given), len(right)),
    )
    texts = exchange.texts
    of = max((index for index, begin in enumerate(begins) if begin <= at), default=0)
    inside = bool(begins) and begins[of] <= at <= begins[of] + len(texts[of].text)
    word = at - len(re.split(r"\s", given[max(0, at - _SHOWN) : at])[-1])  # that differs, from its beginning
    there, wanted = (ascii(text[word : word + _SHOWN].partition("\n")[0]) for text in (given, right))
    line = filled.head + given.count("\n", 0, at) + 1
    if inside:
        mail, part = texts[of].mail + 1, texts[of].part.value
        raise Refusal(AnnexRefusal.TEXT_DIFFERS(line=line, mail=mail, part=part, given=there, right=wanted))
    raise Refusal(AnnexRefusal.LABEL_DIFFERS(line=line, given=there, right=wanted))
