# SPDX-License-Identifier: EUPL-1.2
"""Unmatched mail: what it is suggested for and why, where a person files it, and how that is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from flaggermail.commands.assess import Decide
from flaggermail.commands.cases import CloseCase
from flaggermail.commands.messages import ConfirmMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.matching.scoring import read
from flaggermail.record.case_values import Decision
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import StoredMessage
from flaggermail.settings.model import QuarantineSettings
from flaggermail.wording.said import StoredText
from tests.acting import warned
from tests.store.desk_fixtures import CITIZEN, DESK, META, OFFICER, REFERRER, START, Desk, X, mail
from tests.tools.wording import english

RUNNING = ("running", None)
SUBJECT = "Onjuist adres stembureau"
ADDRESS = "https://posts.example/x/31"
TEXT = "Er gaat een bericht rond met een verkeerd adres van een stembureau.\nZelf twee keer gemeld."
OTHER = "a.testdijk@veiligheidsregio-demo.example"
ATTACHED = (
    "Content-Type: multipart/mixed; boundary=cut", "MIME-Version: 1.0",
)  # fmt: skip


def after(minutes: float) -> datetime:
    """Returns the instant that many minutes after the start."""
    return START + timedelta(minutes=minutes)


def forward(sender: str, of: str = REFERRER, text: str = TEXT, note: str = "Kent u dit al?") -> bytes:
    """Builds a forward in Outlook's format."""
    block = f"Van: Griffie <{of}>\nVerzonden: donderdag 6 juni 2024 09:12\nAan: {DESK}\nOnderwerp: {SUBJECT}\n"
    return mail(sender, f"FW: {SUBJECT}", f"{note}\n\n{block}\n{text}\n")


def attached(sender: str, inner: bytes) -> bytes:
    """Builds a mail with another mail attached."""
    body = "--cut\nContent-Type: text/plain\n\nZie de bijlage.\n--cut\nContent-Type: message/rfc822\n"
    text = f"{body}\n{inner.decode()}\n--cut--".replace("\r\n", "\n")
    return mail(sender, f"FW: {SUBJECT}", text, extra=ATTACHED)


def sent(desk: Desk, kind: str = "intake_confirmation") -> list[tuple[str, str | None]]:
    """Returns recipient and case of queued mails of that kind."""
    return [(row.recipient, row.case) for row in desk.mails(kind=Kind(kind))]


def scored(stored: StoredMessage) -> list[tuple[str, int, tuple[str, ...]]]:
    """Returns the parsed suggestions of a quarantined mail."""
    found = [read(said) for said in stored.suggestions]
    return [(one.case, one.score, english(one.why)) for one in found]


# ---- suggestions when the same matter is referred twice


def test_who_forwards_a_referral_that_is_here_is_led_to_its_case(desk: Desk) -> None:
    """The forward is quarantined with the case, a score and each reason for it."""
    first = desk.receive(mail(REFERRER, SUBJECT, TEXT))
    second = desk.receive(forward(OTHER))
    assert second.place == "quarantine"
    assert scored(second) == [(first.case, 80, ("the same referral was taken in before", "the texts agree"))]


def test_later_cases_of_the_author_do_not_hide_the_one_that_is_forwarded(desk: Desk) -> None:
    """Only a few cases are compared, those with the same subject first."""
    first = desk.receive(mail(REFERRER, SUBJECT, TEXT))
    for number in range(5):
        desk.clock.set(after(number + 1))
        later = mail(REFERRER, f"Melding {number} over iets anders", f"Bericht nummer {number}.", at=after(number + 1))
        assert desk.receive(later, at=after(number + 1)).case != first.case
    assert first.case in [case for case, _, _ in scored(desk.receive(forward(OTHER)))]


def test_the_author_who_writes_after_somebody_forwarded_him_is_led_to_that_case(desk: Desk) -> None:
    """In reverse order, with the original arriving after the forward that opened the case, it is suggested too."""
    first = desk.receive(forward(OTHER))
    assert first.case is not None
    second = desk.receive(mail(REFERRER, SUBJECT, TEXT))
    assert [(case, score) for case, score, _ in scored(second)] == [(first.case, 80)]


def test_two_who_forward_the_same_mail_are_led_together(desk: Desk) -> None:
    """Two forwards of the same mail are matched by its author, its subject and most of its words."""
    first = desk.receive(forward(REFERRER, of="reader@post.example"))
    cut = TEXT.partition("\n")[0]
    second = desk.receive(forward(OTHER, of="reader@post.example", text=f"{cut}\nMet dank, een lezer van het bericht."))
    assert scored(second) == [(first.case, 60, ("the same referral was taken in before",))]


def test_one_subject_for_everything_is_no_twin(desk: Desk) -> None:
    """An office that uses one subject for every referral gets a new case each time, with a hint."""
    first = desk.receive(mail(REFERRER, "Melding", "Er staat een bericht online over het kleuren van twee vakjes."))
    second = desk.receive(mail(REFERRER, "Melding", "Iemand zegt dat het stembureau aan de haven vandaag gesloten is."))
    assert (second.place, second.case != first.case) == ("case", True)
    why = ("the same subject and somebody in common", "this sender has a case that is open")
    assert scored(second) == [(first.case, 35, why)]
    assert sent(desk) == [(REFERRER, first.case), (REFERRER, second.case)]


def test_the_same_mail_sent_again_waits(desk: Desk) -> None:
    """A referral sent again under another Message-ID opens no second case."""
    first = desk.receive(mail(REFERRER, SUBJECT, TEXT))
    second = desk.receive(mail(REFERRER, SUBJECT, TEXT, message_id="again@lindewaard.example"))
    assert (second.place, [case for case, _, _ in scored(second)]) == ("quarantine", [first.case])


def test_no_web_address_is_kept_for_the_comparison(desk: Desk) -> None:
    """Web addresses are read only from the mails compared: neither rows nor events contain them."""
    desk.receive(mail(REFERRER, SUBJECT, f"{TEXT}\n{ADDRESS}"))
    second = desk.receive(forward(OTHER, text=f"{TEXT}\n{ADDRESS}"))
    assert second.match_basis.english == "score 100"
    assert ADDRESS not in repr(desk.events())


# ---- filed automatically


def certain(desk: Desk, sender: str = OTHER, auth: str = "pass") -> tuple[str, StoredMessage]:
    """Ingests a referral, then its forward with the same text and the same web address."""
    first = desk.receive(mail(REFERRER, SUBJECT, f"{TEXT}\n{ADDRESS}"))
    octets = forward(sender, text=f"{TEXT}\n{ADDRESS}").replace(b"dmarc=pass", f"dmarc={auth}".encode())
    return first.case or "", desk.receive(octets)


def test_one_certain_suggestion_places_and_says_so(desk: Desk) -> None:
    """The event records score and reasons; the sender gets the case number, and a person can undo it."""
    case, second = certain(desk)
    assert (second.case, second.match_basis.english) == (case, "score 100")
    (event,) = [e for e in desk.events() if e.kind is EventKind.MESSAGE_PLACED_BY_SCORE]
    assert StoredText(event.reason).english == (
        f"{case} (100): the same referral was taken in before; the texts agree; the same web address in both"
    )
    assert sent(desk) == [(REFERRER, case), (OTHER, case)]
    desk.do(PlaceMessage(message=second.id, back=True))
    back = desk.message(second.id)
    assert (back.place, back.case, scored(back)[0][:2]) == ("quarantine", None, (case, 100))
    desk.do(PlaceMessage(message=second.id, new=True))
    assert sent(desk)[-1] == (OTHER, desk.message(second.id).case)
    desk.assert_whole()


def test_without_the_switch_a_person_places(desk: Desk) -> None:
    """With `quarantine.place_by_score: false` the same mail is quarantined."""
    off = QuarantineSettings(place_by_score=False)
    settings = desk.env.settings
    quiet = settings.model_copy(update={"desk": settings.desk.model_copy(update={"quarantine": off})})
    desk.env = replace(desk.env, settings=quiet)
    _, second = certain(desk)
    assert (second.place, desk.happened(EventKind.MESSAGE_PLACED_BY_SCORE)) == ("quarantine", 0)


@pytest.mark.parametrize(("sender", "auth"), [(X, "pass"), (META, "pass"), (OTHER, "none")])
def test_neither_a_platform_nor_an_unverified_sender_is_placed_by_score(desk: Desk, sender: str, auth: str) -> None:
    """A platform's mail stops clocks, and an unverified sender is unknown: a person decides."""
    _, second = certain(desk, sender, auth)
    assert (second.place, desk.happened(EventKind.MESSAGE_PLACED_BY_SCORE)) == ("quarantine", 0)


# ---- a person files


def test_the_confirmation_goes_out_when_a_person_places(desk: Desk) -> None:
    """Each referrer gets one confirmation with the number of that case; filing again sends no other."""
    first = desk.receive(mail(REFERRER, SUBJECT, TEXT))
    second = desk.receive(forward(OTHER))
    assert sent(desk) == [(REFERRER, first.case)]
    desk.clock.set(after(20))
    desk.do(PlaceMessage(message=second.id, case=first.case))
    assert sent(desk) == [(REFERRER, first.case), (OTHER, first.case)]
    desk.do(PlaceMessage(message=second.id, back=True))
    desk.do(PlaceMessage(message=second.id, case=first.case))
    assert len(sent(desk)) == 2
    desk.assert_whole()


def test_a_new_case_of_a_person_is_confirmed_and_an_unverified_one_once_vouched_for(desk: Desk) -> None:
    """An unverified referrer gets no confirmation until a person confirms the mail."""
    stored = desk.receive(mail(REFERRER, SUBJECT, TEXT, auth="none"))
    number = desk.do(PlaceMessage(message=stored.id, new=True)).key
    assert sent(desk) == []
    desk.do(ConfirmMessage(message=stored.id))
    assert sent(desk) == [(REFERRER, number)]


def test_a_machine_hears_nothing_when_its_mail_is_placed(desk: Desk) -> None:
    """Neither a list nor an officer gets an answer (RFC 3834)."""
    listed = desk.receive(mail("info@raad.example", "Vraag", "Zie dit.", extra=["List-Id: <news.raad.example>"]))
    desk.do(PlaceMessage(message=listed.id, new=True))
    ours = desk.receive(mail(OFFICER, "Vraag", "Wat is dit?"))
    if ours.case is None:
        desk.do(PlaceMessage(message=ours.id, new=True))
    assert sent(desk) == []


def test_a_late_placement_keeps_the_arrival_to_the_minute(desk: Desk) -> None:
    """An answer filed six hours later stops the clock at its arrival; when undone, the clock runs and escalates."""
    key = desk.notified()
    case = desk.notification(key).case
    stored = desk.receive_at(mail(X, "About your report", "Got it.", at=after(37)), after(37))
    desk.clock.set(after(386))
    desk.do(PlaceMessage(message=stored.id, case=case))
    assert desk.clocks(key)["human"] == ("stopped", 37)
    assert desk.case(case).state == "answered"
    desk.do(PlaceMessage(message=stored.id, back=True))
    assert (desk.clocks(key)["human"], desk.case(case).state) == (RUNNING, "notified")
    desk.settle()
    assert [row.recipient for row in desk.mails(kind=Kind.ESCALATION)] != []
    desk.do(PlaceMessage(message=stored.id, case=case))
    assert desk.clocks(key)["human"] == ("stopped", 37)
    desk.assert_whole()


def test_what_was_attached_goes_where_its_mail_goes(desk: Desk) -> None:
    """An attached mail follows the mail that contains it."""
    outer = desk.receive(attached("someone@elsewhere.example", mail("a@b.example", "Vraag", "Zie dit.", auth=None)))
    assert len(desk.messages(place=Place.QUARANTINE)) == 2
    case = desk.do(PlaceMessage(message=outer.id, new=True)).key
    assert len(desk.messages(place=Place.CASE, case=case)) == 2
    desk.do(PlaceMessage(message=outer.id, back=True))
    assert len(desk.messages(place=Place.QUARANTINE)) == 2
    desk.do(PlaceMessage(message=outer.id, noise=True, reason="a question"))
    assert len(desk.messages(place=Place.NOISE)) == 2
    desk.assert_whole()


def test_noise_and_declined_mail_can_be_taken_out(desk: Desk) -> None:
    """A declined mail can become a case after all, and noise can be put back into the quarantine."""
    citizen = desk.receive(mail(CITIZEN, "Nepnieuws", "Ik zag een bericht op internet, haal het weg."))
    assert citizen.place == "declined"
    number = desk.do(PlaceMessage(message=citizen.id, new=True)).key
    assert desk.case(number).referrer_address == CITIZEN
    stray = desk.receive(mail("someone@elsewhere.example", "Vraag", "Wat is dit?"))
    desk.do(PlaceMessage(message=stray.id, noise=True, reason="a question"))
    desk.do(PlaceMessage(message=stray.id, back=True, reason="it was one after all"))
    back = desk.message(stray.id)
    assert (back.place, back.kinds, back.reason.english) == ("quarantine", ("unknown",), "it was one after all")
    desk.assert_whole()


def test_a_case_whose_referral_is_taken_out_tells_nobody_of_its_end(desk: Desk) -> None:
    """The referrer belongs to the other case from then on; moved back, the mail is the first case's referral again."""
    first = desk.receive(mail(REFERRER, SUBJECT, TEXT))
    wrong = desk.receive(mail(OTHER, "Bericht over sluitingstijd", "Iemand zegt dat de bus gesloten is."))
    outcome = desk.do(PlaceMessage(message=wrong.id, case=first.case))
    assert warned(outcome) == (
        f"{wrong.case} was opened by this mail and stands without it: decide it `none` and close it",
    )
    assert sent(desk)[-1] == (OTHER, first.case)
    desk.do(PlaceMessage(message=wrong.id, case=wrong.case))
    assert desk.case(wrong.case or "").referrer_address == OTHER
    desk.do(PlaceMessage(message=wrong.id, case=first.case))
    desk.do(Decide(case=wrong.case or "", decision=Decision.NONE, reason="belongs elsewhere"), by="officer1")
    desk.do(CloseCase(case=wrong.case or ""))
    assert sent(desk, "decision_notice") == []
    desk.assert_whole()


def test_what_a_mail_taught_is_forgotten_when_it_leaves(desk: Desk) -> None:
    """A platform's number learned from a mail in the wrong case leads no later mail there."""
    key = desk.notified()
    case = desk.notification(key).case
    first = desk.receive(mail(X, "Ticket", "We look into #55190.", at=after(5)))
    desk.do(PlaceMessage(message=first.id, case=case))
    assert desk.receive(mail(X, "Ticket again", "More on #55190.", at=after(6))).case == case
    desk.do(PlaceMessage(message=first.id, back=True))
    assert desk.happened(EventKind.KEY_FORGOTTEN) == 1
    assert desk.receive(mail(X, "Ticket once more", "Still #55190.", at=after(7))).case is None
    desk.do(PlaceMessage(message=first.id, case=case))
    assert desk.receive(mail(X, "The same ticket", "Done with #55190.", at=after(8))).case == case
