# SPDX-License-Identifier: EUPL-1.2
"""What a member of the mailbox can do in the seconds in which an officer's reply lies unread: they move it away.

The six digits of a device say who and when, not what: the member writes them under another draft that waits for the
same officer. A code by pager belongs to one draft, and gives a member nothing.
"""

from __future__ import annotations

from pathlib import Path

from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from flaggermail.stories import played_mail
from tests.attacks.approving import a_desk, replied, settings_for, state_of
from tests.store.desk_fixtures import OFFICER, Desk


def _requests(desk: Desk) -> dict[str, OutboxMail]:
    """Returns the officer's requests by draft."""
    found = desk.mails(kind=Kind.APPROVAL_REQUEST)
    return {mail.notification or "": mail for mail in found if mail.recipient == OFFICER}


def _two_drafts(desk: Desk) -> tuple[str, str]:
    one = desk.drafted()
    other = desk.drafted()
    assert one != other
    return one, other


def test_a_device_code_written_under_another_draft_approves_that(tmp_path: Path) -> None:
    """The known limit of `totp`: the first reply with the code counts, and the officer is told by the answer to it."""
    desk = a_desk(tmp_path, settings_for("totp"))
    with desk.env.store.begin() as tx:
        played_mail.enrol(desk.env, tx, "officer1", "administrator")
    meant, other = _two_drafts(desk)
    asked = _requests(desk)
    code = played_mail.code_at(desk.env, desk.clock.now(), OFFICER, asked[meant])
    replied(desk, asked[other], f"akkoord {code}")  # the member's, with the officer's own mail moved away
    replied(desk, asked[meant], f"akkoord {code}")  # put back
    assert (state_of(desk, meant), state_of(desk, other)) == ("draft", "approved")
    desk.settle()  # an approval is answered when its mail was accepted
    answers = [mail for mail in desk.mails(kind=Kind.REPLY_ANSWER) if mail.recipient == OFFICER]
    assert len(answers) == 2


def test_a_pager_code_written_under_another_draft_does_nothing(tmp_path: Path) -> None:
    """A code by pager approves the draft that was shown with it and no other."""
    desk = a_desk(tmp_path, settings_for("pager", pagers=("officer1",)))
    meant, other = _two_drafts(desk)
    asked = _requests(desk)
    code = played_mail.code_at(desk.env, desk.clock.now(), OFFICER, asked[meant])
    replied(desk, asked[other], f"akkoord {code}")
    assert (state_of(desk, meant), state_of(desk, other)) == ("draft", "draft")
