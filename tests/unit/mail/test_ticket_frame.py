# SPDX-License-Identifier: EUPL-1.2
"""A named comment in a ticket system's frame is a person's; a receipt, a team and our own words are not."""

from __future__ import annotations

import time

from flaggermail.mail.message import MechanicalKind, Message, NoReceipt, packed, unpacked
from tests.corpus import each
from tests.pace import within
from tests.shipped_parser import PARSER

AUTO = "Auto-Submitted: auto-generated"
FRAMED = f"{AUTO}\nX-Mailer: Zendesk Mailer"
ABOVE = "##- Please type your reply above this line -##\n\n"
NAMED = "Casey Roe, Dec 15, 2020, 11:05 PST"
WORDS = "Could you send the exact URL?"


def read(body: str, fields: str = FRAMED, subject: str = "Re: Two boxes", sender: str = "X Support") -> Message:
    """Returns the mail with this text, fields and subject as it is parsed."""
    head = f"From: {sender} <support@x-platform.example>\nTo: Verkiezingen flagger <flagger@bzk.example>"
    return PARSER.parse(f"{head}\nSubject: {subject}\n{fields}\n\n{body}".encode())


COMMENTS = (
    f"{NAMED}\n\n{WORDS}", f"{ABOVE}Your request has been updated.\n\n-----\n\n{NAMED}\n\n{WORDS}",
    f"Casey Roe (X Support)\n\nJun 6, 2024, 11:14 GMT+2\n\n{WORDS}", f"Casey Roe commented:\n\n{WORDS}",
    f"Casey Roe (X) has replied:\n\n{WORDS}", f"Casey Roe (X)\n\n{WORDS}", f"Comment by: Casey Roe\n{WORDS}",
    f"2020-12-15 11:05:02 - Casey Roe (Additional comments)\n{WORDS}", f"Casey Roe (12/15/2020 11:05 AM):\n{WORDS}",
    f"Our support team has replied to your request.\n\n{NAMED}\n\n{WORDS}",
    f"{NAMED}\n\n{WORDS}\n\n-----\n\nThe Trust Team, Dec 14, 2020, 9:00 PST\n\nYour report is in our queue.",
    f"Jan de Vries heeft gereageerd:\n\n{WORDS}", f"May Ng, 15 december 2020 om 11:05\n\n{WORDS}",
    f"{NAMED}\n\n{WORDS}\n\n-----\n\nThis email was sent to flagger@bzk.example.",
)  # fmt: skip


@each("body", COMMENTS)
def test_a_named_comment_in_a_frame_is_a_persons(body: str) -> None:
    """The kind is human, and the own words are the comment's alone; the comment survives the way between processes."""
    found = read(body)
    assert found.kind is MechanicalKind.HUMAN
    assert found.comment is not None
    assert found.reply_text == WORDS
    assert unpacked(packed(found)) == found


NOTES = (
    "2024-06-06 11:14:02 CEST - Casey Roe (Additional comments)", "Casey Roe - 2024-06-06 11:14:02 Additional comments",
    "Casey Roe\n2024-06-06 11:14:02 (Additional comments)", "[2024-06-06 11:14] Casey Roe - Aanvullende opmerkingen:",
    "Additional comments:\nJun 6, 2024 11:14 AM - Casey Roe", "On 6 June 2024 Casey Roe added Additional comments:",
)  # fmt: skip


@each("note", NOTES)
def test_a_line_with_date_and_name_is_no_head_of_a_quotation(note: str) -> None:
    """The words below it are the comment, in whatever order note, date and name stand."""
    found = read(f"Your case has a new comment.\n\n{note}\n{WORDS}", f"{AUTO}\nX-ServiceNow-Generated: true")
    assert found.comment is not None
    assert (found.comment.name, found.reply_text) == ("Casey Roe", WORDS)


QUOTED = "\n\nOn Thu, Jun 6, 2024 at 10:34 AM Flagger <flagger@bzk.example> wrote:\n\n> Could you check it?\n"
SIGNED = (
    f"Hi,\n\n{WORDS}\n\nKind regards,\nCasey Roe\nX Elections{QUOTED}", f"Hi,\n\n{WORDS}\n\nBest, Casey{QUOTED}",
    f"{WORDS}\n\nCasey{QUOTED}",
    f"{WORDS}\n\nGr\u00fc\u00dfe\nJonas Weber\n\nFrom: F <flagger@bzk.example>\nSent: 6 June\nTo: a@b.example\n\nA",
)  # fmt: skip


@each("body", SIGNED)
def test_a_person_who_signs_above_our_letter_is_one(body: str) -> None:
    """Also where the system calls all its mail automatic and prints no block; an autoresponder's answer is none."""
    found = read(body, f"{AUTO}\nX-Freshdesk-Ticket: 1")
    assert (found.kind, found.comment is not None) == (MechanicalKind.HUMAN, True)
    assert read(body, "Auto-Submitted: auto-replied").kind is MechanicalKind.AUTO_REPLY


UNSIGNED = (
    f"It is in our queue.\n\nKind regards,\nThe Trust Team{QUOTED}",
    f"It is in our queue.\n\nRegards,\nX-Platform{QUOTED}",
    f"We have received your request.\n\nKind regards,\nCasey Roe{QUOTED}", "In the queue.\n\nKind regards,\nCasey Roe",
    f"This is an automated message.\n\nBest,\nCasey{QUOTED}", f"Hi Anna,\n\nyour ticket is in our queue.{QUOTED}",
)  # fmt: skip


@each("body", UNSIGNED)
def test_a_team_or_a_receipt_above_our_letter_is_nobody(body: str) -> None:
    """What is no person's name, no quotation, or confirms in so many words, stays automatic."""
    assert read(body, f"{AUTO}\nX-Freshdesk-Ticket: 1").kind is MechanicalKind.AUTO_REPLY


AUTOMATIC = (
    f"Your request (5) has been received.\n\n{NAMED}\n\nPlease check this post.",
    f"How would you rate the support you received?\n\n{NAMED}\n\nWe have your report.",
    f"Your request (5) has been solved.\n\n{NAMED}\n\nWe have your report.",
    "Casey Roe changed the status to Pending.", "Your ticket was assigned to Casey Roe.",
    "The Trust Team, Dec 15, 2020, 11:05 PST\n\nIn our queue.", "In our queue.\n\nThe Trust Team (X)",
    f"The Trust Team, Dec 15, 2020, 11:05 PST\n\nIn our queue.\n\n{NAMED}\n\nPlease check this post.",
    "Automation for Jira commented:\n\nIn our queue.", "Trust & Safety, Dec 15, 2020, 11:05 PST\n\nIn our queue.",
    "Verkiezingen flagger, Dec 15, 2020, 11:05 PST\n\nPlease check this post.",
    f"Hi Casey,\n\nyour ticket:\n\n{NAMED}\n\nPlease check this post.",
    f"In our queue.\n\n> {NAMED}\n>\n> Please check.",
    f"{NAMED}\n\nPlease check this post.\n\nKind regards,\nVerkiezingen flagger",
    f"{NAMED}\n\nPlease check this post and write to flagger@bzk.example.",
    "On Dec 15, 2020, at 11:05, Casey Roe wrote:\n\nPlease check this post.",
    "-----Original Message-----\nFrom: Casey Roe\nSent: Dec 15, 2020 11:05\n\nPlease check.",
    "Updated, Dec 15, 2020, 11:05 PST\n\nIn our queue.", "Tuesday, December 15, 2020 11:05\n\nIn our queue.",
    f"{NAMED}\n\nThis is an automated message: your report is in our queue.", NAMED,
)  # fmt: skip


@each("body", AUTOMATIC)
def test_what_holds_no_comment_stays_automatic(body: str) -> None:
    """A receipt, a survey, a change of state, a team, a program, a quotation and our own words name no person."""
    found = read(body)
    assert found.kind is MechanicalKind.AUTO_REPLY
    assert found.comment is None


def test_what_a_receipt_repeats_of_us_is_not_its_own_words() -> None:
    """Our own question below our own name is none of the platform's; what a team asks there is."""
    found = read(f"Your request (5) has been received.\n\n{NAMED}\n\n{WORDS}")
    assert found.reply_text == "Your request (5) has been received."
    assert WORDS not in read(f"In our queue.\n\nVerkiezingen flagger, Dec 15, 2020, 11:05 PST\n\n{WORDS}").reply_text
    assert WORDS in read(f"The Trust Team, Dec 15, 2020, 11:05 PST\n\n{WORDS}").reply_text


def test_without_a_vendors_field_a_comment_is_only_noted() -> None:
    """An automatic mail of no ticket system stays automatic; the line above which one replies shows a frame as well."""
    found = read(f"{NAMED}\n\n{WORDS}", AUTO)
    assert (found.kind, found.comment is not None) == (MechanicalKind.AUTO_REPLY, True)
    assert read(f"{ABOVE}{NAMED}\n\n{WORDS}", AUTO).kind is MechanicalKind.HUMAN
    assert read(f"{NAMED}\n\n{WORDS}", "X-Other: 1").comment is None
    assert read(f"Comments from Casey Roe:\n\n{WORDS}", AUTO).kind is MechanicalKind.HUMAN
    assert read("Comments from Casey Roe:\n\nIn the queue.", AUTO).kind is MechanicalKind.AUTO_REPLY
    assert read("Casey from the help desk replied to your report:\n\nI am on it.", AUTO).kind is MechanicalKind.HUMAN
    assert read(f"{WORDS}\n\ncasey", AUTO).kind is MechanicalKind.HUMAN


@each("field", ["Return-Path: <>", "Return-Path: < >"])
def test_an_empty_envelope_sender_is_a_frame(field: str) -> None:
    """A ticket system without a field of its own: a comment in its mail is a person's, with that as its basis."""
    comment = "Casey Morgan, Dec 15, 2020, 11:05 PST\n\nThe posts are with the policy team."
    found = read(comment, f"{field}\n{AUTO}")
    assert (found.kind, found.comment.name if found.comment else None) == (MechanicalKind.HUMAN, "Casey Morgan")
    assert read("We have received your report #1234567.", f"{field}\n{AUTO}").kind is MechanicalKind.AUTO_REPLY


def test_a_sender_with_name_and_company_wrote_the_words() -> None:
    """Where the frame names nobody, From may; not in an answer that says itself that it is one."""
    assert read(WORDS, sender='"Casey Roe (X Support)"').kind is MechanicalKind.HUMAN
    assert read(WORDS, sender="Casey from X").kind is MechanicalKind.HUMAN
    named = f"In our queue.\n\nVerkiezingen flagger, Dec 15, 2020, 11:05 PST\n\n{WORDS}"
    assert read(named, sender='"Casey Roe (X Support)"').kind is MechanicalKind.AUTO_REPLY
    assert read(WORDS, sender='"Trust Team (X Support)"').kind is MechanicalKind.AUTO_REPLY
    assert read("Your request was received.", sender='"Casey Roe (X)"').kind is MechanicalKind.AUTO_REPLY
    answers = FRAMED.replace("auto-generated", "auto-replied")
    assert read(WORDS, answers, sender='"Casey Roe (X)"').kind is MechanicalKind.AUTO_REPLY


ABSENCES = (
    ("I am out of the office until Monday 22 March and will answer then. Call the front desk.", "Monday 22 March"),
    ("I'm on leave. I will be back on March 22nd.", "March 22nd"), ("I am on leave until 22/3.", "22/3"),
    ("Ik ben afwezig tot en met 22 maart 2027. Bij spoed belt u het secretariaat.", "22 maart 2027"),
    ("Ich bin bis zum 22. März nicht im Büro.", "22. März"), ("I am out of the office until 9:00.", ""),
    ("I am out of the office until further notice.", ""), ("I am on leave until 5 of us return.", ""),
)  # fmt: skip


@each(("body", "until"), ABSENCES)
def test_an_absence_is_no_receipt_and_names_its_end(body: str, until: str) -> None:
    """An absence is told with the day that stands there, and with nothing that is no day."""
    found = read(body, "Auto-Submitted: auto-replied", "Automatic reply: Two boxes")
    assert (found.kind, found.no_receipt) == (MechanicalKind.AUTO_REPLY, NoReceipt.ABSENCE)
    assert found.away_until == until.replace("22. März", "22 März")
    assert unpacked(packed(found)) == found


def test_a_receipt_that_names_closing_hours_is_a_receipt() -> None:
    """A number of the platform's own says that its system has the mail."""
    found = read("Thank you for your report #12345. Our office is closed until Monday.", AUTO, "Report received")
    assert found.no_receipt is None


def test_a_long_frame_takes_no_time() -> None:
    """Many lines that might name somebody are looked at once each."""
    begun = time.process_time()
    read("\n".join(f"{'Casey ' * 20}, {at}:05, 2020" for at in range(20_000)))
    assert within(time.process_time() - begun, 2)
