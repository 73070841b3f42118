# SPDX-License-Identifier: EUPL-1.2
"""Records and asks whether the server's mark for mail from inside is proven: see `mailbox.trust: exchange`.

The trial is a mail to ourselves with a mark that the server never writes, such as `X-MS-Exchange-Organization-AuthAs:
forged-TOKEN`, in a field that its header firewall removes. Not `Internal`: our own submission logs in, so the server
writes that itself, and nobody could tell it from the forged one. `survived`: the value arrived.
"""

from __future__ import annotations

from flaggermail.errors import Refusal
from flaggermail.health import advice
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.ports import Clock, Store, Transaction
from flaggermail.record import trust_proofs
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import TrustMark
from flaggermail.record.rows import TrustProof
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.mistakes import SetupFault
from flaggermail.wording.refusals import CommandRefusal


def record_trust_proof(env: Services, *, survived: bool, message_id: str, by: str) -> TrustProof:
    """Records the outcome of a trial that ended now; it replaces an earlier one. Raises Refusal.

    `message_id`: of the mail that bore the forged mark, without angle brackets. `by`: an officer's id, or the login.
    """
    if env.settings.desk.mailbox.trusted.asked is not AuthenticationMethod.EXCHANGE:
        raise Refusal(CommandRefusal.MARK_NOT_ASKED())
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now(), by)
        before = last(tx)
        proof = TrustProof(
            id=TrustMark.INTERNAL, tried_at=work.now, survived=survived, tried_by=by, message_id=message_id
        )
        change = added(proof) if before is None else changed(before, proof)
        state = trust_proofs.state_of(proof, work.now)
        work.record(EventKind.TRUST_MARK_TESTED, change, reason=state)
    return proof


def last(tx: Transaction) -> TrustProof | None:
    """Returns the last trial of the mark for mail from inside."""
    return tx.get(TrustProof, TrustMark.INTERNAL)


def trust_faults(env: Services) -> tuple[SetupFault, ...]:
    """Returns what is wrong with the last trial now, in the words of `check`."""
    with env.store.read() as tx:
        return advice.of_mark(env.settings.desk.mailbox, last(tx), env.clock.now(), env.settings.zone)


def is_proven(store: Store, clock: Clock) -> bool:
    """True if the mark counts now."""
    with store.read() as tx:
        return trust_proofs.is_proven(last(tx), clock.now())
