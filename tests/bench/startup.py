# SPDX-License-Identifier: EUPL-1.2
"""How long a command takes, compared with a Python that does nothing."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from flaggermail.cli.session import Session
from flaggermail.shipped import shipped
from flaggermail.wiring import assembly
from tests.bench import corpus
from tests.bench.figures import Bench, Figure, Goal, Heading, Row, times
from tests.bench.history import lay
from tests.bench.mails import CHANNEL
from tests.bench.memory import stored
from tests.command_line import type_here
from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.door_process import door_on

ROUNDS, QUICK_ROUNDS = 25, 3
CASES = 50  # mails that the desk has ingested
PATIENCE = 180.0  # seconds
BESIDE_BARE = {
    "flaggermail --help": ("start.help", Goal(8, 12)),
    "flaggermail status": ("start.status", Goal(8, 12)),
    "flaggermail approve": ("start.approve", Goal(8, 12)),
    "flaggermail check": ("start.check", Goal(40, 60)),
    "flaggermail rules check": ("start.rules_check", Goal(40, 60)),
}
ASSESSMENT = "incorrect: true\ncontradicts: The polling day is another.\ncriteria: [3]\nown_attempts: 2\n"
POST = "A post that names a wrong day: https://posts.example/1\n"
PROGRAM = str(Path(sys.executable).with_name("flaggermail"))
BARE = "python -c pass"


def median_seconds(
    commands: Mapping[str, Sequence[str] | Iterator[Sequence[str]]], rounds: int, compiled: Path
) -> dict[str, float]:  # fmt: skip
    """Returns the median wall-clock seconds of each command; they take turns, so that load affects all of them.

    One uncounted turn compiles every module into the folder `compiled`, as in an installation. A command that can be
    typed once is an iterator of one for each turn.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(1 + rounds):
        for name, command in commands.items():
            typed = next(command) if isinstance(command, Iterator) else command
            begun = time.perf_counter()
            subprocess.run(
                typed, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )  # fmt: skip
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}


def measure(bench: Bench) -> Iterator[Row]:
    """Each command runs while a daemon runs, as on a desk: without one `status` rightly fails."""
    rounds = bench.few(ROUNDS, QUICK_ROUNDS)
    files = corpus.write(bench.folder / "startup", CASES, 1, corpus.SMALL)
    lay(bench.servers, files, "startup")
    with bench.servers.desk("startup") as desk:
        (desk.folder / "rules").unlink()  # a copy is in its place, as `init` writes it
        shutil.copytree(shipped("rules"), desk.folder / "rules")
        begun = time.perf_counter()
        desk.start()
        ready = time.perf_counter() - begun
        patiently(lambda: stored(desk) >= CASES, "the mail is on record", PATIENCE)
        patiently(partial(_in_order, desk), "status finds all in order", PATIENCE)
        configured = [PROGRAM, "--config", str(desk.folder)]
        commands: dict[str, Sequence[str] | Iterator[Sequence[str]]] = {
            BARE: [sys.executable, "-c", "pass"],
            "flaggermail --version": [PROGRAM, "--version"],
            "flaggermail --help": [PROGRAM, "--help"],
            "flaggermail status": [*configured, "status"],
            "flaggermail case list": [*configured, "case", "list"],  # through the door
            "flaggermail --direct case list": [*configured, "--direct", "case", "list"],
            "flaggermail parse --json MAIL": [*configured, "parse", "--json", str(files[0])],
            "flaggermail check": [*configured, "check"],
            "flaggermail rules check": [*configured, "rules", "check"],
            "flaggermail approve": ([*configured, "approve", one] for one in drafted(desk.folder, 1 + rounds)),
        }
        with door_on(desk.folder):
            medians = median_seconds(commands, rounds, desk.folder / "compiled")
        desk.stop()
    yield Heading(f"command line, median of {rounds}", "x bare")
    bare = medians[BARE]
    for command, median in medians.items():
        yield Figure(what=command, figure=median * 1000, unit="ms", beside=bare * 1000)
    for command, (name, goal) in BESIDE_BARE.items():
        yield times(f"{command}, beside a bare interpreter", medians[command] / bare, name, goal)
    yield Figure(what="daemon, from its start to `daemon started`", figure=ready, unit="s", goal=Goal(3.0))
    what = f"flaggermail case list, after {CASES} mails"
    yield Figure(what=what, figure=medians["flaggermail case list"], unit="s", name="start.case_list", goal=Goal(0.5))


def drafted(folder: Path, many: int) -> list[str]:
    """Opens as many cases and drafts a notification in each, as an officer; returns the drafts' ids."""
    form, post = folder / "assessment.yaml", folder / "post.txt"
    form.write_text(ASSESSMENT, "utf-8")
    post.write_text(POST, "utf-8")
    drafts = []
    with closing(assembly.open_services(folder)) as env:
        session = Session(folder, given=env, officer=env.settings.oncall.officers[0].id)

        def typed(*words: str) -> str:
            ran = type_here(words, session)
            if ran.status:
                raise AssertionError(f"{' '.join(words)}: {ran.err}")
            return ran.out

        election = env.settings.election_list[-1].code
        for number in range(many):
            opening = ("--type", "A_content", "--origin", "media", "--title", f"Wrong polling day {number}")
            case = typed("case", "open", "--election", election, *opening).split()[1]
            typed("case", "assess", case, str(form))
            typed("case", "decide", case, "notify", "--reason", "Voters may come on the wrong day")
            drafts.append(typed("notify", case, "--channel", CHANNEL, "--text", str(post)).strip())
    return drafts


def _in_order(desk: DeskProcess) -> bool:
    """Returns whether `status` exits with 0; the daemon may first need a look at the mailbox and a tick."""
    command = [PROGRAM, "--config", str(desk.folder), "status"]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode == 0
