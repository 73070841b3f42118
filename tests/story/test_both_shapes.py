# SPDX-License-Identifier: EUPL-1.2
"""Every mail of every scenario: both shapes to officers and referrers, plain text to platforms and citizens."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path

import pytest

from flaggermail import replay
from flaggermail.cli.acting import typed
from flaggermail.ports import Submission
from flaggermail.replay.doubles import ScriptedSubmitter
from tests import both_shapes
from tests.corpus import each
from tests.doubles import migrated

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "scenarios").glob("*/scenario.yaml"))
PLATFORMS = "-platform.example"
WRITTEN_BY_MACHINE = "Auto-Submitted"  # in each mail but those that a person approved


@each("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_mail_says_the_same_in_both_shapes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Officers and referrers read the same words in both parts; a platform or a citizen gets plain text alone."""
    sent: list[tuple[str, bytes]] = []
    submit = ScriptedSubmitter.submit

    def noting(
        self: ScriptedSubmitter, octets: bytes, sender: str, recipients: list[str], witness: str = ""
    ) -> list[Submission]:
        sent.extend((recipient, octets) for recipient in recipients)
        return list(submit(self, octets, sender, recipients, witness))

    monkeypatch.setattr(ScriptedSubmitter, "submit", noting)
    report = replay.play(folder, typed, migrated.replayed)
    assert report.differences == ()
    outgoing = report.json["outgoing"]
    assert isinstance(outgoing, list)
    plain = {mail["to"] for mail in outgoing if mail["kind"] in {"notification", "follow_up", "decline"}}
    for recipient, octets in sent:
        if recipient in plain or recipient.endswith(PLATFORMS):  # a mail that came back is not listed
            assert message_from_bytes(octets).get_content_type() == "text/plain"
            assert "format" not in dict(message_from_bytes(octets).get_params() or ())
        else:
            both_shapes.check(octets)
    assert sent or not outgoing
