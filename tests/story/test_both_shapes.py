# SPDX-License-Identifier: EUPL-1.2
"""Every mail of every scenario: both shapes to officers and referrers, plain text to platforms and citizens."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest

from tests import both_shapes
from tests.corpus import each
from tests.doubles.scenarios import FOLDERS, Played

PLATFORMS = "-platform.example"
WRITTEN_BY_MACHINE = "Auto-Submitted"  # in each mail but those that a person approved


@pytest.mark.slow
@each("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_mail_says_the_same_in_both_shapes(scenarios: Callable[[str], Played], folder: Path) -> None:
    """Officers and referrers read the same words in both parts; a platform or a citizen gets plain text alone."""
    played = scenarios(folder.name)
    outgoing = played.report.json["outgoing"]
    assert isinstance(outgoing, list)
    plain = {mail["to"] for mail in outgoing if mail["kind"] in {"notification", "follow_up", "decline"}}
    for recipient, octets in played.sent:
        if recipient in plain or recipient.endswith(PLATFORMS):  # a mail that came back is not listed
            assert message_from_bytes(octets).get_content_type() == "text/plain"
            assert "format" not in dict(message_from_bytes(octets).get_params() or ())
        else:
            both_shapes.check(octets)
    assert played.sent or not outgoing
