# SPDX-License-Identifier: EUPL-1.2
"""Which keys a mail carries, and which of them comes first."""

from __future__ import annotations

from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.mail.reply_tokens import message_id
from flaggermail.matching import lookup
from flaggermail.matching.placing import Key, KeyKind
from flaggermail.record.rows import StoredMessage
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import DESK, REFERRER, X_CHANNEL, Desk, X, mail

STRANGER = "wim@elsewhere.example"


def keys(desk: Desk, octets: bytes) -> list[Key]:
    """Returns the keys of a mail, without taking it in."""
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        message = desk.env.parser.parse(octets)
        return list(lookup.known(work, message, lookup.sender_of(work, message)).keys)


def held(desk: Desk, name: str, notification: str | None = None) -> StoredMessage:
    """Returns a mail of that Message-ID, filed in the case of the notification if one is named."""
    stored = desk.receive(mail(STRANGER, f"Over {name}", f"Ik ben {name}.", message_id=f"{name}@elsewhere.example"))
    if notification is not None:
        desk.do(PlaceMessage(message=stored.id, case=notification.partition("/")[0]))
    return stored


def naming(*references: str, answers: str = "", to: str = DESK) -> bytes:
    """Returns a mail with these References, in reply to `answers`."""
    fields = [f"In-Reply-To: <{answers}>"] if answers else []
    fields += [f"References: {' '.join(f'<{name}>' for name in references)}"] if references else []
    return mail(STRANGER, "Re", "Zie boven.", extra=fields, to=to)


def test_answered_mail_comes_before_the_rest_of_the_thread(desk: Desk) -> None:
    """In-Reply-To comes before References, the last reference before earlier ones."""
    one, two, three = desk.notified(), desk.notified(), desk.notified()
    for name, notification in (("one", one), ("two", two), ("three", three)):
        held(desk, name, notification)
    octets = naming("two@elsewhere.example", "three@elsewhere.example", answers="one@elsewhere.example")
    assert [key.case for key in keys(desk, octets)] == [n.partition("/")[0] for n in (one, three, two)]
    assert {key.kind for key in keys(desk, octets)} == {KeyKind.THEIR_MAIL}


def test_mail_we_hold_outside_any_case_is_no_key(desk: Desk) -> None:
    """An answer to a quarantined mail is not matched to a case."""
    held(desk, "one")
    assert keys(desk, naming(answers="one@elsewhere.example")) == []


def test_first_known_token_decides_and_unknown_ones_are_passed_over(desk: Desk) -> None:
    """The tokens of cases come in the order in which they stand; unknown ones, and those of no case, are left out."""
    one, two = (desk.notification(desk.notified()) for _ in range(2))
    foreign = message_id("d" * 32, 1, "bzk.example")
    octets = naming(foreign, message_id(two.token, 1, "bzk.example"), to=f"x+{one.token}@bzk.example")
    assert [(key.kind, key.notification) for key in keys(desk, octets)] == [
        (KeyKind.TOKEN, two.id), (KeyKind.TOKEN, one.id),
    ]  # fmt: skip


def test_a_key_names_the_platform_to_which_it_was_given(desk: Desk) -> None:
    """A notification's token and Message-ID belong to its platform, the token of a case to none."""
    key = desk.notified()
    case = desk.case(key.partition("/")[0])
    found = keys(desk, naming(answers=desk.message_id_of(key)))
    assert [(one.kind, one.platform) for one in found] == [(KeyKind.TOKEN, "X"), (KeyKind.OUR_MAIL, "X")]
    (of_case,) = keys(desk, naming(message_id(case.token, 1, "bzk.example")))
    assert (of_case.case, of_case.platform) == (case.number, None)


def test_a_number_belongs_to_its_referrer_and_the_channels_addresses(desk: Desk) -> None:
    """The addresses of a number are the referrer's and those of the sender's platform's channels in that case."""
    referred = desk.receive(mail(REFERRER, "Verkeerde stemdag", "Zie het bericht. Zelf twee keer gemeld."))
    (number,) = keys(desk, mail(STRANGER, f"Over {referred.case}", "Wat is er mee?"))
    assert number.addresses == {REFERRER}
    key = desk.notified()
    (number,) = keys(desk, mail(X, f"Re: [{key.partition('/')[0]}]"))
    assert number.addresses == {X_CHANNEL}
    assert number.notification is None
    (number,) = keys(desk, mail(X_CHANNEL, f"Re: [{key.partition('/')[0]}]"))
    assert number.notification == key
