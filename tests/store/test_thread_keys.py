# SPDX-License-Identifier: EUPL-1.2
"""Verified mail of a case teaches thread keys that lead later mail to the same case; unverified mail teaches none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.commands.messages import ConfirmMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import StoredMessage, ThreadKey
from flaggermail.wording.filing import PlacementBasis
from tests.store.desk_fixtures import META, REFERRER, START, Desk, X, mail
from tests.tools.wording import english

RECEIPT = ("We received your request [#5519]", "This is an automated message.")
REFERRAL = ("Verkeerde stemdag rondgestuurd", "Zie het bericht. Zelf twee keer gemeld.")
AUTOMATIC = ("Auto-Submitted: auto-replied",)
ROOT = "begin@raad.example"


def receipt(desk: Desk, key: str, *, auth: str | None = "pass", sender: str = X) -> StoredMessage:
    """The platform's system acknowledges the notification and gives its own number."""
    octets = mail(sender, *RECEIPT, answers=desk.message_id_of(key), extra=AUTOMATIC, auth=auth, at=desk.clock.now())
    return desk.receive(octets)


def update(desk: Desk, subject: str = "[#5519] Update", *, sender: str = X) -> StoredMessage:
    """A person at the platform writes through the ticket system, which drops our own tokens."""
    return desk.receive(mail(sender, subject, "We have taken action.", at=desk.clock.now()))


def test_the_number_of_a_receipt_leads_later_mail_to_its_notification(desk: Desk) -> None:
    """An answer that names only the platform's number stops the clocks of the right notification."""
    key, other = desk.notified(), desk.notified()
    desk.clock.set(START + timedelta(minutes=1))
    receipt(desk, key)
    desk.clock.set(START + timedelta(minutes=97))
    answer = update(desk)
    assert (answer.place, answer.notification, answer.match_basis.english) == ("case", key, "names #5519")
    assert desk.clocks(key)["human"] == ("stopped", 97)
    assert desk.clocks(other)["human"][0] == "running"


def test_a_number_inside_another_is_another(desk: Desk) -> None:
    """The number #5519 does not match inside #55190."""
    receipt(desk, desk.notified())
    assert update(desk, "[#55190] Update").place == "quarantine"


def test_a_receipt_that_nobody_vouches_for_teaches_nothing_until_a_person_does(desk: Desk) -> None:
    """A guessed number in unverified mail binds nothing to a case; it does once an officer confirms the mail."""
    stored = receipt(desk, desk.notified(), auth="none")
    assert desk.all(ThreadKey) == []
    assert update(desk).place == "quarantine"
    desk.do(ConfirmMessage(message=stored.id))
    assert update(desk, "[#5519] Update again").place == "case"


def test_a_number_is_the_platforms_own(desk: Desk) -> None:
    """The same number at another platform does not lead to the case."""
    receipt(desk, desk.notified())
    assert update(desk, sender=META).place == "quarantine"


def test_a_number_of_two_cases_only_suggests(desk: Desk) -> None:
    """Mail with a number that a platform used for two cases is quarantined."""
    for key in (desk.notified(), desk.notified()):
        octets = mail(X, *RECEIPT, answers=desk.message_id_of(key), extra=AUTOMATIC, message_id=f"{key}@x.example")
        desk.receive(octets)
    assert [(row.id, row.ambiguous) for row in desk.all(ThreadKey)] == [("reference X #5519", True)]
    assert update(desk).place == "quarantine"


def test_what_a_person_files_corrects_what_was_learned(desk: Desk) -> None:
    """Moving a receipt to the right case by hand corrects the learned key; the history keeps both."""
    wrong, right = desk.notified(), desk.notified()
    stored = receipt(desk, wrong)
    desk.do(PlaceMessage(message=stored.id, case=right.partition("/")[0], reason="belongs there"))
    assert update(desk).notification == right
    assert desk.happened(EventKind.KEY_LEARNED) == 3  # the number, its correction, and the address that was filed
    case = right.partition("/")[0]
    learned = [(row.id, row.case, row.ambiguous) for row in desk.all(ThreadKey)]
    assert learned == [(f"address {X}", case, False), ("reference X #5519", case, False)]


def test_mail_that_answers_the_same_unseen_mail_is_of_the_same_case(desk: Desk) -> None:
    """Two mails of one sender that answer the same mail, which never reached us, belong to one case.

    Another subject, or another sender, is only suggested.
    """
    first = desk.receive(mail(REFERRER, *REFERRAL, answers=ROOT))
    second = desk.receive(mail(REFERRER, "Re: iets heel anders", "Dit ook nog.", answers=ROOT))
    assert (first.place, second.case) == ("case", None)  # another subject: a person decides
    assert english(second.suggestions) == (f"{first.case} (40): answers its mail under another subject",)
    third = desk.receive(mail(REFERRER, f"Re: {REFERRAL[0]}", "En dit.", answers=ROOT))
    assert (third.case, third.match_basis.english) == (first.case, f"refers, as others do, to <{ROOT}>")
    other = desk.receive(mail("raad@kromwoude.example", f"Re: {REFERRAL[0]}", "Ook wij.", answers=ROOT))
    why = "refers to something that mail of this case named; it comes from another address than was known there"
    assert (other.case, english(other.suggestions)) == (None, (f"{first.case} (50): {why}",))
    assert len(desk.cases()) == 1


def test_a_forged_reference_changes_nothing(desk: Desk) -> None:
    """An unverified sender who refers to the unseen mail teaches no key and stops no clock."""
    key = desk.notified()
    case = key.partition("/")[0]
    stranger = mail(X, f"[{case}] Reactie", "Dit hoort hierbij.", answers="later@x-platform.example", auth="none")
    assert desk.receive(stranger).verdict == "unverified"
    assert desk.all(ThreadKey) == []
    genuine = mail(X, "Policy update", "An unrelated letter.", answers="later@x-platform.example")
    assert desk.receive(genuine).place == "quarantine"
    assert desk.clocks(key)["human"][0] == "running"


def test_a_new_matter_under_an_old_mail_is_shown_to_a_person(desk: Desk) -> None:
    """A reply to our confirmation under another subject, without the case number in its own text, is only suggested."""
    first = desk.receive(mail(REFERRER, *REFERRAL))
    (confirmation,) = [m for m in desk.messages(direction=Direction.OUT) if "intake_confirmation" in m.kinds]
    assert confirmation.message_id is not None
    other = mail(REFERRER, "Nepaccount van de griffier", "Nu iets anders.", answers=confirmation.message_id)
    assert english(desk.receive(other).suggestions) == (f"{first.case} (40): answers its mail under another subject",)
    same = mail(REFERRER, f"Antw: {confirmation.subject}", "Hierbij de schermafdruk.", answers=confirmation.message_id)
    assert desk.receive(same).case == first.case
    about = mail(REFERRER, "Aanvulling", f"Dit hoort bij {first.case}.", answers=confirmation.message_id)
    assert desk.receive(about).case == first.case
    quoting = mail(
        REFERRER, "Iets anders", f"Zie ook dit.\n\n> Uw zaak is {first.case}.", answers=confirmation.message_id
    )
    assert desk.receive(quoting).case is None
    bare = mail(REFERRER, "", "Nog een.", answers=confirmation.message_id)
    assert desk.receive(bare).case == first.case


FORMS = {  # the subject of a receipt, and of a later mail of the same system
    "brackets": ("[3-1220000] We have your report", "[3-1220000] Re: Two boxes"),
    "a word and a sign": ("We have your report (Ref# 88172)", "Two boxes (Ref# 88172)"),
    "signs on both sides": ("##12345## Uw melding is ontvangen", "Re: ##12345## Twee vakjes"),
    "a long number": ("[Ticket#2024061010000123] Uw melding", "Antw: [Ticket#2024061010000123] Uw melding"),
    "zeros in front": ("Case #0012345: received", "Case #0012345: closed"),
    "between marks": ("Received ref:_00D30oXyz._5003000abc:ref", "Update ref:_00D30oXyz._5003000abc:ref"),
    "a code": ("TT-123-ABC created", "Re: TT-123-ABC"),
    "braces": ("{TICKET:48213} ontvangen", "{TICKET:48213} afgehandeld"),
    "in two forms": ("[Ticket#48213] ontvangen", "Uw zaak 48213 is afgehandeld"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_reference_in_any_form_leads_later_mail_to_its_notification(desk: Desk, name: str) -> None:
    """Verified mail in the case teaches it, the same address is placed by it, and the case names it."""
    first, later = FORMS[name]
    key, other = desk.notified(), desk.notified()
    system = "support@tickets.x-platform.example"
    desk.receive(mail(system, first, "Thanks.", answers=desk.message_id_of(key), extra=AUTOMATIC))
    desk.clock.set(START + timedelta(minutes=97))
    answer = desk.receive(mail(system, later, "We have taken action.", at=desk.clock.now()))
    (named,) = desk.case(key.partition("/")[0]).platform_references
    assert (answer.notification, answer.match_basis) == (key, PlacementBasis.REFERENCE(reference=named))
    assert (desk.clocks(key)["human"], desk.clocks(other)["human"][0]) == (("stopped", 97), "running")
    assert any(char.isdigit() for char in named)
    desk.assert_whole()


def test_a_reference_on_a_line_of_its_own_is_learned(desk: Desk) -> None:
    """A receipt that says "Your case number: 48213" teaches it; the number in a quotation of ours teaches nothing."""
    key = desk.notified()
    text = (
        "Thank you.\n\nYour case number: 48213\n\nOn Thu, 6 Jun 2024 at 10:34 Desk wrote:\n> Ticket #77777\n> Two boxes"
    )
    desk.receive(mail(X, "Thank you", text, answers=desk.message_id_of(key), extra=AUTOMATIC))
    assert desk.case(key.partition("/")[0]).platform_references == ("#48213",)
    assert update(desk, "[48213] Update").notification == key


def test_what_a_person_files_names_its_reference(desk: Desk) -> None:
    """A verified mail placed by hand teaches too, and its case names the reference; the next one needs nobody."""
    key = desk.notified()
    case = key.partition("/")[0]
    stored = desk.receive(mail(X, "[3-1220000] We have your report", "Thanks."))
    assert (stored.place, stored.platform_references) == ("quarantine", ("3-1220000",))
    desk.do(PlaceMessage(message=stored.id, case=case))
    assert desk.case(case).platform_references == ("3-1220000",)
    assert update(desk, "[3-1220000] Update").notification == key
