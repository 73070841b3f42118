# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench soak`: mail, restarts, crashes and outages at random; then the servers' records are compared.

The real daemon runs between a real Dovecot and a real Postfix. A seed, which is printed, chooses the events; their
exact timing is random.
"""

import os
import random
import signal
import smtplib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bench import soak_count, table
from tests.bench.desk import Servers
from tests.bench.mails import CHANNEL, NOTIFIED, Mail, Mails
from tests.bench.soak_count import Diary, inbox_size, queued
from tests.flow.desk_process import DeskProcess, message_id, patiently

USER = "soak"
SETTLING = 240.0  # seconds for all pending work at the end: a refused mail is retried after a minute
_ASSESSMENT = "incorrect: true\ncontradicts: The polling day is another.\ncriteria: [3]\nown_attempts: 2\n"


@dataclass
class Soak:
    """One run and its diary."""

    servers: Servers
    desk: DeskProcess
    chance: random.Random
    mails: Mails
    diary: Diary = field(default_factory=Diary)
    held: list[Mail] = field(default_factory=list)  # mails whose servers try again later
    waits: bool = True  # whether a daemon that ended must be up again within half a minute
    _answered: dict[str, set[str]] = field(default_factory=dict)  # Message-ID of a notification -> kinds of answers
    _bounced: set[str] = field(default_factory=set)
    _armed: bool = False  # the running daemon will kill itself at a port

    # ---- mail

    def hand_over(self, mail: Mail) -> None:
        """Submits a mail as an external server, and keeps it for a retry if our server is unreachable."""
        try:
            self.servers.postfix.deliver_from_outside(mail.octets, mail.sender, f"{self.desk.mailbox}@bzk.example")
        except (OSError, smtplib.SMTPException):
            self.held.append(mail)
        else:
            self.diary.accepted.append(mail)
            self.diary.done[f"mail: {mail.kind}"] += 1

    def hand_over_held(self) -> None:
        """Retries the mails that were kept."""
        held, self.held = self.held, []
        for mail in held:
            self.hand_over(mail)

    def stranger(self) -> None:
        """Submits mail that answers nothing."""
        self.hand_over(self.mails.any_kind())

    def referral(self) -> None:
        """Submits a referral."""
        self.hand_over(self.mails.referral())

    def again(self) -> None:
        """Submits a mail a second time, as a server does that missed our reply to the first."""
        if self.diary.accepted:
            self.hand_over(self.chance.choice(self.diary.accepted))
            self.diary.done["mail handed over again"] += 1

    def platform(self) -> None:
        """Answers a notification that the platform received, as its machine or a person there."""
        names = dict.fromkeys(message_id(mail.octets) for mail in self.servers.platform.received(NOTIFIED))
        open_ = [name for name in names if "answer" not in self._answered.get(name, ())]
        if open_:
            name = self.chance.choice(open_)
            given = self._answered.setdefault(name, set())
            human = bool(given) or self.chance.random() < 0.5
            self.hand_over((self.mails.answer if human else self.mails.receipt)(name, NOTIFIED))
            given.add("answer" if human else "receipt")

    def bounce(self) -> None:
        """Bounces a confirmation."""
        sent = [mail for mail in self.servers.platform.received() if NOTIFIED not in mail.rcpt_tos]
        fresh = [mail for mail in sent if message_id(mail.octets) not in self._bounced]
        if fresh:
            returned = self.chance.choice(fresh)
            self._bounced.add(message_id(returned.octets))
            self.hand_over(self.mails.bounce(message_id(returned.octets), returned.rcpt_tos[0]))

    # ---- officers

    def type(self, *words: str) -> bool:
        """Runs a command; a failure is a finding."""
        try:
            self.desk.run(*words)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as fault:
            self.diary.findings.append(f"command {' '.join(words[:2])}: {str(fault)[:300]}")
            return False
        self.diary.done[f"act: {words[0]} {words[1] if words[0] in {'case', 'outbox'} else ''}".strip()] += 1
        return True

    def notify(self) -> None:
        """Notifies a platform of a case, as an officer."""
        open_ = [str(row[0]) for row in self.desk.rows("SELECT number FROM case_file WHERE state = 'open'")]
        if not open_:
            return
        case = self.chance.choice(sorted(open_))
        commands = (
            ("case", "assess", case, str(self.desk.folder / "assessment.yaml")),
            ("case", "decide", case, "notify", "--reason", "Voters may come on the wrong day"),
            ("notify", case, "--channel", CHANNEL, "--title", "Wrong polling day", "--text",
             str(self.desk.folder / "text.txt")),
            ("approve", f"{case}/1"),
        )  # fmt: skip
        if all(self.type(*words) for words in commands):
            self.diary.approved.append(f"{case}/1")

    def resolve(self) -> None:
        """Resolves an uncertain mail by the server's log, as an officer; some are left uncertain."""
        doubtful = self.desk.rows("SELECT id, message_id FROM outbox WHERE state = 'uncertain'")
        if not doubtful or self.chance.random() < 0.3:
            return
        mail, name = self.chance.choice(sorted(doubtful))
        taken = soak_count.taken_by_postfix(self.servers, str(name))
        if taken is None:
            self.type("outbox", "resolve", str(mail), "--again")
        elif taken.at is not None:
            self.type("outbox", "resolve", str(mail), "--sent-at", taken.at.isoformat())

    # ---- faults

    def restart(self) -> None:
        """Restarts the daemon with SIGTERM."""
        if self._armed or self.desk.process_ended():
            return
        self._stop()
        self.desk.start()
        self.diary.done["restart by SIGTERM"] += 1

    def kill(self) -> None:
        """Kills the daemon at a random moment."""
        if self.desk.process is None or self.desk.process_ended():
            return
        self.stranger()
        time.sleep(self.chance.random())
        self.desk.end()
        self.desk.start()
        self._armed = False
        self.diary.done["kill -9 at any moment"] += 1

    def kill_at_port(self) -> None:
        """Starts the daemon so that it is killed when it reaches a port of ingest or of sending."""
        if self._armed or self.desk.process_ended():
            return
        self.desk.stop()
        self.desk.start(self.chance.choice(["octets stored", "attempt recorded", "after the final dot"]))
        self._armed = True

    def link_loss(self) -> None:
        """Stops Dovecot for a while: no mailbox, no password check, no delivery."""
        self._outage("Dovecot down", self.servers.dovecot.stop, self.servers.dovecot.start)

    def submission_loss(self) -> None:
        """Stops Postfix for a while."""
        self._outage("Postfix down", self.servers.postfix.stop, self.servers.postfix.start)

    def platform_defers(self) -> None:
        """Makes the platform's server defer mail for a while."""
        refusals = self.servers.platform.refusals
        self._outage("platform defers", lambda: refusals.update({NOTIFIED: 450}), refusals.clear)

    def _outage(self, name: str, begin: Callable[[], None], end: Callable[[], None]) -> None:
        begin()
        try:
            for _ in range(self.chance.randint(1, 4)):
                self.chance.choice([self.stranger, self.referral, self.platform])()
                time.sleep(self.chance.uniform(0.2, 2))
        finally:
            end()
        self.diary.done[name] += 1

    # ---- the run

    def step(self) -> None:
        """Runs one random step."""
        steps: dict[Callable[[], None], int] = {
            self.stranger: 20, self.referral: 20, self.again: 8, self.platform: 18, self.bounce: 3, self.notify: 14,
            self.resolve: 6, self.restart: 2, self.kill: 4, self.kill_at_port: 5, self.link_loss: 2,
            self.submission_loss: 2, self.platform_defers: 1,
        }  # fmt: skip
        self.chance.choices(list(steps), list(steps.values()))[0]()
        self.hand_over_held()
        self.watch_over()
        time.sleep(self.chance.uniform(0, 1.2))

    def watch_over(self) -> None:
        """Restarts an ended daemon as the service manager does; an end that was not provoked is a finding."""
        process = self.desk.process
        if process is None or process.poll() is None:
            return
        if self._armed and process.returncode == -signal.SIGKILL:
            self.diary.done["kill -9 at a port"] += 1
        else:
            self.diary.findings.append(f"the daemon ended with {process.returncode}: {self.desk.log()[-600:]}")
        self._armed = False
        self.desk.start(waits=self.waits)

    def settle(self) -> None:
        """Waits until nothing is pending, then stops."""
        if self._armed:
            self.desk.end()
            self._armed = False
            self.desk.start()
        try:
            patiently(self.is_settled, "nothing waits any more", SETTLING)
        except AssertionError:
            waiting = self.desk.rows(
                "SELECT id, kind, state, answer FROM outbox WHERE state IN ('queued', 'attempting')"
            )
            kept = inbox_size(self.servers, self.desk.mailbox)
            sizes = f"{kept} in the mailbox, {queued(self.servers)} in the queue of Postfix"
            self.diary.findings.append(f"not settled: {sizes}, waiting: {waiting[:5]}")
        self._stop()

    def _stop(self) -> None:
        begun = time.monotonic()
        self.desk.stop()
        self.diary.slowest_stop = max(self.diary.slowest_stop, time.monotonic() - begun)

    def is_settled(self) -> bool:
        """Returns whether nothing is pending, in the daemon or around it.

        A mail in whose attempts the program died twice waits twenty minutes (`outbox.retry.DOUBT_WAITS`): not for it.
        """
        self.hand_over_held()
        self.watch_over()
        waiting = self.desk.rows(
            "SELECT id FROM outbox WHERE state = 'attempting' OR state = 'queued'"
            " AND NOT (tries > 1 AND answer LIKE '%delivery: program ended%')"
        )
        stored = self.desk.rows("SELECT count(*) FROM delivery WHERE folder = 'INBOX'")[0][0]
        return not (self.held or waiting or queued(self.servers)) and stored == inbox_size(
            self.servers, self.desk.mailbox
        )


def written(desk: DeskProcess) -> DeskProcess:
    """Writes the files that its officers name in commands; returns the desk."""
    (desk.folder / "assessment.yaml").write_text(_ASSESSMENT, "utf-8")
    (desk.folder / "text.txt").write_text("A post that names a wrong day: https://posts.example/1\n", "utf-8")
    return desk


def run(servers: Servers, minutes: float, seed: int | None) -> int:
    """Soaks for that many minutes and prints the counts; the exit status is 1 if mail was lost or duplicated."""
    seed = seed if seed is not None else int.from_bytes(os.urandom(3), "big")
    table.note(f"soak of {minutes:g} minutes, seed {seed}")
    with servers.desk(USER, poll_seconds=5) as desk:
        chance = random.Random(f"soak/{seed}")  # noqa: S311 - the same run again is the purpose
        soak = Soak(servers, written(desk), chance, Mails(seed, f"{USER}@bzk.example"))
        desk.start()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            soak.step()
        soak.settle()
        return soak_count.report(servers, desk, soak.diary, USER)
