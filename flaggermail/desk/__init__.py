# SPDX-License-Identifier: EUPL-1.2
"""Runs an act: authority, then the act, its events and mails in one transaction.

The acts are data (`core.acts`); command line, reply by mail and scenario come through the same door.
"""

from __future__ import annotations

from collections.abc import Callable

from flaggermail.core import acts
from flaggermail.desk import (
    approving,
    asking,
    assessing,
    cases,
    declining,
    duty,
    elections,
    mails,
    messages,
    notes,
    notifications,
    observation,
    placing,
    reaching,
    rehearsing,
    replying,
    tagging,
)
from flaggermail.desk.approving import approval_code
from flaggermail.desk.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.notifications.approval import APPROVES
from flaggermail.services import Environment, Work

__all__ = ["Outcome", "approval_code", "perform", "run"]

DESK = frozenset({"officer", "assessor", "approver", "head"})
LEADS = frozenset({"officer", "head"})
DECIDES = frozenset({"assessor", "head"})

# act -> who may, and what does it; each performer takes the act that it is listed under
_PERFORMERS: dict[type[acts.Act], tuple[frozenset[str], Callable[..., Outcome]]] = {
    acts.AddElection: (DESK, elections.add),
    acts.CloseElection: (DESK, elections.close),
    acts.StartExercise: (LEADS, rehearsing.start),
    acts.StopExercise: (LEADS, rehearsing.stop),
    acts.OpenCase: (DESK, cases.open_case),
    acts.AssignCase: (DESK, cases.assign),
    acts.LinkCase: (DESK, cases.link),
    acts.TagCase: (DESK, tagging.tag),
    acts.AskReferrer: (DESK, asking.ask),
    acts.ReclassifyCase: (DESK, cases.reclassify),
    acts.CloseCase: (DESK, cases.close),
    acts.Assess: (DESK, assessing.assess),
    acts.Decide: (DECIDES, assessing.decide),
    acts.NoteContact: (DESK, notes.note),
    acts.Draft: (DESK, notifications.draft),
    acts.Approve: (APPROVES, approving.approve),
    acts.Reject: (APPROVES, approving.reject),
    acts.ResolveMail: (DESK, mails.resolve),
    acts.CancelMail: (DESK, mails.cancel),
    acts.ClearAddress: (DESK, reaching.clear),
    acts.ReplyToReferrer: (DESK, replying.to_referrer),
    acts.ConfirmMessage: (DESK, messages.confirm),
    acts.RefuseMessage: (DESK, messages.refuse),
    acts.ReclassifyMessage: (DESK, messages.reclassify),
    acts.PlaceMessage: (DESK, placing.place),
    acts.DeclineMessage: (DESK, declining.decline),
    acts.Acknowledge: (DESK, duty.acknowledge),
    acts.HandOver: (DESK, duty.hand_over),
    acts.OverrideRota: (DESK, duty.override),
    acts.SwapShift: (DESK, duty.swap),
    acts.Resume: (LEADS, observation.resume),
}


def run(env: Environment, act: acts.Act, actor: str) -> Outcome:
    """Do `act` as `actor` (an officer's id) in a transaction of its own. Raises Refusal; then nothing was changed."""
    with env.store.begin() as tx:
        return perform(Work(env, tx, env.clock.now(), actor), act)


def perform(work: Work, act: acts.Act) -> Outcome:
    """Do `act` as part of `work`. Raises Refusal."""
    roles, performer = _PERFORMERS[type(act)]
    _authorise(work, act, roles)
    return performer(work, act)


def _authorise(work: Work, act: acts.Act, roles: frozenset[str]) -> None:
    officer = work.env.settings.rota.officer(work.actor)
    name = type(act).__name__
    if officer is None:
        raise Refusal(f"{name}: {work.actor} is not an officer of this desk: add the person to oncall.yaml")
    if not officer.roles & roles:
        raise Refusal(f"{name}: {work.actor} has none of the roles {', '.join(sorted(roles))} that this act needs")
