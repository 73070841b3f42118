# SPDX-License-Identifier: EUPL-1.2
"""Mail that looks like a forward and is none: to call it one would put words into another's mouth."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.mail.forwards.forwarded import find_inline
from flaggermail.mail.subject import split_subject
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.unit.texts import table

LANGUAGE = read_language(shipped("rules"))
DESK = "flagger@ministerie.example"
BLOCK = (
    "From: Flagger <flagger@ministerie.example>\nSent: Thursday, June 6, 2024 10:34 AM\n"
    "To: Desk <desk@platform.example>\nSubject: Notice\n\nDear people,"
)


@dataclass(frozen=True)
class Mail:
    """A mail that is no forward: what it is, its subject, its text, and whether it has In-Reply-To."""

    what: str
    subject: str
    text: str
    answers: bool = False


MAILS = table("no-forward", list[Mail])


@each("mail", MAILS, ids=[mail.what for mail in MAILS], of="mails")
def test_it_is_no_forward(mail: Mail) -> None:
    """Neither a reply with the mail it answers, nor a text in which such words stand."""
    subject = split_subject(mail.subject, LANGUAGE)
    found = find_inline(
        mail.text.split("\n"), subject, LANGUAGE, answers=mail.answers, recipients=frozenset({DESK, "x@y.example"})
    )
    assert found is None


def test_there_are_enough_of_them() -> None:
    """At least forty, each of its own kind."""
    least = 40
    assert len({mail.what for mail in MAILS}) == len(MAILS) >= least


def test_what_speaks_for_a_forward_is_weighed() -> None:
    """One text, by what the rest of the mail says: the prefix, In-Reply-To, to whom it goes."""
    lines = f"Zie hieronder.\n\n{BLOCK}".split("\n")
    other = frozenset({"other@ministerie.example"})
    for subject, answers, recipients, expected in [
        ("Notice", False, other, True),
        ("Notice", False, frozenset({DESK}), False),
        ("Notice", True, other, False),
        ("FW: Notice", True, frozenset({DESK}), True),
        ("Fwd: RE: Notice", False, other, True),
        ("RE: FW: Notice", False, other, False),
        ("[EXTERN] FW: Notice", True, frozenset({DESK}), True),
        ("[EXTERN] Re: Notice", False, other, False),
        ("EXT: Doorst: Notice", True, frozenset({DESK}), True),
        ("", False, other, True),
    ]:
        parts = split_subject(subject, LANGUAGE)
        found = find_inline(lines, parts, LANGUAGE, answers=answers, recipients=recipients)
        assert (found is not None) is expected, (subject, answers)
