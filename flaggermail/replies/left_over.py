# SPDX-License-Identifier: EUPL-1.2
"""What an officer wrote beside the verb that is neither greeting, thanks, signature, notice nor quotation.

Nothing here knows a word of doubt: what no rule below accounts for is left over, and whoever asks decides what then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flaggermail.letters.html_part import MARK
from flaggermail.mail.forwards.inside_letter import read
from flaggermail.mail.forwards.reply_text import unquoted
from flaggermail.mail.vocabulary import Language, folded
from flaggermail.replies import phrases
from flaggermail.replies.phrases import Line
from flaggermail.settings.reply_words import ReplyWords

_LINKED = re.compile(r"\s?[<\[(](?:https?://|mailto:|tel:|cid:|image)[^<>\[\]()]{0,300}[>\])]", re.IGNORECASE)
_NUMBERS = re.compile(  # addresses, phones, boxes and rooms, postcodes with their place; a date is no phone
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.])(?!\d\d?[-/. ]\d\d?[-/. ]\d{4}\b)(?:\+|\(?0)\d?(?:[ ()./\u2013-]{0,3}\d){7,13}(?!\w)"
    r"|\b(?i:postbus|po box|kamer|room|kvk)\b[ :]*[\w.]*\d[\w.]*"
    r"|\b\d{4}\s?[A-Z]{2}\b[\s|,]*(?:['\u2019]?[A-Z][\w'\u2019-]+ ?){0,3}"
)
_SITE = re.compile(
    r"(?i)(?:https?://|www\.)[^\s\d?|]+|\b(?:[\w-]+\.)+(?:nl|eu|com|org|net|gov|de|be|example)\b(?![/?])"
)
_STREET = re.compile(r"\b(?:[A-Z][\w'.-]+ ){1,4}\d{1,4} ?[a-z]?\b|\b20\d\d\b")  # or a year, in the name of a team
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_NAME = re.compile(r"[A-Z\u00c0-\u00de][a-z\u00df-\u00ff]+(?:[-'\u2019][A-Z]?[a-z\u00df-\u00ff]+)*|[A-Z]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_EDGE = " ,.!;:*_-/|\u2013\u2014\u00a0"
_MOST_WORDS = 4  # of a name, and of a closing
_LEARNED_FROM = 2  # earlier mails
_LONG = 60  # characters of a line that is learned wherever it stands: a notice, rather than a remark
_KNOWN_NOTICE, _ANY_NOTICE = 2, 3  # words of notices in one that begins as they do, and in any other


@dataclass(frozen=True, slots=True)
class ReplyWriter:
    """Who wrote, and what: words of their `names`, folded, the text of our `letter` that they answer.

    `earlier` gives the own lines of their earlier mails that carried out something else (`own_lines`).
    """

    language: Language
    words: ReplyWords
    names: frozenset[str] = frozenset()
    letter: str = ""
    earlier: Callable[[], Sequence[Sequence[str]]] = tuple


def own_lines(whole: str, letter: str, language: Language) -> list[str]:
    """Returns the lines of a mail that quote nothing, as a reader sees them, blank ones too; signatures included.

    Below the head of a quotation without marks those count that `letter`, our own mail, does not hold there.
    """
    above, below = unquoted(whole.splitlines(), language)
    left = [line.text for line in read(below, letter) if letter and not all(line.ours)]
    return [_shown(line) for line in (*above, *left)]


def _shown(line: str) -> str:
    others = line.lstrip().startswith(MARK.strip())
    return "" if others else Line.from_text(_LINKED.sub("", line)).shown


def left_over(whole: str, said: Sequence[str], writer: ReplyWriter, *, named: bool = False) -> tuple[str, ...]:
    """Returns the lines of a mail that say more than the lines `said`, which hold its verb.

    `named`: what looks like a name may stand right below them, as it may below a closing.
    """
    lines, taken = [], [_shown(line) for line in said]
    for line in own_lines(whole, writer.letter, writer.language):
        if taken and line == taken[0]:
            taken.pop(0)
        else:
            lines.append(line)
    silent = _Silence(writer).of(lines, closed=named)
    left = [at for at, line in enumerate(lines) if line and silent[at] is None]
    earlier = [list(filter(None, one)) for one in writer.earlier()] if left else []
    return tuple(
        lines[at] for at in left
        if not ((True in silent[:at] or len(lines[at]) >= _LONG) and _ended(list(filter(None, lines[at:])), earlier))
    )  # fmt: skip


def _ended(tail: list[str], earlier: Sequence[list[str]]) -> bool:
    """True if earlier mails ended so too. A wish has done nothing however often it is said: none of them holds it."""
    return sum(one[-len(tail) :] == tail for one in earlier) >= _LEARNED_FROM


@dataclass(frozen=True, slots=True)
class _Silence:
    """Tells of lines whether they say nothing."""

    writer: ReplyWriter

    def of(self, lines: Sequence[str], *, closed: bool) -> list[bool | None]:
        """Returns of each line True for a part of a signature or a notice, False for thanks and the like, else None."""
        notices, found = self._notices(lines), list[bool | None]()
        for at, line in enumerate(lines):
            behind = self._behind_closing(line)
            if not line or _is_bare(line) or phrases.is_idle(self._unsigned(line), self.writer.words.assent):
                found.append(False)
            else:
                below = next(filter(None, lines[at + 1 :]), "")
                ends = at in notices or self._is_device(line) or self._is_signature(line, below, signed=True in found)
                found.append(
                    ends or behind == "" or self._is_name(behind or line, closed=closed or bool(behind)) or None
                )
            closed = behind == "" or found[-1] is False if line else closed  # thanks close a mail too
        return found

    def _unsigned(self, line: str) -> Line:
        """Returns a line without its writer's name at the end, as behind thanks."""
        words = line.split()
        while words and folded(words[-1]).strip(_EDGE) in self.writer.names:
            words.pop()
        words = words[:-1] if words[1:] and words[-2].endswith(",") and self._is_name(words[-1], closed=True) else words
        return Line.from_text(" ".join(words) or line)

    def _behind_closing(self, line: str) -> str | None:
        """Returns what stands behind a closing on its line; None for a line that does not begin with one."""
        words = line.split()
        for count in range(min(len(words), 2 * _MOST_WORDS), 0, -1):
            if folded(" ".join(words[:count])).strip(_EDGE) in self.writer.language.closings:
                rest = " ".join(words[count:]).strip(_EDGE)
                return "" if folded(rest) in self.writer.language.closings else rest  # in two languages
        return None

    def _is_name(self, text: str, *, closed: bool) -> bool:
        """True for what its writer capitalises as a name behind a closing; one word begins as theirs does."""
        words = _WORD.findall(text)
        if not closed or not 0 < len(words) <= _MOST_WORDS or "?" in text or "!" in text:
            return False
        if len(words) == 1 and words[0][0].lower() not in {name[0] for name in self.writer.names}:
            return False
        inner = (_NAME.fullmatch(word) or self.writer.words.beside.pattern.fullmatch(word) for word in words[1:-1])
        return bool(_NAME.fullmatch(words[0]) and _NAME.fullmatch(words[-1])) and all(inner)

    def _is_device(self, line: str) -> bool:
        """True for the line of a telephone or program, with an excuse for typing errors behind it."""
        first, *others = _SENTENCE.split(folded(line))
        begun = self.writer.language.device_starts.beginning(first)
        if not begun or not all(phrases.is_idle(Line.from_text(one), self.writer.words.assent) for one in others):
            return False
        return all(
            word in self.writer.language.device_names or self.writer.words.beside.pattern.fullmatch(word)
            for word in _WORD.findall(first.removeprefix(begun[0]).strip(_EDGE))
        )

    def _is_signature(self, line: str, below: str, *, signed: bool) -> bool:
        """True for a line of names, functions, bodies, numbers, addresses and hours, and nothing else."""
        words, bare = self.writer.words, _NUMBERS.sub(" ; ", _SITE.sub(" ; ", line) if signed else line)
        if "?" in line or "!" in line:
            return False
        said = _WORD.findall(_STREET.sub(" ; ", bare) if bare != line or _NUMBERS.match(below) else bare)
        small = [phrases.folded(word) for word in said]
        present = [words.presence.pattern.fullmatch(word) for word in small]
        at_work = [
            any(present) and (one or words.hours.pattern.fullmatch(word))
            for one, word in zip(present, small, strict=True)
        ]
        if said and all(at_work):
            return True
        heads = [word in self.writer.names or words.signature.pattern.fullmatch(word) for word in small]
        beside = map(words.beside.pattern.fullmatch, small)
        known = [any(found) for found in zip(heads, beside, at_work, strict=True)]
        own = not self.writer.names.isdisjoint(small) and small[0][0] in {name[0] for name in self.writer.names}
        begun = own or not known or known[0] or bare.lstrip().startswith(";")
        return bool(begun and (any(heads) or bare != line)) and all(
            ok or _NAME.fullmatch(word) for ok, word in zip(known, said, strict=True)
        )

    def _notices(self, lines: Sequence[str]) -> frozenset[int]:
        """Returns the places of lines that are notices by the words of such, each sentence with one of them."""
        language, found = self.writer.language, set[int]()
        for at, line in enumerate(lines):
            begins = language.disclaimers.has_beginning_of(folded(line).strip(_EDGE))
            if not line or at in found or (at and lines[at - 1] and not begins):
                continue
            end = next((n for n in range(at, len(lines)) if not lines[n]), len(lines))
            spoken = [word for word in language.disclaimer_words if word in folded(" ".join(lines[at:end]))]
            if len(spoken) >= (_KNOWN_NOTICE if begins else _ANY_NOTICE):
                found.update(self._of_notices(lines, at, end))
        return frozenset(found)

    def _of_notices(self, lines: Sequence[str], at: int, end: int) -> Iterator[int]:
        language, begun = self.writer.language, at
        for n in range(at, end):
            if n == end - 1 or lines[n].endswith((".", "!", "?")):
                for sentence in _SENTENCE.split(folded(" ".join(lines[begun : n + 1]))):
                    spoken = any(word in sentence for word in language.disclaimer_words)
                    if not spoken and not language.disclaimers.has_beginning_of(sentence.strip(_EDGE)):
                        return
                yield from range(begun, n + 1)
                begun = n + 1


def _is_bare(line: str) -> bool:
    """True for a line of signs that say nothing: a rule, a friendly emoji."""
    plain = phrases.folded(line)
    return not any(map(str.isalnum, plain)) and "?" not in plain and not any(map(phrases.is_doubting, plain))
