# SPDX-License-Identifier: EUPL-1.2
"""The platforms' mail server, in this process: it keeps what it receives, refuses and answers as a test sets it.

It does not support the DSN options RET, ENVID and NOTIFY, so those are tested with Postfix in front of it.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests import running
from tests.patience import PATIENCE
from tests.servers import ServerNotStartedError
from tests.servers.ports import HOST, free_ports, started, taken

_USER = re.compile(rb"user-[0-9a-f]{12}")  # as the fixture `mail_user` makes them
LOOK_EVERY = 0.5  # seconds between two looks at the daemon whose mail is awaited


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as received over the wire."""

    mail_from: str
    """Envelope sender, empty for the null return path."""
    rcpt_tos: tuple[str, ...]
    octets: bytes
    """The octets without dot-stuffing, otherwise unchanged."""
    at: datetime
    """Instant of our 250 after the final dot, UTC."""


class PlatformServer:
    """An SMTP server for every domain except our own.

    Two attributes may be set at any time. `refusals`: recipient address in lower case -> reply code to RCPT TO (550,
    450 ...). `answer`: called with each accepted mail, in a separate thread, so it may send mail itself.
    """

    def __init__(self, port: int) -> None:
        """Prepares a server for this port of 127.0.0.1."""
        self.port = port
        self.refusals: dict[str, int] = {}
        self.answer: Callable[[ReceivedMail], None] | None = None
        self.user = ""  # of the running test: mail of another test's desk, which Postfix still had, is forgotten
        self._received: list[ReceivedMail] = []
        self._arrival = Condition()
        self._answering = ThreadPoolExecutor(max_workers=1, thread_name_prefix="platform-answers")
        self._answers: list[Future[None]] = []
        self._controller: Controller | None = None

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["PlatformServer"]:
        """Starts a server and stops it at the end; raises ServerNotStartedError."""
        server = started(lambda: cls(*free_ports(1)))
        try:
            yield server
        finally:
            server.close()

    def start(self) -> None:
        """Listens, also again after stop(), on the same port."""
        if taken([self.port]):  # aiosmtpd would report it only after its whole ready_timeout
            raise ServerNotStartedError(f"address already in use: port {self.port}")
        controller = Controller(
            self,
            hostname=HOST,
            port=self.port,
            ready_timeout=PATIENCE,
            server_hostname="mx.platforms.example",
            data_size_limit=None,  # aiosmtpd's own limit of 32 MiB is less than we must be able to send
        )
        try:
            controller.start()
        except OSError as error:  # includes TimeoutError
            controller.loop.close()
            raise ServerNotStartedError(
                f"the platforms' server does not listen on port {self.port}: {error}"
            ) from error
        self._controller = controller

    def stop(self) -> None:
        """Refuses connections; received mails are kept."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def close(self) -> None:
        """Stops for good after the last answer; raises what an answer raised."""
        self.stop()
        self._answering.shutdown()
        self.clear()

    def clear(self) -> None:
        """Forgets the mails, refusals and the answer; raises what an answer raised since the last call."""
        with self._arrival:
            answers, self._answers = self._answers, []
            self._received.clear()
            self.refusals = {}
            self.answer = None
        for answer in answers:
            answer.result()

    def received(self, recipient: str | None = None) -> Sequence[ReceivedMail]:
        """Returns the mails so far, in order of arrival: all, or those to one recipient."""
        with self._arrival:
            return self._for(recipient)

    def wait(self, count: int, timeout: float = PATIENCE, *, recipient: str | None = None) -> Sequence[ReceivedMail]:
        """Returns the mails once there are at least `count`; raises TimeoutError after `timeout` seconds."""
        deadline, what = time.monotonic() + timeout, f"{count} mails for {recipient or 'anyone'}"
        with self._arrival:
            while not self._arrival.wait_for(lambda: len(self._for(recipient)) >= count, LOOK_EVERY):
                running.require(what)
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"{len(self._for(recipient))} of {what} after {timeout} s")
            return self._for(recipient)

    def _for(self, recipient: str | None) -> list[ReceivedMail]:
        return [mail for mail in self._received if recipient is None or recipient in mail.rcpt_tos]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks the hook up by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accepts a recipient unless the test refuses it."""
        code = self.refusals.get(address.lower())
        if code is not None:
            return f"{code} {code // 100}.1.1 <{address}> refused by the platform"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks the hook up by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Stores the mail, wakes waiting callers and starts the answer."""
        octets = envelope.original_content or b""
        users = {user.decode() for user in _USER.findall((envelope.mail_from or "").encode() + octets)}
        if self.user and users and self.user not in users:
            return "250 2.0.0 accepted by the platform"
        mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), octets, datetime.now(UTC))
        with self._arrival:
            self._received.append(mail)
            if self.answer is not None:
                self._answers.append(self._answering.submit(self.answer, mail))
            self._arrival.notify_all()
        return "250 2.0.0 accepted by the platform"
