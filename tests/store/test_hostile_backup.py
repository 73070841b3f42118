# SPDX-License-Identifier: EUPL-1.2
"""A backup that a stranger made ends in one line: it fills no disk, no memory and no desk."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from flaggermail.adapters.db.inspection import newest
from flaggermail.adapters.files import backup_file
from flaggermail.errors import BackupFailure
from flaggermail.wiring.desk_backup import restore
from tests.pace import within
from tests.store.desk_fixtures import Desk
from tests.store.test_backup import backed_up, repacked, unseen

BEGIN = json.dumps({"format": 1, "revision": newest(), "taken_at": "2024-06-06T10:00:00+00:00"}).encode()
Member = tuple[str, bytes]


def packed(path: Path, members: Iterable[Member]) -> Path:
    """Writes a backup of these members after the first one that any has."""
    with gzip.open(path, "wb") as file, tarfile.open(mode="w|", fileobj=file) as archive:
        for name, octets in (("backup.json", BEGIN), *members):
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return path


def refused(path: Path, folder: Path) -> str:
    """Restores a backup that must be refused, and returns why: in one line, with nothing left."""
    folder.mkdir()
    with pytest.raises(BackupFailure) as caught:
        restore(path, folder / "new", None, unseen, verify=False)
    assert not list(folder.iterdir())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets any backup unpack to 8 MiB, in place of a GiB."""
    monkeypatch.setattr(backup_file, "SMALL", 8 << 20)


BOMBS: dict[str, Callable[[], list[Member]]] = {
    "one": lambda: [("octets/x", bytes(64 << 20))],
    "configuration": lambda: [(f"configuration/rules/{at}.yaml", b" " * (1 << 20)) for at in range(60)],
    "end": lambda: [("end.json", b"{" + b" " * (7 << 20) + b"}") for _ in range(9)],
}  # fmt: skip


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_bounded_in_total(tmp_path: Path, name: str) -> None:
    """However it is cut into members, no more is unpacked than a number of times the file's size."""
    path = packed(tmp_path / "bomb", BOMBS[name]())
    assert "unpacks to more than" in refused(path, tmp_path / "d")


@pytest.mark.usefixtures("small")
def test_what_follows_the_last_member_is_bounded(tmp_path: Path) -> None:
    """Octets after the end of the tar, and a second stream after the first, are no way around the bound."""
    path = packed(tmp_path / "bomb", [])
    inside = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(inside + bytes(64 << 20)))
    assert "damaged" in refused(path, tmp_path / "after")
    path.write_bytes(gzip.compress(inside) + gzip.compress(bytes(64 << 20)))
    assert "damaged" in refused(path, tmp_path / "second")
    path.write_bytes(gzip.compress(inside))
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # a terabyte of zeros that takes no room
    began = time.process_time()
    assert "damaged" in refused(path, tmp_path / "sparse")
    assert within(time.process_time() - began, 5)


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Returns a header that promises so many octets."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def pax(records: bytes, name: str, body: bytes) -> bytes:
    """Returns a member with extended records before it."""
    padded = records + bytes(-len(records) % 512)
    return header("x", len(records), b"x") + padded + header(name, len(body)) + body + bytes(-len(body) % 512)


def record(key: str, value: str) -> bytes:
    """Returns an extended record (POSIX.1-2001, pax) of 12 to 98 octets, whose length counts itself."""
    rest = f" {key}={value}\n"
    return f"{len(rest) + 2}{rest}".encode()


SPARSE = b"".join(
    record(f"GNU.sparse.{key}", value)
    for key, value in (("major", "1"), ("minor", "0"), ("name", "octets/x"), ("realsize", "200000000"))
)
RAW: dict[str, bytes] = {
    "a huge member": header("octets/x", 1 << 40),
    "a huge name": header("x", 90 << 20, b"L"),
    "huge records": header("x", 90 << 20, b"x"),
    "global records": header("x", 3 << 20, b"g") + bytes(4 << 20),
    "records in a row": header("x", 0, b"x") * 3000,
    "a sparse member": pax(SPARSE, "octets/x", b"0\\n" + bytes(510)),
    "an old sparse member": header("end.json", 1 << 40, b"S"),
    "a link": header("configuration/rules/x.md", 0, tarfile.SYMTYPE),
    "a hard link": header("configuration/rules/x.md", 0, tarfile.LNKTYPE),
    "a device": header("configuration/rules/x.md", 0, tarfile.CHRTYPE),
    "a folder": header("configuration/rules", 0, tarfile.DIRTYPE),
    "a negative size": pax(b"11 size=-9\n", "end.json", b""),
    "a size of letters": pax(b"11 size=aa\n", "end.json", b""),
    "a zero in a name": pax(b"37 path=configuration/rules/a\0b.yaml\n", "x", b"x"),
    "a long name": pax(b"100032 path=configuration/rules/" + b"a" * 100_000 + b"\n", "x", b"x"),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_no_header_costs_memory(tmp_path: Path, name: str) -> None:
    """What a header promises is neither believed nor held; whatever it is, the answer is one line."""
    path = packed(tmp_path / "raw", [])
    inside = gzip.decompress(path.read_bytes())
    end = inside.rindex(BEGIN) + 512
    path.write_bytes(gzip.compress(inside[:end] + RAW[name] + bytes(100 << 20 if "huge" in name else 1024)))
    del inside
    tracemalloc.start()
    try:
        refused(path, tmp_path / "d")
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def changed(name: str, octets: bytes) -> Callable[[str, bytes], Member]:
    """Returns a change of the first member whose name begins so."""
    done: list[str] = []

    def change(found: str, held: bytes) -> Member:
        if not found.startswith(name) or done:
            return found, held
        done.append(found)
        return found, octets

    return change


DEEP = b"[" * 100_000
CONTENT: dict[str, tuple[str, bytes]] = {
    "deep rows": ("rows/chain_head", DEEP),
    "deep beginning": ("backup.json", DEEP),
    "deep end": ("end.json", b'{"rows": ' + DEEP),
    "an end of nothing": ("end.json", b"{}"),
    "an end without lists": ("end.json", b'{"rows": 0, "mails": 0}'),
    "rows of another width": ("rows/chain_head", b'{"columns": {"id": "plain"}, "rows": [[1, 2, 3]]}'),
    "settings without end": ("configuration/flaggermail.yaml", b"a: [" * 50_000),
    "settings that are a list": ("configuration/flaggermail.yaml", b"- a\n"),
    "settings with a tag": ("configuration/flaggermail.yaml", b"!!python/object/apply:os.system ['true']\n"),
    "huge settings": ("configuration/flaggermail.yaml", b"a: b\n" * 100_000),
    "a number without end": ("end.json", b'{"rows": ' + b"9" * 5000 + b"}"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENT)
def test_no_content_ends_in_a_traceback(desk: Desk, tmp_path: Path, name: str) -> None:
    """A hostile document in the place of a right one is refused in one line."""
    file, _ = backed_up(desk, tmp_path)
    refused(repacked(file, changed(*CONTENT[name])), tmp_path / "d")


@pytest.mark.parametrize(
    "value", [[], {}, 1e400, 10**30, "x" * 9, True, None, [[1]], -1, "9999-99-99", {"a": [1]}], ids=repr
)
def test_no_value_ends_in_a_traceback(desk: Desk, tmp_path: Path, value: object) -> None:
    """Each value of each row is put in the place of all others: the answer is one line, or a desk."""
    file, _ = backed_up(desk, tmp_path)

    def change(name: str, octets: bytes) -> Member:
        found = json.loads(octets) if name.startswith("rows/") else None
        if found is None:
            return name, octets
        return name, json.dumps({**found, "rows": [[value] * len(row) for row in found["rows"]]}).encode()

    refused(repacked(file, change), tmp_path / "d")


@pytest.mark.parametrize(
    "name",
    [
        "configuration/archive/ab/x.md", "configuration/credentials/imap.txt", "configuration/a/b.yaml",
        "configuration/x.md", "configuration/templates/../../x.md", "configuration//etc/x.yaml", "configuration/.yaml",
        "configuration/rules/..", "configuration/flaggermail.db", "rows/../x/1.json", "octets/../../x", "..", "/x",
    ],
)  # fmt: skip
def test_no_name_leads_elsewhere(desk: Desk, tmp_path: Path, name: str) -> None:
    """Only the places from which a backup takes files are written to."""
    file, _ = backed_up(desk, tmp_path)

    def change(found: str, octets: bytes) -> Member:
        return (name if found == "configuration/oncall.yaml" else found), octets

    refused(repacked(file, change), tmp_path / "d")
    assert not list(tmp_path.rglob("x.*"))


def test_a_backup_that_swells_is_restored_if_a_person_says_so(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A stranger can send the desk mail that unpacks a thousandfold: its own backup must never be lost by that."""
    file, _ = backed_up(desk, tmp_path)
    monkeypatch.setattr(backup_file, "SMALL", 1000)
    monkeypatch.setattr(backup_file, "TIMES", 1)
    assert "--any-size" in refused(file, tmp_path / "d")
    made = restore(file, tmp_path / "new", None, unseen, verify=True, any_size=True)
    assert made.proof is not None
    assert made.proof["differences"] == []
    monkeypatch.setattr(backup_file, "SPARE", 1 << 60)  # a full disk
    with pytest.raises(BackupFailure, match="unpacks to more than 0 MiB"):
        restore(file, tmp_path / "other", None, unseen, verify=True, any_size=True)
