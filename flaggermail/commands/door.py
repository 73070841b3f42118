# SPDX-License-Identifier: EUPL-1.2
"""The door of every command: request read, authority checked, version compared, performed, answered."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.commands import acts, perform
from flaggermail.commands.requests import read_request
from flaggermail.mail.message_json import Json
from flaggermail.services import UnitOfWork

COMMANDS: dict[str, type[acts.Act]] = {
    "election add": acts.AddElection,
    "election close": acts.CloseElection,
    "exercise start": acts.StartExercise,
    "exercise stop": acts.StopExercise,
    "case open": acts.OpenCase,
    "case assign": acts.AssignCase,
    "case link": acts.LinkCase,
    "case tag": acts.TagCase,
    "case ask": acts.AskReferrer,
    "case reclassify": acts.ReclassifyCase,
    "case close": acts.CloseCase,
    "case assess": acts.Assess,
    "case decide": acts.Decide,
    "case note": acts.NoteContact,
    "case reply": acts.ReplyToReferrer,
    "notify": acts.Draft,
    "approve": acts.Approve,
    "reject": acts.Reject,
    "officer enrol": acts.EnrolDevice,
    "officer revoke": acts.RevokeDevice,
    "outbox resolve": acts.ResolveMail,
    "outbox cancel": acts.CancelMail,
    "channel clear": acts.ClearAddress,
    "message confirm": acts.ConfirmMessage,
    "message refuse": acts.RefuseMessage,
    "message reclassify": acts.ReclassifyMessage,
    "quarantine place": acts.PlaceMessage,
    "declined add": acts.DeclineMessage,
    "oncall ack": acts.Acknowledge,
    "oncall reassign": acts.HandOver,
    "oncall override": acts.OverrideRota,
    "oncall swap": acts.SwapShift,
    "resume": acts.Resume,
}


def ask(work: UnitOfWork, name: str, request: Mapping[str, Json]) -> dict[str, Json]:
    """Performs the command `name` within `work`; returns {"key", "state", "warnings", "version"}. Raises Refusal."""
    outcome = perform.perform(work, read_request(COMMANDS[name], name, request))
    head = work.tx.head()
    return {
        "key": outcome.key, "state": outcome.text, "warnings": list(outcome.warnings),
        "version": head.seq if head else 0,
    }  # fmt: skip
