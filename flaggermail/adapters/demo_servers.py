# SPDX-License-Identifier: EUPL-1.2
"""An IMAP server (pymap) and a submission server (aiosmtpd) in this process, on loopback, for a single user.

Both keep everything in memory and are lost when the process ends. They are for the demonstration, not for real mail.
"""

from __future__ import annotations

import asyncio
import imaplib
import logging
import socket
import threading
from argparse import Namespace
from collections.abc import Coroutine, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pymap.backend.dict import Config, DictBackend, Login
from pymap.imap import IMAPService

T = TypeVar("T")

HOST = "127.0.0.1"
_NAME = "localhost"
_SECONDS = 10.0  # time limit of each start and stop step
# aiosmtpd logs a warning about its own deprecated attribute at each login and offers no other way to disable it.
logging.getLogger("mail.log").setLevel(logging.ERROR)
_FOLDERS = ("INBOX",)  # the folders pymap creates at start


@dataclass(frozen=True, slots=True)
class TakenMail:
    """One mail accepted by the submission server: the envelope recipients and the raw octets."""

    recipients: tuple[str, ...]
    octets: bytes


class DemoServers:
    """Runs both servers. `user` logs in to both with `password`; missing `folders` are created.

    Raises OSError if a server does not start or the IMAP server refuses a command.
    """

    def __init__(self, user: str, password: str, folders: Sequence[str]) -> None:
        self.imap_port = 0
        self.smtp_port = 0
        self._user, self._password = user, password
        self._taken: list[TakenMail] = []
        self._running = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo servers", daemon=True)
        self._thread.start()
        try:
            self._run(self._serve())
            with self._mailbox() as mailbox:
                for folder in set(folders).difference(_FOLDERS):
                    _done(mailbox.create(folder))
        except BaseException:
            self.close()
            raise

    def deliver(self, octets: bytes, at: datetime) -> None:
        """Appends a mail to the inbox over IMAP with INTERNALDATE `at` (aware)."""
        with self._mailbox() as mailbox:
            _done(mailbox.append(_FOLDERS[0], "", imaplib.Time2Internaldate(at), octets))

    def last_for(self, addresses: AbstractSet[str]) -> bytes:
        """Returns the most recently submitted mail for any of `addresses`; raises StopIteration if there is none."""
        return next(mail.octets for mail in reversed(self._taken) if not addresses.isdisjoint(mail.recipients))

    def close(self) -> None:
        """Stops both servers and closes every connection; idempotent."""
        if self._loop.is_closed():
            return
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    async def _serve(self) -> None:
        self.imap_port = _free_port()
        arguments = Namespace(
            host=HOST, port=self.imap_port, debug=False, cert=None, key=None, tls=False, passlib_cfg=None,
            proxy_protocol=None, inherited_sockets=None, demo_data=False, demo_user=self._user,
            demo_password=self._password,
        )  # fmt: skip
        backend, config = await _Backend.init(arguments)
        config.apply_context()  # connections inherit the context in which the server is created
        await IMAPService(backend, config).start(self._running)
        server = await self._loop.create_server(self._smtp_session, HOST, 0)
        await self._running.enter_async_context(server)
        self.smtp_port = server.sockets[0].getsockname()[1]

    def _smtp_session(self) -> SMTP:
        return SMTP(
            self, hostname=_NAME, ident="submission", loop=self._loop, enable_SMTPUTF8=True,
            authenticator=self._authenticate, auth_require_tls=False,
        )  # fmt: skip

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        own = LoginPassword(self._user.encode(), self._password.encode())
        return AuthResult(success=given == own)

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks up the hook by this name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Accepts a mail from an authenticated session."""
        if not session.authenticated:
            return "530 5.7.0 log in first"
        self._taken.append(TakenMail(tuple(envelope.rcpt_tos), envelope.original_content or b""))
        return "250 2.0.0 taken"

    async def _end(self) -> None:
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()  # before closing the servers: closing waits for open connections
        await asyncio.gather(*rest, return_exceptions=True)
        await self._running.aclose()

    def _run(self, work: Coroutine[object, object, T]) -> T:
        """Runs `work` in the servers' event loop; raises its exception, or TimeoutError after `_SECONDS`."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def _mailbox(self) -> imaplib.IMAP4:
        mailbox = imaplib.IMAP4(HOST, self.imap_port, timeout=_SECONDS)
        _done(mailbox.login(self._user, self._password))
        return mailbox


class _Config(Config):
    """Uses a fixed greeting. pymap would look up this host's name in the DNS at each connection."""

    @property
    def greeting(self) -> bytes:
        return b"ready"


class _Backend(DictBackend):
    """pymap's in-memory backend with `_Config`."""

    @classmethod
    async def init(cls, args: Namespace, **overrides: object) -> tuple[DictBackend, Config]:
        config = _Config.from_args(args, **overrides)
        login = Login(config)
        await cls._add_demo_user(config, login)
        return cls(login, config), config


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _done(answer: tuple[str, object]) -> None:
    if answer[0] != "OK":
        raise OSError(f"the mailbox server answers {answer[0]}")
