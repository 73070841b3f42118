# SPDX-License-Identifier: EUPL-1.2
"""No Dutch mail of any scenario, and no alarm about a delivery, contains English words of ours.

The desk of the other stories looks at each mail that it sends in the same way (`RecordingSubmitter`).
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flaggermail.adapters.files.templates import FileTemplates
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.shipped import shipped
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import Sentence, StoredText
from flaggermail.wording.servers import (
    AttemptText,
    ConnectionFailure,
    ConnectionRemedy,
    MailboxFailure,
    SubmissionFailure,
    TokenFailure,
)
from tests.corpus import each
from tests.doubles.scenarios import FOLDERS, Played
from tests.tools.dutch import english_in, english_in_mail
from tests.tools.said import sample

TEMPLATES = FileTemplates(shipped("config") / "templates", ZoneInfo("Europe/Amsterdam"))


@each("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_english_is_in_dutch_mail(scenarios: Callable[[str], Played], folder: Path) -> None:
    """Every mail that a scenario sends to officers, referrers and platforms is wholly in its language."""
    for _, octets in scenarios(folder.name).sent:
        assert english_in_mail(octets) == (), message_from_bytes(octets)["Subject"]


def alarm_about(what: StoredText, language: str) -> bytes:
    """Returns the alarm about a mail to a platform, with what the desk says about its delivery."""
    about = AlarmText.MAIL_ANSWERED(recipient="uec@x-platform.example", mail="o00000001", answer=what)
    shown = TEMPLATES.render("alarm", language, {
        "organisation": "Ministerie van BZK", "desk_address": "desk@bzk.example", "language": language,
        "number": "VF-EP2024-0001", "title": "Twee vakjes", "platform": "Loudhailer", "kind": AlarmKind.REFUSED,
        "minutes": None,
        "what": about.in_language(language), "next_step": "flaggermail outbox show o00000001", "phone": "",
        "replies": [],
    })  # fmt: skip
    head = f"Subject: {shown.subject}\r\nContent-Type: text/plain; charset=utf-8"
    return f"{head}\r\n\r\n{shown.body}".encode()


@each(
    "sentence",
    [*AttemptText, *ConnectionRemedy, *ConnectionFailure, *MailboxFailure, *SubmissionFailure, *TokenFailure],
)
def test_what_the_desk_says_about_a_delivery_is_in_the_readers_language(sentence: Sentence) -> None:
    """The words of a server, in whatever language, are quoted as its own."""
    said = sample(sentence, {"words": "this mail is not for us", "fault": "there is no such file"})
    assert english_in_mail(alarm_about(said, "nl")) == ()
    assert said.in_language("nl") in " ".join(alarm_about(said, "nl").decode().split())
    assert said.english in " ".join(alarm_about(said, "en").decode().split())
    assert said.detail("words") is None or "\u00abthis mail is not for us\u00bb" in said.in_language("nl")


@pytest.mark.parametrize(
    "line",
    [
        "zaak VF-1: not ready to notify: step (b)", "Mogelijk: VF-1 (10): this sender has a case that is open",
        "officer1: dmarc=fail by mx.bzk.example for x.example", "de tekst speaks of removal; ask to check",
    ],
)  # fmt: skip
def test_english_in_a_dutch_line_is_found(line: str) -> None:
    """The sentences that once stood in Dutch mail are found."""
    assert english_in(line)
    mail = f"Subject: x\r\n\r\nDeze mail kon niet worden gekoppeld.\r\n{line}\r\n".encode()
    assert english_in_mail(mail) == (line,)


def test_what_others_wrote_and_commands_are_no_english_of_ours() -> None:
    """Marked lines, commands, addresses and texts to copy may be in any language."""
    text = (
        "De mail wacht op beoordeling, het nummer niet.\n| the words of a platform\n"
        f"Op de computer: flaggermail message show m1\n{'-' * 40}\nThis is for the portal.\n{'-' * 40}\n"
        "zie `flaggermail outbox cancel ID` en this@for.example\n"
    )
    assert english_in_mail(f"Subject: x\n\n{text}".encode()) == ()
