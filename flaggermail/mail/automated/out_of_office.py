# SPDX-License-Identifier: EUPL-1.2
"""Recognises out-of-office replies by their text alone, as old mail systems send them.

A person may also mention being away and then write about the matter. So nearly all of the text must be typical of such
replies, nothing may be quoted, and no word may report an action.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flaggermail.mail.automated.evidence import KindEvidence, begins
from flaggermail.mail.forwards.boilerplate import starts_with_banner, without_banners
from flaggermail.mail.forwards.reply_text import NONE, PlainLines
from flaggermail.mail.machine_words import MachineWords, words_of
from flaggermail.mail.message import MechanicalKind, NoReceipt
from flaggermail.mail.vocabulary import Language, folded

LONGEST = 3000  # characters; out-of-office replies are short
_FEW = 3  # with so few clauses each must be typical; the absence must be stated in the first few
_MOSTLY = 0.5  # of the clauses, where the subject announces an absence
_HEADER = 2  # consecutive lines with header labels
_BEGINNING = 3  # characters before the absence phrase in a clause without "I"
_SHARE = 0.7  # of the clauses of a longer text
_GREETING, _NAME, _REFERENCE = 6, 3, 12  # words
_END = re.compile(r"(?<=[^\d\s])\.(?=\s|$)|[!;](?=\s|$)|(?<=\?)(?=\s|$)|\n")
_CONTACT = re.compile(r"[^\s@]@[^\s@]|https?://\S*|www\.|\d[\d ()./-]{5,}\d")
_DIGIT = re.compile(r"\d")
_LIST_FOOTER = re.compile(r"_{2,}|-{5,}")  # alone on a line, above what a mailing list adds


@dataclass(frozen=True)
class OwnText:
    """The text above a closing, a signature and any other mail; `quotes` if another mail is what ends it."""

    text: str
    quotes: bool = False

    @cached_property
    def small(self) -> str:
        """The text, folded."""
        return folded(self.text)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the folded text."""
        return words_of(self.small)


def is_absence(own: OwnText, language: Language) -> bool:
    """True if `own` is an out-of-office reply and nothing else."""
    words, small = language.machines, own.small
    if own.quotes or len(own.text) > LONGEST or not _may_state_absence(own, words):
        return False
    if has_other_content(small, words) and has_other_content(_without_directions(own, language), words):
        return False
    clauses, away = _stated(own, language)
    if not away or _asks(clauses, words):
        return False
    known = [clause for clause in clauses if _is_typical(clause, words)]
    told = len(known) > 1 or any(_DIGIT.search(_CONTACT.sub("", clauses[at])) for at in away)
    told = told or words.absence_sign.search(words.absence.sub(" ", clauses[away[0]])) is not None
    enough = len(known) == len(clauses) if len(clauses) <= _FEW else len(known) >= _SHARE * len(clauses)
    return told and enough


def is_mostly_absence(own: OwnText, language: Language) -> bool:
    """True if `own` soon states an absence and says little else. For mail whose subject announces one too."""
    clauses, away = _stated(own, language)
    typical = [_is_typical(clause, language.machines) for clause in clauses]
    short = len(own.text) <= LONGEST
    return bool(away) and short and all(typical[: away[0]]) and sum(typical) >= _MOSTLY * len(clauses)


def confirms(own: OwnText, language: Language) -> bool:
    """True if the writer confirms that a mail arrived, as machines do and persons too."""
    words = language.machines
    return words.needed_for_receipt.met(own.small, own.words) and words.receipt.search(own.small) is not None


def is_personal(own: OwnText, language: Language) -> bool:
    """True if a person wrote it: it quotes, asks, or reports an action. For subjects that people write as well."""
    words = language.machines
    return own.quotes or has_other_content(own.small, words) or _asks(_clauses(own.text, language), words)


def mentions_absence(own: OwnText, language: Language) -> bool:
    """True if the writer mentions being away, among other things, and quotes nothing."""
    if own.quotes or not _may_state_absence(own, language.machines):
        return False
    return any(states_absence(clause, language.machines) for clause in _clauses(own.text, language))


def _may_state_absence(own: OwnText, words: MachineWords) -> bool:
    """True if the text has a word of absence at all; most mails have none."""
    if not words.needed_for_absence.met(own.small, own.words):
        return False
    return words.absence.search(own.small) is not None or words.absence_alone.search(own.small) is not None


def _stated(own: OwnText, language: Language) -> tuple[list[str], list[int]]:
    """Returns the clauses that say something, and which of the first few state an absence."""
    words = language.machines
    clauses = [clause for clause in _clauses(own.text, language) if not _is_neutral(clause, words)]
    return clauses, [at for at, clause in enumerate(clauses[:_FEW]) if states_absence(clause, words)]


def states_absence(clause: str, words: MachineWords) -> bool:
    """True if a person states that they are away, or an office that it is closed."""
    if words.absence_alone.search(clause):
        return True
    found = words.absence.search(clause)
    return found is not None and (found.start() <= _BEGINNING or words.absence_person.search(clause) is not None)


def has_other_content(small: str, words: MachineWords) -> bool:
    """True if the folded text says something on the matter, beyond typical phrases ("I have limited access")."""
    return words.answer.search(words.absence.sub(" ", small)) is not None


def _without_directions(own: OwnText, language: Language) -> str:
    """Returns the clauses that do not send the reader elsewhere: "To report a post, use the link below"."""
    directions = language.machines.absence_directions
    return "\n".join(clause for clause in _clauses(own.text, language) if not clause.startswith(directions))


def _is_typical(clause: str, words: MachineWords) -> bool:
    if clause.startswith(words.absence_directions):
        return True
    return states_absence(clause, words) or words.absence_sign.search(clause) is not None


def _asks(clauses: Sequence[str], words: MachineWords) -> bool:
    """True if a question is asked; "Is it urgent?" is not a question to the reader."""
    return any("?" in clause and not words.absence_question.search(clause) for clause in clauses)


def own_text(text: str, language: Language, plain: PlainLines = NONE) -> OwnText:
    """Returns the writer's own text in `text`, without a gateway's warning above it. `plain`: its plain lines."""
    kept: list[str] = []
    labels, quotes = 0, False
    lines = text[: 2 * LONGEST].split("\n")
    for line in without_banners(lines, language) if starts_with_banner(lines, language) else lines:
        if line in plain.no_mail and (line in plain.no_end or not line):
            labels = 0
            kept.append(line.strip())
            continue
        labels = labels + 1 if ":" in line and folded(line.partition(":")[0].strip("*_ ")) in language.labels else 0
        mark = folded(line.strip("-_=* \t\u00a0:>"))
        marked = line.lstrip().startswith(">") or mark in language.original_lines or mark in language.forward_lines
        if quotes := marked or labels == _HEADER:
            kept = kept[: len(kept) - labels + 1] if labels == _HEADER else kept
            break
        ruled = kept and _LIST_FOOTER.fullmatch(line.strip())
        if line.rstrip() == "--" or ruled or mark.rstrip(",.") in language.closings:
            break
        kept.append(line.strip())
    return OwnText("\n".join(kept).replace("\u2019", "'"), quotes)


def _clauses(own: str, language: Language) -> list[str]:
    """Splits into sentences and at "but", without the greeting. Lines of a paragraph are joined first."""
    joined = "\n".join(" ".join(part.split("\n")) for part in re.split(r"\n{2,}", own))
    found = [
        folded(piece) for sentence in _END.split(joined) for piece in language.machines.contrast.split(folded(sentence))
    ]
    greets = bool(found) and (found[0].endswith(",") or len(found[0].split()) <= _NAME)
    if greets and len(found[0].split()) <= _GREETING and not states_absence(found[0], language.machines):
        found = found[1:]
    stripped = (piece.strip(" ,.:*-") for piece in found)
    return [piece for piece in stripped if piece]


def _is_neutral(clause: str, words: MachineWords) -> bool:
    """True for a name, or a contact address or number."""
    if _is_typical(clause, words):
        return False
    count = len(clause.split())
    return count <= _NAME or (count <= _REFERENCE and _CONTACT.search(clause) is not None)


_READ = 3000  # characters
_OOF = ("x-ms-exchange-generated-message-source", "x-vacation", "x-apple-action")  # fields of absences only
_OOF_VALUES = ("oof", "yes", "vacation", "true", "auto")
_NUMBERED = re.compile(r"#\d{3}")  # a number that the writer's system gave
# "22", "22nd", "22.", "2027", "22/3", "22-03-2027", "2027-03-22"
_NUMBER = re.compile(r"\d{1,4}(?:st|nd|rd|th|e|de|er)?|\d{1,4}[./-]\d{1,2}(?:[./-]\d{2,4})?")
_WHOLE = re.compile(r"\d+[./-]\d+")
_NAME_LETTERS = 3  # letters of the name of a day or month
_LONGEST_DATE = 5  # words


def stated(signs: KindEvidence, kind: MechanicalKind, language: Language) -> NoReceipt | None:
    """Returns what the mail states, if that is no receipt."""
    if kind is MechanicalKind.AUTO_REPLY and (signs.report_type == "disposition-notification" or signs.disposition):
        return _disposition(signs)
    noted = _noted(signs)
    if noted is not None or kind is not MechanicalKind.AUTO_REPLY:
        return noted
    return NoReceipt.ABSENCE if _is_absence(signs, language) else None


def says_unread(signs: KindEvidence) -> bool:
    """True if the words say that a mail was deleted unread: a filter that refuses one writes the same disposition."""
    return _noted(signs) is NoReceipt.UNREAD


def end_of_absence(text: str, language: Language, plain_text: PlainLines = NONE) -> str:
    """Returns the end of an absence as it is written; empty if no day is named. `plain_text`: its plain lines."""
    small = folded(plain := " ".join(own_text(text[:_READ], language, plain_text).text.split()))
    if len(small) != len(plain):
        plain = small
    dates = (_date(plain[found.end() :], language) for found in language.machines.until.finditer(small))
    return next(filter(None, dates), "")


def _date(text: str, language: Language) -> str:
    """Returns the date with which a text begins, in words that name times alone; empty if it begins with none."""
    kept: list[str] = []
    for token in text.lstrip(" :").split()[:_LONGEST_DATE]:
        plain = token.strip(".,;:!")
        if not (_NUMBER.fullmatch(plain) or folded(plain) in language.machines.moment_words):
            break
        kept.append(plain)
        if token[-1] in ".;:!" and not plain.isdigit():
            break
    named = any(len(word) >= _NAME_LETTERS and word.isalpha() for word in kept)
    return " ".join(kept) if named or any(_WHOLE.match(word) for word in kept) else ""


def _disposition(signs: KindEvidence) -> NoReceipt:
    if "displayed" in signs.disposition:
        return NoReceipt.READ
    return NoReceipt.UNREAD if "deleted" in signs.disposition else NoReceipt.HANDLED


def _noted(signs: KindEvidence) -> NoReceipt | None:
    """Returns what a receipt without RFC 8098 says; people begin a subject with these words too."""
    subjects = ((NoReceipt.UNREAD, signs.words.unread_subjects), (NoReceipt.READ, signs.words.read_subjects))
    named = next((what for what, known in subjects if begins(signs.subject, known) == "whole"), None)
    return named if named and signs.words.read.search(folded(signs.text[:_READ])) else None


def _is_absence(signs: KindEvidence, language: Language) -> bool:
    """True for an absence; a receipt with a number of its own that names closing hours is none."""
    fields, words = signs.fields, language.machines
    if any(fields.get(name, "").strip().lower().startswith(_OOF_VALUES) for name in _OOF):
        return True
    behind = signs.subject.partition(":")[2]
    if any(begins(title, words.absence_subjects) for title in (signs.subject, behind)):
        return True
    own = own_text(signs.text, language, signs.plain)
    if not is_mostly_absence(own, language):
        return False
    return not (confirms(own, language) and _NUMBERED.search(f"{signs.subject}\n{own.text}"))
