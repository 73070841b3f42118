# SPDX-License-Identifier: EUPL-1.2
"""The word tables are read in any form of YAML, and reading one mail loads nothing dear."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.errors import ConfigurationError
from flaggermail.shipped import shipped


@pytest.mark.parametrize(
    "text",
    [
        "nl:\n  closings:\n    - met groet\n    - groet\n",
        "nl:\r\n  closings: [met groet, groet]\r\n",
        "nl: {closings: [met groet, groet]}\n",
        "\ufeffnl:\n    closings: [met groet, # so\n      groet]\n",
        'nl:\n  closings: ["met\\x20groet", groet]\n',
        "nl:\n  closings: [met\n    groet, groet]",
    ],
)
def test_every_form_of_yaml_is_read(tmp_path: Path, text: str) -> None:
    """A table that is written in another form than the shipped one has the same words."""
    (tmp_path / "mail-machines.yaml").write_text((shipped("rules") / "mail-machines.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "mail-language.yaml").write_bytes(text.encode())
    assert read_language(tmp_path).closings == {"met groet", "groet"}


def test_faults_of_both_tables_are_told_together(tmp_path: Path) -> None:
    """Faults in both tables are reported together by file, line and column."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "mail-language.yaml").write_text("nl:\n  closings: [groet, 7]\n", "utf-8")
    (folder / "mail-machines.yaml").write_text("nl:\n\tanswer_words: [x]\n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_language(folder)
    assert caught.value.faults == (
        "rules/mail-language.yaml:2:21 nl.closings[1]: is no word; write text, in quotes if it is a number",
        "rules/mail-machines.yaml:2:1: a tab; indent with spaces",
    )


@pytest.mark.outside
@pytest.mark.parametrize(
    "work",
    [
        "import pathlib, flaggermail.cli.parse, flaggermail.wiring.opening as o; o.desk_files(pathlib.Path()).parser()",
        "from flaggermail.adapters.parsing import child as c; c.read_language(__import__('pathlib').Path('rules'))",
    ],
    ids=["the command", "the process that reads"],
)
def test_to_read_one_mail_nothing_dear_is_loaded(work: str) -> None:
    """Reading one mail loads no database, models, templates or YAML, in the command and in the child process.

    `parse` starts in a fifth of a second.
    """
    dear = "{'sqlmodel', 'sqlalchemy', 'pydantic', 'jinja2', 'ruamel', 'imapclient', 'structlog'}"
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; {work}; print(sorted({dear} & {{m.split('.')[0] for m in sys.modules}}))"],
        capture_output=True, text=True, check=True, cwd=shipped("rules").parent,
    )  # fmt: skip
    assert found.stdout == "[]\n"
