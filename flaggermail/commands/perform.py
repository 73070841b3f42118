# SPDX-License-Identifier: EUPL-1.2
"""Runs a command: authorization, then the command with its events and mails in one transaction.

Commands are data (`commands.acts`); command line, reply by mail and scenario all use this entry point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flaggermail.commands import (
    acts,
    approve,
    ask_referrer,
    assess,
    cases,
    channel_status,
    contact_notes,
    decline,
    devices,
    elections,
    exercises,
    messages,
    notify,
    observe,
    oncall,
    outbox,
    quarantine,
    tags,
    write_referrer,
)
from flaggermail.commands.lookups import Outcome
from flaggermail.errors import Refusal
from flaggermail.mail.tailed_numbers import without_tail
from flaggermail.notifications.approval import APPROVES
from flaggermail.services import Services, UnitOfWork

__all__ = ["Outcome", "perform", "run"]

DESK = frozenset({"officer", "assessor", "approver", "head"})
LEADS = frozenset({"officer", "head"})
DECIDES = frozenset({"assessor", "head"})

# command -> allowed roles and performer; each performer takes the command it is listed under
_PERFORMERS: dict[type[acts.Act], tuple[frozenset[str], Callable[..., Outcome]]] = {
    acts.AddElection: (DESK, elections.add),
    acts.CloseElection: (DESK, elections.close),
    acts.StartExercise: (LEADS, exercises.start),
    acts.StopExercise: (LEADS, exercises.stop),
    acts.OpenCase: (DESK, cases.open_case),
    acts.AssignCase: (DESK, cases.assign),
    acts.LinkCase: (DESK, cases.link),
    acts.TagCase: (DESK, tags.tag),
    acts.AskReferrer: (DESK, ask_referrer.ask),
    acts.ReclassifyCase: (DESK, cases.reclassify),
    acts.CloseCase: (DESK, cases.close),
    acts.Assess: (DESK, assess.assess),
    acts.Decide: (DECIDES, assess.decide),
    acts.NoteContact: (DESK, contact_notes.note),
    acts.Draft: (DESK, notify.draft),
    acts.Approve: (APPROVES, approve.approve),
    acts.Reject: (APPROVES, approve.reject),
    acts.EnrolDevice: (DESK, devices.enrol),
    acts.ConfirmDevice: (APPROVES, devices.confirm),
    acts.RevokeDevice: (DESK, devices.revoke),
    acts.ResolveMail: (DESK, outbox.resolve),
    acts.CancelMail: (DESK, outbox.cancel),
    acts.ClearAddress: (DESK, channel_status.clear),
    acts.ReplyToReferrer: (DESK, write_referrer.to_referrer),
    acts.ConfirmMessage: (DESK, messages.confirm),
    acts.RefuseMessage: (DESK, messages.refuse),
    acts.ReclassifyMessage: (DESK, messages.reclassify),
    acts.PlaceMessage: (DESK, quarantine.place),
    acts.DeclineMessage: (DESK, decline.decline),
    acts.Acknowledge: (DESK, oncall.acknowledge),
    acts.HandOver: (DESK, oncall.hand_over),
    acts.OverrideRota: (DESK, oncall.override),
    acts.SwapShift: (DESK, oncall.swap),
    acts.Resume: (LEADS, observe.resume),
}


def run(env: Services, act: acts.Act, actor: str) -> Outcome:
    """Runs `act` as `actor` (an officer's id) in its own transaction. Raises Refusal, with nothing changed."""
    with env.store.begin() as tx:
        return perform(UnitOfWork(env, tx, env.clock.now(), actor), act)


def perform(work: UnitOfWork, act: acts.Act) -> Outcome:
    """Runs `act` within `work`. Raises Refusal."""
    act = _with_bare_numbers(act)
    roles, performer = _PERFORMERS[type(act)]
    _authorise(work, act, roles)
    return performer(work, act)


def preview(env: Services, act: acts.Draft, actor: str) -> notify.Preview:
    """Returns what `run` would draft for this actor; writes nothing. Raises Refusal as `run` does."""
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, env.clock.now(), actor)
        _authorise(work, act, _PERFORMERS[acts.Draft][0])
        return notify.preview(work, replace(act, case=without_tail(act.case)))


def _with_bare_numbers(act: acts.Act) -> acts.Act:
    """Returns the act with bare case numbers: people copy them with a tail from mail to a platform."""
    typed = {
        name: without_tail(value) if isinstance(value, str) else tuple(map(without_tail, value))
        for name in ("case", "related")
        if (value := getattr(act, name, None))
    }
    return replace(act, **typed) if typed else act


def _authorise(work: UnitOfWork, act: acts.Act, roles: frozenset[str]) -> None:
    officer = work.env.settings.rota.officer(work.actor)
    name = type(act).__name__
    if officer is None:
        raise Refusal(f"{name}: {work.actor} is not an officer of this desk: add the person to oncall.yaml")
    if not officer.roles & roles:
        raise Refusal(f"{name}: {work.actor} has none of the roles {', '.join(sorted(roles))} that this act needs")
