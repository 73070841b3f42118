# SPDX-License-Identifier: EUPL-1.2
"""Rules of the source that keep the intake of mail fast.

Other such rules have tests elsewhere: no trace in imaplib (tests/contract/test_imap.py), one commit for each mail and
no table read whole (tests/store/test_habits.py), durable commits (tests/store/test_engine.py), commands that load
nothing before they need it (tests/unit/cli/test_cli_help.py).
"""

from __future__ import annotations

import re
from pathlib import Path

from flaggermail.adapters.imap.link import ImapAccount

PACKAGE = Path(__file__).parents[2] / "flaggermail"
POLICY = re.compile(
    r"\bemail\.policy\b|\bfrom email import .*\bpolicy\b|\bEmailPolicy\b|(_from_|Parser)\w*\([^)]*\bpolicy="
)


def test_mail_is_fetched_a_hundred_at_a_time_and_in_bounded_octets() -> None:
    """Mail is fetched a hundred at a time, with a limit in octets.

    Single fetches cost three times as much; larger batches gain nothing and cost memory.
    """
    defaults = {spec.name: spec.default for spec in ImapAccount.__dataclass_fields__.values()}
    assert (defaults["batch_messages"], defaults["batch_octets"]) == (100, 8_000_000)
    wiring = (PACKAGE / "wiring/logins.py").read_text("utf-8")
    assert "ImapAccount(" in wiring
    assert "batch_" not in wiring


def test_no_mail_is_parsed_with_the_slow_policy() -> None:
    """The slow policy of `email`, which makes an object of every header field, is not used.

    It takes three to seven times as long.
    """
    users = [path.name for path in PACKAGE.rglob("*.py") if POLICY.search(path.read_text("utf-8"))]
    assert users == []


def test_the_slow_policy_would_be_noticed() -> None:
    """Every way of using the slow policy is found."""
    for line in (
        "from email import message_from_bytes, policy",
        "import email.policy",
        "from email.policy import default",
        "message_from_bytes(octets, policy=chosen)",
    ):
        assert POLICY.search(line), line
