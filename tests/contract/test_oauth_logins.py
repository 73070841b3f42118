# SPDX-License-Identifier: EUPL-1.2
"""What Exchange Online says to logins with a token, played by scripted servers; its words are those it documents."""

import base64
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from flaggermail.adapters.imap.fetching import Position
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.oauth.endpoint import Granted
from flaggermail.adapters.oauth.sasl import Bearer, BearerExchange, preferred
from flaggermail.adapters.oauth.tokens import RenewingTokens
from flaggermail.adapters.smtp.submission import SmtpSubmitter
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import Accepted, AccessToken, Refused, Submission
from flaggermail.record.refusals import SmtpStage
from flaggermail.wording.servers import AttemptText
from tests.contract.imap_account import account, given
from tests.contract.test_imap import MAIL, give, mail, sizes, uids
from tests.contract.test_smtp import OCTETS, ONE, SENDER, SteppingClock
from tests.contract.test_smtp import account as submission_account
from tests.doubles.scripted_imap import Line, Script, ScriptedImap
from tests.doubles.scripted_smtp import ScriptedSmtp

SHARED = "verkiezingen@bzk.example"
EXCHANGE = "IMAP4rev1 IDLE AUTH=PLAIN AUTH=XOAUTH2 SASL-IR"
FAILED = base64.b64encode(b'{"status":"401","schemes":"bearer","scope":"mail"}').decode()


def tokens() -> Bearer:
    """Returns tokens with the values canary-1, canary-2 and so on."""
    asked: list[str] = []

    def ask(secret: str) -> Granted:
        asked.append(secret)
        return Granted(f"canary-{len(asked)}", 3600)

    return Bearer(tokens=RenewingTokens(ask, lambda: "canary-secret", None), mailbox=SHARED)


@contextmanager
def opened(*scripts: Script) -> Iterator[ImapMailbox]:
    """Yields a mailbox on a server that plays a script for each connection."""
    with ScriptedImap(scripts).running() as port:
        mailbox = ImapMailbox(replace(account(port), bearer=tokens()))
        try:
            yield mailbox
        finally:
            mailbox.close()


def log_in(line: Line, value: str) -> None:
    """Lets the client log in with this token."""
    line.greet(EXCHANGE)
    tag = line.expect("AUTHENTICATE XOAUTH2")
    line.say("+ ")
    said = base64.b64decode(line.hear()).decode()
    assert said == f"user={SHARED}\x01auth=Bearer {value}\x01\x01"
    line.say(f"{tag} OK AUTHENTICATE completed.")
    line.answer("CAPABILITY", f"* CAPABILITY {EXCHANGE}")


def test_the_mechanism_of_the_standard_comes_first() -> None:
    """RFC 7628; XOAUTH2 where it alone is offered."""
    assert preferred(["PLAIN", "XOAUTH2", "OAUTHBEARER"]) == "OAUTHBEARER"
    assert preferred(["XOAUTH2"]) == "XOAUTH2"
    assert preferred(["PLAIN"]) is None
    exchange = BearerExchange("OAUTHBEARER", "a=b,c", AccessToken("t", 0, 0, 0))
    assert exchange.answer(b"") == b"n,a=a=3Db=2Cc,\x01auth=Bearer t\x01\x01"
    assert exchange.answer(b'{"status":"invalid_token\\r\\nX"}') == b"\x01"
    assert exchange.status == "invalid_tokenX"


@pytest.mark.parametrize(("now", "left"), [(0, 2880), (2879.5, 1), (2880, 60), (3590, 10), (4000, 1)])
def test_how_long_a_session_waits(now: float, left: float) -> None:
    """Until its token is due; while no other can be had, a minute at a time, so that the server is not flooded."""
    by = replace(tokens(), monotonic=lambda: now)
    assert by.left(AccessToken("t", 0, 2880, 3600)) == left


@pytest.mark.parametrize(
    ("life", "age", "no_use"), [(3600, 59, True), (3600, 61, False), (1, 2, True), (1, 30, False), (0, 1, True)]
)
def test_when_another_token_is_worth_a_try(life: float, age: float, *, no_use: bool) -> None:
    """One that is a minute old may have been withdrawn, and one that was kept beyond its life has ended."""
    by = replace(tokens(), monotonic=lambda: age)
    assert by.forget(AccessToken("t", 0, 60, life)) is no_use


def test_a_submission_server_that_refuses_each_token_gets_two() -> None:
    """The old one and another, however late the refusals come."""
    passing = iter(range(0, 10_000, 100))
    by = replace(tokens(), monotonic=lambda: next(passing))
    with ScriptedSmtp({"AUTH": "535 no"}, offers=("AUTH XOAUTH2",)).running() as server:
        taken = replace(submission_account(server.port), bearer=by)
        (result,) = SmtpSubmitter(taken, SteppingClock()).submit(OCTETS, SENDER, [ONE])
    assert isinstance(result, Refused)
    assert server.verbs().count("AUTH") == 2


def test_a_refused_token_is_told_with_the_status(caplog: pytest.LogCaptureFixture) -> None:
    """The JSON of the challenge is read and answered; neither text nor log holds the token."""
    caplog.set_level(logging.DEBUG)

    def script(line: Line) -> None:
        line.greet(EXCHANGE)
        tag = line.expect("AUTHENTICATE XOAUTH2")
        line.say("+ ")
        line.hear()
        line.say(f"+ {FAILED}")
        assert line.file.readline() == b"\r\n"
        line.say(f"{tag} NO AUTHENTICATE failed.")
        line.until_closed()

    with opened(script) as mailbox, pytest.raises(LoginRefused, match=rf"{SHARED} \(401\); Exchange does not take"):
        mailbox.folders()
    assert "canary" not in caplog.text
    assert base64.b64encode(b"canary")[:6].decode() not in caplog.text


def test_a_login_without_a_right_to_the_mailbox() -> None:
    """The token is good, and the first command fails."""

    def script(line: Line) -> None:
        log_in(line, "canary-1")
        tag = line.expect("LIST")
        line.say(f"{tag} BAD User is authenticated but not connected.")
        line.until_closed()

    with opened(script) as mailbox, pytest.raises(LoginRefused, match=f"no right to the mailbox {SHARED}; give desk"):
        mailbox.folders()


def test_a_server_without_tokens() -> None:
    """No password is tried in their place."""

    def script(line: Line) -> None:
        line.greet("IMAP4rev1 AUTH=PLAIN")
        line.until_closed()

    with opened(script) as mailbox, pytest.raises(LoginRefused, match="takes no token"):
        mailbox.folders()


ENDED: Sequence[str] = ("* BYE Session invalidated - AccessTokenExpired", "NO [X] AccessTokenExpired")


@pytest.mark.parametrize("words", ENDED)
def test_a_session_that_ends_in_mid_work_is_resumed_with_another_token(words: str) -> None:
    """Nothing is lost: the caller asks again from where it was, over a new connection."""

    def first(line: Line) -> None:
        log_in(line, "canary-1")
        line.examine(uidnext=3)
        line.search_end(0, 1, 2)
        sizes(line, u1=len(MAIL), u2=len(MAIL))
        tag = line.expect("BODY.PEEK[]")
        line.say(words if words.startswith("*") else f"{tag} {words}")
        if not words.startswith("*"):
            line.until_closed()

    def second(line: Line) -> None:
        log_in(line, "canary-2")
        line.examine(uidnext=3)
        line.search_end(0, 1, 2)
        sizes(line, u1=len(MAIL), u2=len(MAIL))
        give(line, mail(1), mail(2))
        line.until_closed()

    with opened(first, second) as mailbox:
        with pytest.raises(LinkLost) as lost:
            list(given(mailbox, "INBOX", "1/0"))
        assert not isinstance(lost.value, LoginRefused)
        assert uids(list(given(mailbox, "INBOX", "1/0"))) == [[1, 2]]


def test_a_token_that_ends_during_idle() -> None:
    """The next connection has another one."""

    def first(line: Line) -> None:
        log_in(line, "canary-1")
        line.examine()
        line.expect("IDLE")
        line.say("+ idling", "* BYE Connection is closed. 13 AccessTokenExpired")

    def second(line: Line) -> None:
        log_in(line, "canary-2")
        line.examine()
        line.until_closed()

    with opened(first, second) as mailbox:
        with pytest.raises(LinkLost, match="AccessTokenExpired"):
            mailbox.wait(EventInterrupt(), 10)
        assert mailbox.position("INBOX") == Position(1, 0)


def submit(server: ScriptedSmtp) -> Submission:
    """Submits one mail with a token."""
    with server.running():
        taken = replace(submission_account(server.port), bearer=tokens())
        (result,) = SmtpSubmitter(taken, SteppingClock()).submit(OCTETS, SENDER, [ONE])
    return result


def test_smtp_with_xoauth2() -> None:
    """The token goes in the first line."""
    server = ScriptedSmtp(offers=("AUTH LOGIN XOAUTH2",))
    assert isinstance(submit(server), Accepted)
    said = next(line for line in server.commands if line.startswith("AUTH XOAUTH2 "))
    assert base64.b64decode(said.split()[2]).decode() == f"user={SHARED}\x01auth=Bearer canary-1\x01\x01"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("535 5.7.139 Authentication unsuccessful", AttemptText.TOKEN_REFUSED(told="535", mailbox=SHARED)),
        ("454 4.7.0 later", AttemptText.LOGIN_LATER()),
    ],
)
def test_smtp_that_refuses_a_token(reply: str, said: str) -> None:
    """The mail waits; the server's text is not told, because it may repeat the token."""
    result = submit(ScriptedSmtp({"AUTH": reply}, offers=("AUTH XOAUTH2",)))
    assert isinstance(result, Refused)
    assert (result.permanent, result.stage, result.text) == (False, SmtpStage.SESSION, said)


def test_smtp_without_tokens() -> None:
    """No password is tried in their place."""
    result = submit(ScriptedSmtp(offers=("AUTH PLAIN",)))
    assert isinstance(result, Refused)
    assert result.text == AttemptText.NO_TOKEN_LOGIN()
