# SPDX-License-Identifier: EUPL-1.2
"""Killed at any use of a port, the desk continues at its next start: nothing lost, nothing duplicated.

`crash_points` reads the uses from the code, so that a new one is tested from the day it is written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from signal import SIGKILL

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.notify import Draft
from flaggermail.intake import poll, unfetched
from flaggermail.intake.ingest import ingest
from flaggermail.outbox import delivery
from flaggermail.ports import MailName, RawMessage, Role, Transaction
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import fold
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import (
    Alarm,
    Case,
    ClockRow,
    Decline,
    Delivery,
    HeldBack,
    Notification,
    OutboxMail,
    StoredMessage,
)
from flaggermail.record.states import ClockKind
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import ListMailbox, ScriptedSubmitter, SetClock
from tests import asking
from tests.acting import run
from tests.corpus import long, one_in
from tests.doubles import migrated
from tests.store.samples import broken_commitment, broken_link
from tests.story import crashing
from tests.story.conftest import CONFIG, NOW
from tests.story.crash_points import FORGETTING, MODULES, Point, imported, of_source, points

ROOT = Path(__file__).parents[2]
REFERRER, CITIZEN, STRANGER = "f.voorbeeld@lindewaard.example", "kiezer@mailprovider.example", "x@elsewhere.example"
EARLIER, OFFICER = "griffie@kromwoude.example", "a.jansen@bzk.example"  # EARLIER referred a case that OFFICER takes now
TAKEN = "griffie@lindewaard.example"  # referred a case that OFFICER has taken: they hold its form
PLATFORM, CHANNEL = "elections-eu@tiktok-platform.example", "urgent-escalation@x-platform.example"
SENDING = frozenset({"drain", "claim"})  # tried at the first mail, to a platform, and at the next
SETTLING = frozenset({"recover"})  # reached only after a kill with a mail in `attempting`
LASTING = frozenset({"append", "begin", "discard", "put", "put_all", "submit"})  # other uses persist nothing
APPENDS = range(1, 55, 6)  # every event passes through one line; sample some
MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is created for this account only
TWICE = range(1, 3)
WINDOW = 71 * 24 * 60  # minutes, until a declined mail is erased
TOLD = ("mailbox silent", "mailbox back", "unjudged", "forged", "bounce claimed")  # alarms, each once


# ---------------------------------------------------------------- the mails, and the desk before they arrive


def letter(sender: str, name: str, subject: str, *body: str, fields: tuple[str, ...] = ()) -> bytes:
    """Returns a mail that the receiving server verified."""
    domain = sender.partition("@")[2]
    lines = (
        f"Authentication-Results: mx.bzk.example; dmarc=pass header.from={domain}",
        f"Received: from mail.{domain} by mx.bzk.example with ESMTPS",
        f"From: {sender}", "To: verkiezingenflagger@bzk.example", f"Subject: {subject}",
        f"Message-ID: <{name}@{domain}>", "MIME-Version: 1.0", *fields, "", *body, "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def mails(
    answered: str, quoted: str, notice: str, form: str, lost: str, asked: str
) -> Iterator[tuple[timedelta, bytes]]:
    """Yields each mail with its age: a referral with an attached mail, and one of every other kind.

    The platform's mail answers the notification `answered`, the officer's the `notice` of a new case and a case `form`
    (Message-IDs). Its robot writes before it, and twice in vain. Another mail of the platform names neither and quotes
    the text `quoted`; a stranger reports that the notice did not arrive, and our own server that the mail `lost` to an
    officer did not. The officer answers the request to approve (`asked`) too late, and is asked anew.
    """
    soon = timedelta(minutes=1)
    inner = letter("oog@mailprovider.example", "inner", "Foto", "Kijk hier eens naar.").decode().rstrip("\r\n")
    parts = (
        "--cut", "Content-Type: text/plain", "", "Zie het bericht. Zelf twee keer gemeld bij het platform.", "--cut",
        "Content-Type: message/rfc822", "", inner, "--cut--",
    )  # fmt: skip
    mixed = 'Content-Type: multipart/mixed; boundary="cut"'
    yield soon, letter(REFERRER, "referral", "Verkeerde stemdag rondgestuurd", *parts, fields=(mixed,))
    replied = (f"In-Reply-To: <{answered}>", f"References: <{answered}>")
    for number, text in enumerate(("We have received your report.", "It has moved to a team.", "It has moved on.")):
        automatic = (*replied, "Auto-Submitted: auto-replied")
        yield soon, letter(PLATFORM, f"robot-{number}", "Re: Two boxes", text, fields=automatic)
    yield soon, letter(PLATFORM, "answer", "Re: Two boxes", "Received. We will look into this.", fields=replied)
    doubted = letter(PLATFORM, "doubted", "Re: Two boxes", "We are looking into this now.", fields=replied)
    earlier = format_datetime(NOW - timedelta(minutes=40)).encode()  # by the trace, another arrival than by the mailbox
    yield soon, doubted.replace(b" with ESMTPS\r\n", b" with ESMTPS; " + earlier + b"\r\n")
    taken = (f"In-Reply-To: <{notice}>", f"References: <{notice}>")
    yield soon, letter(OFFICER, "unclear", "Re: Nieuwe zaak", "Ik kijk zo.", fields=taken)
    yield soon, letter(OFFICER, "taken", "Re: Nieuwe zaak", "neem", fields=taken)
    unheard = letter(OFFICER, "unheard", "Re: Nieuwe zaak", "neem, ook dit", fields=taken)
    yield soon, unheard.replace(b"dmarc=pass", b"dmarc=none")
    yield soon, letter(CITIZEN, "citizen", "Nep", "Ik zag dit, haal het weg.")
    yield soon, letter(STRANGER, "unjudged", "Vraag", crashing.UNJUDGEABLE)
    for name in ("forged", "forged again"):
        forged = letter(PLATFORM, name.replace(" ", "-"), "Your account", "Please log in.")
        yield soon, forged.replace(b"dmarc=pass", b"dmarc=fail")
    quotation = (f"> {line}" for line in quoted.splitlines() if "VF-" not in line)  # no number: its tail is a key
    yield soon, letter(PLATFORM, "quoting", "Your mail", "Noted.", "", *quotation)
    returned = (f"In-Reply-To: <{form}>", f"References: <{form}>")
    yield soon, letter(OFFICER, "form", "Re: Beoordelen", "Komt later.", fields=returned)
    too_late = (f"In-Reply-To: <{asked}>", f"References: <{asked}>")
    yield soon, letter(OFFICER, "late", "Re: Ter goedkeuring", "akkoord", fields=too_late)
    yield soon, _report("elsewhere.example", notice)
    yield soon, _report("bzk.example", lost)
    yield timedelta(hours=5), letter(STRANGER, "old", "Vraag van vanochtend", "Wat is dit?")
    yield timedelta(hours=5), letter(STRANGER, "older", "Nog een vraag", *parts, fields=(mixed,))


def _report(domain: str, about: str) -> bytes:
    """Returns a server's report that a mail to the officer did not arrive."""
    report = (
        "--cut", "Content-Type: text/plain", "", "Not delivered.", "--cut", "Content-Type: message/delivery-status", "",
        f"Reporting-MTA: dns; mx.{domain}", "", f"Final-Recipient: rfc822; {OFFICER}", "Action: failed",
        "Status: 5.1.1", "--cut", "Content-Type: text/rfc822-headers", "", f"Message-ID: <{about}>", "--cut--",
    )  # fmt: skip
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="cut"'
    return letter(f"MAILER-DAEMON@{domain}", "report", "Undelivered", *report, fields=(kind,))


def drafted(env: Services, channel: str) -> str:
    """Drafts a notification, sends the requests to approve it and returns its id."""
    title = f"Two boxes coloured, {channel}"
    case = run(
        env,
        OpenCase(election="PS2027", type=CaseType.GENERAL_WARNING, origin=Origin.EARLIER_CASES, title=title),
        "officer1",
    ).key
    run(env, Assess(case=case, incorrect=True, criteria=(1,), all_means_used=True), "officer1")
    run(env, Decide(case=case, decision=Decision.NOTIFY, reason="such votes are invalid"), "officer1")
    draft = run(env, Draft(case=case, channel=channel), "officer1").key
    delivery.drain(env)  # the approval requests
    return draft


def notified(env: Services, channel: str) -> str:
    """Approves a notification and returns its id."""
    draft = drafted(env, channel)
    run(env, Approve(draft=draft), "officer1")
    return draft


@dataclass(frozen=True)
class Scene:
    """A desk with twenty unread mails, a case, one notification sent and one approved."""

    folder: Path
    sent: str
    waiting: str
    earlier: tuple[bytes, ...]  # mail that was taken in before
    arrivals: tuple[bytes, ...]
    start: Callable[[Path, Point | None, str, int, int], int]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Returns a path for a desk, in memory where possible: a killed process loses nothing there either."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name) / "desk"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Returns the desk before each crash, and the process that forks desks."""
    folder, clock = tmp_path_factory.mktemp("scene"), SetClock(NOW - timedelta(hours=6))
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    env = migrated.replayed(settings, folder, clock, SystemRandomness(), ScriptedSubmitter(clock))
    bulk = ("List-Unsubscribe: <https://kromwoude.example/u>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    newsletter = letter(EARLIER, "newsletter", "Nieuwsbrief maart", "Afmelden kan altijd.", fields=bulk)
    mailbox = ListMailbox(settings.desk.mailbox)
    mailbox.deliver("junk", newsletter, clock.now())
    poll.look(env, mailbox)  # it was read to its end and then unreachable, while staff emptied the junk folder
    unfetched.set_aside(env, [MailName(settings.desk.mailbox.inbox, mailbox.numbering, "901")])  # and is gone by then
    forgotten = drafted(env, "tiktok-elections")  # nobody decides on it
    clock.set(NOW - timedelta(minutes=10))
    referred = letter(EARLIER, "earlier", "Verkeerd stembureau genoemd", "Het staat op https://video.example/v/1.")
    ingest(env, RawMessage(referred, clock.now(), "Earlier", "1", "1", Role.OTHER))
    taken = letter(TAKEN, "taken case", "Oproep met verkeerde datum", "Het staat op https://video.example/v/2.")
    ingest(env, RawMessage(taken, clock.now(), "Earlier", "1", "2", Role.OTHER))
    told = _mail_about(env, Kind.OFFICER_NOTICE, TAKEN).message_id
    fields = (f"In-Reply-To: <{told}>", f"References: <{told}>")
    takes = letter(OFFICER, "takes", "Re: Nieuwe zaak", "neem", fields=fields)
    ingest(env, RawMessage(takes, clock.now(), "Earlier", "1", "3", Role.OTHER))
    sent = notified(env, "tiktok-elections")
    delivery.drain(env)
    waiting = notified(env, "x-urgent")
    with env.store.read() as tx:
        use = tx.get(Notification, sent)
        (asked,) = tx.find(
            OutboxMail, where(OutboxMail.notification).is_(forgotten), where(OutboxMail.recipient).is_(OFFICER)
        )
    assert use is not None
    notice, form = _mail_about(env, Kind.OFFICER_NOTICE, EARLIER), _mail_about(env, Kind.REPLY_ANSWER, TAKEN)
    lost = _mail_about(env, Kind.OFFICER_NOTICE, TAKEN)
    text = env.parser.parse(env.octets.get(use.digest)).text
    env.close()
    (folder / "mails").mkdir()
    (folder / crashing.HANDED_OVER).touch()
    arrivals = []
    unread = mails(use.message_id or "", text, notice.message_id, form.message_id, lost.message_id, asked.message_id)
    for number, (ago, octets) in enumerate(unread):
        (folder / "mails" / f"{number:02} {(NOW - ago).isoformat()}.eml").write_bytes(octets)
        arrivals.append(octets)
    command = [sys.executable, "-m", "tests.story.crashing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as forking:
        assert forking.stdin is not None
        assert forking.stdout is not None
        orders, answered = forking.stdin, forking.stdout

        def start(desk_folder: Path, point: Point | None, when: str, nth: int, minutes: int) -> int:
            at = (NOW + timedelta(minutes=minutes)).isoformat()
            words = {"folder": str(desk_folder), "point": str(point) if point else "", "when": when, "nth": nth}
            orders.write(json.dumps({**words, "at": at}) + "\n")
            orders.flush()
            return int(answered.readline())

        yield Scene(folder, sent, waiting, (newsletter, referred, taken, takes), tuple(arrivals), start)
        orders.close()


def _mail_about(env: Services, kind: Kind, referrer: str) -> OutboxMail:
    """Returns the mail of that kind about the case of a referrer."""
    (case,) = asking.cases(env, referrer_address=referrer)
    (mail,) = asking.mails(env, kind=kind, case=case.number)
    return mail


# ---------------------------------------------------------------- the checks after the last start


@dataclass(frozen=True)
class Found:
    """The store and folder of a desk, for checks from outside."""

    tx: Transaction
    folder: Path

    def handed_over(self, recipient: str) -> list[str]:
        """Returns the digests submitted for an address, over all processes of the desk."""
        lines = (self.folder / crashing.HANDED_OVER).read_text("ascii").splitlines()
        return [line.partition(" ")[2] for line in lines if line.partition(" ")[0] == recipient]


def look_at(folder: Path, check: Callable[[Found], None]) -> None:
    """Opens the store of a desk for a check."""
    store = SqlStore(f"sqlite:///{folder}/scenario.db", SystemRandomness().salt)
    try:
        with store.read() as tx:
            check(Found(tx, folder))
    finally:
        store.close()


def assert_whole(found: Found) -> None:
    """Checks the chain, the rows against the events, and every archived file against its digest."""
    assert isinstance(found.tx, SqlTransaction)
    assert (broken_link(found.tx), broken_commitment(found.tx)) == (None, None)
    assert found.tx.rows() == fold(event for _, event in found.tx.events())
    archive = FileBlobStore(found.folder / "archive")
    for message in found.tx.find(StoredMessage, where(StoredMessage.discarded_at).is_(None)):
        archive.get(message.digest)
    for path in (found.folder / "archive").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def assert_taken_in_once(found: Found, scene: Scene) -> None:
    """Checks one message and delivery per mail, and one case, decline, alarm of each kind and stopped clock."""
    digests = {hashlib.sha256(octets).hexdigest() for octets in (*scene.earlier, *scene.arrivals)}
    came = Counter(
        m.digest
        for m in found.tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
        if "forwarded in" not in m.match_basis.english
    )
    assert came == Counter(digests)
    assert Counter(d.digest for d in found.tx.find(Delivery)) == Counter(digests)
    assert (
        len(
            [
                m
                for m in found.tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
                if "forwarded in" in m.match_basis.english
            ]
        )
        == 2
    )
    cases = {case.referrer_address: case for case in found.tx.find(Case) if case.referrer_address}
    assert set(cases) == {EARLIER, TAKEN, REFERRER}
    assert cases[EARLIER].assigned_to == "officer1"
    assert len(found.tx.find(Decline)) == 1
    assert sorted(a.kind for a in found.tx.find(Alarm) if a.kind in TOLD) == sorted(TOLD)
    (human,) = found.tx.find(
        ClockRow, where(ClockRow.notification).is_(scene.sent), where(ClockRow.kind).is_(ClockKind.HUMAN)
    )
    assert (human.state, human.stopped_at) == ("stopped", NOW - timedelta(minutes=1))


def assert_sent(found: Found, scene: Scene, *, in_doubt: bool, in_parts: bool = False) -> None:
    """Checks that each mail was submitted, again only after a crash in between, and to a platform at most once.

    `in_parts`: killed while a digest was marked in parts, of which the next digest tells the rest.
    """
    rows = found.tx.find(OutboxMail)
    assert Counter(row.dedupe for row in rows).most_common(1)[0][1] == 1
    (use,) = found.tx.find(
        OutboxMail, where(OutboxMail.notification).is_(scene.waiting), where(OutboxMail.at_most_once).is_(True)
    )
    (lost,) = (row for row in rows if row.bounced)
    assert len([row for row in rows if row.instead_of == lost.id]) == 1
    states = {row.id: row.state for row in rows if row.id not in {use.id, lost.id}}
    assert set(states.values()) == {"accepted"}, states
    assert use.state == ("uncertain" if in_doubt else "accepted")
    assert len(found.handed_over(CHANNEL)) in ({0, 1} if in_doubt else {1})
    (confirmation,) = (r for r in rows if r.kind == Kind.INTAKE_CONFIRMATION and r.recipient == REFERRER)
    times = found.handed_over(REFERRER).count(confirmation.digest)
    assert 1 <= times <= confirmation.tries <= 2
    assert len([row for row in rows if row.dedupe.startswith("digest/")]) in ({1, 2} if in_parts else {1})
    assert len([row for row in rows if row.kind == Kind.REPLY_ANSWER]) == 5  # to the five replies; two are forms
    assert len([row for row in rows if row.kind == Kind.APPROVAL_REQUEST and row.queued_at >= NOW]) == 1
    waits = [held.kind for held in found.tx.find(HeldBack) if held.told_at is None]
    assert waits == [Kind.AUTO_REPLY]  # for half an hour
    assert (found.tx.get(Notification, scene.waiting) or use).state == ("approved" if in_doubt else "sent")


def assert_told_once(found: Found, scene: Scene, *, in_doubt: bool, in_parts: bool = False) -> None:
    """Checks all of the above."""
    assert_whole(found)
    assert_taken_in_once(found, scene)
    assert_sent(found, scene, in_doubt=in_doubt, in_parts=in_parts)


# ---------------------------------------------------------------- the crashes


def crashes() -> Iterator[tuple[Point, str, int]]:
    """Yields each use of a port, before it, and after it where it persists something."""
    for point in (point for point in points() if point.place not in FORGETTING):
        several = point.function in SENDING
        for nth in APPENDS if point.method == "append" else TWICE if several else (1,):
            for when in ("before", "after") if point.method in LASTING else ("before",):
                yield point, when, nth


def first_of_each_kind() -> Iterator[object]:
    """Yields the first kill at each method of each port, after it where it persists something.

    The others are marked long.
    """
    seen = set()
    for point, when, nth in crashes():
        kind = (point.port, point.method)
        later = kind in seen or (when == "before" and point.method in LASTING)
        yield long((point, when, nth), 4) if later else (point, when, nth)
        seen |= set() if later else {kind}


@pytest.mark.slow
@pytest.mark.parametrize(("point", "when", "nth"), list(first_of_each_kind()), ids=str)
def test_killed_there_it_goes_on(scene: Scene, folder: Path, point: Point, when: str, nth: int) -> None:
    """After SIGKILL there, the next start finishes the work. Only mail without a recorded answer is in doubt."""
    shutil.copytree(scene.folder, folder)
    if point.function in SETTLING:
        hand = next(p for p in points() if p.method == "submit")
        assert scene.start(folder, hand, "after", 1, 0) == -SIGKILL
    assert scene.start(folder, point, when, nth, 0) == -SIGKILL, "never reached: add a mail that goes this way"
    doubt: list[bool] = []

    def note(found: Found) -> None:
        assert isinstance(found.tx, SqlTransaction)
        assert (broken_link(found.tx), broken_commitment(found.tx)) == (None, None)
        states = [
            row.state
            for row in found.tx.find(
                OutboxMail, where(OutboxMail.notification).is_(scene.waiting), where(OutboxMail.at_most_once).is_(True)
            )
        ]
        doubt.append(states[0] in {"attempting", "uncertain"})

    look_at(folder, note)
    assert scene.start(folder, None, "", 0, 1) == 0
    in_parts = point.function == "send_digest"
    look_at(folder, lambda found: assert_told_once(found, scene, in_doubt=doubt[0], in_parts=in_parts))


@pytest.fixture(scope="module")
def done(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the desk when all its mail is processed, months before the declined one is erased."""
    folder = tmp_path_factory.mktemp("done") / "desk"
    shutil.copytree(scene.folder, folder)
    assert scene.start(folder, None, "", 0, 0) == 0
    return folder


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", one_in(7, (point for point in points() if point.place in FORGETTING)), ids=str)
def test_killed_there_while_it_forgets_it_goes_on(
    scene: Scene, done: Path, folder: Path, point: Point, when: str
) -> None:
    """A kill during erasure loses nothing else: the next start erases the declined mail, its answer and a late copy."""
    shutil.copytree(done, folder)
    if point.function in {"discard_second_copy", "discard"}:
        assert scene.start(folder, None, "", 0, WINDOW) == 0
        written = f"From: {CITIZEN}\r\n".encode()
        (copied,) = (path for path in (folder / "mails").iterdir() if written in path.read_bytes())
        shutil.copy(copied, copied.with_name(f"99 {copied.name.partition(' ')[2]}"))
    assert scene.start(folder, point, when, 1, WINDOW + 1) == -signal.SIGKILL
    assert scene.start(folder, None, "", 0, WINDOW + 2) == 0
    look_at(folder, assert_forgotten)


def assert_forgotten(found: Found) -> None:
    """Checks that the declined mail's octets are gone and no row names its sender."""
    assert_whole(found)
    (declined,) = found.tx.find(StoredMessage, where(StoredMessage.place).is_(Place.DECLINED))
    assert declined.discarded_at is not None
    kept = {path.name for path in (found.folder / "archive").rglob("*")}
    assert declined.digest not in kept
    (answer,) = found.tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE))
    assert (answer.recipient, answer.digest in kept) == ("", False)
    assert [
        message.id for message in found.tx.find(StoredMessage, where(StoredMessage.from_address).is_(CITIZEN))
    ] == []


def test_without_a_crash(scene: Scene, folder: Path) -> None:
    """Without a crash one start does all the work, nothing is in doubt or submitted twice."""
    shutil.copytree(scene.folder, folder)
    assert scene.start(folder, None, "", 0, 0) == 0
    look_at(folder, lambda found: assert_told_once(found, scene, in_doubt=False))
    lines = (folder / crashing.HANDED_OVER).read_text("ascii").splitlines()
    assert len(set(lines)) == len(lines)
    assert scene.start(folder, None, "", 0, 1) == 0
    assert (folder / crashing.HANDED_OVER).read_text("ascii").splitlines() == lines


def test_a_crash_can_fall_on_either_side_of_the_network(scene: Scene, folder: Path) -> None:
    """Killed before or after the submission, the state is the same doubt; only the platform knows the difference."""
    (hand,) = (point for point in points() if point.method == "submit")
    for when, given in (("before", 0), ("after", 1)):
        shutil.copytree(scene.folder, folder / when)
        assert scene.start(folder / when, hand, when, 1, 0) == -SIGKILL
        assert scene.start(folder / when, None, "", 0, 1) == 0
        look_at(folder / when, lambda found: assert_sent(found, scene, in_doubt=True))
        look_at(folder / when, lambda found, given=given: _given(found, given))  # type: ignore[misc] # mypy infers no type of a default


def _given(found: Found, times: int) -> None:
    assert len(found.handed_over(CHANNEL)) == times


# ---------------------------------------------------------------- the list itself


def test_every_module_on_the_way_of_a_mail_is_read() -> None:
    """The modules are found by their imports, so that a new one is read from the day it is written."""
    assert set(MODULES) >= {
        "intake.poll", "intake.ingest", "intake.apply", "matching.lookup", "matching.thread_keys", "cases.lifecycle",
        "notices.notices", "notices.digest", "health.mailbox_monitor", "letters.writing", "outbox.delivery",
        "outbox.results", "services",
    }  # fmt: skip
    text = "from flaggermail import ports\nfrom flaggermail.letters import new, writing\n"
    text += "from flaggermail.letters.writing import a"
    assert list(imported(text)) == ["ports", "letters.new", "letters.writing", "letters.writing"]


def test_a_new_use_of_a_port_is_found_and_a_hidden_one_refused() -> None:
    """A new use of a port is a new crash point, and a use that cannot be seen is an error."""
    text = "def f(env):\n    env.octets.put(b'')\n    with env.store.begin() as tx:\n        tx.append(tx.find())\n"
    assert [f"{p.port}.{p.method}" for p in of_source("m", text)] == ["octets.put", "store.begin", "tx.append"]
    again = of_source("m", text + "    env.octets.put(b'')\n")
    assert [str(p) for p in again if p.port == "octets"] == ["m.f octets.put", "m.f octets.put 2"]
    with pytest.raises(ValueError, match=r"m\.py:2: write env\.PORT\.METHOD"):
        of_source("m", "def f(work):\n    archive = work.env.octets\n    archive.put(b'')\n")
