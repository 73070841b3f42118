# SPDX-License-Identifier: EUPL-1.2
"""The keys that an answer carries by itself, and whoever tries to make or borrow one.

A ticket system drops References and changes the address, and keeps the number or the quotation: that must thread. No
guess, no borrowed tail, no template and no word of a stranger may stop a clock in its place.
"""

from __future__ import annotations

import re
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.commands.acts import Approve, Assess, CloseCase, ConfirmMessage, Decide, Draft, OpenCase, PlaceMessage
from flaggermail.mail.tailed_numbers import ALPHABET, with_tail
from flaggermail.outbox import delivery
from flaggermail.record.rows import Case, Notification, StoredMessage
from flaggermail.services import Services
from flaggermail.settings.model import ChannelSettings, Settings
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import (
    DESK,
    OFFICER,
    REFERRER,
    START,
    X_CHANNEL,
    Desk,
    desk_settings,
    equipped,
    mail,
    opened,
)

AGENCY = "answers@ticket-office.example"  # answers for a channel, outside the platform's own domains
FROM_X, FROM_META = "gov-eu@x-platform.example", "press@meta-platform.example"
OWN_TEXT = """In the app of the neighbourhood a picture goes round in which the ballot paper has a second
box beside the first candidate, and voters are told to colour both of them because the machine would
otherwise not count the paper. There is no machine, the paper is counted by hand, and a second box that
is coloured makes the vote invalid under article N 7 of the election law."""
STOPPED = {"receipt": "stopped", "human": "stopped", "substance": "running"}
RUNNING = dict.fromkeys(STOPPED, "running")


def settings() -> Settings:
    """Returns the store's settings, with an address outside the platform's domains that answers for a channel."""
    found = desk_settings()
    first = found.platform_list[0]
    channels = [
        ChannelSettings.model_validate({**channel.model_dump(), "answers_from": (AGENCY,)})
        if channel.code == "x-urgent"
        else channel
        for channel in first.channels
    ]
    first = first.model_copy(update={"channels": tuple(channels)})
    return found.model_copy(update={"platform_list": (first, *found.platform_list[1:])})


@pytest.fixture(scope="module")
def equipment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, bytes]]:
    """Returns services to share, and a database that knows the platforms."""
    folder = tmp_path_factory.mktemp("equipment")
    (folder / "database").write_bytes(migrated())
    made = equipped(settings(), folder)
    made.store.close()
    yield made, (folder / "database").read_bytes()
    made.close()


@pytest.fixture
def desk(equipment: tuple[Services, bytes], tmp_path: Path) -> Iterator[Desk]:
    """Returns an empty desk."""
    (tmp_path / "database").write_bytes(equipment[1])
    made = opened(equipment[0], equipment[0].settings, tmp_path)
    yield made
    made.env.store.close()


@dataclass
class Exchange:
    """A notification that left, and its number as the platform reads it."""

    desk: Desk
    id: str
    number: str

    @property
    def case(self) -> str:
        """The number of the case."""
        return self.id.partition("/")[0]

    @property
    def states(self) -> dict[str, str]:
        """The states of its clocks."""
        return {kind: state for kind, (state, _) in self.desk.clocks(self.id).items()}

    @property
    def letter(self) -> str:
        """The text that the platform got."""
        row = self.desk.row(Notification, self.id)
        return self.desk.env.parser.parse(self.desk.env.octets.get(row.digest)).text


def notified(desk: Desk, channel: str = "x-urgent", *, case: str | None = None, text: str = OWN_TEXT) -> Exchange:
    """Sends a notification."""
    case = case or desk.decided("A_content")
    key = desk.do(Draft(case=case, channel=channel, text=text)).key
    desk.do(Approve(draft=key))
    delivery.drain(desk.env)
    return Exchange(desk, key, with_tail(case, desk.row(Notification, key).tail))


def referred(desk: Desk) -> str:
    """Takes in a referral of a municipality; returns the number of its case."""
    stored = desk.receive(mail(REFERRER, "Bericht over het stembiljet", "Op X staat een bericht over twee vakjes."))
    number = (
        stored.case
        or desk.do(PlaceMessage(message=stored.id, new=True, type="A_content", source="fellow_authority")).key
    )
    desk.do(Assess(case=number, incorrect=True, criteria=(1,), own_attempts=2))
    desk.do(Decide(case=number, decision="notify", reason="such votes are invalid"))
    return number


def answer(
    text: str, subject: str = "Case 00411", *, sender: str = FROM_X, auth: str = "pass", to: str = DESK, late: int = 0
) -> bytes:
    """Builds a mail of a ticket system: no reference to our mail, and words of its own for subject and sender.

    It comes in `late` minutes after the start.
    """
    return mail(sender, subject, text, auth=auth, to=to, at=START + timedelta(minutes=late))


def quoted(text: str, mark: str = "> ") -> str:
    """Returns a text as a mail program quotes it."""
    return "\n".join(f"{mark}{line}" for line in text.split("\n"))


def borne(octets: bytes, case: str) -> set[str]:
    """Returns the tails behind a case's number in a mail of ours."""
    text = octets.decode().replace("=\r\n", "")
    return set(re.findall(rf"{case}-([{ALPHABET}]{{4}})\b", text)) | (
        {""} if re.search(rf"{case}(?![-\w])", text) else set()
    )


# ---- who is sent which number


def test_each_correspondent_reads_a_number_with_a_tail_of_its_own(desk: Desk) -> None:
    """Platforms and referrer get different tails, follow-ups the tail of their exchange; officers read no tail."""
    case = referred(desk)
    first, second = notified(desk, case=case), notified(desk, "meta-elections", case=case)
    desk.do(Approve(draft=desk.do(Draft(case=case, channel="x-urgent", text="It spreads.", follow_up=True)).key))
    desk.settle()
    tails = [first.number[-4:], second.number[-4:], desk.row(Case, case).tail]
    assert len(set(tails)) == 3
    for recipient, tail in (
        (X_CHANNEL, tails[0]),
        ("elections-eu@meta-platform.example", tails[1]),
        (REFERRER, tails[2]),
    ):
        sent = desk.server.to(recipient)
        assert sent
        assert {frozenset(borne(one.octets, case)) for one in sent} == {frozenset({tail})}
    assert len(desk.server.to(X_CHANNEL)) == 2
    alarms = [
        one
        for one in desk.server.to(OFFICER)
        if b"approv" not in one.octets.lower() and b"goedkeur" not in one.octets.lower()
    ]
    assert {frozenset(borne(one.octets, case)) for one in alarms} <= {frozenset({""}), frozenset()}


def test_a_typed_number_with_a_tail_is_understood(desk: Desk) -> None:
    """An officer may copy a number from a mail to a platform: the command means the case."""
    exchange = notified(desk)
    for typed in (exchange.number, exchange.number.lower(), exchange.number.replace("-", "\u2013")):
        assert exchange.case in desk.do(Assess(case=typed, incorrect=True)).text
    assert desk.refused(Assess(case=f"{exchange.case}-K7Q", incorrect=True))


# ---- the tail finds its exchange


WRAPPED = {
    "as it was sent": "{0}",
    "small letters": "{lower}",
    "in brackets": "re your [{0}]: thanks",
    "dashes of a word processor": "{dashes}",
    "no dashes": "{spaces}",
    "no-break spaces": "{nobreak}",
    "broken behind a dash": "about VF-EP2024-{serial}-\n{tail}",
    "broken in a quotation": "> your number is VF-EP2024-\n> {serial}-{tail} in this",
    "broken inside a group, quoted": "> > your number is VF-EP2024-{serial}-{torn}",
    "hidden soft hyphens": "VF-\u00adEP2024-\u00ad{serial}-{tail}",
    "an address of a page": "https://help.x-platform.example/t/{0}?x=1",
    "an underscore": "VF_EP2024_{serial}_{tail}.pdf",
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_number_with_its_tail_places_however_it_is_wrapped(desk: Desk, name: str) -> None:
    """The tail is found in the text of a mail that has no other key, whatever became of dashes, case and lines."""
    exchange = notified(desk)
    _, _, serial, tail = exchange.number.split("-")
    written = WRAPPED[name].format(
        exchange.number, lower=exchange.number.lower(), dashes=exchange.number.replace("-", " \u2013 "),
        spaces=exchange.number.replace("-", " "), nobreak=exchange.number.replace("-", "\u00a0"), serial=serial,
        tail=tail, torn=f"{tail[:2]}\n> > {tail[2:]}",
    )  # fmt: skip
    desk.clock.set(desk.clock.now() + timedelta(minutes=97))
    stored = desk.receive(answer(f"Hello,\n\nGot it, we have it with the team.\n\n{written}\n", late=97))
    assert stored.match_basis == f"names {exchange.case} with its tail"
    assert exchange.states == STOPPED


@pytest.mark.parametrize("prefix", ["Re: ", "RE: AW: [#4471] ", "[EXTERNAL] Case 0114: ", "Ihr Ticket 77 - Re: "])
def test_a_number_with_its_tail_is_found_in_the_subject(desk: Desk, prefix: str) -> None:
    """A ticket system prepends words of its own to the subject."""
    exchange = notified(desk)
    assert desk.receive(answer("We have it.", f"{prefix}[{exchange.number}] Two boxes")).notification == exchange.id
    assert exchange.states == STOPPED


def test_a_number_with_its_tail_is_found_in_html_beside_a_stub(desk: Desk) -> None:
    """Some systems write a plain part that only points to the HTML part."""
    exchange = notified(desk)
    number = exchange.number.replace("-", "<wbr>-")
    markup = f"<p>Got it, we have it with the team.</p><blockquote>Our <b>{number}</b></blockquote>"
    parts = (
        "--cut\nContent-Type: text/plain\n\nPlease use a program that shows HTML.\n"
        f"--cut\nContent-Type: text/html; charset=utf-8\n\n{markup}\n--cut--\n"
    )
    kind = ("MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="cut"')
    assert desk.receive(mail(FROM_X, "Case 00411", parts, extra=kind)).notification == exchange.id


def test_the_referrers_tail_places_the_referrers_mail(desk: Desk) -> None:
    """A municipality that writes anew, quoting the number it was given, reaches its case."""
    case = referred(desk)
    desk.settle()
    number = with_tail(case, desk.row(Case, case).tail)
    stored = desk.receive(mail(REFERRER, "Nog iets", f"Over {number}: het bericht staat er nog."))
    assert (stored.case, stored.match_basis) == (case, f"names {case} with its tail")


# ---- who cannot use a tail


def tried(octets: bytes, exchange: Exchange) -> StoredMessage:
    """Takes in an attack on an exchange, which must place nothing by a tail or by words; returns its row."""
    stored = exchange.desk.receive(octets)
    assert "tail" not in stored.match_basis
    assert "words" not in stored.match_basis
    assert "answers for" not in stored.match_basis
    return stored


def test_another_tail_is_only_a_bare_number(desk: Desk) -> None:
    """A wrong tail, another platform's and the referrer's count for nothing in this platform's mail."""
    case = referred(desk)
    exchange, other = notified(desk, case=case), notified(desk, "meta-elections", case=case)
    wrong = "K7QF" if exchange.number[-4:] != "K7QF" else "K7QG"
    for tail in (wrong, other.number[-4:], desk.row(Case, case).tail):
        tried(answer(f"Got it: {case}-{tail}"), exchange)
    tried(answer(f"Got it: {exchange.number}", sender=FROM_META), other)
    tried(answer(f"Over {exchange.number}", sender=REFERRER), exchange)
    assert exchange.states == other.states == RUNNING


def test_a_stranger_with_the_right_tail_reaches_nothing(desk: Desk) -> None:
    """Somebody to whom a platform or a municipality showed our mail is neither of them."""
    case = referred(desk)
    exchange = notified(desk, case=case)
    desk.settle()
    for number in (exchange.number, with_tail(case, desk.row(Case, case).tail)):
        stored = tried(answer(f"About {number}", sender="reporter@daily.example"), exchange)
        assert stored.case is None
    assert exchange.states == RUNNING


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_a_tail_in_mail_that_nobody_vouches_for_stops_no_clock(desk: Desk, auth: str) -> None:
    """The tail says where a mail belongs, not who wrote it."""
    exchange = notified(desk)
    desk.receive(answer(f"Got it: {exchange.number}", auth=auth))
    assert exchange.states == RUNNING


def test_an_answer_to_somebody_else_passed_on_to_us_stops_no_clock(desk: Desk) -> None:
    """A platform's signed answer to another person, delivered to our mailbox, is not addressed to us."""
    exchange = notified(desk)
    for text in (f"Got it: {exchange.number}", quoted(exchange.letter.replace(exchange.number, "your number"))):
        assert tried(answer(text, to="attacker@daily.example"), exchange).notification is None
    assert exchange.states == RUNNING


def test_guessing_is_bounded(desk: Desk) -> None:
    """A mail with many numbers, or many wrong tails, gets nothing, even if one of them is right."""
    exchange = notified(desk)
    guesses = [f"{exchange.case}-{a}{b}22" for a in "ABC" for b in "XYZ"]
    assert exchange.number not in guesses
    many = "\n".join([*(f"VF-EP2024-{n:04d}-ABCD" for n in range(2000, 2008)), exchange.number])
    for text in ("\n".join([*guesses[:4], exchange.number]), many, "\n".join([exchange.number, *guesses])):
        tried(answer(text), exchange)
    assert exchange.states == RUNNING
    stored = desk.receive(answer("\n".join([*guesses[:3], exchange.number])))
    assert stored.match_basis.endswith("with its tail")


def test_tails_of_two_exchanges_in_one_text_are_a_persons_to_tell_apart(desk: Desk) -> None:
    """A mail that names two exchanges answers neither by itself; the one in its subject decides."""
    one, two = notified(desk), notified(desk, text=OWN_TEXT.replace("neighbourhood", "village"))
    tried(answer(f"{one.number} and {two.number} are with the team."), one)
    stored = desk.receive(answer(f"{one.number} and {two.number} are with us.", f"Re: {two.number}"))
    assert stored.notification == two.id
    assert two.states == STOPPED


# ---- words of ours


def without_number(exchange: Exchange) -> str:
    """Returns the letter as a system quotes it that cuts out numbers."""
    return exchange.letter.replace(exchange.number, "(number)")


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
    count = re.fullmatch(r"quotes (\d+) of our words", stored.match_basis)
    assert count is not None, stored.match_basis
    assert int(count[1]) > 30
    assert (stored.notification, exchange.states) == (exchange.id, STOPPED)


@pytest.mark.parametrize(("words", "places"), [(29, False), (30, True), (41, True)])
def test_thirty_words_in_a_row_are_counted(desk: Desk, words: int, places: bool) -> None:  # noqa: FBT001 - a column
    """The basis says how many words in a row; 29 are none."""
    exchange = notified(desk)
    part = " ".join(OWN_TEXT.split()[5 : 5 + words])
    stored = desk.receive(answer(f"You wrote: {part} and so we look."))
    assert stored.match_basis == (f"quotes {words} of our words" if places else "")
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
    assert {suggested.partition(" ")[0] for suggested in stored.suggestions} == {one.case, two.case}
    assert all("quotes words of ours" in suggested for suggested in stored.suggestions)
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
    stored = desk.receive(mail(REFERRER, "Bericht over het stembiljet", f"Op X staat een bericht.\n\n{theirs}"))
    case = (
        stored.case
        or desk.do(PlaceMessage(message=stored.id, new=True, type="A_content", source="fellow_authority")).key
    )
    desk.do(Assess(case=case, incorrect=True, criteria=(1,), own_attempts=2))
    desk.do(Decide(case=case, decision="notify", reason="such votes are invalid"))
    desk.clock.set(desk.clock.now() + timedelta(minutes=5))
    exchange = notified(desk, case=case, text=f"{theirs}\n\n{OWN_TEXT}")
    tried(answer(theirs), exchange)
    assert exchange.states == RUNNING
    assert (
        desk.receive(answer(f"{theirs}\n\n{OWN_TEXT}")).match_basis
        == f"quotes {len(re.findall('[a-z0-9]+', OWN_TEXT.lower()))} of our words"
    )


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_a_quotation_in_mail_that_nobody_vouches_for_places_nothing(desk: Desk, auth: str) -> None:
    """The report to Parliament prints our letters: only the platform's own mail may quote them back."""
    exchange = notified(desk)
    tried(answer(quoted(OWN_TEXT), auth=auth), exchange)
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
        assert time.process_time() - begun < 4


# ---- addresses that answer for a channel


def test_an_address_listed_for_the_channel_answers_there(desk: Desk) -> None:
    """Mail from a listed address is the platform's: with the tail, with our words, or with the number."""
    for text in ("{0}", "{1}", "{2}"):
        exchange = notified(desk)
        written = text.format(exchange.number, exchange.case, quoted(OWN_TEXT + exchange.case))
        assert desk.receive(answer(f"We have it. {written}", sender=AGENCY)).notification == exchange.id, text
        assert exchange.states == STOPPED
        desk.do(CloseCase(case=exchange.case))


@pytest.mark.parametrize("sender", ["sales@ticket-office.example", "answers@eu.ticket-office.example", f"x{AGENCY}"])
def test_no_other_address_there_does(desk: Desk, sender: str) -> None:
    """The list holds addresses, not domains."""
    exchange = notified(desk)
    tried(answer(f"We have it. {exchange.number} {exchange.case}", sender=sender), exchange)
    assert exchange.states == RUNNING


@pytest.mark.parametrize(("auth", "to"), [("none", DESK), ("fail", DESK), ("pass", "attacker@daily.example")])
def test_a_listed_address_counts_only_in_verified_mail_to_us(desk: Desk, auth: str, to: str) -> None:
    """Anybody can write such an address into From, and anybody can open a ticket of their own there."""
    exchange = notified(desk)
    tried(answer(f"We have it. {exchange.case}", sender=AGENCY, auth=auth, to=to), exchange)
    assert exchange.states == RUNNING


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
        OpenCase(election="EP2024", type="D_general_warning", origin="earlier_cases", title="Two narratives")
    ).key
    octets = mail(
        DESK, "Notification of narratives", TYPED, to=X_CHANNEL, auth=None, message_id="AM9PR01@outlook.bzk.example"
    )
    stored = desk.receive(octets, folder=desk.env.settings.desk.mailbox.sent)
    desk.do(PlaceMessage(message=stored.id, case=case))
    desk.do(ConfirmMessage(message=stored.id))
    return Exchange(desk, desk.one(Notification, case=case).id, case)


def test_the_answer_to_a_letter_typed_by_hand_threads(desk: Desk) -> None:
    """The exchange of 6 June 2024: the letter was found in Sent, the answer quotes it, and nothing else links them."""
    exchange = typed_by_hand(desk)
    desk.clock.set(desk.clock.now() + timedelta(minutes=152))
    said = "Hello,\n\nGot it, we have it with the team."
    text = f"{said}\n\nOn Thu, Jun 6, 2024 at 10:34?a0AM Desk <{DESK}> wrote:\n{quoted(TYPED)}"
    stored = desk.receive(answer(text, "Re: Notification of narratives", late=152))
    assert stored.match_basis.startswith("quotes ")
    assert desk.clocks(exchange.id)["human"] == ("stopped", 152)


def test_a_case_without_a_referral_gets_clues(desk: Desk) -> None:
    """An answer under the subject of our letter, without its words, is suggested for that case before the others."""
    other, exchange = notified(desk), typed_by_hand(desk)
    stored = tried(answer("Got it, we have it with the team.", "Re: Notification of narratives"), exchange)
    assert [one.partition(" ")[0] for one in stored.suggestions] == [exchange.case, other.case]
    assert "the same subject" in stored.suggestions[0]
