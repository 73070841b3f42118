# SPDX-License-Identifier: EUPL-1.2
"""The mistakes that only a server shows, and what the daemon says to each: the second table of docs/mistakes.md.

`python -m tests.flow.server_mistakes` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flaggermail.adapters.imap.mailbox import ImapAccount, ImapMailbox
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.errors import LinkLost
from flaggermail.ports import Refused
from flaggermail.stories.doubles import SetClock
from tests.patience import PATIENCE
from tests.servers import server_folder
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.tools.mistakes import write

HEAD = "| mistake | `reason` in the journal |\n|---|---|\n"
NOW = datetime(2027, 3, 17, 9, tzinfo=UTC)
MAIL = b"From: a@bzk.example\r\nTo: b@bzk.example\r\nMessage-ID: <vf.1@bzk.example>\r\n\r\nx\r\n"
_TOOK = re.compile(r" \([\d.+ ]+secs\)\.?")  # how long Dovecot took
_SSL_REASON = re.compile(r"(?<=TLS failed: )[A-Z_]+")  # differs by version of OpenSSL
_PATIENCE = re.compile(r"(?<=no answer within )[\d.]+ s")  # less here than the shipped `timeout_seconds`


@dataclass(frozen=True)
class Between:
    """A Dovecot and a Postfix, and the right settings for both."""

    postfix: Postfix
    certificates: Certificates
    user: str

    @property
    def mailbox(self) -> ImapAccount:
        """The account of a mailbox that works."""
        dovecot = self.postfix.dovecot
        return ImapAccount(
            host="localhost", port=dovecot.imaps_port, user=self.user, password=lambda: dovecot.password,
            tls="implicit", ca_file=self.certificates.ca_file, timeout=PATIENCE,
        )  # fmt: skip

    @property
    def submission(self) -> SubmissionAccount:
        """The account of a submission that works."""
        return SubmissionAccount(
            host="localhost", port=self.postfix.submission_port, user=self.user,
            password=lambda: self.postfix.dovecot.password, tls="starttls", ca_file=self.certificates.ca_file,
            timeout=PATIENCE, local_hostname="bzk.example",
        )  # fmt: skip

    def link_lost(self, account: ImapAccount) -> str:
        """Returns the reason in `mailbox link lost`."""
        mailbox = ImapMailbox(account)
        try:
            mailbox.folders()
            mailbox.position(account.inbox)
        except LinkLost as lost:
            return self._plain(str(lost))
        finally:
            mailbox.close()
        raise AssertionError("the mailbox can be read")

    def refused(self, account: SubmissionAccount) -> str:
        """Returns the reason in `submission server refuses the desk`, or of a mail that waits."""
        (result,) = SmtpSubmitter(account, SetClock(NOW)).submit(MAIL, "a@bzk.example", ["b@elsewhere.example"])
        assert isinstance(result, Refused)
        return self._plain(result.text.english)

    def _plain(self, said: str) -> str:
        dovecot = self.postfix.dovecot
        for port in (
            dovecot.imap_port,
            dovecot.imaps_port,
            self.postfix.submission_port,
            self.postfix.submissions_port,
        ):
            said = said.replace(f" {port}", " PORT")
        return _TOOK.sub("", _SSL_REASON.sub("REASON", _PATIENCE.sub("30 s", said)))


@dataclass(frozen=True)
class Shown:
    """One mistake in plain words, and how the server shows it."""

    words: str
    said: Callable[[Between], str]

    def row(self, between: Between) -> str:
        """Returns the row of the manual, made by asking the server."""
        return f"| {self.words} | `` {self.said(between)} `` |\n"


SHOWN = (
    Shown("nobody listens at the port", lambda it: it.link_lost(replace(it.mailbox, port=1))),
    Shown("the authority is not named", lambda it: it.link_lost(replace(it.mailbox, ca_file=None))),
    Shown(
        "`implicit` at the port of STARTTLS",
        lambda it: it.link_lost(replace(it.mailbox, port=it.postfix.dovecot.imap_port)),
    ),
    Shown(
        "`starttls` at the port of implicit TLS",
        lambda it: it.link_lost(replace(it.mailbox, tls="starttls", timeout=2)),
    ),
    Shown("a wrong password of the mailbox", lambda it: it.link_lost(replace(it.mailbox, password=lambda: "wrong"))),
    Shown("the inbox has another name", lambda it: it.link_lost(replace(it.mailbox, inbox="Postvak IN"))),
    Shown(
        "submission: nobody listens at the port",
        lambda it: it.refused(replace(it.submission, host="127.0.0.1", port=1)),
    ),
    Shown("submission: the authority is not named", lambda it: it.refused(replace(it.submission, ca_file=None))),
    Shown("submission: `implicit` at port 587", lambda it: it.refused(replace(it.submission, tls="implicit"))),
    Shown(
        "submission: `starttls` at port 465",
        lambda it: it.refused(replace(it.submission, port=it.postfix.submissions_port, timeout=2)),
    ),
    Shown("submission: a wrong password", lambda it: it.refused(replace(it.submission, password=lambda: "wrong"))),
    Shown(
        "submission: no `user`, where a login is needed",
        lambda it: it.refused(replace(it.submission, user=None, password=None)),
    ),
)


if __name__ == "__main__":
    with server_folder("tls") as folder:
        authority = Certificates(folder)
        with (
            Dovecot.running(authority.server) as dovecot_server,
            Postfix.running(authority.server, dovecot_server, 1) as postfix_server,
        ):
            at = Between(postfix_server, authority, "verkiezingenflagger")
            write([shown.row(at) for shown in SHOWN], HEAD)
