# SPDX-License-Identifier: EUPL-1.2
"""Words of ours as the key of an answer, and those who know them too: authors of posts, referrers, readers of a report.

A letter that a colleague typed bears no number, and its answer often no reference: the quotation is all there is.
"""

from __future__ import annotations

import re
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.commands.cases import OpenCase
from flaggermail.commands.messages import ConfirmMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Notification
from flaggermail.services import UnitOfWork
from tests.attacks.answering import (
    FROM_META,
    FROM_X,
    OWN_TEXT,
    RUNNING,
    STOPPED,
    Exchange,
    answer,
    notified,
    quoted,
    referred,
    tried,
    without_number,
)
from tests.attacks.answering import desk as desk  # noqa: PLC0414 - a fixture
from tests.attacks.answering import equipment as equipment  # noqa: PLC0414 - as above
from tests.pace import within
from tests.store.desk_fixtures import (
    DESK,
    REFERRER,
    X_CHANNEL,
    Desk,
    mail,
)
from tests.tools.wording import english

# ---- words of ours


def rewrapped(text: str, width: int) -> str:
    """Returns a text in lines of another width."""
    return "\n".join(textwrap.fill(part, width) for part in text.split("\n\n"))


ABOVE = f"From: Desk <{DESK}>\nSent: Thursday, June 6, 2024 10:34 AM\nTo: Urgent\nSubject: Two boxes\n\n"
QUOTED: dict[str, Callable[[str], str]] = {
    "marked": lambda text: f"Thanks, with the team.\n\nOn Thu, 6 Jun 2024 Desk wrote:\n{quoted(text)}",
    "outlook": lambda text: f"Thanks.\n\n-----Original Message-----\n{ABOVE}{text}",
    "twice": lambda text: quoted(quoted(f"Thanks.\n{text}")),
    "initials": lambda text: f"Thanks.\n{quoted(text, 'VF> ')}",
    "narrow": lambda text: f"Thanks.\n{quoted(rewrapped(text, 38))}",
    "wide": lambda text: f"Thanks.\n{rewrapped(text, 400)}",
}


@pytest.mark.parametrize("style", QUOTED)
def test_a_quotation_of_our_letter_places_however_it_is_quoted(desk: Desk, style: str) -> None:
    """Thirty of our words in a row, in verified mail to us, are a key; the basis counts them."""
    exchange = notified(desk)
    stored = desk.receive(answer(QUOTED[style](without_number(exchange))))
    count = re.fullmatch(r"quotes (\d+) of our words", stored.match_basis.english)
    assert count is not None, stored.match_basis.english
    assert int(count[1]) > 30
    assert (stored.notification, exchange.states) == (exchange.id, STOPPED)


@pytest.mark.parametrize(("words", "places"), [(29, False), (30, True), (41, True)])
def test_thirty_words_in_a_row_are_counted(desk: Desk, words: int, places: bool) -> None:  # noqa: FBT001 - a column
    """The basis says how many words in a row; 29 are none."""
    exchange = notified(desk)
    part = " ".join(OWN_TEXT.split()[5 : 5 + words])
    stored = desk.receive(answer(f"You wrote: {part} and so we look."))
    assert stored.match_basis.english == (f"quotes {words} of our words" if places else "")
    assert exchange.states == (STOPPED if places else RUNNING)


def test_html_that_quotes_our_letter_places(desk: Desk) -> None:
    """A quotation in HTML alone counts, marked up as it may be."""
    exchange = notified(desk)
    body = "".join(f"<div>{line} <b></b></div>" for line in OWN_TEXT.split("\n"))
    octets = mail(
        FROM_X,
        "Case 00411",
        f"<p>Thanks</p><blockquote>{body}</blockquote>",
        extra=("MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"),
    )
    assert desk.receive(octets).notification == exchange.id


def test_the_template_alone_is_no_key(desk: Desk) -> None:
    """What every notification says, and the shipped files show to anybody, places nothing."""
    exchange = notified(desk, text="Two boxes.")
    template = (desk.env.settings.templates / "en" / "notification.j2").read_text("utf-8")
    for text in (without_number(exchange), template):
        tried(answer(quoted(text)), exchange)
    assert exchange.states == RUNNING


def test_the_same_letter_in_two_cases_is_a_persons_to_tell_apart(desk: Desk) -> None:
    """Words that two of our letters share decide between none of them; both cases are suggested."""
    one, two = notified(desk), notified(desk)
    stored = tried(answer(quoted(OWN_TEXT)), one)
    assert stored.place == "quarantine"
    assert {suggested.partition(" ")[0] for suggested in english(stored.suggestions)} == {one.case, two.case}
    assert all("quotes words of ours" in suggested for suggested in english(stored.suggestions))
    assert one.states == two.states == RUNNING


def test_the_same_sentences_in_another_order_are_a_persons_to_tell_apart(desk: Desk) -> None:
    """A quotation of one letter, whose every sentence another case's letter has too, is certain of neither."""
    words = OWN_TEXT.split()
    turned = [" ".join(words[at : at + 20]) for at in range(0, len(words), 20)][::-1]
    one, two = notified(desk), notified(desk, text="\n\n".join(turned))
    stored = tried(answer(quoted(OWN_TEXT)), one)
    assert any("quotes words of ours" in suggested for suggested in english(stored.suggestions))
    assert one.states == two.states == RUNNING


def test_a_mail_that_quotes_two_letters_is_a_persons_to_tell_apart(desk: Desk) -> None:
    """Each quotation is certain by itself; which of the two the mail answers is not."""
    one, two = notified(desk), notified(desk, text=" ".join(reversed(OWN_TEXT.split())))
    stored = tried(answer(f"{quoted(without_number(one))}\n\n{quoted(without_number(two))}"), one)
    assert {suggested.partition(" ")[0] for suggested in english(stored.suggestions)} == {one.case, two.case}
    assert one.states == two.states == RUNNING


def test_a_letter_quoted_with_what_is_its_own_is_told_from_another(desk: Desk) -> None:
    """Of two letters with the same template, the one whose own words are quoted is answered."""
    one, two = notified(desk), notified(desk, text=" ".join(reversed(OWN_TEXT.split())))
    stored = desk.receive(answer(quoted(without_number(two))))
    assert (stored.notification, one.states, two.states) == (two.id, RUNNING, STOPPED)


def test_words_of_a_stranger_that_we_quoted_are_not_ours(desk: Desk) -> None:
    """The author of a post knows their own words: quoting them back to the platform's system makes no answer."""
    post = " ".join(f"word{n} goes" for n in range(40))
    for text in (
        f'The post says: "{post}" and more.',
        f"The post says:\n{quoted(post)}\n",
        f"The post says: \u201c{post}\u201d",
    ):
        exchange = notified(desk, text=text)
        tried(answer(post), exchange)
        assert exchange.states == RUNNING


def test_words_of_the_referrer_that_we_passed_on_are_not_ours(desk: Desk) -> None:
    """A referrer who reads their own sentences in our letter, unmarked, cannot answer for the platform."""
    theirs = " ".join(f"zin{n} loopt" for n in range(40))
    case = referred(desk, theirs)
    desk.clock.set(desk.clock.now() + timedelta(minutes=5))
    exchange = notified(desk, case=case, text=f"{theirs}\n\n{OWN_TEXT}")
    tried(answer(theirs), exchange)
    assert exchange.states == RUNNING
    assert (
        desk.receive(answer(f"{theirs}\n\n{OWN_TEXT}")).match_basis.english
        == f"quotes {len(re.findall('[a-z0-9]+', OWN_TEXT.lower()))} of our words"
    )


@pytest.mark.parametrize("unread", ["lost", "costly"])
def test_words_of_a_case_whose_mail_cannot_be_read_suggest_only(desk: Desk, unread: str) -> None:
    """Whose words they are is not known then: a person decides, and a costly mail is not read again for it."""
    theirs = " ".join(f"zin{n} loopt" for n in range(40))
    case = referred(desk, theirs)
    desk.clock.set(desk.clock.now() + timedelta(minutes=5))
    exchange = notified(desk, case=case, text=f"{theirs}\n\n{OWN_TEXT}")
    (referral,) = desk.messages(case=case, from_address=REFERRER)
    if unread == "lost":
        desk.env.octets.discard(referral.digest)
    else:
        with desk.env.store.begin() as tx:
            change = changed(referral, replace(referral, costly=True))
            UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MESSAGE_COSTLY, change)
    stored = tried(answer(theirs), exchange)
    assert (stored.place, exchange.states) == ("quarantine", RUNNING)
    assert any("quotes" in one for one in english(stored.suggestions)), english(stored.suggestions)


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_a_quotation_in_mail_that_nobody_vouches_for_places_nothing(desk: Desk, auth: str) -> None:
    """The report to Parliament prints our letters: only the platform's own mail may quote them back."""
    exchange = notified(desk)
    stored = tried(answer(quoted(OWN_TEXT), auth=auth), exchange)
    assert not any("quotes" in suggested for suggested in english(stored.suggestions))
    assert exchange.states == RUNNING


def test_another_platform_that_quotes_our_letter_stops_nothing(desk: Desk) -> None:
    """Our letter to one platform, passed on to another, is no letter to that one."""
    exchange = notified(desk)
    tried(answer(quoted(OWN_TEXT), sender=FROM_META), exchange)
    assert exchange.states == RUNNING


def test_a_mail_of_two_megabytes_costs_little(desk: Desk) -> None:
    """Neither our own template without end, nor a text without a break, holds up the mail behind it."""
    exchange = notified(desk)
    repeated = (without_number(exchange) + "\n") * 2000
    for text in (repeated[:2_000_000], "VF-EP2024-0001-" * 130_000, "VF - \n> " * 250_000, "a " * 1_000_000):
        begun = time.process_time()
        desk.receive(answer(text))
        assert within(time.process_time() - begun, 4)


# ---- the exchange of 2024


TYPED = """Dear people at X, dear Robin,

On March 13 of 2023 we notified you of posts that tell voters to draw a box of their own on the ballot, and
on November 22 of 2023 of posts that tell them to colour two boxes. Both make the vote invalid. Today the
Netherlands vote for the European Parliament. We ask you to be attentive to such posts when notified of them
by users of your platform, under your civic integrity policy.

Kind regards,
"""


def typed_by_hand(desk: Desk) -> Exchange:
    """A colleague types the letter in Outlook; an officer opens a case, and confirms that it is the notification."""
    case = desk.do(
        OpenCase(election="EP2024", type=CaseType.GENERAL_WARNING, origin=Origin.EARLIER_CASES, title="Two narratives")
    ).key
    octets = mail(
        DESK, "Notification of narratives", TYPED, to=X_CHANNEL, auth=None, message_id="AM9PR01@outlook.bzk.example"
    )
    stored = desk.receive(octets, folder=desk.env.settings.desk.mailbox.sent)
    desk.do(PlaceMessage(message=stored.id, case=case))
    desk.do(ConfirmMessage(message=stored.id))
    return Exchange(desk, desk.one(Notification, where(Notification.case).is_(case)).id, case)


def test_the_answer_to_a_letter_typed_by_hand_threads(desk: Desk) -> None:
    """The exchange of 6 June 2024: the letter was found in Sent, the answer quotes it, and nothing else links them."""
    exchange = typed_by_hand(desk)
    desk.clock.set(desk.clock.now() + timedelta(minutes=152))
    said = "Hello,\n\nGot it, we have it with the team."
    text = f"{said}\n\nOn Thu, Jun 6, 2024 at 10:34?a0AM Desk <{DESK}> wrote:\n{quoted(TYPED)}"
    stored = desk.receive(answer(text, "Re: Notification of narratives", late=152))
    assert stored.match_basis.english.startswith("quotes ")
    assert desk.clocks(exchange.id)["human"] == ("stopped", 152)


def test_a_letter_typed_to_another_platform_is_no_letter_to_this_one(desk: Desk) -> None:
    """A colleague wrote to both platforms in one case; the first that quotes what the second got answers nothing."""
    exchange = notified(desk)
    octets = mail(
        DESK, "Also to you", TYPED, to="elections-eu@meta-platform.example", auth=None, message_id="AM9@outlook.example"
    )
    stored = desk.receive(octets, folder=desk.env.settings.desk.mailbox.sent)
    desk.do(PlaceMessage(message=stored.id, case=exchange.case))
    tried(answer(quoted(TYPED)), exchange)
    assert exchange.states == RUNNING


def test_a_case_without_a_referral_gets_clues(desk: Desk) -> None:
    """An answer under the subject of our letter, without its words, is suggested for that case before the others."""
    other, exchange = notified(desk), typed_by_hand(desk)
    stored = tried(answer("Got it, we have it with the team.", "Re: Notification of narratives"), exchange)
    assert [one.partition(" ")[0] for one in english(stored.suggestions)] == [exchange.case, other.case]
    assert "the same subject" in english(stored.suggestions)[0]
