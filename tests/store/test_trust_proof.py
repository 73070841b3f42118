# SPDX-License-Identifier: EUPL-1.2
"""`trust: exchange`: the mark for mail from inside counts for own domains, and only while a trial has proven it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flaggermail.errors import Refusal
from flaggermail.health import self_check
from flaggermail.health.findings import Confinement
from flaggermail.intake import facts, trust_proofs
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Alarm, TrustProof
from flaggermail.record.states import MailState
from flaggermail.record.trust_proofs import LASTS, WARNED, ProofState, end_of, state_of
from flaggermail.settings.mistakes import SetupFaultCode
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring import daemon_assembly, rule_checks
from flaggermail.wiring.opening import DeskConnection
from tests.doubles.broken_desks import SETTINGS, edit, sound
from tests.store.desk_fixtures import OFFICER, START, X_CHANNEL, Desk, X, mail, report_of

SERVER = "protection.mailcloud.example"
DAEMON = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@bzk.example"
OF_THE_MARK = {SetupFaultCode.MARK_UNPROVEN, SetupFaultCode.MARK_ENDS}
INTERNAL = "X-MS-Exchange-Organization-AuthAs: Internal"
FRONT = f"Received: from mail.elsewhere.example by AM6FT003.mail.{SERVER} with ESMTPS; Thu, 6 Jun 2024 08:34:00 +0000"


@pytest.fixture
def exchange(desk: Desk) -> Desk:
    """Returns a desk whose mailbox is in Exchange Online."""
    mailbox = desk.env.settings.desk.mailbox.model_copy(
        update={
            "trust": AuthenticationMethod.EXCHANGE, "authserv_id": None, "received_by": SERVER,
            "own_domains": frozenset({"bzk.example"}),
        }
    )  # fmt: skip
    settings = desk.env.settings
    desk.with_settings(
        settings.model_copy(update={"desk": settings.desk.model_copy(update={"mailbox": mailbox})})
    )  # fmt: skip
    env = desk.env
    proven = lambda: trust_proofs.is_proven(env.store, env.clock)  # noqa: E731 - as wiring gives it
    desk.env = replace(env, sender_check=facts.by_settings(mailbox, env.organisational, proven))
    return desk


def tried(desk: Desk, *, survived: bool = False) -> TrustProof:
    """Records a trial that ended now."""
    return trust_proofs.record_trust_proof(desk.env, survived=survived, message_id="trial@bzk.example", by="officer1")


def inside(*extra: str, sender: str = OFFICER, subject: str = "Vraag") -> bytes:
    """Builds a mail as Exchange delivers it inside: no trace of a front end, no result, no signature."""
    octets = mail(sender, subject, "Kijk hier eens naar.", auth=None, extra=extra)
    return octets[octets.index(b"From: ") :]


def verdict(desk: Desk, octets: bytes) -> tuple[str, str]:
    """Returns the verdict on a mail and what it rests on."""
    found = desk.env.sender_check.verdict(octets, desk.env.parser.parse(octets))
    return found.value, found.basis.english


def test_without_a_trial_the_mark_counts_for_nothing(exchange: Desk) -> None:
    """A colleague's mail bears the mark and stays unverified; the reason says why."""
    value, basis = verdict(exchange, inside(INTERNAL))
    assert value == "unverified"
    assert basis == "marked as written inside bzk.example, but nobody has shown that this mark cannot be forged"


def test_a_trial_makes_it_count_for_own_domains(exchange: Desk) -> None:
    """After a trial a colleague is verified; another domain with the same mark is not, nor a mail without it."""
    tried(exchange)
    assert verdict(exchange, inside(INTERNAL)) == ("verified", "marked by Exchange as written inside bzk.example")
    others = {
        "another domain": inside(INTERNAL, sender=X),
        "a sub-domain": inside(INTERNAL, sender="a.jansen@sub.bzk.example"),
        "no mark": inside(),
        "another mark": inside("X-MS-Exchange-Organization-AuthAs: Anonymous"),
        "two marks": inside(INTERNAL, INTERNAL),
        "a forged one beside the true one": inside("X-MS-Exchange-Organization-AuthAs: Anonymous", INTERNAL),
        "two authors": inside(INTERNAL, sender=f"{OFFICER}, b.devries@bzk.example"),
        "mark of another tenant": inside("X-MS-Exchange-CrossTenant-AuthAs: Internal"),
    }
    assert {name: verdict(exchange, octets)[0] for name, octets in others.items()} == dict.fromkeys(
        others, "unverified"
    )


def test_a_failed_result_goes_before_the_mark(exchange: Desk) -> None:
    """A mail that came from outside and failed DMARC stays failed, whatever mark it bears."""
    tried(exchange)
    failed = "Authentication-Results: spf=fail smtp.mailfrom=bzk.example; dmarc=fail header.from=bzk.example"
    octets = f"{failed}\r\n{FRONT}\r\n".encode() + inside(INTERNAL)
    assert verdict(exchange, octets)[0] == "failed"


def test_mail_from_outside_is_judged_by_the_server(exchange: Desk) -> None:
    """A platform is verified by the nameless result of the server, with and without a trial."""
    passed = "Authentication-Results: dkim=pass header.d=x-platform.example;dmarc=pass header.from=x-platform.example"
    octets = f"{passed}\r\n{FRONT}\r\n".encode() + inside(sender=X)
    assert verdict(exchange, octets)[0] == "verified"


def test_a_mark_that_survived_proves_nothing(exchange: Desk) -> None:
    """A trial whose forged mark arrived takes an earlier proof back."""
    tried(exchange)
    tried(exchange, survived=True)
    assert verdict(exchange, inside(INTERNAL))[0] == "unverified"
    assert exchange.one(TrustProof).survived
    reasons = [event.reason for event in exchange.events() if event.kind is EventKind.TRUST_MARK_TESTED]
    assert reasons == ["proven", "survived"]
    exchange.assert_whole()


def test_the_proof_ends(exchange: Desk) -> None:
    """It counts for ninety days to the second, and is said to end for the last fourteen."""
    proof = tried(exchange)
    second = timedelta(seconds=1)
    states = {
        at: state_of(proof, START + at) for at in (LASTS - WARNED - second, LASTS - WARNED, LASTS - second, LASTS)
    }
    assert list(states.values()) == [ProofState.PROVEN, ProofState.ENDS_SOON, ProofState.ENDS_SOON, ProofState.EXPIRED]
    exchange.clock.set(end_of(proof) - second)
    assert verdict(exchange, inside(INTERNAL))[0] == "verified"
    exchange.clock.set(end_of(proof))
    assert verdict(exchange, inside(INTERNAL))[0] == "unverified"


def test_a_report_of_exchange_counts_by_the_proven_mark_alone(exchange: Desk) -> None:
    """A bounce that Exchange made inside takes a sending back once the mark is proven; before, it is a claim."""
    key = exchange.notified()

    def report(subject: str) -> bytes:
        octets = report_of(exchange.message_id_of(key), X_CHANNEL, sender=DAEMON, trace=(INTERNAL,))
        return octets.replace(b"Subject: Undelivered mail", f"Subject: {subject}".encode())

    exchange.receive(report("Undeliverable: one"))
    assert exchange.mail_of(key).state == MailState.ACCEPTED
    tried(exchange)
    exchange.receive(report("Undeliverable: two"))
    assert exchange.mail_of(key).state == MailState.REFUSED


def test_no_trial_is_recorded_where_no_mark_is_asked_for(desk: Desk) -> None:
    """Under another `trust` a trial would be an act without effect: it is refused, and nothing is recorded."""
    with pytest.raises(Refusal, match=r"mailbox\.trust is not exchange"):
        tried(desk)
    assert desk.all(TrustProof) == []


def test_each_state_of_the_proof_is_told_once(exchange: Desk) -> None:
    """The officer on call is told: never tried, proven, ends soon, ended; the status names what is wrong."""
    told: list[list[str]] = []

    def look() -> None:
        before = {alarm.id for alarm in exchange.all(Alarm)}
        for _ in range(2):
            self_check.tick(exchange.env, {})
        told.append([alarm.text.english.partition(": ")[2] for alarm in exchange.all(Alarm) if alarm.id not in before])

    look()
    proof = tried(exchange)
    look()
    for at in (end_of(proof) - WARNED, end_of(proof)):
        exchange.clock.set(at)
        look()
    assert told == [
        ["never tried, so it counts for nothing"],
        ["until 4 September 2024 at 08:34 (UTC)"],
        ["until 4 September 2024 at 08:34 (UTC), within 14 days"],
        ["ended 4 September 2024 at 08:34 (UTC); it counts for nothing until it is tried again"],
    ]
    kinds = sorted(str(alarm.kind) for alarm in exchange.all(Alarm))
    assert kinds == ["mark proven", "mark unproven", "mark unproven", "mark unproven"]


def test_each_state_of_the_proof_has_its_sentence(exchange: Desk) -> None:
    """Never tried, survived, fresh, ending, too old: what `check` and the journal of a start say."""

    def said() -> list[str]:
        texts = [one.text for one in trust_proofs.trust_faults(exchange.env)]
        return [text.partition("flaggermail.yaml mailbox.trust: ")[2].partition(", so the mark")[0] for text in texts]

    assert said() == ["exchange, but it was never tried whether a forged mark arrives"]
    tried(exchange, survived=True)
    assert said() == ["exchange, but a forged mark arrived on 2024-06-06"]
    tried(exchange)
    assert said() == []
    exchange.clock.set(START + LASTS - WARNED)
    assert said() == ["the trial of the mark of Exchange counts until 2024-09-04; run the online check again"]
    exchange.clock.set(START + LASTS)
    assert said() == ["exchange, but its last trial, of 2024-06-06, is too old"]


def test_check_and_run_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` names a missing trial, and `run` logs the same sentence; after a trial both are silent."""
    monkeypatch.setattr(rule_checks, "parser_confinement", lambda _: Confinement())  # which takes seconds to find out
    folder = sound(tmp_path / "desk")
    lines = f"  trust: exchange\n  received_by: {SERVER}\n  own_domains: [bzk.example]\n"
    edit(folder / SETTINGS, "  authserv_id: mx.bzk.example\n", lines)
    edit(folder / SETTINGS, "  login_domains: [bzk.example]\n", "")
    clock = SetClock(datetime.fromisoformat("2027-03-10T12:00:00+01:00"))

    def said() -> list[str]:
        opened = DeskConnection(folder, now=clock.now)
        told = opened.answer("check")["findings"]
        opened.close()
        assert isinstance(told, list)
        return [str(one["text"]) for one in told if isinstance(one, dict) and one["code"] in OF_THE_MARK]

    with capture_logs() as lines_of_start:
        daemon = daemon_assembly.daemon(folder, clock=clock)
    logged = [str(line["reason"]) for line in lines_of_start if line.get("object") in OF_THE_MARK]
    assert said() == logged
    assert len(logged) == 1
    trust_proofs.record_trust_proof(daemon.env, survived=False, message_id="trial@bzk.example", by="officer1")
    daemon.env.close()
    assert said() == []
