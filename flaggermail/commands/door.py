# SPDX-License-Identifier: EUPL-1.2
"""The door of every command: request read, authority checked, version compared, performed, answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import TypeVar

from flaggermail.commands import conflicts, named_rows
from flaggermail.commands.command import Command
from flaggermail.commands.named_rows import whole_number
from flaggermail.commands.outcome import ActAnswer, ActResult
from flaggermail.commands.requests import naming_fields_of, read_request
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import CommandRefusal

C = TypeVar("C", bound=Command)

_ROOM = "flaggermail.commands"
COMMANDS: Mapping[str, str] = {  # name -> module of this room and class, imported when it is asked for
    "annex approve": "annexes:ApproveAnnex",
    "annex edit": "annexes:ConfirmAnnex",
    "annex propose": "annexes:ProposeAnnex",
    "annex withdraw": "annexes:WithdrawAnnex",
    "approve": "approve:Approve",
    "archive exclude": "holds:ExcludeMessage",
    "archive hold": "holds:PlaceHold",
    "archive release": "holds:LiftHold",
    "case ask": "write_referrer:AskReferrer",
    "case assess": "assess:Assess",
    "case assign": "cases:AssignCase",
    "case close": "cases:CloseCase",
    "case decide": "assess:Decide",
    "case link": "cases:LinkCase",
    "case note": "contact_notes:NoteContact",
    "case open": "cases:OpenCase",
    "case reclassify": "cases:ReclassifyCase",
    "case reply": "write_referrer:ReplyToReferrer",
    "case tag": "cases:TagCase",
    "channel clear": "channel_status:ClearAddress",
    "declined add": "move:DeclineMessage",
    "election add": "elections:AddElection",
    "election close": "elections:CloseElection",
    "exercise start": "elections:StartExercise",
    "exercise stop": "elections:StopExercise",
    "message author": "cases:JudgeAuthor",
    "message confirm": "messages:ConfirmMessage",
    "message mark": "marks:MarkMessage",
    "message reclassify": "messages:ReclassifyMessage",
    "message refuse": "messages:RefuseMessage",
    "node hand-over": "nodes:HandOverNode",
    "notify": "notify:Draft",
    "officer confirm": "devices:ConfirmDevice",
    "officer enrol": "devices:EnrolDevice",
    "officer revoke": "devices:RevokeDevice",
    "oncall ack": "oncall:Acknowledge",
    "oncall override": "oncall:OverrideRota",
    "oncall page": "oncall:TryPagers",
    "oncall reassign": "oncall:HandOver",
    "oncall swap": "oncall:SwapShift",
    "outbox cancel": "outbox:CancelMail",
    "outbox resolve": "outbox:ResolveMail",
    "outbox retry": "outbox:RetryMail",
    "quarantine place": "quarantine:PlaceMessage",
    "referrer add": "referrers:AddReferrer",
    "referrer remove": "referrers:RemoveReferrer",
    "reject": "approve:Reject",
    "report draft": "reports:DraftReport",
    "report freeze": "reports:FreezeReport",
    "report unfreeze": "reports:UnfreezeReport",
    "resume": "cases:Resume",
}
LONGEST = 1_000_000  # characters of a command as JSON; texts of people are shorter
_VERSION = "version"
_NUMBERS = ("case", "related")  # fields that hold case numbers


def ask(work: UnitOfWork, name: str, request: Mapping[str, Json], *, by_reply: bool = False) -> ActAnswer:
    """Performs the command `name` within `work`, as its actor, and returns the new state and what was done.

    A request that names the `version` of the view it was decided on is refused if somebody else has acted on the same
    since. `by_reply` says that a verified reply mail asks. Raises Refusal, after which nothing of `work` may be kept.
    """
    command = read(work, name, request)
    if command.BY_REPLY and not by_reply:
        raise Refusal(CommandRefusal.BY_REPLY_ONLY(name=name))
    before = conflicts.version_of(work)
    with naming_fields_of(command, _VERSION):
        outcome = perform(work, command, request.get(_VERSION))
    return ActAnswer(
        key=outcome.key,
        state=outcome.text,
        warnings=outcome.warnings,
        did=named_rows.with_clocks(work, outcome, before),
        version=conflicts.version_of(work),
    )


def read(work: UnitOfWork, name: str, request: Mapping[str, Json]) -> Command:
    """Returns the command that a request asks for. Raises Refusal naming what is wrong in it, NotFound."""
    values = {field: value for field, value in request.items() if field != _VERSION}
    return read_request(command_of(name), name, values, work.env.settings.zone, most=LONGEST)


def command_of(name: str) -> type[Command]:
    """Returns the class of a command. Raises NotFound."""
    if name not in COMMANDS:
        raise NotFound(CommandRefusal.NO_SUCH_COMMAND(name=name))
    module, _, kind = COMMANDS[name].partition(":")
    found: type[Command] = getattr(import_module(f"{_ROOM}.{module}"), kind)
    return found


def perform(work: UnitOfWork, command: Command, version: Json = None) -> ActResult:
    """Performs a command within `work` if its actor may, and nobody was faster since `version`. Raises Refusal."""
    command = ready(work, command)
    if version is not None:
        conflicts.check(work, command, version)
    try:
        return command.perform(work)
    except Refusal as refused:
        raise conflicts.with_earlier(work, command, refused) from refused


def ready(work: UnitOfWork, command: C) -> C:
    """Returns the command with whole case numbers. Raises Refusal unless its actor may give it."""
    _authorise(work, command)
    return _with_whole_numbers(work, command)


def _authorise(work: UnitOfWork, command: Command) -> None:
    """Raises Refusal unless the actor has a role, in the desk's own configuration, that may give the command."""
    roles = work.env.settings.rota.roles_of(work.actor)
    if not roles:
        raise Refusal(CommandRefusal.NO_OFFICER_OF_DESK(name=command.NAME, actor=work.actor))
    if not roles & command.MAY:
        needed = ", ".join(sorted(command.MAY))
        raise Refusal(CommandRefusal.LACKS_ROLE(name=command.NAME, actor=work.actor, roles=needed))


def _with_whole_numbers(work: UnitOfWork, command: C) -> C:
    """Returns the command with case numbers as the record has them: people type `7`, or copy one with its tail."""
    typed = {
        name: whole_number(work, value) if isinstance(value, str) else tuple(whole_number(work, one) for one in value)
        for name in _NUMBERS
        if (value := getattr(command, name, None))
    }
    return replace(command, **typed) if typed else command
