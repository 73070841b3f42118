# SPDX-License-Identifier: EUPL-1.2
"""What a reply says inside our letter, and what a mail program does to a letter that it quotes."""

from __future__ import annotations

import textwrap

from flaggermail.mail.forwards.inside_letter import own_in
from flaggermail.mail.html_page import text_of
from tests.corpus import each
from tests.shipped_parser import LANGUAGE

LINK = "https://www.vlotnet.example/@stem/video/7301234567"
LETTER = f"""Dear colleagues at Vlotnet,

We write to you as election flagger in the Netherlands (Ministry of the
Interior), through your privé channel.

Polling day: 6 June 2024
Link: {LINK}

- Is this account known to you?
- Is the video still shown?

Could you check this against your own policy?
Please confirm that you received this mail, quoting EP-2024/7.

Kind regards,
Ministry of the Interior, election flagger
flagger@desk.example"""
BLOCK = "From: Flagger <flagger@desk.example>\nSent: Thursday, June 6, 2024 10:34 AM\nTo: X\nSubject: Request"
WROTE = "On Thu, 6 Jun 2024 at 10:34, Flagger <flagger@desk.example> wrote:"
SAFE = "https://eur02.safelinks.filter.example/?url=https%3A%2F%2Fwww.vlotnet.example%2F%40stem&data=05%7C02"
PAGE = LETTER.replace("\n\n", "</p><p>").replace("\n", "<br>")
FLAT = "\n".join(" ".join(part.split()) for part in LETTER.split("\n\n"))


def own(text: str) -> str | None:
    """Returns the writer's own words in a reply to the letter, with our line above what is inside."""
    return own_in(text.split("\n"), LETTER, LANGUAGE)


QUOTING = {
    "Outlook": f"Thanks.\n\n{BLOCK}\n\n{LETTER}",
    "Thunderbird": f"{WROTE}\n" + "\n".join(f"> {line}" for line in LETTER.split("\n")),
    "Gmail in HTML": f"Thanks.\n\n{WROTE}\n{text_of(f'<blockquote><p>{PAGE}</p></blockquote>')}",
    "rewrapped at 72": f"Thanks.\n\n{WROTE}\n\n{textwrap.fill(FLAT, 72)}",
    "rewrapped behind marks": f"Thanks.\n\n{WROTE}\n> " + textwrap.fill(FLAT, 60).replace("\n", "\n> "),
    "a filter of links": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace(LINK, f'{LINK}<{SAFE}>')}[cid:logo@1]",
    "links that lead elsewhere": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace(LINK, SAFE)}",
    "other characters": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace('é', 'Ã©').replace('- Is', '•   Is')}",
    "Outlook's links": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace(LINK, f'{LINK}<{LINK}>')}",
    "blanks of HTML": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace(' ', chr(160)).replace('é', '&eacute;')}\n&nbsp;",
    "a number cut out": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace('EP-2024/7', '(number removed)')}",
    "words changed": f"Thanks.\n\n{BLOCK}\n\n{LETTER.replace('received', 'recieved').replace('eagues', 'eages')}",
    "cut off": f"Thanks.\n\n{BLOCK}\n\n{LETTER[: LETTER.index('ceived this mail')]}",
    "a ticket's number below": f"Thanks.\n\n{WROTE}\n{LETTER}\n\n[VLQ4XR-1N9K2]\n[https://track.vlotnet.example/open?id=9]",
    "header lines in Finnish": f"Thanks.\n\nLähettäjä: Flagger\nVastaanottaja: X\nAihe: Request\n\n{LETTER}",
    "initials": f"{WROTE}\nVF> " + LETTER.replace("\n", "\nVF> "),
    "a banner above": f"Thanks.\n\n{BLOCK}\n\n[EXTERNAL] {LETTER}",
    "a notice below": f"Thanks.\n\n{BLOCK}\n\n{LETTER}\n\nThis e-mail and any attachments are confidential and "
    "intended solely for the addressee. If you are not the intended recipient, please delete it.",
    "a signature below": f"Thanks.\n\n{BLOCK}\n\n{LETTER}\n\nKind regards,\nJane Doe\nTrust and Safety",
    "an older answer": f"Thanks.\n\n{BLOCK.replace('flagger@desk', 'jane@vlotnet')}\n\nWe removed it on Monday."
    f"\n\n{BLOCK}\n\n{LETTER.replace('to you?', 'to you? Yes, it is.')}",
}


@each("text", QUOTING.values(), ids=list(QUOTING))
def test_a_quotation_of_our_letter_says_nothing(text: str) -> None:
    """However a program marks, wraps, links and encodes it, whatever a system writes around it."""
    assert own(text) is None


INSIDE = {
    "between its lines": (LETTER.replace("known to you?", "known to you?\nNo, new."), "known to you?", "No, new."),
    "in a line": (LETTER.replace("known to you?", "known to you? No"), "known to you?", "No"),
    "in a word of the next line": (LETTER.replace("Could you", "Not\nCould you"), "still shown?", "Not"),
    "in a cell": (LETTER.replace("6 June 2024", "6 June 2024 | wrong"), "Polling day: 6 June 2024", "wrong"),
    "a link": (LETTER.replace("known to you?", f"known to you?\n{LINK}9"), "known to you?", f"{LINK}9"),
    "below it": (f"{LETTER}\n\nThe video is gone.\n\nKind regards,\nJane", "desk.example", "The video is gone."),
    "in place of a line": (LETTER.replace("- Is the video still shown?", "Gone"), "known to you?", "Gone"),
    "for the end of a line": (LETTER.replace("EP-2024/7", "none, it is gone"), "mail, quoting", "none, it is gone."),
    "in a flowing text": (FLAT.replace("to you? -", "to you? It is not. -"), "known to you?", "It is not."),
}  # fmt: skip


@each("inside", INSIDE.values(), ids=list(INSIDE))
def test_what_our_letter_does_not_hold_is_the_answer(inside: tuple[str, str, str]) -> None:
    """Below a block of header lines, a line that attributes, or nothing; marked or not; our line is shown before it."""
    text, line, answer = inside
    marked = "\n".join(f"> {one}" for one in text.split("\n"))
    for whole in (f"Thanks.\n\n{BLOCK}\n\n{text}", f"Thanks.\n\n{WROTE}\n{marked}", f"Thanks.\n\n{text}"):
        found = own(whole) or whole
        assert found.startswith("Thanks.\n\n> ")
        assert found.endswith(f"{line}\n{answer}")
    assert own(f"Hi,\n\n{BLOCK}\n\nThe video is gone.\n\n{LETTER}") == "Hi,\n\nThe video is gone."
