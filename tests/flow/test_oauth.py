# SPDX-License-Identifier: EUPL-1.2
"""Logins with tokens at a real Dovecot and a real Postfix, with tokens from an endpoint on this machine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.imap.probe import proves_one_mailbox
from flaggermail.adapters.oauth.endpoint import SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.oauth.tokens import RenewingTokens
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import Accepted, Reach, Refused, Role
from flaggermail.settings.oauth_section import OAuth2Settings
from flaggermail.wording.servers import AttemptText, MailboxFailure
from tests.contract.imap_account import given
from tests.patience import PATIENCE
from tests.servers import OUR_DOMAIN
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.token_endpoint import TokenEndpoint, grants

SOON = 5 * PATIENCE  # seconds, of an hour
SECRET = "canary-of-the-secret"
MAIL = b"From: a@gemeente.example\r\nSubject: proef\r\n\r\nGoedemorgen.\r\n"


class HandClock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        """Starts at a thousand."""
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Returns the seconds."""
        return self.seconds

    def now(self) -> datetime:
        """Returns a fixed instant."""
        return datetime(2024, 6, 6, 8, 34, tzinfo=UTC)


@contextmanager
def bearer(mailbox: str, clock: HandClock, value: Callable[[], str]) -> Iterator[tuple[Bearer, TokenEndpoint]]:
    """Yields what logs in for the mailbox with tokens of this value, and their endpoint."""
    with TokenEndpoint(lambda _: grants(value())).running() as endpoint:
        section = OAuth2Settings(token_endpoint=endpoint.url, client_id="desk", scope="mail")
        line = TokenLine(endpoint.url, PATIENCE)
        tokens = RenewingTokens(
            lambda secret: fetch_token(section, secret, SecretFiles("the file"), line), lambda: SECRET, None
        )
        yield Bearer(tokens=tokens, mailbox=mailbox, monotonic=clock), endpoint


def account(
    user: str, dovecot: Dovecot, certificates: Certificates, by: Bearer, made: list[str]
) -> ImapAccount:  # fmt: skip
    """Returns the account of this user with a token; `made` grows with each connection."""
    return ImapAccount(
        host="localhost", port=dovecot.imaps_port, user=user, password=lambda: "", tls="implicit",
        ca_file=certificates.ca_file, timeout=PATIENCE, bearer=by, presented=lambda server, _: made.append(server),
    )  # fmt: skip


@contextmanager
def opened(
    user: str, dovecot: Dovecot, certificates: Certificates, by: Bearer, sessions: list[str] | None = None
) -> Iterator[ImapMailbox]:
    """Yields the mailbox, opened with a token; `sessions` grows with each connection."""
    made = [] if sessions is None else sessions
    mailbox = ImapMailbox(account(user, dovecot, certificates, by, made))
    try:
        yield mailbox
    finally:
        mailbox.close()


def test_a_token_opens_the_mailbox_and_the_session_is_renewed_with_the_next(
    mail_user: str, dovecot: Dovecot, certificates: Certificates
) -> None:
    """One token serves until a fifth of its life is left; then the connection is opened anew and nothing is missed."""
    dovecot.deliver(mail_user, MAIL)
    clock, sessions = HandClock(), list[str]()
    with (
        bearer(f"{mail_user}@{OUR_DOMAIN}", clock, lambda: dovecot.token(mail_user)) as (by, endpoint),
        opened(mail_user, dovecot, certificates, by, sessions) as mailbox,
    ):
        start = mailbox.position("INBOX")
        assert start.uid == 1
        clock.seconds += 2800
        mailbox.position("INBOX")
        assert len(endpoint.forms) == len(sessions) == 1
        dovecot.deliver(mail_user, MAIL)
        clock.seconds += 100
        assert [len(batch) for batch in given(mailbox, "INBOX", str(start))] == [1]
        assert len(endpoint.forms) == len(sessions) == 2
        assert endpoint.forms[0] == {
            "grant_type": "client_credentials", "client_id": "desk", "scope": "mail", "client_secret": SECRET,
        }  # fmt: skip


def test_idle_ends_before_its_token(mail_user: str, dovecot: Dovecot, certificates: Certificates) -> None:
    """A wait of an hour ends after the second in which the token is to be renewed."""
    clock = HandClock()
    with (
        bearer(mail_user, clock, lambda: dovecot.token(mail_user)) as (by, _),
        opened(mail_user, dovecot, certificates, by) as mailbox,
    ):
        mailbox.position("INBOX")
        clock.seconds += 2879.5  # of 2,880
        began = time.monotonic()
        mailbox.wait(EventInterrupt(), 3600)
        assert time.monotonic() - began < SOON


def test_a_refused_token_is_told_and_given_up(mail_user: str, dovecot: Dovecot, certificates: Certificates) -> None:
    """An ended token that was just fetched is no use to try again; the next try takes another, and works."""
    life = [-10.0]
    clock = HandClock()
    with (
        bearer(mail_user, clock, lambda: dovecot.token(mail_user, life[0])) as (by, endpoint),
        opened(mail_user, dovecot, certificates, by) as mailbox,
    ):
        with pytest.raises(LoginRefused, match=r"refuses the token .*invalid_token.*oauth2\.client_id") as refused:
            mailbox.folders()
        assert SECRET not in str(refused.value)
        life[0] = 3600
        assert mailbox.folders()[0].role is Role.INBOX
        assert len(endpoint.forms) == 2


def test_an_older_token_that_is_refused_counts_as_a_lost_connection(
    mail_user: str, dovecot: Dovecot, certificates: Certificates
) -> None:
    """It may have been withdrawn: the desk reconnects soon, with another."""
    life, clock = [-10.0], HandClock()
    with (
        bearer(mail_user, clock, lambda: dovecot.token(mail_user, life[0])) as (by, _),
        opened(mail_user, dovecot, certificates, by) as mailbox,
    ):
        by.current()
        clock.seconds += 90
        with pytest.raises(LinkLost, match="the next try is with another") as lost:
            mailbox.folders()
        assert not isinstance(lost.value, LoginRefused)
        life[0] = 3600
        assert mailbox.folders()[0].role is Role.INBOX


def test_a_mail_is_sent_with_a_token(
    mail_user: str, dovecot: Dovecot, postfix: Postfix, certificates: Certificates
) -> None:
    """A fresh token that Postfix refuses needs a person; an older one that was withdrawn costs one more try."""
    sender, life, clock = f"{mail_user}@{OUR_DOMAIN}", [-10.0], HandClock()
    octets = f"Message-ID: <vf.1@{OUR_DOMAIN}>\r\nSubject: proef\r\n\r\nGoedemorgen.\r\n".encode()
    with bearer(sender, clock, lambda: dovecot.token(mail_user, life[0])) as (by, endpoint):
        account = SubmissionAccount(
            host="localhost", port=postfix.submission_port, user=None, password=None, tls="starttls",
            ca_file=certificates.ca_file, timeout=PATIENCE, local_hostname=f"desk.{OUR_DOMAIN}", bearer=by,
        )  # fmt: skip
        submitter = SmtpSubmitter(account, clock)
        (result,) = submitter.submit(octets, sender, [f"{mail_user}@x-platform.example"])
        assert isinstance(result, Refused)
        assert not result.permanent
        assert result.text == AttemptText.HINTED(
            what=AttemptText.TOKEN_DENIED(told="invalid_token", mailbox=sender),
            hint=MailboxFailure.TOKEN_UNCHECKED(mailbox=sender),
        )
        by.current()
        clock.seconds += 90
        life[0] = 3600
        (result,) = submitter.submit(octets, sender, [f"{mail_user}@x-platform.example"])
        assert isinstance(result, Accepted), result
        assert len(endpoint.forms) == 3


@pytest.mark.parametrize(("whose", "reach"), [("the desk", Reach.REFUSED), ("the other", Reach.OPENED)])
def test_another_mailbox_is_tried_with_the_token(
    mail_user: str, dovecot: Dovecot, certificates: Certificates, whose: str, reach: Reach
) -> None:
    """The server refuses the desk's token for it; a source that has a token for it as well opens it."""
    clock, sessions, other = HandClock(), list[str](), f"not-{mail_user}"
    with (
        bearer(mail_user, clock, lambda: dovecot.token(mail_user)) as (by, _),
        bearer(other, clock, lambda: dovecot.token(other)) as (of_another, _),
    ):
        tried = replace(by, mailbox=other) if whose == "the desk" else of_another
        found = proves_one_mailbox(account(mail_user, dovecot, certificates, by, sessions), tried)
    assert found.reach is reach
    assert len(sessions) == 2
