# SPDX-License-Identifier: EUPL-1.2
"""A bag is whole or not there; its check names anything missing, added or changed, and follows nothing out of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest

from flaggermail.cli.bag_check import check, is_dossier, new_bag
from flaggermail.cli.new_files import usable
from flaggermail.documents.bag import MANIFEST, README, TAG_MANIFEST
from flaggermail.errors import Refusal
from flaggermail.unfinished import INCOMPLETE, leftovers
from tests.corpus import looked_at
from tests.patience import PATIENCE

FILES = {README: b"read me\n", "case/0001/0001.eml": b"Subject: x\r\n\r\n\x00\xff", "case/index.txt": b""}
INFO = {"Bagging-Date": "2024-06-06", "Source-Organization": "Ministerie\nX: y", "Bag-Software-Agent": "flaggermail"}


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Returns a small bag."""
    place = tmp_path / "dossier"
    make(place)
    return place


def make(place: Path) -> str:
    """Makes the small bag; returns its fingerprint."""
    with new_bag(usable(place)) as writer:
        for path, octets in FILES.items():
            writer.write(path, octets)
        writer.finish(INFO)
    return writer.fingerprint


def found_in(folder: Path) -> list[str]:
    """Returns the findings, each as path and text."""
    return [f"{one.path}: {one.text}" for one in check(folder, lambda _: None).findings]


def files_of(folder: Path) -> list[Path]:
    """Returns every file of a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_another_writer_makes_the_same_bag(bag: Path, tmp_path: Path) -> None:
    """The library lists the same files with the same digests, and says the same of them."""
    other = tmp_path / "other"
    for path, octets in FILES.items():
        (other / path).parent.mkdir(parents=True, exist_ok=True)
        (other / path).write_bytes(octets)
    bagit.make_bag(str(other), dict(INFO), checksums=["sha256"])
    for name in ("manifest-sha256.txt", "bag-info.txt"):
        assert (bag / name).read_bytes() == (other / name).read_bytes()


def test_a_bag_is_whole_and_another_reader_agrees(bag: Path, tmp_path: Path) -> None:
    """The bag has no finding, the library agrees, and the same files make the same octets."""
    assert found_in(bag) == []
    assert bagit.Bag(str(bag)).is_valid()
    assert (bag / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    make(tmp_path / "again")
    for path in files_of(bag):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(bag)).read_bytes()


def test_each_flipped_bit_is_named(bag: Path) -> None:
    """Each bit of each file, flipped by itself, is a finding; it names the file, or the manifest that disagrees."""
    for path in files_of(bag):
        octets, name = path.read_bytes(), path.relative_to(bag).as_posix()
        for at in range(len(octets) * 8):
            changed = bytearray(octets)
            changed[at // 8] ^= 1 << at % 8
            path.write_bytes(changed)
            said = found_in(bag)
            assert any(name in line for line in said), f"{name}, bit {at}: {said}"
            looked_at("flipped bits")
        path.write_bytes(octets)
    assert found_in(bag) == []


def test_longer_and_shorter_files_are_named(bag: Path) -> None:
    """An octet more or less at the end of any file is a finding that names it."""
    for path in files_of(bag):
        octets, name = path.read_bytes(), path.relative_to(bag).as_posix()
        for other in (octets + b"\n", octets[:-1], octets + octets, b""):
            if other != octets:
                path.write_bytes(other)
                assert any(name in line for line in found_in(bag)), f"{name}: {found_in(bag)}"
        path.write_bytes(octets)


def test_a_file_that_is_missing_added_or_renamed_is_named(bag: Path) -> None:
    """Each of them by its path; so are a folder that nobody listed, and a second manifest."""
    for path in files_of(bag):
        name = path.relative_to(bag).as_posix()
        away = path.with_name("away")
        path.rename(away)
        said = found_in(bag)
        assert any(line.startswith(f"{name}: is missing") for line in said), said
        assert any(line.startswith(away.relative_to(bag).as_posix()) for line in said), said
        away.rename(path)
    (bag / "data" / "extra.txt").write_text("x", "utf-8")
    (bag / "fetch.txt").write_text("https://host.example/x 1 data/x\n", "utf-8")
    (bag / "manifest-md5.txt").write_text("", "utf-8")
    (bag / "data" / "empty").mkdir()
    assert [line.partition(": ")[0] for line in found_in(bag)] == [
        "data/empty/", "data/extra.txt", "fetch.txt", "manifest-md5.txt",
    ]  # fmt: skip


def lined(bag: Path, path: str) -> None:
    """Adds a line for a path to the manifest, as whoever made the bag could."""
    with (bag / MANIFEST).open("a", encoding="utf-8") as file:
        file.write(f"{'0' * 64}  {path}\n")


@pytest.mark.parametrize(
    "path",
    ["../outside", "/etc/passwd", "data/../../outside", "data/./x", "data//x", "data\\..\\x", "bagit.txt", "data/a\0b"],
)
def test_a_path_out_of_the_bag_is_refused(bag: Path, path: str) -> None:
    """A path that leads out of the bag, or to a file that is no payload, is named and not opened."""
    (bag.parent / "outside").write_text("secret", "utf-8")
    lined(bag, path)
    assert any(line.startswith(f"{path}: in line 4 of {MANIFEST} is no path of this dossier") for line in found_in(bag))


def test_links_and_special_files_are_named_and_never_opened(bag: Path, tmp_path: Path) -> None:
    """A link to a file or folder outside, a pipe and a link in place of a listed file: named, not followed."""
    outside = tmp_path / "elsewhere"
    shutil.copytree(bag / "data", outside)
    (bag / "data" / "link").symlink_to(outside)
    (bag / "data" / "shadow").symlink_to("/etc/passwd")
    os.mkfifo(bag / "data" / "pipe")
    lined(bag, f"data/link/{README}")
    listed = bag / "data" / "case" / "0001" / "0001.eml"
    listed.unlink()
    listed.symlink_to(outside / "case" / "0001" / "0001.eml")
    said = found_in(bag)
    assert "data/link: is a link" in said
    assert "data/shadow: is a link" in said
    assert "data/pipe: is no regular file" in said
    assert "data/case/0001/0001.eml: is a link" in said
    assert f"data/case/0001/0001.eml: is missing, {MANIFEST} lists it" in said
    assert f"data/link/{README}: is missing, {MANIFEST} lists it" in said


def test_a_manifest_of_another_form_is_named(bag: Path) -> None:
    """Capitals, one space, no digest, octets that are no UTF-8, a path twice, and a line without end."""
    good = (bag / MANIFEST).read_bytes()
    first = good.splitlines()[0]
    for bad in (
        first.upper(),
        first.replace(b"  ", b" "),
        b"x",
        b"0" * 64 + b"  data/\xff",
        b"a" * 100_000,
        b"",
        b"\r",
    ):
        (bag / MANIFEST).write_bytes(good + bad + b"\n")
        assert any(line.startswith(f"{MANIFEST}: was changed: line 4") for line in found_in(bag)), bad[:90]
    (bag / MANIFEST).write_bytes(good + first + b"\n")
    assert any("twice" in line for line in found_in(bag))
    (bag / MANIFEST).write_bytes(b"")
    assert any(line.startswith(f"data/{README}: is in no manifest") for line in found_in(bag))


def test_a_folder_that_is_no_dossier_is_none(tmp_path: Path) -> None:
    """A folder of other files is no dossier, an unfinished one is."""
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    assert not is_dossier(tmp_path)
    (tmp_path / README).write_text("x", "utf-8")
    assert is_dossier(tmp_path)
    assert any("did not finish" in line for line in found_in(tmp_path))


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", "a//x", "", ".", "-x", "a\\x", "a\nb", "a/" * 6 + "x"])
def test_no_file_is_written_elsewhere(tmp_path: Path, path: str) -> None:
    """A path that could lead elsewhere is refused, and nothing is left."""
    with pytest.raises(ValueError, match="is no path in a dossier"), new_bag(usable(tmp_path / "d")) as writer:
        writer.write(path, b"")
    assert not list(tmp_path.iterdir())


def test_only_an_empty_place_is_taken(tmp_path: Path, bag: Path) -> None:
    """A folder with anything in it, a file, and a disk are refused."""
    (tmp_path / "file").write_text("x", "utf-8")
    for place, said in ((bag, "is not empty"), (tmp_path / "file", "is a file"), (Path("/"), "a disk is mounted")):
        with pytest.raises(Refusal, match=said):
            usable(place)
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty")
    assert found_in(tmp_path / "empty") == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Where a file is in the way, the refusal names the folder and says why."""
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(Refusal, match=r"file/below/d: cannot be written \(Not a directory\); nothing was kept"):
        make(tmp_path / "file" / "below" / "d")


def test_what_fills_up_while_it_is_written_is_refused(tmp_path: Path) -> None:
    """Somebody puts a file into the place meanwhile: refused, their file stays, and ours are gone."""
    place = tmp_path / "d"

    def write() -> None:
        with new_bag(usable(place)) as writer:
            writer.write(README, b"x")
            place.mkdir()
            (place / "theirs").write_text("x", "utf-8")

    with pytest.raises(Refusal, match="nothing was kept"):
        write()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d"]
    assert (place / "theirs").is_file()


def test_two_exports_into_one_place_do_not_meet(tmp_path: Path) -> None:
    """A second export that begins between the check and the first file is refused, and the first one is whole."""
    place = usable(tmp_path / "d")
    with new_bag(place) as writer:
        for path, octets in FILES.items():
            writer.write(path, octets)
        with pytest.raises(Refusal, match="an export is writing there"), new_bag(place):
            pass
        writer.finish(INFO)
    assert found_in(place) == []


CHILD = """
import os, resource, signal, sys
from pathlib import Path
from flaggermail.cli import bag_check, new_files
place, stage = Path(sys.argv[1]), sys.argv[2]
if stage == "full":  # a file may not grow beyond 1,000 octets: as on a full disk, in the middle of one
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
def stop(event, arguments):
    if event == "open" and stage == str(arguments[0]).rpartition("/")[2] and arguments[1] not in ("r", "rb"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(stop)
with bag_check.new_bag(new_files.usable(place)) as writer:
    for path in ("LEESMIJ-README.txt", "case/0001.eml", "case/0002.eml"):
        writer.write(path, b"x" * 4000)
    writer.finish({"Bagging-Date": "2024-06-06"})
"""


def child(place: Path, stage: str) -> subprocess.CompletedProcess[str]:
    """Makes a bag in another process, which dies when it opens a file of that name for writing."""
    command = [sys.executable, "-c", CHILD, str(place), stage]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


@pytest.mark.outside
@pytest.mark.parametrize("stage", ["0001.eml", "0002.eml", "manifest-sha256.txt", "bagit.txt", "bag-info.txt",
                                   "tagmanifest-sha256.txt"])  # fmt: skip
def test_a_killed_export_is_incomplete(tmp_path: Path, stage: str) -> None:
    """After kill -9 at any file nothing is in the dossier's place; what is left beside it is in nobody's way."""
    place = tmp_path / "dossier"
    assert child(place, stage).returncode == -signal.SIGKILL
    assert not place.exists()
    (left,) = tmp_path.iterdir()
    assert left.name == f"dossier{INCOMPLETE}"
    assert is_dossier(left)
    assert any("did not finish" in line for line in found_in(left))
    assert [one.path for one in leftovers([tmp_path])] == [left]
    make(place)
    assert [path.name for path in tmp_path.iterdir()] == ["dossier"]
    assert found_in(place) == []


def test_a_folder_that_no_export_left_stays(tmp_path: Path) -> None:
    """Whatever it is called, a person's folder, file or link is never removed."""
    place, other = tmp_path / "d", tmp_path / "d.incomplete"
    other.mkdir()
    (other / "theirs").write_text("x", "utf-8")
    with pytest.raises(Refusal, match="no export left it"):
        make(place)
    assert (other / "theirs").is_file()
    other.rename(tmp_path / "away")
    other.symlink_to(tmp_path / "away")
    with pytest.raises(Refusal, match="cannot be written"):
        make(place)
    assert (tmp_path / "away" / "theirs").is_file()


@pytest.mark.outside
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    """A disk that fills up is one line, and nothing is left."""
    ran = child(tmp_path / "dossier", "full")
    assert "dossier: cannot be written (File too large); nothing was kept" in ran.stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture
def manifests(bag: Path) -> Callable[[], list[int]]:
    """Returns what `sha256sum --check` says of both manifests."""

    def verdicts() -> list[int]:
        commands = (["sha256sum", "--check", "--quiet", "--strict", name] for name in (MANIFEST, TAG_MANIFEST))
        return [subprocess.run(command, cwd=bag, capture_output=True, check=False).returncode for command in commands]

    return verdicts


@pytest.mark.outside
def test_sha256sum_alone_checks_a_bag(bag: Path, manifests: Callable[[], list[int]]) -> None:
    """Both manifests are read by sha256sum; a changed file and a changed manifest fail."""
    assert manifests() == [0, 0]
    (bag / "data" / "case" / "0001" / "0001.eml").write_bytes(b"other")
    assert manifests() == [1, 0]
    (bag / "bag-info.txt").write_bytes(b"other")
    assert manifests() == [1, 1]
