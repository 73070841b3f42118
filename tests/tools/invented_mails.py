# SPDX-License-Identifier: EUPL-1.2
"""Plays the mails of tests/invented_mails and counts, by form and by what was expected, how many come out wrong.

`python -m tests.tools.invented_mails` prints the figures beside those of figures.yaml, `--names` the mails that are
wrong too, `--form 07` plays one form, `--keep` writes the figures down.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

from tests.invented_mails import HERE, Desks, entries

FILE = HERE / "figures.yaml"
KEPT: dict[str, int] = YAML(typ="safe").load(FILE)
"""How many mails may be wrong, by figure."""


def measured(only: str = "") -> dict[str, dict[str, bool]]:
    """Returns for each figure whether a mail came out wrong, by its name; `only`: how the form's name begins."""
    found: dict[str, dict[str, bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        desks = Desks(Path(folder))
        for form in sorted(path.stem for path in HERE.glob(f"{only}*-*.yaml")):
            for mail in entries(form):
                out = desks.play(mail)
                for key, wanted in mail["expect"].items():
                    figure = f"{form}: {'not ' * (wanted is False)}{key}"
                    if wanted != "any":
                        found.setdefault(figure, {})[mail["name"]] = out[key] != wanted
    return found


def main() -> None:
    """Prints the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--names", action="store_true")
    asked.add_argument("--keep", action="store_true")
    asked.add_argument("--form", default="")
    given, now = asked.parse_args(), dict(KEPT)
    for figure, mails in measured(given.form).items():
        wrong = [name for name, is_wrong in mails.items() if is_wrong]
        print(f"{figure:34}{len(wrong):4} of {len(mails):3} wrong, kept {now.get(figure, '-')}")
        sys.stdout.writelines(f"    {name}\n" for name in wrong if given.names)
        now[figure] = len(wrong)
    if given.keep:
        FILE.write_text("".join(f'"{figure}": {wrong}\n' for figure, wrong in now.items()), "utf-8")


if __name__ == "__main__":
    main()
