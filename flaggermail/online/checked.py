# SPDX-License-Identifier: EUPL-1.2
"""What a check knows so far, and how it sends a mail to the desk itself and finds it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flaggermail.mail.message import Address
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.online.check_mail import CheckPart, Marks, part_of, written
from flaggermail.online.means import CheckMeans
from flaggermail.online.proof import ScratchProof
from flaggermail.ports import Folder, Refused, Role, Submission
from flaggermail.ports.probing import Found, SubmissionSeen
from flaggermail.wording.said import UNSAID

_POLL = 1.0  # seconds between two looks for a mail of the check


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of the check, and what became of it."""

    octets: bytes
    answer: Submission
    found: Found | None
    sent_at: datetime
    seen_at: datetime  # when it was found, or given up

    @property
    def seconds(self) -> int:
        """From sending to the look that found it, or to the last one."""
        return round((self.seen_at - self.sent_at).total_seconds())


@dataclass(slots=True)
class Checked:
    """What a check knows so far; the steps read it and add to it."""

    means: CheckMeans
    marks: Marks
    certificate_ends: datetime | None = None  # of the mailbox server
    offers: frozenset[str] = frozenset()
    folders: tuple[Folder, ...] = ()
    submission: SubmissionSeen = field(default_factory=lambda: SubmissionSeen(UNSAID, UNSAID))
    sent: dict[CheckPart, Sent] = field(default_factory=dict)
    proof: ScratchProof = field(default_factory=ScratchProof)

    @property
    def plain(self) -> Sent:
        """The mail that arrived at the desk's own address."""
        return self.sent[CheckPart.PLAIN]

    def send(self, part: CheckPart, to: str) -> Sent:
        """Sends one mail of the check and waits until it is in the mailbox, or for as long as patience lasts."""
        means, mailbox = self.means, self.means.settings.desk.mailbox
        own = Address(mailbox.address, mailbox.display_name.nl)
        began = means.clock.now()
        octets = written(self.marks, part, own, to, began.astimezone(means.settings.zone))
        (answer,) = means.submitter.submit(octets, mailbox.address, [to])
        found = None if isinstance(answer, Refused) else self.awaited(part)
        self.sent[part] = Sent(octets, answer, found, began, means.clock.now())
        return self.sent[part]

    def awaited(self, part: CheckPart) -> Found | None:
        """Returns the mail once it has arrived; a copy that the server files in Sent is no arrival."""
        waited = 0.0
        while True:
            there = [mail for mail in self.in_mailbox() if part_of(mail.octets, self.marks.bits) is part]
            arrived = [mail for mail in there if mail.role is not Role.SENT]
            if arrived:
                return min(arrived, key=lambda mail: list(Role).index(mail.role))
            if waited >= self.means.patience:
                return None
            self.means.wait(_POLL)
            waited += _POLL

    def in_mailbox(self) -> Sequence[Found]:
        """Returns everything that this check has in the mailbox."""
        return self.means.mailbox.find(self.folders, CHECK_HEADER, self.marks.bits)
