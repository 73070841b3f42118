# SPDX-License-Identifier: EUPL-1.2
"""Several files as one tar: the same octets each time, and from a stranger nothing but files below the folder."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.documents.octets import BLOCK
from flaggermail.documents.tar import SAFE_PATH, files_in, tar
from tests.corpus import each

LONG = f"{'x' * 121}/{'y' * 161}"
FILES = [("annex.txt", b"text"), ("a/b/c.pdf", bytes(BLOCK + 1)), ("empty.csv", b""), (LONG, b"z")]


def made(*members: tarfile.TarInfo, octets: bytes = b"") -> bytes:
    """Returns a tar as somebody else may have made it."""
    page = io.BytesIO()
    with tarfile.open(fileobj=page, mode="w", format=tarfile.PAX_FORMAT) as found:
        for member in members:
            found.addfile(member, io.BytesIO(octets))
    return page.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    """Returns the head of a file."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def test_what_is_packed_is_unpacked_and_any_program_reads_it() -> None:
    """Also long paths and empty files; the size is known before the first part, and nothing says when or by whom."""
    found = tar("all.tar", FILES, None)
    octets = found.whole()
    assert len(octets) == found.size
    assert list(files_in([octets])) == FILES
    with tarfile.open(fileobj=io.BytesIO(octets)) as read:
        assert [one.name for one in read] == [name for name, _ in FILES]
        assert {(one.mtime, one.uid, one.uname, one.mode) for one in read} == {(0, 0, "", 0o600)}
    assert tar("all.tar", FILES, None).whole() == octets


def test_a_part_is_no_longer_than_a_block() -> None:
    """However long a file is: who sends it holds one block beside it."""
    assert max(map(len, tar("all.tar", FILES, None).parts)) <= BLOCK


@each("name", ["../x", "/x", "a/../x", ".hidden", "a//b", "a\nb", "", "a/b/c/d/e/f", "é"])
def test_no_path_leads_out_of_the_folder(name: str) -> None:
    """Neither into a tar nor out of one."""
    with pytest.raises(ValueError, match="no path in a tar"):
        tar("all.tar", [(name, b"")], None)
    with pytest.raises(ValueError, match=r"no path in a tar|other records"):
        list(files_in([made(member(name))]))


@each("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.CONTTYPE])
def test_only_regular_files_are_taken(kind: bytes) -> None:
    """No link, folder, pipe or device, whatever its name and target."""
    with pytest.raises(ValueError, match="'a' is no file"):
        list(files_in([made(member("a", kind, link="b"))]))


def test_a_file_is_taken_once() -> None:
    """A second one of that name would be written over the first."""
    with pytest.raises(ValueError, match="twice"):
        list(files_in([made(member("a"), member("a"))]))
    with pytest.raises(ValueError, match="twice"):
        tar("all.tar", [("a", b""), ("a", b"")], None)


def test_a_head_that_promises_more_than_comes_takes_no_memory() -> None:
    """A sparse file of a terabyte, or a length that no octet follows."""
    sparse = member("a")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**40)}
    for octets in (made(sparse), member("a", size=2**33 - 1).tobuf(tarfile.USTAR_FORMAT)):
        with pytest.raises(ValueError, match=r"other records than a path|ends too early"):
            list(files_in([octets]))


def test_more_than_is_allowed_is_not_read() -> None:
    """The reader says how much; what comes after that is not asked for."""
    asked = 0

    def endless() -> Iterator[bytes]:
        nonlocal asked
        yield member("a", size=2**33 - 1).tobuf(tarfile.USTAR_FORMAT)
        while True:
            asked += 1
            yield bytes(BLOCK)

    with pytest.raises(ValueError, match="too long"):
        list(files_in(endless(), most=10 * BLOCK))
    assert asked <= 10


@given(st.data())
def test_a_tar_that_is_cut_or_changed_is_no_other_tar(data: st.DataObject) -> None:
    """Each is refused as such, or gives files with safe names: nothing else is raised."""
    octets = bytearray(tar("all.tar", FILES[:1], None).whole())
    if data.draw(st.booleans()):
        cut = bytes(octets[: data.draw(st.integers(0, len(octets) - 1))])
        with pytest.raises(ValueError, match="what came"):
            list(files_in([cut]))
        return
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = list(files_in([bytes(octets)]))
    except ValueError:
        return
    assert all(SAFE_PATH.fullmatch(name) for name, _ in found)
