# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail demo`: what it prints matches the database, and no process outlives it."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from flaggermail.cli.acting import typed
from flaggermail.cli.web_bridge import bridged
from flaggermail.errors import StoryBroken
from flaggermail.stories.demo import Wanted
from flaggermail.stories.demo_figures import Look
from flaggermail.stories.demo_stage import SHIPPED as STORY
from flaggermail.wiring.runs import play, show_demo
from tests.command_line import type_here
from tests.flow.desk_process import ROOT, patiently
from tests.flow.test_web import FORBIDDEN, MISDIRECTED, OK, SEEN, ask, entered
from tests.patience import PATIENCE

together = pytest.mark.xdist_group("demo")  # the story is played once for all of them

DEMO = (sys.executable, "-m", "flaggermail", "demo")
WARNING, REFERRED = "VF-EP2024-0001", "VF-EP2024-0002"
UNJUDGED, WAITS = "VF-EP2024-0003", "VF-EP2024-0004"  # once the story is over
PRINTED = "printed"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True)
class Shown:
    """The output and folder of a finished demo."""

    text: str
    folder: Path

    def block(self, case: str) -> str:
        """Returns the printed figures of a case."""
        figures = self.text.partition("What the record says now")[2]
        return re.split(r"\n\n", figures.partition(f"{case}  ")[2])[0]

    def rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        """Returns the result of a query on the database, without the program."""
        with closing(sqlite3.connect(self.folder / "flaggermail.db")) as database:
            return database.execute(query, values).fetchall()


def environment(folder: Path) -> dict[str, str]:
    """Returns the environment of this process, with temporary folders in `folder`."""
    return {**os.environ, "TMPDIR": str(folder)}


def show(folder: Path, *options: str) -> Shown:
    """Runs a demo that must succeed without output on standard error."""
    done = subprocess.run(
        (*DEMO, "--once", *options), capture_output=True, text=True, cwd=ROOT, check=False, timeout=5 * PATIENCE,
        env=environment(folder),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    (used,) = folder.glob("flaggermail-demo-*")
    return Shown(done.stdout, used)


def processes_of(folder: Path) -> list[str]:
    """Returns the command lines of all processes that mention `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:  # the process has ended
            continue
        if os.fsencode(folder) in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found


def clock_times(instants: list[str]) -> list[str]:
    """Converts instants of the database to times of day at the desk."""
    read = [datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(AMSTERDAM) for instant in instants]
    return [f"{instant:%H:%M}" for instant in read]


@dataclass(frozen=True)
class Served:
    """A demo whose story is over, with what it printed since then, and the browser of its officer."""

    process: subprocess.Popen[bytes]
    folder: Path
    lines: tuple[str, ...]

    @property
    def address(self) -> str:
        """The address that works once."""
        (found,) = [line.strip() for line in self.lines if line.startswith("  http://127.0.0.1:")]
        return found

    @property
    def commands(self) -> list[str]:
        """The commands to try."""
        return [line for line in self.lines if " --config " in line]


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Runs a demo until it serves its pages."""
    printed = folder / PRINTED
    with printed.open("wb") as file:
        process = subprocess.Popen(DEMO, cwd=ROOT, stdout=file, env=environment(folder))
    try:
        lines = patiently(lambda: invitation(printed), "the story is over", 5 * PATIENCE)
        yield Served(process, folder, tuple(lines))
    finally:
        process.kill()
        process.wait()
        patiently(lambda: not processes_of(folder), "nothing of the demo is left")


@pytest.fixture(scope="module")
def day_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Runs the demo without options, for what it tells and for what it serves; a test ends it."""
    with serving(tmp_path_factory.mktemp("d")) as found:  # a socket's path is short
        yield found


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Runs a demo of the test's own."""
    with serving(tmp_path_factory.mktemp("d")) as found:
        yield found


def invitation(printed: Path) -> list[str]:
    """Returns the whole lines of a file that is being written after the story, once the last of them is there."""
    whole = printed.read_bytes().rpartition(b"\n")[0].decode()
    lines = whole.partition("The story is over")[2].splitlines()
    return lines if lines and "case show" in lines[-1] else []


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Runs the demo that tells everything."""
    return show(tmp_path_factory.mktemp("demo"), "--all")


@pytest.fixture(scope="module")
def day(day_served: Served) -> Shown:
    """Returns what the demo without options has told when it serves its pages."""
    return Shown((day_served.folder / PRINTED).read_text("utf-8"), day_served.folder)


@together
def test_a_first_look_takes_a_screen_or_two(day: Shown, shown: Shown) -> None:
    """The day alone, in at most 60 lines of which two say what the clocks are; the figures are those of the whole."""
    lines = day.text.partition("The story is over")[0].splitlines()
    assert len(lines) <= 60 - 5  # with --once it says farewell
    assert sum(" clock" in line for line in lines[3:6]) == 2
    assert "March 2023" not in day.text.partition("What the record says now")[0]
    assert day.block(WARNING) == shown.block(WARNING)
    for told in ("10:34  the desk to X", "11:34", "12:34", "13:06  Government", "18:21  the desk to C. Bakker"):
        assert sum(line.startswith(f"  {told}") for line in lines) == 1


@together
def test_demo_tells_how_long_the_platform_took(shown: Shown) -> None:
    """The demo shows 152 minutes on all three clocks, in both languages, and two reminders."""
    block = shown.block(WARNING)
    for clock in ("receipt", "human", "substance"):
        assert re.search(rf"{clock} clock +stopped at 13:06, after 152 minutes", block)
    assert "2.5 hours (152 minutes)" in block
    assert "2,5 uur (2 uur en 32 minuten)" in block
    assert "11:34 to A. Jansen (after 60 minutes); 12:34 to A. Jansen (after 120 minutes)" in block
    assert re.search(r"escalations +none", block)


@pytest.mark.parametrize("page", ["README.md", "README.nl.md"])
@together
def test_the_readme_shows_what_the_demo_prints(day: Shown, page: str) -> None:
    """Each of the ten lines of the README is a line of the demo."""
    text = (ROOT / page).read_text("utf-8")
    lines = [line[4:] for line in text[text.index(f"    {WARNING}") :].partition("\n\n")[0].split("\n")]
    assert len(lines) == 10
    assert [line for line in lines if line not in day.text.split("\n")] == []


@together
def test_demo_escalates_what_stays_silent(shown: Shown) -> None:
    """The silent platform of the second case causes two reminders, an escalation to the head and no figure."""
    block = shown.block(REFERRED)
    assert "15:21 to A. Jansen (after 60 minutes); 16:21 to A. Jansen (after 120 minutes)" in block
    assert re.search(r"escalations +18:21 to C\. Bakker \(after 240 minutes\)", block)
    assert "hours" not in block
    assert re.search(r"human clock +running since 14:21", block)


@together
def test_demo_confirms_the_referral_with_its_number(shown: Shown) -> None:
    """The municipality's mail opens a case, and its number is confirmed at once."""
    lines = shown.text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.endswith("confirmation with the case number"))
    assert lines[at].startswith("  14:02  the desk to i.voorbeeldsma")
    assert lines[at + 1].strip().startswith(f"[{REFERRED}-")


@together
def test_figures_are_those_of_the_database(shown: Shown) -> None:
    """The printed times equal those in the database, read with plain SQL."""
    query = "SELECT started_at, stopped_at FROM clock WHERE notification = ? ORDER BY kind"
    spans = {tuple(clock_times(list(row))) for row in shown.rows(query, f"{WARNING}/1")}
    assert spans == {("10:34", "13:06")}
    query = "SELECT kind, told_at FROM reminder WHERE notification = ? ORDER BY told_at"
    for case in (WARNING, REFERRED):
        told = shown.rows(query, f"{case}/1")
        rows = dict(re.findall(r"(?m)^  (reminders|escalations) +(.*)$", shown.block(case)))
        printed = re.findall(r"\d\d:\d\d", f"{rows['reminders']} {rows['escalations']}")
        assert printed == clock_times([at for _, at in told])


@together
def test_demo_keeps_database_archive_and_log(shown: Shown) -> None:
    """Database, archive and log are where the demo says, and every sent mail is in the archive under its digest."""
    for name in ("flaggermail.db", "archive", "daemon.log"):
        assert (shown.folder / name).exists()
        assert str(shown.folder / name) in shown.text
    archived = {
        hashlib.sha256(p.read_bytes()).hexdigest() for p in (shown.folder / "archive").rglob("*") if p.is_file()
    }
    assert {digest for (digest,) in shown.rows("SELECT digest FROM outbox")} <= archived
    assert "13 March 2023 and" in shown.text
    assert "22 November 2023." in shown.text


@together
def test_demo_ends_with_a_page_of_figures(shown: Shown) -> None:
    """The page is where the demo says, with the uses of all its elections, answered and open."""
    (line,) = [line for line in shown.text.splitlines() if line.startswith("  page of figures")]
    assert line.split()[-1] == str(shown.folder / "figures.html")
    page = (shown.folder / "figures.html").read_text("utf-8")
    for case in (WARNING, REFERRED, "VF-TK2023-0001", "VF-PS2023-0001"):
        assert f"Clocks of {case}/1" in page
    assert "152 minutes until a person answered" in page
    assert "240 minutes without an answer by a person" in page


@pytest.mark.long
@together
def test_commands_it_names_work_afterwards(shown: Shown) -> None:
    """The commands printed at the end succeed."""
    lines = [line for line in shown.text.splitlines() if " --config " in line]
    assert lines
    for line in lines:
        done = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)  # noqa: S602 - as a person types it
        assert done.returncode == 0, done.stderr


@together
def test_nothing_runs_on(shown: Shown) -> None:
    """No process of the demo is left."""
    assert processes_of(shown.folder) == []


@pytest.mark.long
def test_answer_after_moves_the_answer(tmp_path: Path) -> None:
    """`--answer-after` changes the platform's response time and the reminders before it."""
    block = show(tmp_path, "--answer-after", "97").block(WARNING)
    assert "1.6 hours (97 minutes)" in block
    assert "1,6 uur (1 uur en 37 minuten)" in block
    assert re.search(r"reminders +11:34 to A\. Jansen \(after 60 minutes\)\n", block)


@pytest.mark.parametrize("minutes", ["0", "10081", "soon"])
def test_silence_is_at_least_a_minute_and_at_most_a_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: str
) -> None:
    """A value outside one minute to one week is a usage error: one line, exit status 2, and no folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = type_here(["demo", "--answer-after", minutes], direct=False)
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert "--answer-after" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_daemon_that_never_reminds_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that sends no reminder breaks the demo; no reminder is printed as sent."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = list[str]()
    forgetful = (sys.executable, "-m", "tests.flow.forgetful_daemon")

    def tell(line: str, _look: Look) -> None:
        told.append(line)

    wanted = Wanted(once=True, everything=True, answer_after=None, login="somebody", program="flaggermail")
    with pytest.raises(StoryBroken, match=r"not sent the reminder that fell due at 2024-06-06 09:34 UTC.*daemon\.log"):
        show_demo(wanted, typed, forgetful, tell, bridged)
    assert not [line for line in told if "reminder" in line or "record says" in line]
    assert processes_of(tmp_path) == []


def test_missing_extra_is_named() -> None:
    """Without the packages of the extra, the error names the extra to install: one line, exit status 2."""
    hide = "import sys; sys.modules['pymap'] = None; from flaggermail.cli import main; main(['demo', '--once'])"
    done = subprocess.run((sys.executable, "-c", hide), capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'flaggermail[demo]'" in done.stderr


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a demo that continues after its story, with its daemon started."""
    process = subprocess.Popen(DEMO, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment(tmp_path))
    try:
        patiently(lambda: processes_of(tmp_path), "the daemon of the demo starts")
        yield process
    finally:
        process.kill()
        process.wait()


def test_killed_demo_leaves_no_daemon(running: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """The daemon ends when the demo is killed."""
    running.send_signal(signal.SIGKILL)
    running.wait()
    patiently(lambda: not processes_of(tmp_path), "the daemon notices that it is alone")


@pytest.mark.long
@together
def test_story_is_a_scenario_with_the_same_figures(shown: Shown) -> None:
    """Replayed without servers, the demo's scenario gives the same figures as the demo's database."""
    report = play(STORY, typed)
    assert report.differences == ()
    notifications = report.json["notifications"]
    assert isinstance(notifications, list)
    replayed = {
        (found["case"], found["human_min"], *(len(found[kind]) for kind in ("reminders", "escalations")))
        for found in notifications
    }
    query = """
        SELECT n."case", (julianday(stopped_at) - julianday(started_at)) * 1440,
            (SELECT count(*) FROM reminder r WHERE r.notification = n.id AND r.kind = 'reminder'),
            (SELECT count(*) FROM reminder r WHERE r.notification = n.id AND r.kind = 'escalation')
        FROM notification n JOIN clock c ON c.notification = n.id WHERE c.kind = 'human'
    """
    assert replayed == {
        (case, None if minutes is None else round(float(minutes)), reminders, escalations)
        for case, minutes, reminders, escalations in shown.rows(query)
    }
    assert (WARNING, 152, 2, 0) in replayed


def approval(page: str) -> str:
    """Returns the form of a draft's page that approves it, filled in as the page fills it."""
    (form,) = re.findall(
        r'<form method="post"[^>]*>\s*(<input type="hidden" name="act" value="approve">.*?)</form>', page, re.DOTALL
    )
    return urlencode(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


@together
def test_the_demo_ends_by_serving_the_desk_of_that_day(day_served: Served) -> None:
    """By an address that works once, now is 6 June 2024; a draft waits, and the platform answers what is approved.

    Ctrl-C ends the daemon, the door and the pages.
    """
    cookie = entered(day_served.address)
    parts = urlsplit(day_served.address)
    assert ask(day_served.address, f"{parts.path}?{parts.query}").status == FORBIDDEN
    assert ask(day_served.address, "/", Cookie=cookie, Host="evil.example").status == MISDIRECTED

    def page(path: str) -> str:
        found = ask(day_served.address, path, Cookie=cookie, Accept_Language="en")
        assert found.status == OK
        return re.sub(r"\s+", " ", found.text)

    tonight = page("/")
    for words in (
        "You act as A. Jansen",
        "Made on 6 June 2024 at 18:2",
        REFERRED,
        UNJUDGED,
        f"/drafts/{WAITS}/1",
    ):
        assert words in tonight
    assert "13:06, after 2 hours and 32 minutes" in page(f"/cases/{WARNING}")
    draft = ask(day_served.address, f"/drafts/{WAITS}/1", Cookie=cookie).text
    form = {"Cookie": cookie, "Content_Type": "application/x-www-form-urlencoded"}
    assert ask(day_served.address, f"/drafts/{WAITS}/1", "POST", approval(draft), **form).status == SEEN
    patiently(lambda: "answer by a person" in page(f"/cases/{WAITS}"), "the platform answers")
    day_served.process.send_signal(signal.SIGINT)
    assert day_served.process.wait(PATIENCE) == 0
    assert processes_of(day_served.folder) == []
    with pytest.raises(ConnectionError):
        ask(day_served.address, "/", Cookie=cookie)


@pytest.mark.long
def test_what_is_approved_after_the_story_is_answered(served: Served) -> None:
    """The commands that are printed go by the door: they approve the draft that waits, and the platform answers."""

    def shown_case() -> str:
        done = subprocess.run(served.commands[-1], shell=True, capture_output=True, text=True, cwd=ROOT, check=True)  # noqa: S602 - as a person types it
        return done.stdout if "answered" in done.stdout else ""

    for line in served.commands[:-1]:
        subprocess.run(line, shell=True, capture_output=True, text=True, cwd=ROOT, check=True)  # noqa: S602 - as above
    assert f"Re: [{WAITS}-" in patiently(shown_case, "the platform answers")
    served.process.send_signal(signal.SIGHUP)  # as the end of its terminal does
    assert served.process.wait(PATIENCE) == 0


@pytest.mark.long
def test_killed_pages_leave_neither_door_nor_daemon(served: Served) -> None:
    """Both notice that they are alone."""
    assert any("--door" in line for line in processes_of(served.folder))
    served.process.kill()
    served.process.wait()
    patiently(lambda: not processes_of(served.folder), "door and daemon end")
