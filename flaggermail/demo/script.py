# SPDX-License-Identifier: EUPL-1.2
"""Reads the story that the demo plays: `story/story.yaml`, whose comments describe the form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings_kinds import Code, Day, Instant, Minutes, Model
from flaggermail.yaml_model import read_model

SHIPPED = Path(__file__).parent / "story"


class AnswerEntry(Model):
    """What a platform answers, and after how many minutes."""

    mail: str
    after: Minutes
    asked: bool = False  # the minutes may be given on the command line


class PlatformEntry(Model):
    """A platform that answers by itself what arrives at one of its channels."""

    channel: Code
    answers: tuple[AnswerEntry, ...]
    later: str  # what it answers when the story is over


class Step(Model):
    """Something that happens at the desk: a command line of the officer, a mail that comes in, policies read anew."""

    at: Instant
    tell: str = ""
    do: str = ""
    mail: str = ""
    policies: bool = False
    brief: bool = False
    letter: bool = False


class Story(Model):
    """`story.yaml`."""

    policy_read_on: Day
    officer: Code
    platforms: tuple[PlatformEntry, ...]
    steps: tuple[Step, ...]
    words: Mapping[str, str]  # kind of mail -> what it is called
    figures: tuple[str, ...]  # case numbers
    tries: tuple[str, ...]  # command lines
    look: tuple[str, ...]  # command lines


def read(answer_after: int | None) -> Story:
    """The shipped story, with another silence of the platform that is asked for it (minutes), if given."""
    story = read_model(SHIPPED / "story.yaml", Story)
    instants = [step.at for step in story.steps]
    events = [[bool(step.do), bool(step.mail), step.policies] for step in story.steps]
    if instants != sorted(instants) or any(event.count(True) != 1 for event in events):
        raise ConfigurationError(
            "story/story.yaml steps: instants must rise, and each has one of do, mail and policies"
        )
    if answer_after is None:
        return story
    return story.model_copy(update={"platforms": tuple(_asked(entry, answer_after) for entry in story.platforms)})


def _asked(entry: PlatformEntry, minutes: int) -> PlatformEntry:
    answers = [a.model_copy(update={"after": minutes}) if a.asked else a for a in entry.answers]
    return entry.model_copy(update={"answers": tuple(answers)})
