# SPDX-License-Identifier: EUPL-1.2
"""Rules and templates are reloaded while the daemon runs; a faulty file changes nothing."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.daemon.service import Daemon
from flaggermail.intake.rules_in_force import RuleReloader
from flaggermail.record.rows import Alarm, InForce, OutboxMail, Record, StoredMessage
from flaggermail.rules.configuration import load
from flaggermail.rules.files import PACKAGE
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.wiring import assembly
from tests.doubles import migrated
from tests.patience import PATIENCE
from tests.story.conftest import CONFIG, NOW
from tests.story.test_daemon import HintingMailbox, StepTicker, running

R = TypeVar("R", bound=Record)
TESTS = Path(__file__).parents[1]
WORDS = ("languages", "intake", "reply-words", "answer-words")
NEWSLETTER = """  - name: newsletter
    when: {subject: [nieuwsbrief]}
    then: {kind: noise}
"""


@dataclass
class Desk:
    """A running daemon, the folder with its rules and templates, and its mailbox."""

    folder: Path
    clock: SetClock
    daemon: Daemon
    mailbox: HintingMailbox
    thread: threading.Thread
    mails: int = 0

    @property
    def rules(self) -> Path:
        """Returns the rule file that the tests edit."""
        return self.folder / "rules" / "90-noise.yaml"

    def write(self, file: Path, text: str) -> None:
        """Saves a file as an editor does."""
        file.write_text(text, "utf-8")

    def add(self, rule: str) -> None:
        """Adds a rule."""
        self.write(self.rules, self.rules.read_text("utf-8") + rule)

    def tick(self) -> None:
        """Advances the clock by a second and runs the reload tick."""
        ticker = self.daemon.ticker
        assert isinstance(ticker, StepTicker)
        self.clock.set(self.clock.now() + timedelta(seconds=1))
        ticker.works["rules"]()
        assert self.daemon.failure is None

    def look(self, times: int = 1) -> None:
        """Lets the daemon check the files, every fifteen seconds."""
        for _ in range(15 * times):
            self.tick()

    def receive(self) -> StoredMessage:
        """Delivers a newsletter and returns its row."""
        self.mails += 1
        octets = (
            f"From: info@elders.example\r\nMessage-ID: <n{self.mails}@elders.example>\r\n"
            f"Subject: Nieuwsbrief {self.mails}\r\n\r\nTekst\r\n"
        ).encode()
        self.mailbox.deliver("inbox", octets, self.clock.now())
        self.mailbox.announce()
        return max((row for row in self.all(StoredMessage) if row.direction == "in"), key=lambda row: row.id)

    def all(self, kind: type[R]) -> list[R]:
        """Returns the rows of that kind."""
        with self.daemon.env.store.read() as tx:
            return tx.find(kind)

    def periods(self, what: str) -> list[InForce]:
        """Returns the periods of rules or templates, oldest first."""
        return sorted((row for row in self.all(InForce) if row.what == what), key=lambda row: row.since)

    def alarms(self) -> list[str]:
        """Returns the recipients of queued alarms."""
        return [mail.recipient for mail in self.all(OutboxMail) if mail.kind == "alarm"]

    def archived(self, period: InForce) -> dict[str, bytes]:
        """Returns the archived files of a period."""
        with tarfile.open(fileobj=io.BytesIO(self.daemon.env.octets.get(period.digest))) as tar:
            return {name: read.read() for name in tar.getnames() if (read := tar.extractfile(name)) is not None}


def opened(folder: Path, clock: SetClock) -> Services:
    """Builds a desk with few rules."""
    shutil.copytree(TESTS / "rules", folder / "rules")
    for table in shipped("rules").glob("[a-z]*.yaml"):
        shutil.copy(table, folder / "rules")
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    settings = load(CONFIG, folder / "rules", folder / "templates")
    env = migrated.replayed(settings, folder, clock, CountedRandomness("renewal"), ScriptedSubmitter(clock))
    return assembly.with_whole_templates(env)


@pytest.fixture
def desk(tmp_path: Path, clock: SetClock) -> Iterator[Desk]:
    """Runs a daemon that has read its mailbox."""
    env = opened(tmp_path, clock)
    mailbox = HintingMailbox(env)
    renewal = assembly.renewal(env)
    daemon = Daemon(
        env, mailbox, StepTicker(), EventInterrupt(), "here:1:now", lambda: 0.0, renewal=renewal, lease_seconds=600.0
    )
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    yield Desk(tmp_path, clock, daemon, mailbox, thread)
    daemon.stop.set()
    mailbox.hint.release()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    env.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """Returns the rule files in the folder."""
    paths = [
        *folder.glob("[0-9][0-9]-*.yaml"),
        *folder.glob("lists/*.txt"),
        *(folder / f"{name}.yaml" for name in WORDS),
    ]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# ---- rules


def test_the_next_mail_is_judged_by_the_new_rules(desk: Desk) -> None:
    """The next mail is judged by the new rules. Each version has its period and its archived files."""
    before, files_before = desk.receive(), files_of(desk.folder / "rules")
    desk.add(NEWSLETTER)
    desk.look(2)
    after = desk.receive()
    assert (before.kinds, after.kinds) == (("unknown",), ("noise",))
    assert before.ruleset != after.ruleset
    old, new = desk.periods("rules")
    assert (old.version, new.version) == (before.ruleset, after.ruleset)
    assert (old.since, old.until, new.since, new.until) == (NOW, desk.clock.now(), desk.clock.now(), None)
    for version, files in ((old, files_before), (new, files_of(desk.folder / "rules"))):
        archived = desk.archived(version)
        assert b"gmail.com" in archived.pop(PACKAGE)  # what came from the kept package
        assert archived == files
    assert desk.alarms() == []


def test_words_of_referrals_and_replies_are_reloaded_and_archived_as_rules(desk: Desk) -> None:
    """The desk reads by them what comes next; a node that has other files finds them on record."""
    for name, known in (("intake.yaml", "zelf gemeld"), ("reply-words.yaml", "niet opgenomen")):
        file = desk.folder / "rules" / name
        desk.write(file, file.read_text("utf-8").replace(f"- {known}\n", f"- {known}\n    - woord van hier\n", 1))
    desk.look(2)
    settings = desk.daemon.env.settings
    assert "woord van hier" in settings.intake.attempts.words
    assert "woord van hier" in settings.reply_words.unreached.words
    assert desk.archived(desk.periods("rules")[-1]).items() >= files_of(desk.folder / "rules").items()


def test_a_file_that_is_still_being_written_waits(desk: Desk) -> None:
    """A change is loaded once the files are unchanged for one check."""
    desk.look()
    desk.add(NEWSLETTER)
    desk.look()
    assert desk.receive().kinds == ("unknown",)
    desk.add("# more\n")
    desk.look()
    assert desk.receive().kinds == ("unknown",)
    desk.look()
    assert desk.receive().kinds == ("noise",)


def test_a_broken_edit_changes_nothing_and_is_told_of_once(desk: Desk) -> None:
    """After a faulty edit the old rules stay in force, and each distinct fault raises one alarm."""
    good = desk.rules.read_text("utf-8")
    desk.add(NEWSLETTER.replace("noise}", "noise"))
    desk.look(4)
    assert desk.receive().kinds == ("unknown",)
    assert desk.alarms() == ["a.jansen@bzk.example"]
    desk.add("# the same fault, saved again\n")
    desk.look(4)
    assert len(desk.alarms()) == 1
    desk.write(desk.rules, good + NEWSLETTER.replace("noise}", "nois}"))
    desk.look(4)
    assert len(desk.alarms()) == 2
    assert len(desk.periods("rules")) == 1
    desk.write(desk.rules, good + NEWSLETTER)
    desk.look(2)
    assert desk.receive().kinds == ("noise",)
    assert len(desk.alarms()) == 2


def test_the_alarm_names_the_place_and_what_to_do(desk: Desk) -> None:
    """The alarm names file, line, column and key of the fault."""
    desk.add(NEWSLETTER.replace("subject:", "subjects:"))
    desk.look(2)
    (alarm,) = desk.all(Alarm)
    assert alarm.kind == "rules refused"
    assert alarm.text.english.startswith("rules/90-noise.yaml:11:12 rules[1].when.subjects: is no known key")


def test_rules_that_fail_a_sample_are_refused(desk: Desk) -> None:
    """Rules that fail one of their own samples are refused."""
    text = desk.rules.read_text("utf-8")
    desk.write(desk.rules, text.replace("[uitnodiging]", "[nieuwsbrief]"))
    desk.look(2)
    assert desk.receive().kinds == ("unknown",)
    (alarm,) = desk.all(Alarm)
    assert "invitation: is not matched by 'invitation'" in alarm.text.english


# ---- reload by signal


def test_a_signal_is_obeyed_within_a_second(desk: Desk) -> None:
    """A signal reloads the rules within a second."""
    assert desk.daemon.renewal is not None
    desk.add(NEWSLETTER)
    desk.daemon.renewal.request()
    desk.tick()
    assert desk.receive().kinds == ("noise",)


def test_a_signal_with_nothing_changed_begins_no_period(desk: Desk) -> None:
    """A signal without a change begins no new period."""
    assert desk.daemon.renewal is not None
    before = desk.receive()
    desk.daemon.renewal.request()
    desk.look(2)
    assert desk.receive().ruleset == before.ruleset
    assert [len(desk.periods(what)) for what in ("rules", "templates")] == [1, 1]
    assert desk.alarms() == []


# ---- templates


def test_templates_have_their_periods_too(desk: Desk) -> None:
    """Changed templates begin a new period, and the rules keep theirs."""
    file = next((desk.folder / "templates" / "nl").glob("decline*"))
    desk.write(file, file.read_text("utf-8") + "\nEen regel meer.\n")
    desk.look(2)
    old, new = desk.periods("templates")
    assert (old.until, new.until) == (desk.clock.now(), None)
    name = file.relative_to(desk.folder / "templates").as_posix()
    assert desk.archived(new)[name] == file.read_bytes() != desk.archived(old)[name]
    assert len(desk.periods("rules")) == 1


def test_a_broken_template_is_refused(desk: Desk) -> None:
    """A faulty template raises one alarm, and the old one stays in force."""
    file = next((desk.folder / "templates" / "nl").glob("decline*"))
    desk.write(file, file.read_text("utf-8") + "\n{{ no_such_value }}\n")
    desk.look(3)
    assert len(desk.alarms()) == 1
    assert len(desk.periods("templates")) == 1


def test_a_copy_with_the_old_time_and_size_is_seen(desk: Desk) -> None:
    """A file put back by `cp -p` has its old time of modification, and is read all the same."""
    file = desk.folder / "templates" / "nl" / "decline.j2"
    before = file.stat()
    desk.write(file, file.read_text("utf-8").replace("{{", "{%", 1))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    desk.look(3)
    assert len(desk.alarms()) == 1


ONLY_AT_NIGHT = "{% if 'info@elders.example' in sender %}{{ LINE }}{% endif %}"


@pytest.mark.parametrize(
    "line", ["1 / 0", "subject.encode('ascii', 'x').hex", "[][0]", "'%d' | format(subject)", "subject.split('')"]
)
def test_a_template_that_breaks_in_use_costs_no_mail(desk: Desk, line: str) -> None:
    """What no check shows: the mail leaves by the shipped template and says so, and within seconds an alarm does too.

    It names `flaggermail check`, as `rules check` reads no template.
    """
    file = desk.folder / "templates" / "nl" / "officer_notice.j2"
    desk.write(file, f"{file.read_text('utf-8')}\n{ONLY_AT_NIGHT.replace('LINE', line)}\n")
    desk.look(3)
    assert (len(desk.periods("templates")), desk.alarms()) == (2, [])
    desk.receive()
    with capture_logs() as logged:
        desk.tick()
    at = next(str(line["at"]) for line in logged if line["event"] == "rules or templates refused")
    assert at.startswith("templates/nl/officer_notice.j2:")
    (alarm,) = desk.all(Alarm)
    assert "the shipped template is used in its place" in alarm.text.english
    sent = {str(mail.kind): desk.daemon.env.octets.get(mail.digest) for mail in desk.all(OutboxMail)}
    assert sorted(sent) == ["alarm", "officer_notice"]
    assert b"flaggermail check" in sent["alarm"]
    assert [b"Deze mail heeft de meegeleverde tekst" in sent[kind] for kind in sorted(sent)] == [False, True]


def test_a_broken_alarm_is_told_by_the_shipped_one(desk: Desk) -> None:
    """Of the alarm's own template too: one alarm, with the line that says so."""
    for file in (desk.folder / "templates" / "nl" / name for name in ("alarm.j2", "officer_notice.j2")):
        where = "'elders' in sender" if file.name == "officer_notice.j2" else "'officer_notice' in what"
        night = f"{{% if {where} %}}{{{{ 1 / 0 }}}}{{% endif %}}"
        desk.write(file, f"{file.read_text('utf-8')}\n{night}\n")
    desk.look(3)
    desk.receive()
    for _ in range(5):
        desk.tick()
    told = [desk.daemon.env.octets.get(mail.digest) for mail in desk.all(OutboxMail) if mail.kind == "alarm"]
    assert len(told) == 2  # of the notice, and of the alarm about it
    assert all(b"Deze mail heeft de meegeleverde tekst" in octets for octets in told[:1])


@pytest.mark.parametrize("line", ["{{ (minutes / 60) | round(1) }}", "{{ phone.replace(' ', '') }}", "{{ 1 / 0 }}"])
def test_a_template_that_breaks_without_an_optional_value_is_refused(desk: Desk, line: str) -> None:
    """It passed as text; the old one stays in force."""
    file = desk.folder / "templates" / "nl" / "alarm.j2"
    desk.write(file, f"{file.read_text('utf-8')}\n{line}\n")
    desk.look(3)
    assert len(desk.periods("templates")) == 1
    (alarm,) = desk.all(Alarm)
    assert "templates/nl/alarm.j2:" in alarm.text.english
    assert "where " in alarm.text.english


# ---- files that move while they are read


def test_a_file_that_goes_away_while_it_is_read_is_no_fault(desk: Desk) -> None:
    """A file that is missing while it is replaced raises no alarm, and is loaded once it is back."""
    renewal = desk.daemon.renewal
    assert renewal is not None
    real, away = renewal.load, desk.folder / "away"

    def moving(env: Services) -> Services:
        desk.rules.rename(away)
        return real(env)

    desk.add(NEWSLETTER)
    renewal.load = moving
    desk.look(2)
    assert desk.alarms() == []
    renewal.load = real
    away.rename(desk.rules)
    desk.look(2)
    assert desk.receive().kinds == ("noise",)
    assert desk.alarms() == []


def test_a_file_that_cannot_be_read_is_told_of(desk: Desk) -> None:
    """An unreadable file raises one alarm, and the old rules stay in force."""
    renewal = desk.daemon.renewal
    assert renewal is not None

    def unreadable(_: Services) -> Services:
        raise PermissionError(13, "Permission denied", str(desk.rules))

    renewal.load = unreadable
    desk.add(NEWSLETTER)
    desk.look(3)
    assert len(desk.alarms()) == 1
    assert [alarm.text.english for alarm in desk.all(Alarm)] == ["90-noise.yaml: Permission denied"]


def test_nothing_is_read_while_nothing_moves() -> None:
    """Unchanged files are not read."""
    read: list[Services] = []

    def load_them(env: Services) -> Services:
        read.append(env)
        return env

    renewal = RuleReloader(lambda: 1, load_them)
    for _ in range(3):
        renewal.tick(object())  # type: ignore[arg-type] # it is returned unchanged
    assert read == []
