# SPDX-License-Identifier: EUPL-1.2
"""Whoever holds the published files cannot tell two annexes apart that differ in what was taken out alone.

Two desks live through the same day; in the mails only names differ, in length, script and number. If every file is
the same to the octet, no width, place of a following word, glyph, font, digest, outline, language or packing tells
anything.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.cli.acting import typed
from flaggermail.commands.annexes import ApproveAnnex, ProposeAnnex
from flaggermail.commands.reports import DraftReport
from flaggermail.services import Services
from tests.corpus import each
from tests.doubles.annexes import applied, by_hand, edited, form_of
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import START, desk_settings, equipped, mail, opened

ANNEX = "a00000001"


@dataclass(frozen=True)
class Kept:
    """What is taken out: a name of the sender, one in the body, and the copies."""

    sender: str
    named: str
    copies: str


SHORT = Kept("Al", "Bo", "Al <al@x-platform.example>")
LONG = Kept(
    "\u200fĦŊŁ Ŧŝ\u200eæþ", "Ĳĸŉ Ƣǂ\u200b-Ꝼꙮ",
    'Al <al@x-platform.example>, "Bo" <b@x-platform.example>, ĦŊŁ <c@x-platform.example>, d@x-platform.example',
)  # fmt: skip
"""Letters that are in no other word, signs that nobody sees, and four recipients for one."""


def published(env: Services, folder: Path, names: Kept) -> dict[str, bytes]:
    """Lives through the day with these names; returns the files of the annex, of the report, and the desk's answers."""
    shutil.copytree(folder.parent / "empty", folder)
    desk = opened(env, env.settings, folder)
    use = desk.notified()
    body = (
        f"--cut\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nDear {names.named},\n\n"
        f"our colleague {names.named} looks into it today, and {names.named}, too. The line goes on here.\n\n"
        f"Best,\n{names.sender}\n\n> Dear {names.named},\n> thank you.\n--cut\nContent-Type: application/pdf\n"
        f"Content-Disposition: attachment; filename*=utf-8''x\n\n{names.named}\n--cut--"
    )
    octets = mail(
        "gov-eu@x-platform.example", f"Re: {names.named} asks", body, answers=desk.message_id_of(use),
        extra=("Content-Type: multipart/mixed; boundary=cut", "MIME-Version: 1.0", f"CC: {names.copies}"),
        message_id="same@x-platform.example",
    )  # fmt: skip
    octets = octets.replace(
        b"From: gov-eu@x-platform.example", f"From: {names.sender} <gov-eu@x-platform.example>".encode()
    )
    desk.receive(octets, at=START + timedelta(minutes=30))
    desk.do(ProposeAnnex(of=use))
    visible = ["".join(sign for sign in one if sign not in "\u200b\u200e\u200f") for one in (names.sender, names.named)]
    words = [*visible, *(word for one in visible for word in one.split())]
    edited(desk.env, ANNEX, by_hand(form_of(desk.env, ANNEX), words), folder)
    desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
    files = applied(desk.env, ANNEX, folder / "out")
    desk.do(DraftReport(election="EP2024", text="languages: [nl]\n"))
    for form in ("html", "odt", "csv"):  # its PDF is made from its HTML
        out = folder / f"report.{form}"
        typed(desk.env, "officer1", ["report", "make", "EP2024", "--draft", "--out", str(out)])
        files[out.name] = out.read_bytes()
    files["list"] = typed(desk.env, "officer1", ["annex", "list", "--json"]).encode()

    desk.env.store.close()
    return files


FILES = (
    "annex.txt", "annex.html", "annex.odt", "annex.pdf", "manifest.json", "report.html", "report.odt",
    "report.csv", "list",
)  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, bytes], dict[str, bytes]]]:
    """Yields the files of the desk with short names and of the one with long ones."""
    folder = tmp_path_factory.mktemp("blind")
    (folder / "empty").mkdir()
    (folder / "empty" / "database").write_bytes(migrated())
    env = equipped(desk_settings(), folder / "empty")
    env.store.close()
    yield published(env, folder / "short", SHORT), published(env, folder / "long", LONG)
    env.close()


@each("name", FILES)
def test_a_file_does_not_depend_on_what_was_taken_out(
    both: tuple[dict[str, bytes], dict[str, bytes]], name: str
) -> None:
    """Neither a name's length, nor its letters, nor how many recipients there were changes an octet."""
    short, long = both
    assert short[name] == long[name]


def test_the_files_are_those_that_were_meant(both: tuple[dict[str, bytes], dict[str, bytes]]) -> None:
    """Each holds the words around the names, so that the comparison is not one of two empty files."""
    short, _ = both
    assert set(short) == {*FILES}
    assert b"Dear [gelakt 5.1.2e],\n\nour colleague [gelakt 5.1.2e] looks" in short["annex.txt"]
    assert b"CC: [gelakt 5.1.2e]\n" in short["annex.txt"]
    assert b"The line goes on here." in short["report.html"]
