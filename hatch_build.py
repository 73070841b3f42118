# SPDX-License-Identifier: EUPL-1.2
"""Writes a manual page for each command into the wheel; `python hatch_build.py FOLDER` writes them into a folder.

click-man makes the pages. It walks only commands that are loaded, cuts the first sentence of each at 45 characters, and
leaves signs as they are that roff obeys: all three are mended here.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_OBEYED = re.compile(r"^[.']", re.MULTILINE)  # at the begin of a line, a request of roff
_LINKED = ("SECURITY.md", "CONTRIBUTING.md")  # docs/*.md link to them as `../NAME`
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


class ManualPages(BuildHookInterface):
    """Adds share/man/man1, and two files that the manual links, to a wheel.

    Not to an editable installation, whose help texts change every hour.
    """

    def initialize(self, version: str, build_data: dict[str, dict[str, str]]) -> None:
        """Writes the pages into a temporary folder, and names them to the builder."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory(prefix="flaggermail-man-")
        # In a process of its own, because the builder may have imported another flaggermail.
        subprocess.run([sys.executable, __file__, self._folder.name], check=True, cwd=self.root)  # noqa: S603 - ours
        pages = sorted(Path(self._folder.name).iterdir())
        build_data["force_include"] |= {str(Path(self.root) / name): f"flaggermail/_shipped/{name}" for name in _LINKED}
        build_data["shared_data"] |= {str(page): f"share/man/man1/{page.name}" for page in pages}

    def finalize(self, version: str, build_data: dict[str, dict[str, str]], artifact_path: str) -> None:
        """Removes the temporary folder."""
        del build_data, artifact_path
        if version != "editable":
            self._folder.cleanup()


def write_pages(folder: str) -> None:
    """Writes `flaggermail.1`, `flaggermail-case.1`, `flaggermail-case-show.1` and so on into `folder`."""
    from click_man.core import write_man_pages  # noqa: PLC0415 - an editable installation needs neither

    from flaggermail import __version__  # noqa: PLC0415 - as above
    from flaggermail.cli import COMMANDS, commands  # noqa: PLC0415 - as above

    whole = click.Group(commands.name, params=commands.params, help=commands.help)
    context = click.Context(commands)
    for name in COMMANDS:
        found = commands.get_command(context, name)
        if found is not None:
            whole.add_command(found, name)
    write_man_pages("flaggermail", prepared(whole), version=__version__, target_dir=folder)


def prepared(command: click.Command) -> click.Command:
    """Returns the command with whole sentences and harmless signs; it can be run no more."""
    found = _SENTENCE.match(command.help or "")
    command.short_help = _safe(" ".join((found[1] if found else "").split()))
    command.help = _safe(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = _safe(parameter.help)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            prepared(below)
    return command


def _safe(text: str | None) -> str:
    r"""Returns the text with each backslash as `\e`, and a begin of a line that is no request."""
    return _OBEYED.sub(r"\\&\g<0>", (text or "").replace("\\", "\\e"))


if __name__ == "__main__":
    write_pages(sys.argv[1])
