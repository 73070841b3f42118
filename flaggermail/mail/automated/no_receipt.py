# SPDX-License-Identifier: EUPL-1.2
"""What a machine's mail says that is no receipt: it was opened, deleted unread, or somebody is away.

Such a mail proves that a mailbox exists, and not that anybody at the desk behind it has the matter.
"""

from __future__ import annotations

import re

from flaggermail.mail.automated.evidence import KindEvidence, begins
from flaggermail.mail.automated.out_of_office import confirms, is_mostly_absence, own_text
from flaggermail.mail.message import MechanicalKind, NoReceipt
from flaggermail.mail.vocabulary import Language, folded

_READ = 3000  # characters
_OOF = ("x-ms-exchange-generated-message-source", "x-vacation", "x-apple-action")  # fields of absences only
_OOF_VALUES = ("oof", "yes", "vacation", "true", "auto")
_NUMBERED = re.compile(r"#\d{3}")  # a number that the writer's system gave
# "22", "22nd", "22.", "2027", "22/3", "22-03-2027", "2027-03-22"
_NUMBER = re.compile(r"\d{1,4}(?:st|nd|rd|th|e|de|er)?|\d{1,4}[./-]\d{1,2}(?:[./-]\d{2,4})?")
_WHOLE = re.compile(r"\d+[./-]\d+")
_NAME = 3  # letters of the name of a day or month
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


def end_of_absence(text: str, language: Language) -> str:
    """Returns until when somebody is away, as it is written; empty if no day is named."""
    small = folded(plain := " ".join(own_text(text[:_READ], language).text.split()))
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
    named = any(len(word) >= _NAME and word.isalpha() for word in kept)
    return " ".join(kept) if named or any(_WHOLE.match(word) for word in kept) else ""


def _disposition(signs: KindEvidence) -> NoReceipt:
    if "displayed" in signs.disposition:
        return NoReceipt.READ
    return NoReceipt.UNREAD if "deleted" in signs.disposition else NoReceipt.HANDLED


def _noted(signs: KindEvidence) -> NoReceipt | None:
    """Returns what a receipt without RFC 8098 says; people begin a subject with these words too."""
    small = folded(signs.text[:_READ])
    if signs.words.read.search(small) is None:
        return None
    if begins(signs.subject, signs.words.unread_subjects) == "whole":
        return NoReceipt.UNREAD
    return NoReceipt.READ if begins(signs.subject, signs.words.read_subjects) == "whole" else None


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
