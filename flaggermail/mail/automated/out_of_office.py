# SPDX-License-Identifier: EUPL-1.2
"""Recognises out-of-office replies by their text alone, as old mail systems send them.

A person may also mention being away and then write about the matter. So nearly all of the text must be typical of such
replies, nothing may be quoted, and no word may report an action.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flaggermail.mail.forwards.boilerplate import without_banners
from flaggermail.mail.machine_words import MachineWords
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


def is_absence(text: str, language: Language) -> bool:
    """True if `text` is an out-of-office reply and nothing else."""
    own, words = own_text(text, language), language.machines
    if own is None or len(own) > LONGEST or has_other_content(own, words):
        return False
    clauses, away = _stated(own, language)
    if not away or _asks(clauses, words):
        return False
    known = [clause for clause in clauses if _is_typical(clause, words)]
    told = len(known) > 1 or any(_DIGIT.search(_CONTACT.sub("", clauses[at])) for at in away)
    told = told or words.absence_sign.search(words.absence.sub(" ", clauses[away[0]])) is not None
    enough = len(known) == len(clauses) if len(clauses) <= _FEW else len(known) >= _SHARE * len(clauses)
    return told and enough


def is_mostly_absence(text: str, language: Language) -> bool:
    """True if `text` soon states an absence and says little else. For mail whose subject announces one too."""
    own = above_quotation(text, language)
    clauses, away = _stated(own, language)
    typical = [_is_typical(clause, language.machines) for clause in clauses]
    return bool(away) and len(own) <= LONGEST and all(typical[: away[0]]) and sum(typical) >= _MOSTLY * len(clauses)


def confirms(text: str, language: Language) -> bool:
    """True if the writer confirms that a mail arrived, as machines do and persons too."""
    return language.machines.receipt.search(folded(above_quotation(text, language))) is not None


def _stated(own: str, language: Language) -> tuple[list[str], list[int]]:
    """Returns the clauses that say something, and which of the first few state an absence."""
    words = language.machines
    clauses = [clause for clause in _clauses(own, language) if not _is_neutral(clause, words)]
    return clauses, [at for at, clause in enumerate(clauses[:_FEW]) if states_absence(clause, words)]


def is_personal(text: str, language: Language) -> bool:
    """True if a person wrote it: it quotes, asks, or reports an action. For subjects that people write as well."""
    own = own_text(text, language)
    return own is None or has_other_content(own, language.machines) or _asks(_clauses(own, language), language.machines)


def mentions_absence(text: str, language: Language) -> bool:
    """True if the writer mentions being away, among other things."""
    own = own_text(text, language) or ""
    return any(states_absence(clause, language.machines) for clause in _clauses(own, language))


def states_absence(clause: str, words: MachineWords) -> bool:
    """True if a person states that they are away, or an office that it is closed."""
    if words.absence_alone.search(clause):
        return True
    found = words.absence.search(clause)
    return found is not None and (found.start() <= _BEGINNING or words.absence_person.search(clause) is not None)


def has_other_content(own: str, words: MachineWords) -> bool:
    """True if something is said on the matter, beyond typical phrases ("I have limited access")."""
    return words.answer.search(words.absence.sub(" ", folded(own))) is not None


def _is_typical(clause: str, words: MachineWords) -> bool:
    return states_absence(clause, words) or words.absence_sign.search(clause) is not None


def _asks(clauses: Sequence[str], words: MachineWords) -> bool:
    """True if a question is asked; "Is it urgent?" is not a question to the reader."""
    return any("?" in clause and not words.absence_question.search(clause) for clause in clauses)


def own_text(text: str, language: Language) -> str | None:
    """Returns the text above the closing or signature; None if it quotes or forwards another mail."""
    kept, quotes = _above(text, language)
    return None if quotes else kept


def above_quotation(text: str, language: Language) -> str:
    """Returns the text above the closing, the signature, and any other mail it quotes or forwards."""
    return _above(text, language)[0]


def _above(text: str, language: Language) -> tuple[str, bool]:
    """Returns the text above its end, and whether a quotation is what ends it."""
    kept: list[str] = []
    labels, quotes = 0, False
    for line in without_banners(text[: 2 * LONGEST].split("\n"), language):
        labels = labels + 1 if folded(line.partition(":")[0].strip("*_ ")) in language.labels and ":" in line else 0
        mark = folded(line.strip("-_=* \t\u00a0:>"))
        marked = line.lstrip().startswith(">") or mark in language.original_lines or mark in language.forward_lines
        if quotes := marked or labels == _HEADER:
            kept = kept[: len(kept) - labels + 1] if labels == _HEADER else kept
            break
        ruled = kept and _LIST_FOOTER.fullmatch(line.strip())
        if line.rstrip() == "--" or ruled or mark.rstrip(",.") in language.closings:
            break
        kept.append(line.strip())
    return "\n".join(kept).replace("\u2019", "'"), quotes


def _clauses(own: str, language: Language) -> list[str]:
    """Splits into sentences and at "but", without the greeting. Lines of a paragraph are joined first."""
    joined = "\n".join(" ".join(part.split("\n")) for part in re.split(r"\n{2,}", own))
    found = [
        folded(piece) for sentence in _END.split(joined) for piece in language.machines.contrast.split(folded(sentence))
    ]
    if found and (found[0].endswith(",") or len(found[0].split()) <= _NAME) and len(found[0].split()) <= _GREETING:
        found = found[1:]
    stripped = (piece.strip(" ,.:*-") for piece in found)
    return [piece for piece in stripped if piece]


def _is_neutral(clause: str, words: MachineWords) -> bool:
    """True for a name, or a contact address or number."""
    if _is_typical(clause, words):
        return False
    count = len(clause.split())
    return count <= _NAME or (count <= _REFERENCE and _CONTACT.search(clause) is not None)
