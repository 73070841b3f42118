# SPDX-License-Identifier: EUPL-1.2
"""The section `approval` of `flaggermail.yaml`: how many persons approve a notification, and how by reply."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from flaggermail.record.states import OfficerRole
from flaggermail.settings.yaml_files.kinds import Model, Text

ACCEPTED_RISK = "members of the mailbox can approve"  # the words that `by_reply: mail` needs
APPROVES = frozenset({OfficerRole.APPROVER, OfficerRole.HEAD})  # the roles that may approve


class ByReply(StrEnum):
    """How a notification is approved by reply: where the code comes from."""

    PAGER = "pager"  # to the approver's pager
    TOTP = "totp"  # from the approver's own device
    MAIL = "mail"  # in the request, which every member of the mailbox can read
    OFF = "off"  # not at all: by command only


class ApprovalSettings(Model):
    """How many people must approve a notification (with two, the author cannot be one of them), and how by reply."""

    persons: Literal[1, 2] = 1
    by_reply: ByReply | None = None  # None: nobody chose, so by command only
    accept_risk: Text | None = None  # the words that `by_reply: mail` needs
    others_after_minutes: int = Field(default=10, ge=0, le=1440)  # without an answer of those on duty; 0: all at once
    repeat_policy_date: bool = False  # an approver repeats the day on which an old policy was read

    @property
    def means(self) -> ByReply:
        """How a reply approves."""
        return self.by_reply or ByReply.OFF
