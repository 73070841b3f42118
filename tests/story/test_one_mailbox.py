# SPDX-License-Identifier: EUPL-1.2
"""A desk reads nothing with a token that opens another mailbox than its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from flaggermail import logbook
from flaggermail.cli import main
from flaggermail.daemon.service import Daemon
from flaggermail.errors import LinkLost, MailboxUnproven
from flaggermail.ports import Reach, TokenReach
from flaggermail.services import Services
from flaggermail.settings.oauth_section import ACCEPTED_REACH, OAuth2Settings
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring import assembly
from flaggermail.wording.servers import ReachText
from tests.story.conftest import NOW
from tests.story.test_daemon import WatchedMailbox, a_daemon
from tests.story.test_read_before import QUESTION, counts, look

OWN, OTHER = "verkiezingenflagger@bzk.example", "directie@bzk.example"
REFUSED = TokenReach(Reach.REFUSED, ReachText.REFUSED(own=OWN, other=OTHER))
OPENED = TokenReach(Reach.OPENED, ReachText.OPENED(own=OWN, other=OTHER))
UNCLEAR = TokenReach(Reach.UNCLEAR, ReachText.UNCLEAR(other=OTHER, words="inbox"))


@pytest.fixture
def mailbox(env: Services) -> WatchedMailbox:
    """Returns a mailbox with a question."""
    found = WatchedMailbox(env)
    found.deliver("inbox", QUESTION, NOW)
    return found


def with_proof(env: Services, mailbox: WatchedMailbox, *outcomes: TokenReach | LinkLost | None) -> Daemon:
    """Returns a daemon whose proof ends in these ways, one after the other."""
    left: Iterator[TokenReach | LinkLost | None] = iter(outcomes)

    def tries() -> TokenReach | None:
        found = next(left)
        if isinstance(found, LinkLost):
            raise found
        return found

    daemon = a_daemon(env, mailbox)
    daemon.proof = tries
    daemon.__post_init__()
    return daemon


@pytest.mark.parametrize(("found", "words"), [(OPENED, f"opens {OTHER} too"), (UNCLEAR, "does not say whether")])
def test_a_token_that_is_not_proven_reads_no_mail(
    env: Services, mailbox: WatchedMailbox, found: TokenReach, words: str
) -> None:
    """The desk ends with what must change, and nothing was taken in."""
    daemon = with_proof(env, mailbox, found)
    in_vain = threading.Timer(10, daemon.stop.set)
    in_vain.start()
    with pytest.raises(MailboxUnproven, match=r"flaggermail\.yaml oauth2\.other_mailbox") as refused:
        daemon.run()
    in_vain.cancel()
    assert words in str(refused.value)
    assert not mailbox.looked.is_set()
    assert counts(env) == (0, 0)


@pytest.mark.parametrize("outcomes", [(REFUSED,), (None,), (LinkLost("away"), LinkLost("away"), REFUSED)])
def test_a_proven_token_reads_the_mailbox(
    env: Services,
    mailbox: WatchedMailbox,
    monkeypatch: pytest.MonkeyPatch,
    outcomes: tuple[TokenReach | LinkLost | None, ...],
) -> None:
    """It is tried once; while the server is away, the proof waits with the first look."""
    said: list[str] = []
    monkeypatch.setattr(logbook, "token_reach_proven", said.append)
    look(with_proof(env, mailbox, *outcomes), mailbox)
    assert counts(env)[0] >= 1
    assert said == [one.told.english for one in outcomes if isinstance(one, TokenReach)]


def test_the_command_ends_with_status_2_and_what_to_change(
    env: Services, mailbox: WatchedMailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run` prints it after the journal's lines, so that systemd does not start the desk again."""
    monkeypatch.setattr("flaggermail.wiring.daemon_assembly.daemon", lambda *_, **__: with_proof(env, mailbox, OPENED))
    monkeypatch.setattr(Daemon, "obey_signals", lambda _: None)
    monkeypatch.setattr("flaggermail.logbook.configure", lambda **_: None)
    monkeypatch.setattr("flaggermail.logbook.catch_crashes", lambda: None)
    with pytest.raises(SystemExit) as ended:
        main(["run"])
    assert ended.value.code == 2
    assert "Remove-MailboxPermission" in capsys.readouterr().err.splitlines()[-1]


def test_a_signed_risk_is_in_the_journal_of_each_start(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can prove it, the configuration's sentence is logged as a warning."""
    section = OAuth2Settings(
        token_endpoint="https://login.example/token", client_id="desk", scope="mail", accept_risk=ACCEPTED_REACH
    )
    desk = env.settings.desk.model_copy(update={"oauth2": section})
    monkeypatch.setattr(assembly, "machine_faults", lambda *_: ())
    monkeypatch.setattr("flaggermail.health.advice.setup_faults", lambda _: ())
    with capture_logs() as logs:
        assembly.require_ready(env.settings.model_copy(update={"desk": desk}), SetClock(NOW))
    assert [line["said"] for line in logs if line["event"] == "token may open other mailboxes"] == [ACCEPTED_REACH]
