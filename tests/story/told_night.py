# SPDX-License-Identifier: EUPL-1.2
"""The mails of the night in docs/night.md, as sent; `python -m tests.story.told_night` inserts them.

A mail in the manual is a code block after a comment such as `<!-- nl take -->`: its language and its name below.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.cli.acting import typed
from flaggermail.letters.html_part import fixed
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.record.rows import OutboxMail
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories import replay
from flaggermail.stories.doubles import ScriptedSubmitter, SetClock
from tests import asking
from tests.doubles import migrated
from tests.story.conftest import NOW

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "night.md"
LANGUAGES = ("nl", "en")
OFFICER, PLATFORM = "a.jansen@bzk.example", "elections-eu@tiktok-platform.example"
MAILS = {
    "new case": ("18:32", OFFICER, 0),
    "form": ("18:35", OFFICER, 0),
    "request": ("18:41", OFFICER, 0),
    "form taken": ("18:41", OFFICER, 1),
    "notification": ("18:42", PLATFORM, 0),
    "approved": ("18:42", OFFICER, 0),
    "unplaced": ("19:02", OFFICER, 0),
    "placed": ("19:05", OFFICER, 0),
    "reminder": ("19:42", OFFICER, 0),
    "ok": ("19:44", OFFICER, 0),
    "called": ("20:06", OFFICER, 0),
    "answer": ("20:21", OFFICER, 0),
    "genuine": ("20:24", OFFICER, 0),
}
"""Time, recipient and index among the mails of that minute."""
_TAIL = re.compile(r"\b(VF-[A-Z0-9]+-\d{4})-[A-HJ-NP-Z2-9]{4}\b")  # random: the manual shows the same one everywhere
_SHOWN = re.compile(r"(?<=<!-- )(?P<language>nl|en) (?P<name>[a-z ]+) -->\n\n```text\n(?P<mail>.*?)\n?```", re.DOTALL)


def played(language: str) -> dict[str, str]:
    """Returns the mails of that night by name, as plain text, with the desk in that language."""
    with tempfile.TemporaryDirectory() as folder:
        settings = _play(language, Path(folder))
        clock = SetClock(NOW.replace(year=NOW.year + 1))
        env = migrated.replayed(settings, Path(folder), clock, SystemRandomness(), ScriptedSubmitter(clock))
        try:
            mails = asking.mails(env)
            return {name: _shown(env, mails, *which) for name, which in MAILS.items()}
        finally:
            env.close()


def to_officer(language: str, scenario: str) -> list[tuple[str, str]]:
    """Returns subject and text of each mail that the officer gets in a scenario, in the order of their sending."""
    with tempfile.TemporaryDirectory() as folder:
        settings = _play(language, Path(folder), scenario)
        clock = SetClock(NOW.replace(year=NOW.year + 1))
        env = migrated.replayed(settings, Path(folder), clock, SystemRandomness(), ScriptedSubmitter(clock))
        try:
            mails = [mail for mail in asking.mails(env) if mail.recipient == OFFICER]
            return [(mail.subject, env.parser.parse(env.octets.get(mail.digest)).text) for mail in mails]
        finally:
            env.close()


def _play(language: str, folder: Path, scenario: str = "") -> Configuration:
    used: list[Configuration] = []

    def build(settings: Configuration, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
        organisation = settings.desk.organisation.model_copy(update={"language": language})
        desk = settings.desk.model_copy(update={"organisation": organisation})
        used.append(settings.model_copy(update={"desk": desk}))
        return migrated.replayed(used[0], folder, clock, randomness, submit)

    assert replay.play(ROOT / "tests" / "scenarios" / (scenario or f"night-{language}"), typed, build).differences == ()
    return used[0]


def _shown(env: Services, mails: list[OutboxMail], at: str, to: str, nth: int) -> str:
    """Returns time, recipient, subject and text."""
    when = [m for m in mails if f"{m.queued_at.astimezone(env.settings.zone):%H:%M}" == at and m.recipient == to]
    text = fixed(env.parser.parse(env.octets.get(when[nth].digest)).text).rstrip()
    return _TAIL.sub(r"\1-K7QF", f"{at}  To: {to}\nSubject: {when[nth].subject}\n\n{text}")


def stand(manual: str) -> Iterator[tuple[str, str, str]]:
    """Yields language, name and text of each mail in the manual."""
    return ((found["language"], found["name"], found["mail"]) for found in _SHOWN.finditer(manual))


def put_in(manual: str, mails: dict[str, dict[str, str]]) -> str:
    """Returns the manual with the mails as they are sent now."""
    return _SHOWN.sub(
        lambda f: f"{f['language']} {f['name']} -->\n\n```text\n{mails[f['language']][f['name']]}\n```", manual
    )


if __name__ == "__main__":
    MANUAL.write_text(put_in(MANUAL.read_text("utf-8"), {one: played(one) for one in LANGUAGES}), "utf-8")
