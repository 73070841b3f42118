# SPDX-License-Identifier: EUPL-1.2
"""Mail that only looks like a forward: treating it as one would attribute words to the wrong person."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.mail.forwards.forwarded import find_inline
from flaggermail.mail.subject import split_subject
from tests.corpus import each
from tests.shipped_parser import LANGUAGE
from tests.unit.texts import table

DESK = "flagger@ministerie.example"
BLOCK = (
    "From: Flagger <flagger@ministerie.example>\nSent: Thursday, June 6, 2024 10:34 AM\n"
    "To: Desk <desk@platform.example>\nSubject: Notice\n\nDear people,"
)


@dataclass(frozen=True)
class Mail:
    """A mail that is no forward: its description, subject, text, and whether it has In-Reply-To."""

    what: str
    subject: str
    text: str
    answers: bool = False


MAILS = table("no-forward", list[Mail])


@each("mail", MAILS, ids=[mail.what for mail in MAILS], of="mails")
def test_it_is_no_forward(mail: Mail) -> None:
    """A reply that quotes the mail it answers, or a text with similar words, is no forward."""
    subject = split_subject(mail.subject, LANGUAGE)
    found = find_inline(
        mail.text.split("\n"), subject, LANGUAGE, answers=mail.answers, recipients=frozenset({DESK, "x@y.example"})
    )
    assert found is None


def test_there_are_enough_of_them() -> None:
    """There are at least forty of them, each with its own description."""
    least = 40
    assert len({mail.what for mail in MAILS}) == len(MAILS) >= least


def test_what_speaks_for_a_forward_is_weighed() -> None:
    """For the same text, the subject prefix, In-Reply-To and the recipients decide whether it is a forward."""
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
