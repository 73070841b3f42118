# SPDX-License-Identifier: EUPL-1.2
"""Nobody approves with what the shared mailbox holds: one-time codes of the officers' own devices."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.adapters.files.secrets import FileCodeVault
from flaggermail.commands.approve import Approve
from flaggermail.commands.notify import Draft
from flaggermail.errors import Refusal
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Device
from flaggermail.stories.doubles import SetClock
from tests.attacks.approving import (
    ADDRESSES,
    a_desk,
    asked,
    asked_first_code,
    enrolled,
    latest,
    printed_code,
    reopened,
    replied,
    settings_for,
    state_of,
    text_of,
    told,
    types,
    with_app,
)
from tests.store.desk_fixtures import HEAD, OFFICER, Desk, mail


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Returns a desk that approves by codes of the officers' own devices."""
    return a_desk(tmp_path, settings_for("totp"))


def drafted(desk: Desk) -> str:
    """Drafts a notification for another case each time; returns its id."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    return desk.drafted()


@pytest.mark.parametrize("by_reply", [None, "off", "totp", "pager"])
def test_what_lies_in_sent_approves_nothing(tmp_path: Path, by_reply: str | None) -> None:
    """No request holds a code: whatever a member of the mailbox appends in an approver's name approves nothing."""
    desk = a_desk(tmp_path, settings_for(by_reply, pagers=["officer1", "head1"]))
    draft = desk.drafted()
    for officer in ("officer1", "officer2", "head1"):
        request = asked(desk, officer)
        assert printed_code(desk, request) == ""
        for said in ("akkoord", "akkoord CODE", "akkoord 000000", "ok", request.message_id):
            replied(desk, request, said)
        assert state_of(desk, draft) == "draft"


# ---- enrolling


def test_a_device_counts_after_its_first_code_by_mail(desk: Desk) -> None:
    """Enrolling prints address and QR code; officer and head are told by whom; only the first code makes it valid."""
    printed = types(desk, "officer enrol officer1", "clerk")
    assert "otpauth://totp/" in printed
    assert sum("█" in line or "▀" in line or "▄" in line for line in printed.splitlines()) > 10
    for address in (OFFICER, HEAD):
        assert "Clerk heeft voor" in " ".join(text_of(desk, latest(desk, "officer_notice", address)).split())
    app = enrolled(desk, "officer1")  # once more: the one before was never confirmed
    draft = drafted(desk)
    assert "geen app met codes" in told(desk, replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}"))
    desk.go_on(2)
    assert "is actief" in told(desk, replied(desk, asked_first_code(desk, "officer1"), app.code()))
    assert "App voor codes actief" in latest(desk, "officer_notice", HEAD).subject
    desk.go_on(2)
    replied(desk, asked(desk, "officer1"), f"Akkoord {app.code()}")
    assert state_of(desk, draft) == "sent" or state_of(desk, draft) == "approved"
    desk.assert_whole()


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_a_first_code_from_an_unverified_sender_confirms_nothing(desk: Desk, auth: str) -> None:
    """The enroller saw the QR code; a mail in the officer's name that nobody vouches for does not make it count."""
    app = enrolled(desk, "officer1")
    replied(desk, asked_first_code(desk, "officer1"), app.code(), auth=auth)
    assert desk.one(Device, where(Device.officer).is_("officer1")).confirmed_at is None


def test_a_colleague_does_not_confirm_somebody_elses_device(desk: Desk) -> None:
    """The first code counts only from the officer to whom the mail went, and within two hours."""
    app = enrolled(desk, "officer1")
    request = asked_first_code(desk, "officer1")
    replied(desk, request, app.code(), by=ADDRESSES["officer2"])
    desk.go_on(121)
    replied(desk, request, app.code())
    assert desk.one(Device, where(Device.officer).is_("officer1")).confirmed_at is None


def test_a_valid_device_is_not_replaced_in_silence(desk: Desk) -> None:
    """A second device needs the first to be revoked, of which officer and head are told."""
    with_app(desk, "officer1")
    with pytest.raises(Refusal, match="has a device"):
        enrolled(desk, "officer1")
    types(desk, "officer revoke officer1", "clerk")
    for address in (OFFICER, HEAD):
        assert "App voor codes ingetrokken" in latest(desk, "officer_notice", address).subject
    with_app(desk, "officer1")
    assert [d.revoked_at is None for d in desk.all(Device, where(Device.officer).is_("officer1"))] == [False, True]


def test_a_revoked_device_approves_nothing(desk: Desk) -> None:
    """Who found the telephone reads good codes, for a request of before and one of after; no reply with one counts.

    Nor does a device that was revoked before its first code become valid by it.
    """
    app = with_app(desk, "officer1")
    before = drafted(desk)
    types(desk, "officer revoke officer1", "clerk")
    replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}")
    desk.go_on(2)
    after = drafted(desk)
    replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}")
    assert [state_of(desk, draft) for draft in (before, after)] == ["draft", "draft"]
    new = enrolled(desk, "officer1")
    types(desk, "officer revoke officer1", "clerk")
    replied(desk, asked_first_code(desk, "officer1"), f"akkoord {new.code()}")
    assert [device.confirmed_at for device in desk.all(Device) if device.revoked_at is None] == []
    replied(desk, asked(desk, "officer1"), f"akkoord {new.code(30)}")
    assert state_of(desk, after) == "draft"
    desk.assert_whole()


def test_where_two_approve_an_approver_sees_no_ones_secret(tmp_path: Path) -> None:
    """An approver cannot enrol, for themself or a colleague: with the secret they would be both approvers."""
    desk = a_desk(tmp_path, settings_for("totp", persons=2))
    for by, officer in (("officer1", "officer2"), ("head1", "officer1"), ("signer", "signer")):
        with pytest.raises(Refusal, match="approves too"):
            enrolled(desk, officer, by)
    assert desk.all(Device) == []
    assert with_app(desk, "officer2").code()


def test_an_enroller_who_becomes_an_approver_is_not_both(tmp_path: Path) -> None:
    """A device made while one person approved, or by somebody who approves by now, counts no more where two do."""
    desk = a_desk(tmp_path, settings_for("totp", persons=1))
    app = with_app(desk, "officer2", by="officer1")
    desk.with_settings(settings_for("totp", persons=2))
    draft = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk").key
    answer = told(desk, replied(desk, asked(desk, "officer2"), f"akkoord {app.code()}"))
    assert "door iemand die zelf ook goedkeurt" in answer
    assert desk.notification(draft).approved_by == ()


# ---- a code counts once, at its time, from its own device


def test_a_code_counts_once_across_restarts(desk: Desk, tmp_path: Path) -> None:
    """A member reads an officer's code in the inbox and writes it below another draft, after a restart: nothing."""
    app = with_app(desk, "officer1")
    first, second = drafted(desk), drafted(desk)
    requests = [m for m in desk.mails(kind=Kind.APPROVAL_REQUEST) if m.recipient == OFFICER]
    code = app.code()
    replied(desk, requests[0], f"akkoord {code}")
    desk = reopened(desk, tmp_path)
    answer = told(desk, replied(desk, requests[1], f"akkoord {code}"))
    assert "al gebruikt" in answer
    assert (state_of(desk, first), state_of(desk, second)) == ("approved", "draft")
    assert desk.one(Device, where(Device.officer).is_("officer1")).wrong_codes == 0


@pytest.mark.parametrize(
    "said", ["akkoord CODE?", "Ik twijfel nog: CODE", "niet akkoord CODE", "akkoord CODE\n\nWacht, eerst overleggen."]
)
def test_a_code_in_a_reply_that_did_nothing_is_spent(desk: Desk, said: str) -> None:
    """The reply lies in the shared inbox: a member cannot take its code into a clean reply of their own."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    code = app.code()
    replied(desk, asked(desk, "officer1"), said.replace("CODE", code))
    replied(desk, asked(desk, "officer1"), f"akkoord {code}")
    assert state_of(desk, draft) == "draft"


@pytest.mark.parametrize("code_as", ["{}", "{:.3} {:>.3}", "in de titel"])
def test_a_code_in_any_other_mail_is_spent(desk: Desk, code_as: str) -> None:
    """A code that an officer sends to the mailbox outside any thread, however it is spaced, is spent by being seen."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    code = app.code()
    shown = code if code_as == "{}" else f"{code[:3]} {code[3:]}"
    subject, text = (
        (f"Code {code}", "Zie titel") if code_as == "in de titel" else ("Even doorgeven", f"Hij is {shown}.")
    )
    desk.receive(mail(OFFICER, subject, text, at=desk.clock.now()))
    assert "al gebruikt" in told(desk, replied(desk, asked(desk, "officer1"), f"akkoord {code}"))
    assert state_of(desk, draft) == "draft"


def test_an_old_mail_with_its_old_code_approves_nothing(desk: Desk) -> None:
    """APPEND lets a member choose the instant of arrival; a code counts at the desk's own clock."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    then, code = desk.clock.now(), app.code()
    desk.go_on(5)
    request = asked(desk, "officer1")
    ours = desk.env.parser.parse(desk.env.octets.get(request.digest))
    octets = mail(
        OFFICER, f"Re: {ours.subject}", f"akkoord {code}", to=ours.reply_to[0].address, at=then,
        answers=request.message_id,
    )  # fmt: skip
    answer = told(desk, desk.receive(octets, at=then))
    assert "niet meer geldig" in answer
    assert state_of(desk, draft) == "draft"


@pytest.mark.parametrize(("seconds", "counts"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_of_drift_either_side(desk: Desk, seconds: int, *, counts: bool) -> None:
    """A device's clock may be one step of thirty seconds off (RFC 6238, section 5.2)."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    replied(desk, asked(desk, "officer1"), f"akkoord {app.code(seconds)}")
    assert (state_of(desk, draft) != "draft") is counts


def test_a_colleagues_code_approves_in_their_own_name_only(desk: Desk) -> None:
    """An officer with a device of their own cannot approve in the head's name."""
    app = with_app(desk, "officer2")
    with_app(desk, "head1")
    draft = drafted(desk)
    replied(desk, asked(desk, "head1"), f"akkoord {app.code()}", by=HEAD)
    replied(desk, asked(desk, "head1"), f"akkoord {app.code()}", by=ADDRESSES["officer2"])
    assert state_of(desk, draft) == "draft"


def test_five_wrong_codes_lock_and_alarm(desk: Desk) -> None:
    """Guessing locks the device: then no right code approves, officer and head know, and a command still approves."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    request = asked(desk, "officer1")
    wrong = f"{(int(app.code()) + 1) % 1_000_000:06d}"
    for _ in range(5):
        replied(desk, request, f"akkoord {wrong}")
    assert "geblokkeerd" in told(desk, replied(desk, request, f"akkoord {app.code()}"))
    assert state_of(desk, draft) == "draft"
    (alarm,) = desk.alarms()
    assert (alarm.kind, alarm.text.in_language("nl")) == (
        "device locked",
        f"de app van A. Jansen ({alarm.id.partition('/')[2]})",
    )
    assert "App voor codes geblokkeerd" in latest(desk, "officer_notice", HEAD).subject
    assert desk.happened(EventKind.CODE_WRONG) == 5
    desk.do(Approve(draft=draft))
    types(desk, "officer revoke officer1", "clerk")
    again = with_app(desk, "officer1")
    other = drafted(desk)
    replied(desk, asked(desk, "officer1"), again.code())
    assert state_of(desk, other) == "approved"


def test_words_are_no_guesses(desk: Desk) -> None:
    """Six letters behind the word of consent are not a code that somebody tried: they lock nobody out."""
    with_app(desk, "officer1")
    drafted(desk)
    for word in ("morgen", "straks", "dankje", "zeker!", "groet.", "graag.", "prima!"):
        replied(desk, asked(desk, "officer1"), f"akkoord {word}")
    assert desk.one(Device, where(Device.officer).is_("officer1")).wrong_codes == 0


@pytest.mark.parametrize(
    "said",
    [
        "CODE", "akkoord CODE", "Akkoord, CODE", "AKKOORD: CODE!", "CODE akkoord", "oke CODE", "Oké 👍 CODE",
        "okay - CODE", "ja, CODE", "Ik ga akkoord: CODE", "approved CODE", "Yes; (CODE)", "I approve. CODE",
        "HALF", "akkoord HALF", "code CODE", "goedgekeurd, code: CODE",
    ],
)  # fmt: skip
def test_the_usual_forms_approve(desk: Desk, said: str) -> None:
    """A valid code approves alone, or with a word of consent in any usual form, before or behind it."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    code = app.code()
    text = said.replace("CODE", code).replace("HALF", f"{code[:3]} {code[3:]}")
    answer = told(desk, replied(desk, asked(desk, "officer1"), text))
    assert state_of(desk, draft) != "draft", answer


@pytest.mark.parametrize(
    "said",
    ["niet akkoord CODE", "akkoord? CODE", "nog niet CODE", "akkoord CODE 123456", "> akkoord CODE", "stop CODE"],
)
def test_doubt_and_negation_do_not(desk: Desk, said: str) -> None:
    """Anything beside the code that is not consent approves nothing."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    replied(desk, asked(desk, "officer1"), said.replace("CODE", app.code()))
    assert state_of(desk, draft) == "draft"


# ---- secrets


def test_a_restore_without_the_secrets_asks_for_new_enrolment(desk: Desk, tmp_path: Path) -> None:
    """A database without its folder of secrets approves nothing by reply, says why, and lets the officer enrol."""
    app = with_app(desk, "officer1")
    shutil.rmtree(tmp_path / "codes")
    draft = drafted(desk)
    answer = told(desk, replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}"))
    assert "sleutel van uw app niet meer" in answer
    assert "flaggermail officer enrol" in answer
    assert "lost" in types(desk, "officer list", "clerk")
    assert state_of(desk, draft) == "draft"
    with_app(desk, "officer1")


def test_a_planted_secret_is_not_the_devices(desk: Desk, tmp_path: Path) -> None:
    """Another device's secret in an approver's file, or a file that others may read, counts as lost."""
    mine, theirs = with_app(desk, "officer1"), with_app(desk, "head1")
    files = {d.officer: tmp_path / "codes" / d.id for d in desk.all(Device)}
    draft = drafted(desk)
    files["head1"].write_bytes(files["officer1"].read_bytes())
    assert "niet meer" in told(desk, replied(desk, asked(desk, "head1"), f"akkoord {mine.code()}"))
    files["officer1"].chmod(0o640)
    assert "niet meer" in told(desk, replied(desk, asked(desk, "officer1"), f"akkoord {mine.code()}"))
    assert theirs.code()
    assert state_of(desk, draft) == "draft"


def test_a_configuration_of_ones_own_enrols_nothing(desk: Desk, tmp_path: Path) -> None:
    """An officer who may write the record enrols the head with a folder of their own: the desk finds no secret."""
    honest = desk.env
    desk.env = replace(honest, codes=FileCodeVault(tmp_path / "mine", honest.randomness.salt))
    app = enrolled(desk, "head1", by="officer2")
    desk.env = honest
    assert "sleutel" in told(desk, replied(desk, asked_first_code(desk, "head1"), app.code()))
    draft = drafted(desk)
    replied(desk, asked(desk, "head1"), f"akkoord {app.code()}")
    assert state_of(desk, draft) == "draft"


def test_by_command_only_says_so(tmp_path: Path) -> None:
    """With `off` the request names the command, and a reply with a code is answered with it; rejecting still works."""
    desk = a_desk(tmp_path, settings_for("off"))
    draft = desk.drafted()
    request = asked(desk, "officer1")
    assert f"flaggermail approve {draft}" in " ".join(text_of(desk, request).split())
    assert "akkoord" not in text_of(desk, request)
    answer = told(desk, replied(desk, request, "akkoord 123456"))
    assert f"flaggermail approve {draft}" in answer
    assert "akkoord CODE" not in answer.replace("Gelezen: «akkoord CODE»", "", 1)  # only the line that was read
    replied(desk, request, "nee: te breed")
    assert state_of(desk, draft) == "rejected"


# ---- what a failed approval says


@pytest.mark.parametrize(
    "said", ["akkoord {} maar wacht", "akkoord {}\n\nmaar wacht even", "stand {}", "nee {}: te vroeg?"]
)
def test_a_failed_approval_says_that_its_code_is_spent(desk: Desk, said: str) -> None:
    """Whoever tries the same code once more would be told the same; the next code approves."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    replied(desk, asked(desk, "officer1"), said.format(app.code()))
    answer = " ".join(text_of(desk, latest(desk, "reply_answer", OFFICER)).split())
    assert "De code in uw mail is nu verbruikt. Wacht op de volgende code in uw app." in answer
    assert state_of(desk, draft) == "draft"
    desk.go_on(1)
    replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}")
    assert state_of(desk, draft) != "draft"


def test_without_a_good_code_none_is_said_to_be_spent(desk: Desk) -> None:
    """A wrong one, and none at all."""
    with_app(desk, "officer1")
    drafted(desk)
    for said in ("akkoord 000000 maar wacht", "akkoord maar"):
        replied(desk, asked(desk, "officer1"), said)
        assert "verbruikt" not in text_of(desk, latest(desk, "reply_answer", OFFICER))


def test_after_the_clock_was_set_back_the_answer_says_until_when_no_code_counts(desk: Desk) -> None:
    """And what to do instead; no code is counted as wrong meanwhile, and then one approves."""
    app = with_app(desk, "officer1")
    draft = drafted(desk)
    (before,) = (one for one in desk.all(Device) if one.confirmed_at is not None)
    spent_at = desk.clock.now()
    desk.clock = SetClock(spent_at - timedelta(minutes=30))
    desk.env = replace(desk.env, clock=desk.clock)
    for seconds in (0, 60, 1800):
        answer = told(desk, replied(desk, asked(desk, "officer1"), f"akkoord {app.code(seconds)}"))
        assert "de klok van de desk is teruggezet" in answer, answer
        assert f"`flaggermail approve {draft}`" in answer
    assert before.last_step is not None
    until = -(-(before.last_step + 1) // 2) * 60
    assert f"om {spent_at.fromtimestamp(until, desk.env.settings.zone):%H:%M} telt geen code" in answer
    assert desk.row(Device, before.id).wrong_codes == 0
    desk.clock.set(spent_at + timedelta(minutes=3))
    replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}")
    assert state_of(desk, draft) != "draft"
