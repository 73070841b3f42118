# SPDX-License-Identifier: EUPL-1.2
"""A mailbox on a scripted IMAP server."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from flaggermail.adapters.imap.link import Tls
from flaggermail.adapters.imap.mailbox import ImapAccount, ImapMailbox
from flaggermail.ports import RawMessage
from tests.doubles.scripted_imap import ScriptedImap
from tests.patience import PATIENCE

SECRET = "geheim wachtwoord"


class Changes(TypedDict, total=False):
    """The account settings that a test changes."""

    host: str
    user: str
    password: Callable[[], str]
    tls: Tls
    ca_file: Path | None
    timeout: float
    batch_messages: int
    batch_octets: int
    excluded_folders: frozenset[str]
    keyword: str
    presented: Callable[[str, object], None]


def account(port: int, **changes: Unpack[Changes]) -> ImapAccount:
    """Builds an account in clear text on this machine."""
    plain = ImapAccount(
        host="127.0.0.1", port=port, user="desk", password=lambda: SECRET, tls="none", ca_file=None,
        timeout=PATIENCE,
    )  # fmt: skip
    return replace(plain, **changes)


@contextmanager
def mailbox_on(server: ScriptedImap, **changes: Unpack[Changes]) -> Iterator[ImapMailbox]:
    """Yields a mailbox on a server that plays its scripts to the end."""
    with server.running() as port:
        mailbox = ImapMailbox(account(port, **changes))
        try:
            yield mailbox
        finally:
            mailbox.close()


def given(mailbox: ImapMailbox, folder: str, position: str | None) -> Iterator[Sequence[RawMessage]]:
    """Yields the mails of each page that has any."""
    return (page.mails for page in mailbox.fetch_after(folder, position) if page.mails)
