# SPDX-License-Identifier: EUPL-1.2
"""A desk that is killed or loses its connection at one step: `faulty_desk.py DIR`, instructed on standard input.

Each line is one run of the desk as JSON (`Order`); the answer is the exit status of its process. Each run is a process
of its own, forked from this one, which has done all slow work and holds no database. Store, archive, submission server
and mailbox are real; only the clock is ahead of the machine's. The test wraps the ports itself.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.smtp.session import SmtpSession
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.channel_status import ClearAddress
from flaggermail.commands.notify import Draft
from flaggermail.intake.ingest import ingest
from flaggermail.intake.poll import look
from flaggermail.outbox import delivery
from flaggermail.ports import BlobStore, RawMessage, Role, Store, Transaction
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.definition import where
from flaggermail.record.rows import BadAddress
from flaggermail.reminders import outbox_ageing
from flaggermail.services import Services
from flaggermail.wiring import assembly
from flaggermail.wiring.mail_servers import ImapService
from tests.acting import run

CHANNEL = "tiktok-elections"
PREPARING = ("draft frozen", "draft unsaved", "approval unsaved", "approval saved")
JOURNAL = ("claim unsaved", "claim saved", "result unsaved", "result saved")
WIRE = ("connect", "mail", "rcpt", "data", "dot", "reply")  # methods of SmtpSession; the fault is just after the call
RECOVERING = ("recovery unsaved", "recovery saved")
STEPS = (*PREPARING, *JOURNAL[:2], *WIRE, *JOURNAL[2:], *RECOVERING)


@dataclass(frozen=True)
class Order:
    """One run: what the desk does, the step at which it is killed or disconnected, and for which mail of the run."""

    do: str  # prepare | send | settle
    step: str = ""
    nth: int = 1
    cut: bool = False  # cut the connection instead of killing the process
    minutes: float = 0  # that its clock is ahead of the machine's
    platform_first: bool = True


def die() -> None:
    """Kills the process, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class AheadClock:
    """The present plus some minutes."""

    minutes: float

    def now(self) -> datetime:
        """Returns it in UTC."""
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


class KilledStore:
    """Dies within or after the nth unit of work that writes."""

    def __init__(self, store: Store, nth: int, *, saved: bool) -> None:
        self._store, self._left, self._saved = store, nth, saved

    def __getattr__(self, name: str) -> object:
        """Delegates everything else to the store."""
        return getattr(self._store, name)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Opens a unit of work and dies in or after the nth."""
        self._left -= 1
        with self._store.begin() as tx:
            yield tx
            if self._left == 0 and not self._saved:
                die()
        if self._left == 0:
            die()


class KilledOctets:
    """Dies as soon as octets are durable."""

    def __init__(self, octets: BlobStore) -> None:
        self._octets = octets

    def __getattr__(self, name: str) -> object:
        """Delegates everything else to the archive."""
        return getattr(self._octets, name)

    def put(self, octets: bytes) -> str:
        """Stores the octets, then dies."""
        self._octets.put(octets)
        die()
        raise AssertionError("still alive")


def hurt(env: Services, order: Order) -> Services:
    """Returns `env` with the fault of the order. Faults of the connection are patched into `SmtpSession` itself."""
    if order.step == "draft frozen":
        return replace(env, octets=KilledOctets(env.octets))  # type: ignore[arg-type] # the proxy delegates the rest
    if order.step in WIRE:
        hurt_session(order)
        return env
    if not order.step:
        return env
    unit = {"draft": 1, "approval": 1, "claim": 2 * order.nth - 1, "result": 2 * order.nth, "recovery": 1}
    what, _, when = order.step.partition(" ")
    store = KilledStore(env.store, unit[what], saved=when == "saved")
    return replace(env, store=store)  # type: ignore[arg-type] # as above


def hurt_session(order: Order) -> None:
    """Kills the process or cuts its connection just after a step of the nth connection."""
    whole: Callable[..., object] = getattr(SmtpSession, order.step)
    seen = [0]

    def end(session: SmtpSession) -> None:
        seen[0] += 1
        if seen[0] != order.nth:
            return
        if not order.cut:
            die()
        transport = session.transport
        assert transport is not None
        with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)  # what the system has buffered still leaves, nothing is received

    def dot(session: SmtpSession) -> None:
        whole(session)
        end(session)

    async def step(session: SmtpSession, *words: object, **named: object) -> object:
        answer = await whole(session, *words, **named)  # type: ignore[misc] # it is a coroutine function
        end(session)
        return answer

    setattr(SmtpSession, order.step, dot if order.step == "dot" else step)


def referral(name: str) -> bytes:
    """Returns a municipality's verified mail, which causes a notice and a confirmation."""
    lines = (
        "Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example",
        "Received: from mail.lindewaard.example by mx.bzk.example with ESMTPS", "From: griffie@lindewaard.example",
        "To: verkiezingenflagger@bzk.example", f"Subject: Verkeerde stemdag {name}",
        f"Message-ID: <{name}@lindewaard.example>", "MIME-Version: 1.0", "",
        "Zie het bericht. Zelf twee keer gemeld bij het platform.", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def prepare(env: Services, order: Order) -> None:
    """Approves a notification and takes in a referral, in either order."""
    name = env.randomness.token()[:12]

    def refer() -> None:
        item = str(int(name, 16) % 2**31)
        ingest(env, RawMessage(referral(name), env.clock.now(), "Prepared", "1", item, Role.OTHER))

    with env.store.read() as tx:
        bad = tx.find(BadAddress, where(BadAddress.cleared_at).is_(None))
    for one in bad:  # an earlier round had a bounce
        run(env, ClearAddress(address=one.id, reason="the platform mended it"), "officer1")
    if not order.platform_first:
        refer()
    title = f"Two boxes coloured {name}"
    case = run(
        env,
        OpenCase(election="NU", type=CaseType.GENERAL_WARNING, origin=Origin.EARLIER_CASES, title=title),
        "officer1",
    )
    run(env, Assess(case=case.key, incorrect=True, criteria=(1,), all_means_used=True), "officer1")
    run(env, Decide(case=case.key, decision=Decision.NOTIFY, reason="such votes are invalid"), "officer1")
    drafting = order.step.startswith("draft")
    key = run(hurt(env, order) if drafting else env, Draft(case=case.key, channel=CHANNEL), "officer1").key
    delivery.drain(env)  # sends the approval requests: the fault hits only what follows the approval
    run(hurt(env, order), Approve(draft=key), "officer1")
    if order.platform_first:
        refer()


def settle(env: Services) -> None:
    """Does all the work of a start, including a look at the mailbox."""
    delivery.recover(env)
    delivery.drain(env)
    mailbox = ImapService(env.settings).mailbox()
    try:
        look(env, mailbox)
    finally:
        mailbox.close()
    outbox_ageing.tick_outbox(env)
    delivery.drain(env)


def run_desk(equipment: Services, order: Order) -> None:
    """Runs the desk once."""
    clock = AheadClock(order.minutes)
    settings = equipment.settings
    store = SqlStore(settings.desk.store.database, SystemRandomness().salt)
    env = replace(equipment, store=store, clock=clock, submitter=ImapService(settings).submitter(clock))
    if order.do == "prepare":
        prepare(env, order)
    elif order.do == "send":
        hurting = hurt(env, order)
        recovering = order.step in RECOVERING
        delivery.recover(hurting if recovering else env)
        delivery.drain(hurting)
    else:
        settle(env)


def forked(work: Callable[[], None]) -> int:
    """Runs `work` in a process of its own and returns its exit status, or minus the number of its signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the process ends here, after the traceback is printed
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(directory: str) -> None:
    """Runs the requested desks."""
    equipment = assembly.open_services(Path(directory))
    equipment.store.close()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        status = forked(lambda: run_desk(equipment, order))  # noqa: B023 - it ends before the next iteration
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()
    equipment.parser.close()


if __name__ == "__main__":
    main(sys.argv[1])
