# SPDX-License-Identifier: EUPL-1.2
"""A desk whose notifications are approved by reply, and a member of its shared mailbox who reads and appends mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from pyotp import TOTP, parse_uri

from flaggermail.cli.acting import typed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail, StoredMessage
from flaggermail.rules.configuration import Configuration
from flaggermail.settings.model import PagerSettings
from flaggermail.settings.sections import ApprovalSettings
from flaggermail.stories.doubles import ListPager
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import HEAD, OFFICER, Desk, desk_settings, equipped, mail, opened

RISK = "members of the mailbox can approve"
SECOND = "b.devries@bzk.example"
ADDRESSES = {"officer1": OFFICER, "officer2": SECOND, "head1": HEAD, "clerk": "clerk@bzk.example"}
_serial = count(1)


def settings_for(by_reply: str | None, persons: int = 1, pagers: Sequence[str] = ()) -> Configuration:
    """Returns the settings of a desk that approves by reply in that way; these officers have a pager."""
    found = desk_settings(persons)
    approval = {"persons": persons, "by_reply": by_reply, "accept_risk": RISK if by_reply == "mail" else None}
    officers = [
        officer.model_copy(update={"pagers": (PagerSettings(credential=f"pager-{officer.id}"),)})
        if officer.id in pagers
        else officer
        for officer in found.oncall.officers
    ]
    return found.model_copy(
        update={
            "desk": found.desk.model_copy(update={"approval": ApprovalSettings.model_validate(approval)}),
            "oncall": found.oncall.model_copy(update={"officers": tuple(officers)}),
        }
    )


def a_desk(folder: Path, settings: Configuration) -> Desk:
    """Returns an empty desk with its database, archive and secrets in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "database").write_bytes(migrated())
    equipment = equipped(settings, folder)
    equipment.store.close()
    desk = opened(equipment, settings, folder)
    desk.env = replace(desk.env, pager=ListPager())
    return desk


def reopened(desk: Desk, folder: Path) -> Desk:
    """Returns the desk of the same folder after a restart, at the same instant."""
    again = opened(desk.env, desk.env.settings, folder, "started again")
    again.clock.set(desk.clock.now())
    again._uid = desk._uid  # noqa: SLF001 - the mailbox goes on counting
    return again


def types(desk: Desk, line: str, by: str) -> str:
    """Returns what an officer's command prints."""
    return typed(desk.env, by, line.split())


def latest(desk: Desk, kind: str, recipient: str) -> OutboxMail:
    """Returns our last mail of that kind to that person, as a member of the mailbox finds it in Sent."""
    return max(
        (m for m in desk.mails(kind=Kind(kind)) if m.recipient == recipient),
        key=lambda m: m.id,
    )


def text_of(desk: Desk, sent: OutboxMail) -> str:
    """Returns the text of one of our mails."""
    return desk.env.parser.parse(desk.env.octets.get(sent.digest)).text


def replied(desk: Desk, sent: OutboxMail, text: str, *, by: str = "", auth: str = "pass") -> StoredMessage:
    """Returns a reply to one of our mails after it was taken in; `by` is its From, by default who got that mail.

    A member of the shared mailbox appends exactly such mail: with every field as our own server would write it.
    """
    ours = desk.env.parser.parse(desk.env.octets.get(sent.digest))
    octets = mail(
        by or sent.recipient, f"Re: {ours.subject}", text, to=ours.reply_to[0].address, auth=auth, at=desk.clock.now(),
        answers=sent.message_id, message_id=f"attack-{next(_serial)}@bzk.example",
    )  # fmt: skip
    return desk.receive(octets)


def printed_code(desk: Desk, sent: OutboxMail) -> str:
    """Returns a code that the text of one of our mails holds, or an empty text."""
    found = re.search(r"(?:akkoord|approve) ([A-Z2-9]{6}|\d{6})\b", text_of(desk, sent))
    return found[1] if found else ""


def state_of(desk: Desk, draft: str) -> str:
    """Returns the state of a draft or notification."""
    return desk.notification(draft).state


class App:
    """An officer's own device: it knows only what `officer enrol` printed, and its own clock."""

    def __init__(self, desk: Desk, address: str) -> None:
        self.desk = desk
        found = parse_uri(address)
        assert isinstance(found, TOTP)
        self._codes, self.secret = found, found.secret

    def code(self, seconds: int = 0) -> str:
        """Returns the code that it shows in so many seconds."""
        return self._codes.at(self.desk.clock.now() + timedelta(seconds=seconds))


def enrolled(desk: Desk, officer: str, by: str = "clerk") -> App:
    """Enrols a device and returns it; it is not confirmed yet."""
    (address,) = (line for line in types(desk, f"officer enrol {officer}", by).splitlines() if line.startswith("otp"))
    return App(desk, address)


def with_app(desk: Desk, officer: str, by: str = "clerk") -> App:
    """Enrols a device, which the officer confirms by mail; returns it a minute later, when its code is a fresh one."""
    app = enrolled(desk, officer, by)
    replied(desk, asked_first_code(desk, officer), f"akkoord {app.code()}")
    desk.go_on(2)
    return app


def asked_first_code(desk: Desk, officer: str) -> OutboxMail:
    """Returns our last mail that asks for a first code."""
    mails = desk.mails(recipient=ADDRESSES[officer])
    return max((m for m in mails if m.dedupe.startswith("device/d") and m.dedupe.count("/") == 2), key=lambda m: m.id)


def asked(desk: Desk, officer: str) -> OutboxMail:
    """Returns our last approval request to that officer."""
    return latest(desk, "approval_request", ADDRESSES[officer])


def told(desk: Desk, stored: StoredMessage) -> str:
    """Returns our answer to that reply, as flowing text; empty without an answer."""
    found = [m for m in desk.mails(kind=Kind.REPLY_ANSWER) if m.dedupe.startswith(f"answer/{stored.id}/")]
    return " ".join(text_of(desk, found[0]).split()) if found else ""
