# SPDX-License-Identifier: EUPL-1.2
"""What only a server shows about a set-up: the reason names the key to correct, the port, and the folders there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flaggermail.adapters.imap.mailbox import ImapAccount, ImapMailbox
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.errors import LinkLost
from flaggermail.ports import Refused
from flaggermail.stories.doubles import SetClock
from tests.contract.imap_account import given
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix

NOW = datetime(2027, 3, 17, 9, tzinfo=UTC)
OURS = b"Message-ID: <vf.00ff.1@bzk.example>\r\nFrom: verkiezingenflagger@bzk.example\r\n\r\nBeste,\r\n"
ANSWER = b"Message-ID: <1@x.example>\r\nFrom: a@x.example\r\nReferences: <vf.00ff.1@bzk.example>\r\n\r\nDank.\r\n"
OTHER = b"Message-ID: <2.vf.3@x.example>\r\nFrom: a@x.example\r\nSubject: <vf.\r\n\r\n<vf.1@bzk.example>\r\n"
MAIL = b"From: a@bzk.example\r\nTo: b@bzk.example\r\nMessage-ID: <vf.1@bzk.example>\r\n\r\nx\r\n"


@pytest.fixture
def account(mail_user: str, dovecot: Dovecot, certificates: Certificates) -> ImapAccount:
    """Returns the account of a mailbox that works."""
    return ImapAccount(
        host="localhost", port=dovecot.imaps_port, user=mail_user, password=lambda: dovecot.password, tls="implicit",
        ca_file=certificates.ca_file, timeout=PATIENCE,
    )  # fmt: skip


@contextmanager
def opened(account: ImapAccount) -> Iterator[ImapMailbox]:
    """Opens the mailbox of an account and closes it at the end."""
    mailbox = ImapMailbox(account)
    try:
        yield mailbox
    finally:
        mailbox.close()


def reason(account: ImapAccount, *, look: bool = False) -> str:
    """Returns why the mailbox of an account cannot be read."""
    with opened(account) as mailbox, pytest.raises(LinkLost) as lost:
        mailbox.position(account.inbox) if look else mailbox.folders()
    return str(lost.value)


def test_no_authority_is_named(account: ImapAccount) -> None:
    """A certificate of one's own authority: the reason names `mailbox.ca_file`."""
    said = reason(replace(account, ca_file=None))
    assert "certificate is not accepted" in said
    assert said.endswith("; mailbox.ca_file: name the file with the certificate of the authority that signed it")


def test_tls_is_expected_where_it_does_not_begin(account: ImapAccount, dovecot: Dovecot) -> None:
    """Implicit TLS at a port of STARTTLS: the reason names the port and the word to write."""
    said = reason(replace(account, port=dovecot.imap_port))
    assert f"mailbox.tls: at port {dovecot.imap_port} TLS does not begin with the first octet" in said
    assert said.endswith("write `tls: starttls`")


def test_a_greeting_is_awaited_where_tls_begins(account: ImapAccount) -> None:
    """STARTTLS at a port of implicit TLS: both sides wait, and the reason names the port and the word to write."""
    said = reason(replace(account, tls="starttls", timeout=2))
    assert f"at port {account.port}, write `tls: implicit`" in said


def test_nobody_listens(account: ImapAccount) -> None:
    """A refused connection names the port."""
    said = reason(replace(account, port=1))
    assert "Connection refused at port 1; nothing listens at port 1 of localhost: correct mailbox.port or " in said


def test_an_inbox_of_another_name(account: ImapAccount) -> None:
    """An inbox that the server does not have: the reason lists its folders."""
    said = reason(replace(account, inbox="Postvak IN"), look=True)
    assert "mailbox.inbox: the server cannot open 'Postvak IN'; write one of its folders: " in said
    assert "INBOX" in said
    assert "Sent" in said


def test_a_mailbox_that_a_desk_has_read(account: ImapAccount, dovecot: Dovecot, mail_user: str) -> None:
    """Our own mail among the sent, answers to it and the keyword are counted; nothing else is."""
    dovecot.deliver(mail_user, OTHER)
    with opened(account) as mailbox:
        assert mailbox.earlier_mail() == 0
        dovecot.append(mail_user, "Sent", OURS, NOW)
        assert mailbox.earlier_mail() == 1
        dovecot.deliver(mail_user, ANSWER)
        assert mailbox.earlier_mail() == 2
    with opened(replace(account, keyword="flaggermail")) as mailbox:
        mailbox.folders()
        (batch,) = given(mailbox, "INBOX", None)
        assert mailbox.mark("INBOX", batch[0].numbering, [batch[0].item])
        assert mailbox.earlier_mail() == 3
    with opened(replace(account, sent="Elsewhere")) as mailbox:
        assert mailbox.earlier_mail() == 1


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_submission_names_the_form_of_tls_and_the_authority(
    postfix: Postfix, certificates: Certificates, tls: str
) -> None:
    """What the submission server shows is said with its keys, too."""
    account = SubmissionAccount(
        host="localhost", port=postfix.submission_port, user=None, password=None, tls="starttls", ca_file=None,
        timeout=PATIENCE, local_hostname="bzk.example",
    )  # fmt: skip
    if tls == "implicit":
        account = replace(account, tls="implicit", ca_file=certificates.ca_file)
    (result,) = SmtpSubmitter(account, SetClock(NOW)).submit(MAIL, "a@bzk.example", ["b@bzk.example"])
    assert isinstance(result, Refused)
    assert not result.permanent
    wanted = {
        "implicit": f"submission.tls: at port {postfix.submission_port} TLS does not begin with the first octet",
        "starttls": "submission.ca_file: name the file with the certificate of the authority that signed it",
    }
    assert wanted[tls] in result.text.english
