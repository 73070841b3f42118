# SPDX-License-Identifier: EUPL-1.2
"""What a command runs in its own process: old mail taken in, a scenario, the demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flaggermail.adapters.files.old_mail import MailFiles, MailNames
from flaggermail.cases import configuration_record
from flaggermail.intake import old_mail
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories import demo, replay
from flaggermail.stories.doubles import ListPager
from flaggermail.stories.replay import Command, Report
from flaggermail.wiring.assembly import make_services, open_services
from flaggermail.wiring.databases import upgrade_database
from flaggermail.wiring.mail_servers import with_signatures


def ingest_files(
    env: Services, paths: Sequence[Path], sent: Sequence[Path], progress: Callable[[int, int], None], by: str
) -> old_mail.FoundMail:  # fmt: skip
    """Takes in the old mail of files and folders; `sent` are those of sent mail.

    On a record that no daemon has used it first registers the configuration, in the name of `by`. `progress` gets the
    octets read and those of all files. Raises StoreBusy, StoreFailure, ArchiveFailure.
    """
    configuration_record.register_first(env, by)
    desk = env.settings.desk.mailbox
    files = MailFiles(paths, sent, MailNames(desk.sent, desk.junk))
    size = files.size()
    return old_mail.take_in(with_signatures(env, as_it_comes=False), files, lambda read, _: progress(read, size))


def play(path: Path, command: Command) -> Report:
    """Plays the scenario in `path`; `command` runs the command line. Raises ConfigurationError, Refusal."""
    return replay.play(path, command, replayed)


def replayed(
    settings: Configuration, folder: Path, clock: Clock, randomness: Randomness, submit: Submitter
) -> Services:
    """Returns services for a scenario: database and archive in `folder`, live adapters for every other port."""
    env = make_services(
        settings, clock=clock, randomness=randomness, submit=submit, pager=ListPager(),
        database=f"sqlite:///{folder}/scenario.db", archive=folder / "archive",
    )  # fmt: skip
    configuration_record.register(env)
    return env


def show_demo(
    wanted: demo.Wanted, command: Command, process: Sequence[str], tell: demo.Tell, bridge: demo.Bridge
) -> None:
    """Plays the story of the demo; `process` and `bridge` as in `demo.Parts`.

    Raises StoryBroken, and ImportError if the extra `demo` is not installed.
    """
    from flaggermail.adapters.demo_servers import DemoServers  # noqa: PLC0415 - of the extra `demo`

    parts = demo.Parts(DemoServers, upgrade_database, open_services, command, process, bridge)
    demo.show(wanted, parts, tell)
