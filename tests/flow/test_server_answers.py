# SPDX-License-Identifier: EUPL-1.2
"""Mistakes of set-up between a real Dovecot and a real Postfix: each yields its own sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.server_answers.answer import Reader
from flaggermail.adapters.server_answers.recognise import worded
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.errors import FolderUnreadable, LinkLost, LoginRefused
from flaggermail.ports import AccessToken, Refused
from flaggermail.stories.doubles import SetClock
from flaggermail.wording.said import Sentence, StoredText
from flaggermail.wording.servers import MailboxFailure, SubmissionFailure
from tests.corpus import each
from tests.flow.server_mistakes import MAIL, NOW, Between
from tests.servers import program, run
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_ports, wait_until_greeting
from tests.servers.postfix import Postfix

OURS, OWNED, FREE = "verkiezingen@bzk.example", "head@bzk.example", "free@bzk.example"
_STRICT = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o max_use=1
  -o smtpd_tls_security_level=may
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_helo_required=yes
  -o smtpd_helo_restrictions=reject_non_fqdn_helo_hostname
  -o smtpd_sender_login_maps=inline:{{{owned}=somebody,{ours}=answers}}
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject_unauth_destination
  -o smtpd_end_of_data_restrictions=
  -o message_size_limit=2000
"""


class Lent:
    """Implements `ports.TokenSource` with one token."""

    def __init__(self, value: str) -> None:
        """Keeps the token."""
        self.value = value

    def token(self, now: float) -> AccessToken:
        """Returns the token, as if just fetched."""
        return AccessToken(self.value, now, now + 3000, now + 3600)

    def forget(self, token: AccessToken) -> None:
        """Does nothing."""


@pytest.fixture(scope="module")
def strict_port(postfix: Postfix) -> Iterator[int]:
    """Returns a port at which Postfix also asks what administrators ask: whole names, owned senders, small mail."""
    (port,) = free_ports(1)
    master = postfix.folder / "etc" / "master.cf"
    before = master.read_text("utf-8")
    reload = [program("postfix"), "-c", str(master.parent), "reload"]
    log = postfix.folder / "log" / "reload.log"
    master.write_text(before + _STRICT.format(port=port, owned=OWNED, ours=OURS), "utf-8")
    assert run(reload, log) == 0, log.read_text("utf-8")
    wait_until_greeting(port)
    yield port
    master.write_text(before, "utf-8")
    assert run(reload, log) == 0


@pytest.fixture(scope="module")
def between(postfix: Postfix, certificates: Certificates) -> Between:
    """Returns settings that work, for a user of this module."""
    return Between(postfix, certificates, "answers")


def submitted(account: SubmissionAccount, sender: str = OURS, octets: bytes = MAIL) -> StoredText:
    """Submits a mail, which must be refused; returns what the refusal means."""
    (result,) = SmtpSubmitter(account, SetClock(NOW)).submit(octets, sender, ["b@elsewhere.example"])
    assert isinstance(result, Refused)
    assert result.text.sentences("hint"), result.text.english
    return result.text.sentences("hint")[0]


def bearer(value: str) -> Bearer:
    """Returns the login with a token."""
    return Bearer(tokens=Lent(value), mailbox="answers", monotonic=lambda: 0.0)


Strict = Callable[[SubmissionAccount], StoredText]
STRICT: dict[Sentence, Strict] = {
    SubmissionFailure.HELLO: lambda it: submitted(replace(it, local_hostname="desk")),
    SubmissionFailure.NOT_OWNED: lambda it: submitted(it, OWNED),
    SubmissionFailure.NOT_LOGGED_IN: lambda it: submitted(replace(it, user=None, password=None), OWNED),
    SubmissionFailure.RELAY: lambda it: submitted(replace(it, user=None, password=None), FREE),
    SubmissionFailure.SIZE: lambda it: submitted(it, octets=MAIL + b"x\r\n" * 1000),
    MailboxFailure.CREDENTIALS: lambda it: submitted(replace(it, password=lambda: "wrong")),
    MailboxFailure.TOKEN_UNCHECKED: lambda it: submitted(replace(it, bearer=bearer("no.good.token"))),
}
"""By cause, the mistake that brings it about."""


@each("cause", STRICT, ids=lambda cause: cause.value)
def test_what_postfix_answers(cause: Sentence, between: Between, strict_port: int) -> None:
    """Name, sender, login, relaying and size, each with one setting or one right missing."""
    account = replace(between.submission, port=strict_port)
    assert STRICT[cause](account).code == cause.value


def test_what_postfix_answers_at_its_port_for_submission(between: Between) -> None:
    """No login, or no TLS, where both are required."""
    account = between.submission
    assert submitted(replace(account, user=None, password=None)).code == SubmissionFailure.RECIPIENT_REJECTED.value
    bare = replace(account, host="127.0.0.1", tls="none", user=None, password=None)
    assert submitted(bare).code == SubmissionFailure.STARTTLS_FIRST.value


def test_a_postfix_whose_configuration_is_broken(between: Between, postfix: Postfix) -> None:
    """A table with a word that is none: the sentence sends the reader to the server's log."""
    postfix.set_recipient_access({"b@elsewhere.example": "no_such_restriction"})
    try:
        meaning = submitted(between.submission)
    finally:
        postfix.set_recipient_access({})
    assert meaning.english == worded(SubmissionFailure.SERVER_BROKEN, Reader(host="localhost")).english


def test_what_dovecot_answers(between: Between, dovecot: Dovecot) -> None:
    """A wrong password, a token of somebody else's, and a folder that is not there."""
    account = between.mailbox
    for login, cause in (
        (replace(account, password=lambda: "wrong"), MailboxFailure.CREDENTIALS),
        (replace(account, bearer=bearer("no.good.token")), MailboxFailure.TOKEN_UNCHECKED),
        (replace(account, bearer=bearer(dovecot.token("answers", life=-60))), MailboxFailure.TOKEN_UNCHECKED),
    ):
        mailbox = ImapMailbox(login)
        with pytest.raises(LoginRefused) as refused:
            mailbox.folders()
        mailbox.close()
        assert refused.value.meaning.code == cause.value
    mailbox = ImapMailbox(replace(account, inbox="Postvak IN"))
    with pytest.raises(LinkLost) as lost:
        mailbox.position("Postvak IN")
    assert lost.value.meaning.code == MailboxFailure.NO_FOLDER.value
    with pytest.raises(FolderUnreadable, match="it has no such folder"):
        mailbox.position("Elders")
    mailbox.close()
