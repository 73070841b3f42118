# SPDX-License-Identifier: EUPL-1.2
"""A desk to be measured: its mailbox in a real Dovecot, its mail through a real Postfix, its record in a folder."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.flow.desk_process import DeskProcess, configure
from tests.servers import account, give, server_folder
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

VOUCHED = (
    "lindewaard.example", "kromwoude.example", "kiesraad.example", "omroep.example", "factcheck.example",
    "mailprovider.example", "gratismail.example", "tiktok-platform.example", "meta-platform.example",
    "google-platform.example", "x-platform.example", "snapchat-platform.example",
)  # fmt: skip
"""Domains whose mail our own server verifies."""


@dataclass(frozen=True)
class Servers:
    """The servers around a desk."""

    certificates: Certificates
    dovecot: Dovecot
    postfix: Postfix
    platform: PlatformServer

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Servers"]:
        """Starts all servers and stops them at the end; raises ServerNotStartedError."""
        with ExitStack() as stack:
            certificates = Certificates(stack.enter_context(server_folder("tls")))
            dovecot = stack.enter_context(Dovecot.running(certificates.server))
            platform = stack.enter_context(PlatformServer.running())
            postfix = stack.enter_context(Postfix.running(certificates.server, dovecot, platform.port))
            postfix.set_dmarc_results(dict.fromkeys(VOUCHED, "pass"))
            yield cls(certificates, dovecot, postfix, platform)

    def maildir(self, user: str) -> Path:
        """Returns where Dovecot stores the mail of a user."""
        return self.dovecot.folder / "home" / user / "Maildir"

    def own(self, user: str) -> None:
        """Gives Dovecot ownership of a user's Maildir."""
        give(self.maildir(user).parent, *account("nobody"))

    @contextmanager
    def desk(
        self, user: str, others: Mapping[str, Mapping[str, object]] | None = None, database: str = "", **mailbox: object
    ) -> Iterator[DeskProcess]:
        """Yields a desk with the mailbox of `user` and an election.

        `others` by section, and `mailbox`, change those settings; `database`: see `DeskProcess`. No process of it is
        left at the end.
        """
        tls = {"host": "localhost", "ca_file": str(self.certificates.ca_file), "user": user}
        inbox = {"address": f"{user}@bzk.example", "port": self.dovecot.imaps_port, "tls": "implicit"}
        changes: dict[str, dict[str, object]] = {
            "mailbox": tls | inbox | mailbox,
            "store": {"database": database} if database else {},
            "submission": {**tls, "port": self.postfix.submission_port, "tls": "starttls", "retry_minutes": [1]},
        }
        for section, values in (others or {}).items():
            changes.setdefault(section, {}).update(values)
        with tempfile.TemporaryDirectory(prefix="fm-desk-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            configure(folder, changes, f"officer-{user}")
            for credential in ("imap-password", "smtp-password"):
                file = folder / "credentials" / credential
                file.write_text(self.dovecot.password, "utf-8")
                file.chmod(0o600)
            desk = DeskProcess(folder, user, f"officer-{user}", database)
            desk.hold_election()
            try:
                yield desk
            finally:
                desk.end()
