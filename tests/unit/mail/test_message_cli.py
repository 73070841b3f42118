# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail parse` and `flaggermail threads`: their JSON and their exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flaggermail.cli import main

MAILS = Path(__file__).parents[2] / "mails"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Returns exit status, standard output and standard error of one command."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_parse_prints_one_object_a_mail(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`parse` reads files and folders and prints one object for each mail, with the fields of the contract.

    Broken mail is not a failure.
    """
    (tmp_path / "broken.eml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "note.txt").write_text("no mail")
    status, out, err = run(capsys, "parse", "--json", str(tmp_path), str(MAILS / "forward-outlook-nl.eml"))
    found = [json.loads(line) for line in out.splitlines()]
    assert (status, err, [one["file"] for one in found]) == (0, "", ["broken.eml", "forward-outlook-nl.eml"])
    assert list(found[0]) == [
        "file", "sha256", "message_id", "in_reply_to", "references", "from", "to", "cc", "subject", "date", "kind",
        "failed_recipients", "bounce_class", "forwarded", "text", "reply_text", "attachments", "defects", "seconds",
    ]  # fmt: skip
    assert found[1]["forwarded"]["from"] == {"name": "Griffie", "address": "griffie@raad.example"}
    assert isinstance(found[1]["seconds"], float)


@pytest.mark.parametrize("name", ["parse", "threads"])
def test_a_missing_path_is_wrong_use(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    """A missing path gives status 2 and one line that names it."""
    status, out, err = run(capsys, name, "--json", str(tmp_path / "none"))
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert str(tmp_path / "none") in err


def test_threads_prints_one_list_a_conversation(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`threads` prints one list of Message-IDs, without brackets, for each conversation."""
    for number, references in enumerate(("", "References: <m0@a.example>\r\n", "In-Reply-To: <other@b.example>\r\n")):
        (tmp_path / f"{number}.eml").write_bytes(f"Message-ID: <m{number}@a.example>\r\n{references}\r\nx".encode())
    status, out, _ = run(capsys, "threads", "--json", str(tmp_path))
    assert (status, json.loads(out)) == (0, [["m0@a.example", "m1@a.example"], ["m2@a.example"]])


@pytest.mark.parametrize("name", ["parse", "threads"])
def test_a_link_in_a_folder_is_not_followed(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    """A folder of a stranger may link to any file of the reader: it is named, its octets are not shown."""
    (tmp_path / "secret").write_bytes(b"Subject: hunter2\n\nhunter2\n")
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "1.eml").symlink_to(tmp_path / "secret")
    for path in (tmp_path / "mails", tmp_path / "mails" / "1.eml"):
        status, out, err = run(capsys, name, "--json", str(path))
        assert (status, "hunter2" in out) == (1, False)
        assert "1.eml: is a link, which is not followed; name the file itself" in err
