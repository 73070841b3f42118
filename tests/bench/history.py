# SPDX-License-Identifier: EUPL-1.2
"""A mailbox of history, read by a desk and by a bare fetch of the same mails in the same run."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from imapclient import IMAPClient

from flaggermail.intake.poll import look
from flaggermail.services import Services
from flaggermail.wiring import assembly, mail_servers
from tests.bench import corpus
from tests.bench.desk import Servers
from tests.bench.figures import Figure

BATCH = 100


@dataclass(frozen=True)
class Filled:
    """A desk that has read a mailbox of `size` mails, and what that cost."""

    size: int
    env: Services
    octets: int
    seconds: float
    bare: float  # seconds of the bare fetch

    @property
    def each(self) -> float:
        """Microseconds per mail."""
        return self.seconds / self.size * 1e6

    def figures(self) -> Iterator[Figure]:
        """Yields the speed of both sides."""
        bare = self.bare / self.size * 1e6
        fetched = f"bare fetch of {self.size:,}, {self.octets / 1e6:,.0f} MB, a mail"
        yield Figure(what=fetched, figure=bare, unit="us")
        yield Figure(what=f"flaggermail takes in {self.size:,}, a mail", figure=self.each, unit="us", beside=bare)


def lay(servers: Servers, files: list[Path], user: str) -> None:
    """Stores the files in a new mailbox of `user`."""
    corpus.lay(files, servers.maildir(user))
    servers.own(user)


def bare_fetch(servers: Servers, user: str) -> tuple[int, float]:
    """Fetches the whole inbox with imapclient alone, its trace off; returns octets and seconds."""
    with IMAPClient("127.0.0.1", servers.dovecot.imap_port, ssl=False, timeout=60) as client:
        client._imap.debug = 0  # noqa: SLF001 - as the product does; with the trace it would be four times as slow
        client.login(user, servers.dovecot.password)
        begun = time.perf_counter()
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        octets = 0
        for first in range(0, len(uids), BATCH):
            answer = client.fetch(uids[first : first + BATCH], ["INTERNALDATE", "BODY.PEEK[]"])
            octets += sum(len(items[b"BODY[]"]) for items in answer.values())
        return octets, time.perf_counter() - begun


@contextmanager
def filled(servers: Servers, size: int, user: str) -> Iterator[Filled]:
    """Yields a desk that ingested the mailbox of `user`; raises AssertionError if that is not `size` mails."""
    with ExitStack() as stack:
        desk = stack.enter_context(servers.desk(user, port=servers.dovecot.imap_port, tls="none", ca_file=None))
        env = stack.enter_context(closing(assembly.open_services(desk.folder)))
        mailbox = stack.enter_context(closing(mail_servers.ImapService(env.settings).mailbox()))
        octets, bare = bare_fetch(servers, user)
        begun = time.perf_counter()
        taken = look(env, mailbox)
        seconds = time.perf_counter() - begun
        if taken != size:
            raise AssertionError(f"{taken} of {size} mails were taken in")
        yield Filled(size, env, octets, seconds, bare)
