# SPDX-License-Identifier: EUPL-1.2
"""What was stored survives a killed process, a power cut and a full disk; what is returned is complete."""

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.errors import ArchiveFailure, OctetsLost

OCTETS = b"Subject: proef\r\n\r\nGoedemorgen.\r\n"
DIGEST = hashlib.sha256(OCTETS).hexdigest()
PROJECT = Path(__file__).resolve().parents[2]
PROLOGUE = """\
import os, signal, sys
from pathlib import Path
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.errors import ArchiveFailure
octets = sys.stdin.buffer.readline() + sys.stdin.buffer.readline() + sys.stdin.buffer.readline()
root = Path(sys.argv[1])
archive = FileBlobStore(root)
os.write(2, b"begin")
"""
PUT = "os.write(1, archive.put(octets).encode())\n"
PUT_ALL = "os.write(1, archive.put_all([octets, octets])[1].encode())\n"
# Only once everything is imported: another account may not be able to enter the checkout.
FULL = "disk full: No space left on device; make room on the disk mounted at"
AS_ANOTHER_ACCOUNT = "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"


@pytest.fixture
def root() -> Iterator[Path]:
    """Returns a folder that other accounts may enter, without an archive."""
    folder = Path(tempfile.mkdtemp(prefix="octets-"))
    folder.chmod(0o755)
    try:
        yield folder / "archive"
    finally:
        shutil.rmtree(folder)


def run(root: Path, script: str, *before: str) -> "subprocess.CompletedProcess[str]":
    """Runs a script on an archive in another process, started by the command `before`; it reads OCTETS."""
    command = [*before, sys.executable, "-B", "-c", PROLOGUE + script, str(root)]
    return subprocess.run(
        command, input=OCTETS.decode(), capture_output=True, text=True, timeout=60, check=False, cwd=PROJECT
    )


def files(root: Path) -> list[Path]:
    """Returns every file below `root`, complete or not."""
    return sorted(path for path in root.rglob("*") if path.is_file())


def place(root: Path, digest: str = DIGEST) -> Path:
    """Returns the path of the file with this digest."""
    return root / digest[:2] / digest


class TestPutAndGet:
    """The octets returned are the octets stored."""

    @given(st.binary(max_size=300))
    def test_what_was_put_is_given_back(self, octets: bytes) -> None:
        """Any octets are stored under their SHA-256."""
        with tempfile.TemporaryDirectory() as folder:
            archive = FileBlobStore(Path(folder))
            digest = archive.put(octets)
            assert digest == hashlib.sha256(octets).hexdigest()
            assert FileBlobStore(Path(folder)).get(digest) == octets

    def test_files_are_read_only_and_folders_closed_to_others(self, root: Path) -> None:
        """Files have mode 0400 in folders of 0700, whatever the umask of the daemon."""
        before = os.umask(0)
        try:
            FileBlobStore(root).put(OCTETS)
        finally:
            os.umask(before)
        (path,) = files(root)
        assert path == place(root)
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (root, *list(root.glob("**/"))[1:])} == {0o700}

    def test_the_same_octets_are_written_once(self, root: Path) -> None:
        """The second put leaves the file, its inode and its timestamps unchanged."""
        first = FileBlobStore(root)
        first.put(OCTETS)
        before = place(root).stat()
        assert first.put(OCTETS) == FileBlobStore(root).put(OCTETS) == DIGEST
        assert place(root).stat() == before
        assert files(root) == [place(root)]

    @given(st.lists(st.binary(max_size=40), max_size=6))
    def test_many_together_are_as_each_alone(self, many: list[bytes]) -> None:
        """Octets stored together get the same names and modes as alone, whether repeated or stored before."""
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            together, alone = FileBlobStore(Path(one) / "a"), FileBlobStore(Path(other) / "a")
            together.put_all(many[:2])
            assert together.put_all(many) == [alone.put(octets) for octets in many]
            assert [together.get(alone.put(octets)) for octets in many] == many
            modes = {oct(path.stat().st_mode) for path in Path(one).rglob("*")}
            assert modes == {oct(path.stat().st_mode) for path in Path(other).rglob("*")}
            assert not list(Path(one).rglob("*.part"))

    def test_many_writers_of_the_same_octets(self, root: Path) -> None:
        """Threads that store the same and other octets at once all succeed and leave no other file."""
        archive = FileBlobStore(root)
        with ThreadPoolExecutor(8) as pool:
            digests = list(pool.map(archive.put, [b"%d" % (number % 5) for number in range(200)]))
        assert {path.name for path in files(root)} == set(digests)
        assert len(set(digests)) == 5

    @pytest.mark.outside
    def test_a_folder_that_somebody_removed_is_made_again(self, root: Path) -> None:
        """The next put of a running daemon recreates the folder."""
        archive = FileBlobStore(root)
        archive.put(OCTETS)
        shutil.rmtree(root)
        assert archive.put(OCTETS) == DIGEST
        assert archive.get(DIGEST) == OCTETS


class TestDurability:
    """The order of the system calls, as seen by the kernel."""

    CALLS = "trace=openat,write,fsync,fdatasync,syncfs,fchmod,rename,renameat,renameat2,mkdir,unlink"

    def calls(self, root: Path, script: str = PUT) -> list[str]:
        """Returns the calls of one put, up to the print of its result; paths replace descriptors."""
        trace = root.parent / "trace"
        done = run(root, script, "strace", "-f", "-y", "-s", "8", "-o", str(trace), "-e", self.CALLS)
        assert done.returncode == 0, done.stderr
        assert done.stdout == DIGEST
        lines = [line.split(maxsplit=1)[1] for line in trace.read_text().partition('"begin"')[2].splitlines()[1:]]
        return [
            re.sub(r"\.\w+\.part", "PART", line.replace(DIGEST, "DIGEST").replace(str(root.parent), "ABOVE"))
            for line in lines
            if str(root.parent) in line or line.startswith("write(1<")
        ]

    @pytest.mark.outside
    def test_nothing_is_returned_before_it_is_durable(self, root: Path) -> None:
        """Write to a temporary file, mode, fsync, rename, fsync of the folder; new folders are synced before that."""
        calls = [call for call in self.calls(root) if not call.startswith("openat") or "O_CREAT" in call]
        one = f"ABOVE/archive/{DIGEST[:2]}"
        expected = [
            r'mkdir\("ABOVE/archive", 0700\)',
            r"fsync\(\d+<ABOVE>\)",
            rf'mkdir\("{one}", 0700\)',
            r"fsync\(\d+<ABOVE/archive>\)",
            rf'openat\(AT_FDCWD(<[^>]*>)?, "{one}/PART", [A-Z_|]*O_CREAT\|O_EXCL[A-Z_|]*, 0600\)',
            rf"write\(\d+<{one}/PART>, .*, {len(OCTETS)}\)",
            rf"fchmod\(\d+<{one}/PART>, 0400\)",
            rf"fsync\(\d+<{one}/PART>\)",
            rf'rename\("{one}/PART", "{one}/DIGEST"\)',
            rf"fsync\(\d+<{one}>\)",
            r"write\(1<",
        ]
        assert len(calls) == len(expected), calls
        for call, pattern in zip(calls, expected, strict=True):
            assert re.match(pattern, call), (call, pattern)

    @pytest.mark.outside
    def test_a_file_that_is_there_already_is_made_durable_too(self, root: Path) -> None:
        """A crash may have come between the rename and the fsync of the folder, so that fsync is repeated."""
        FileBlobStore(root).put(OCTETS)
        synced = [call for call in self.calls(root) if not call.startswith("openat")]
        assert [call.partition("(")[0] for call in synced] == ["fsync", "write"]
        assert f"<ABOVE/archive/{DIGEST[:2]}>" in synced[0]

    @pytest.mark.outside
    def test_many_are_durable_before_any_name_stands_for_them(self, root: Path) -> None:
        """Written and synced, renamed and synced: as for one file, but with syncfs for all of them."""
        FileBlobStore(root).put(b"another")
        calls = [call for call in self.calls(root, PUT_ALL) if not call.startswith("openat") or "O_CREAT" in call]
        found = [call.partition("(")[0] for call in calls]
        assert found == ["mkdir", "openat", "write", "fchmod", "syncfs", "rename", "syncfs", "write"]
        assert all("<ABOVE/archive>" in call for call in calls if call.startswith("syncfs"))


class TestFaults:
    """Faults are reported in words, and no partial file remains."""

    @staticmethod
    def disk(root: Path, options: str) -> tuple[str, ...]:
        """Returns a command that runs another with a file system at `root` that only the two of them see."""
        mount = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
        as_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        root.mkdir()
        return ("unshare", *as_root, "--mount", "sh", "-c", mount, str(root))

    @pytest.mark.outside
    def test_a_full_disk(self, root: Path) -> None:
        """ArchiveFailure names digest, path and reason; no partial file takes space: a smaller message still fits."""
        story = """
try:
    archive.put(bytes(3 << 20))
except ArchiveFailure as fault:
    print(fault)
print([str(path) for path in root.rglob("*") if path.is_file()])
print(len(archive.get(archive.put(bytes(1 << 20)))))
"""
        done = run(root, story, *self.disk(root, "size=2m"))
        assert done.returncode == 0, done.stderr
        digest = hashlib.sha256(bytes(3 << 20)).hexdigest()
        assert done.stdout.splitlines() == [
            f"archive: {digest} cannot be written to {place(root, digest)}: {FULL} {root}",
            "[]",
            str(1 << 20),
        ]
        assert files(root) == []  # all of it happened on the small disk

    @pytest.mark.outside
    def test_a_disk_that_is_full_for_many(self, root: Path) -> None:
        """No partial file of any of them remains, and one alone still fits."""
        story = """
many = [bytes([number]) * (1 << 20) for number in range(3)]
try:
    archive.put_all(many)
except ArchiveFailure as fault:
    print(fault)
print([str(path) for path in root.rglob("*") if path.is_file()])
print(len(archive.put_all(many[:1])))
"""
        done = run(root, story, *self.disk(root, "size=2m"))
        assert done.returncode == 0, done.stderr
        fault = f"archive: 3 mails cannot be written to {root}: {FULL} {root}"
        assert done.stdout.splitlines() == [fault, "[]", "1"]

    @pytest.mark.outside
    def test_a_read_only_disk(self, root: Path) -> None:
        """The fault names the reason, even for root."""
        done = run(root, PUT, *self.disk(root, "ro"))
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.endswith(
            f"ArchiveFailure: archive: {DIGEST} cannot be written to {place(root)}: Read-only file system"
        )

    @pytest.mark.outside
    def test_a_folder_that_may_not_be_written(self, root: Path) -> None:
        """The fault names the reason; tested as another account, since root can write everywhere."""
        root.mkdir(mode=0o555)
        done = run(root, AS_ANOTHER_ACCOUNT + PUT)
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.endswith(f"ArchiveFailure: archive: {DIGEST} cannot be written to {place(root)}: Permission denied")
        assert files(root) == []

    @pytest.mark.outside
    def test_a_file_that_may_not_be_read(self, root: Path) -> None:
        """The fault names the reason; tested as another account."""
        FileBlobStore(root).put(OCTETS)
        place(root).chmod(0)
        done = run(root, AS_ANOTHER_ACCOUNT + f"archive.get({DIGEST!r})")
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.endswith(f"OctetsLost: archive: {DIGEST} cannot be read from {place(root)}: Permission denied")

    @pytest.mark.parametrize("found", [b"", OCTETS[:-1], OCTETS + b"x", OCTETS.replace(b"G", b"g")])
    def test_other_octets_under_a_digest_are_named(self, root: Path, found: bytes) -> None:
        """Other octets are not returned; they are set aside for a person when the right ones come again."""
        archive = FileBlobStore(root)
        archive.put(OCTETS)
        place(root).unlink()
        place(root).write_bytes(found)
        with pytest.raises(OctetsLost, match=f"file of {DIGEST} holds other octets"):
            archive.get(DIGEST)
        assert place(root).read_bytes() == found
        assert archive.put(OCTETS) == DIGEST
        assert archive.get(DIGEST) == OCTETS
        assert place(root).with_suffix(".damaged").read_bytes() == found
        assert archive.sweep() == 0

    def test_an_archive_that_is_gone_is_no_lost_message(self, root: Path) -> None:
        """Without its folder nothing can be read, and that is not the fault of one message."""
        with pytest.raises(ArchiveFailure) as caught:
            FileBlobStore(root / "not mounted").get(DIGEST)
        assert not isinstance(caught.value, OctetsLost)

    def test_missing_octets_are_named(self, root: Path) -> None:
        """The fault names the digest and the path where it should be."""
        with pytest.raises(ArchiveFailure, match=f"{DIGEST} cannot be read from {place(root)}: No such file"):
            FileBlobStore(root).get(DIGEST)

    @pytest.mark.parametrize(
        "digest", ["", "../../etc/passwd", DIGEST.upper(), DIGEST[:-1], DIGEST + "0", DIGEST + "\n"]
    )
    def test_what_is_no_digest_is_no_path(self, root: Path, digest: str) -> None:
        """An invalid digest is refused, so that no name leads out of the archive."""
        with pytest.raises(ArchiveFailure, match="not a SHA-256"):
            FileBlobStore(root).get(digest)


class TestSweep:
    """The files that a crash leaves behind."""

    KILLED_BEFORE_RENAME = "Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    WAITING_BEFORE_RENAME = "Path.rename = lambda *_: (print('written', flush=True), sys.stdin.read())\n"

    @pytest.mark.outside
    def test_a_killed_writer_leaves_no_name_that_counts(self, root: Path) -> None:
        """Its temporary file is ignored by get and put, and removed by the sweep."""
        assert run(root, self.KILLED_BEFORE_RENAME + PUT).returncode == -signal.SIGKILL
        (left,) = files(root)
        archive = FileBlobStore(root)
        with pytest.raises(ArchiveFailure, match="No such file"):
            archive.get(DIGEST)
        assert archive.put(OCTETS) == DIGEST
        assert files(root) == sorted([left, place(root)])
        assert archive.sweep() == 1
        assert files(root) == [place(root)]
        assert archive.sweep() == 0

    @pytest.mark.outside
    def test_a_living_writer_is_left_alone(self, root: Path) -> None:
        """Commands write while the daemon runs: a file that another process is writing is kept."""
        script = PROLOGUE + self.WAITING_BEFORE_RENAME + PUT
        with subprocess.Popen(
            [sys.executable, "-B", "-c", script, str(root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROJECT,
        ) as writer:  # fmt: skip
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write(OCTETS)
            writer.stdin.flush()
            assert writer.stdout.readline() == b"written\n"
            (beside,) = files(root)
            assert FileBlobStore(root).sweep() == 0
            assert files(root) == [beside]

    SWEPT_BEFORE_THE_LOCK = """\
import tempfile
whole, swept = tempfile.mkstemp, []
def swept_at_once(**words):
    made = whole(**words)
    swept.append(archive.sweep() if not swept else 0)
    return made
tempfile.mkstemp = swept_at_once
"""

    @pytest.mark.outside
    def test_a_writer_that_has_no_lock_yet_begins_again(self, root: Path) -> None:
        """If a sweep removes the file between its creation and its lock, the writer starts again and succeeds."""
        done = run(root, self.SWEPT_BEFORE_THE_LOCK + PUT + "os.write(2, str(swept).encode())\n")
        assert (done.stdout, done.stderr) == (DIGEST, "begin[1, 0]")
        assert files(root) == [place(root)]

    def test_the_folders_are_durable_afterwards(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """They are made and synced once; each file then costs two syncs, its own and its folder's."""
        FileBlobStore(root).put(OCTETS)
        archive, synced = FileBlobStore(root), list[str]()
        fsync = os.fsync

        def noted(descriptor: int) -> None:
            synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", noted)
        assert archive.sweep() == 0
        assert len([path for path in root.iterdir() if path.is_dir()]) == 256
        assert synced.pop() == str(root), "after all of them were made"
        synced.clear()
        for number in range(20):
            archive.put(b"mail %d" % number)
        assert len(synced) == 2 * 20
        assert str(root) not in synced

    def test_an_archive_that_is_not_there_yet(self, root: Path) -> None:
        """A sweep without an archive removes and creates nothing."""
        assert FileBlobStore(root).sweep() == 0
        assert not root.exists()


class TestDiscard:
    """Discarded octets are destroyed, and nothing else is."""

    def test_what_is_discarded_is_gone_and_the_rest_stays(self, root: Path) -> None:
        """The file is removed and others stay; repeating it changes nothing; the octets can be stored again."""
        archive = FileBlobStore(root)
        digest, other = archive.put(OCTETS), archive.put(b"other")
        archive.discard(digest)
        archive.discard(digest)
        assert [path.name for path in root.glob("??/*")] == [other]
        with pytest.raises(ArchiveFailure, match="cannot be read"):
            archive.get(digest)
        assert archive.put(OCTETS) == digest

    def test_only_a_digest_names_what_goes(self, root: Path) -> None:
        """An invalid digest is refused, so that no path leads out of the archive."""
        with pytest.raises(ArchiveFailure, match="is not a SHA-256"):
            FileBlobStore(root).discard("../../etc/passwd")

    def test_what_cannot_be_removed_is_a_fault(self, root: Path) -> None:
        """If the file is a folder instead, the fault names digest and path."""
        (root / DIGEST[:2] / DIGEST).mkdir(parents=True)
        with pytest.raises(ArchiveFailure, match=f"{DIGEST} cannot be removed from"):
            FileBlobStore(root).discard(DIGEST)


def test_without_its_mark_an_archive_is_neither_made_nor_written(tmp_path: Path) -> None:
    """A store takes octets while no mark is known, and then only where one lies; what it has cannot be lost octets."""
    marks: list[str] = []
    root = tmp_path / "archive"
    archive = FileBlobStore(root, lambda: marks)
    mail = archive.put(b"mail")
    marks += [archive.put(b"rules"), archive.put(b"templates")]
    archive.discard(marks[0])  # one of them is enough
    assert not archive.fault()
    root.rename(tmp_path / "away")
    for write in (lambda: archive.put(b"other"), lambda: archive.put_all([b"other"])):
        with pytest.raises(ArchiveFailure, match="its disk is not mounted"):
            write()
    assert not root.exists()
    root.mkdir()
    with pytest.raises(ArchiveFailure, match="cannot be read") as lost:
        archive.get(mail)
    assert not isinstance(lost.value, OctetsLost)
    assert archive.fault().code == "health: gone"
    root.rmdir()
    (tmp_path / "away").rename(root)
    assert archive.get(mail) == b"mail"
    assert not archive.fault()
