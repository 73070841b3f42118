# SPDX-License-Identifier: EUPL-1.2
"""A draft does not say that a policy was read on a day to come, by the desk's clock and in its zone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from flaggermail.rules.configuration import Configuration
from flaggermail.stories.given import read_policies
from tests.unit.cli.conftest import Desk, opened

CASE = "VF-EP2024-0001"


def notify(desk: Desk) -> tuple[int, str]:
    """Drafts a notification on 6 June 2024; returns exit status and standard error."""
    desk.done(
        "case", "open", "--election", "EP2024", "--type", "D_general_warning", "--origin", "earlier_cases",
        "--title", "Two boxes coloured on one list",
    )  # fmt: skip
    form = desk.folder / "form.yaml"
    form.write_text("incorrect: true\ncriteria: [1]\n", encoding="utf-8")
    desk.done("case", "assess", CASE, str(form))
    desk.done("case", "decide", CASE, "notify", "--reason", "such votes are invalid")
    ran = desk.type("notify", CASE, "--channel", "x-urgent")
    return ran.status, ran.err


@pytest.mark.parametrize(
    ("read_at", "refused"),
    [
        ("2024-06-06T23:30:00+02:00", False),
        ("2024-06-06T22:30:00Z", True),  # half past midnight here
        ("2027-02-01T09:00:00+01:00", True),
    ],
)
def test_a_policy_read_in_the_future_is_refused_in_a_draft(
    settings: Configuration, tmp_path: Path, *, read_at: str, refused: bool
) -> None:
    """The draft is refused with the day and where to correct it; a policy read today is drafted."""
    desk = opened(settings, tmp_path)
    desk.env = read_policies(desk.env, datetime.fromisoformat(read_at))
    status, said = notify(desk)
    desk.env.close()
    assert (status, "lies in the future; write the day of the reading into platforms.yaml" in said) == (
        int(refused), refused,
    )  # fmt: skip
