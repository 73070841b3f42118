# SPDX-License-Identifier: EUPL-1.2
"""Nobody approves with what the shared mailbox holds."""

from __future__ import annotations

from pathlib import Path

from tests.attacks.approving import ADDRESSES, a_desk, latest, printed_code, replied, settings_for, state_of
from tests.store.desk_fixtures import OFFICER


def test_what_lies_in_sent_approves_nothing(tmp_path: Path) -> None:
    """The request in Sent holds no code: whatever a member of the mailbox appends as the head approves nothing."""
    desk = a_desk(tmp_path, settings_for(None))
    draft = desk.drafted()
    for address in ADDRESSES.values():
        if address.startswith("clerk"):
            continue
        request = latest(desk, "approval_request", address)
        replied(desk, request, f"akkoord {printed_code(desk, request)}", by=address)
        assert state_of(desk, draft) == "draft"
    assert printed_code(desk, latest(desk, "approval_request", OFFICER)) == ""
