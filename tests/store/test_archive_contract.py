# SPDX-License-Identifier: EUPL-1.2
"""What the archive promises, whether octets are files of a folder or rows of PostgreSQL."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.errors import ArchiveFailure, OctetsLost, ServerFull
from flaggermail.ports import BlobStore
from flaggermail.record.audit import FileState
from flaggermail.record.events import added
from flaggermail.record.kinds import Versioned
from flaggermail.record.rows import InForce
from tests.servers.postgres import Postgres
from tests.store.conftest import POSTGRESQL, new_store
from tests.store.samples import happened

OCTETS = b"Subject: proef\r\n\r\nGoedemorgen. \x00\xff\r\n"
DIGEST = hashlib.sha256(OCTETS).hexdigest()
ABSENT = "0" * 64
LARGE = 40 << 20  # octets of a video that somebody attached
DOOMED = """\
import os, signal, sys
from flaggermail.adapters.db.store import SqlStore
store = SqlStore(sys.argv[1], lambda: b"")
digest = store.octets.put(sys.stdin.buffer.read())
print(digest, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class Place:
    """An archive, another view of it as another node has one, and what spoils octets behind its back."""

    archive: BlobStore
    other: BlobStore
    spoil: Callable[[str, bytes], None]


@pytest.fixture(params=["folder", pytest.param("database", marks=POSTGRESQL.marks)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Returns an empty archive of each kind."""
    if request.param == "folder":
        root = tmp_path / "archive"

        def spoil(digest: str, octets: bytes) -> None:
            path = root / digest[:2] / digest
            path.chmod(0o600)
            path.write_bytes(octets)

        yield Place(FileBlobStore(root), FileBlobStore(root), spoil)
        return
    url = empty(request)

    def alter(digest: str, octets: bytes) -> None:
        run(url, "UPDATE octets SET octets = :octets WHERE digest = :digest", octets=octets, digest=digest)

    with closing(new_store(url)) as store, closing(new_store(url)) as other:
        yield Place(store.octets, other.octets, alter)


def empty(request: pytest.FixtureRequest) -> str:
    """Returns the address of a migrated PostgreSQL database."""
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database(request.getfixturevalue("migrated_database"))


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Returns the address of a migrated PostgreSQL database."""
    return empty(request)


FILLS_THE_DISK = (
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE disk_full USING MESSAGE = 'could not extend file'; END $$"
)


def run(url: str, statement: str, **values: object) -> list[tuple[object, ...]]:
    """Runs a statement past the store."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


def listed(archive: BlobStore) -> list[tuple[str, FileState]]:
    """Returns what the archive holds."""
    return [(one.digest, one.state) for one in archive.files()]


@pytest.mark.parametrize("octets", [b"", b"\x00", OCTETS, bytes(range(256)) * 40])
def test_what_is_kept_comes_back(place: Place, octets: bytes) -> None:
    """Octet by octet, also for another node; its name is its SHA-256."""
    digest = place.archive.put(octets)
    assert digest == hashlib.sha256(octets).hexdigest()
    assert place.archive.get(digest) == place.other.get(digest) == octets


def test_the_same_octets_are_kept_once(place: Place) -> None:
    """Alone, together, by another node: one entry."""
    assert place.archive.put(OCTETS) == place.other.put(OCTETS) == DIGEST
    assert place.archive.put_all([OCTETS, b"another", OCTETS])[::2] == [DIGEST, DIGEST]
    assert [digest for digest, _ in listed(place.archive)].count(DIGEST) == 1
    assert len(listed(place.archive)) == 2


def test_a_video_is_kept(place: Place) -> None:
    """A mail of 40 MB is kept, comes back and is compared."""
    octets = os.urandom(1 << 20) * (LARGE >> 20)
    digest = place.archive.put(octets)
    assert place.archive.get(digest) == octets
    assert listed(place.archive) == [(digest, FileState.WHOLE)]


def test_two_nodes_that_keep_the_same_mails_do_not_wait_for_each_other(place: Place) -> None:
    """In opposite order, many times: no lock that closes a circle, nothing twice."""
    mails = [os.urandom(40) for _ in range(50)]
    with ThreadPoolExecutor(2) as nodes:
        both = [nodes.submit(place.archive.put_all, mails), nodes.submit(place.other.put_all, mails[::-1])]
        one, other = (node.result() for node in both)
    assert one == other[::-1]
    assert [state for _, state in listed(place.archive)] == [FileState.WHOLE] * 50


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", DIGEST.upper(), DIGEST + "\n", f"{DIGEST}.damaged"])
def test_only_a_digest_names_octets(place: Place, digest: str) -> None:
    """What is no SHA-256 in hexadecimal reads and removes nothing."""
    place.archive.put(OCTETS)
    for ask in (place.archive.get, place.archive.discard):
        with pytest.raises(ArchiveFailure, match="is not a SHA-256"):
            ask(digest)


def test_octets_that_are_not_there_are_lost(place: Place) -> None:
    """One mail's loss is told as that of one mail."""
    place.archive.put(OCTETS)
    with pytest.raises(OctetsLost, match=ABSENT):
        place.archive.get(ABSENT)


def test_discarded_octets_are_gone(place: Place) -> None:
    """For every node; to discard them again changes nothing."""
    place.archive.put(OCTETS)
    place.archive.discard(DIGEST)
    place.archive.discard(DIGEST)
    assert listed(place.other) == []


def test_altered_octets_are_found(place: Place) -> None:
    """By who reads them and by who lists them; the others stay whole."""
    whole = place.archive.put(b"another")
    place.archive.put(OCTETS)
    place.spoil(DIGEST, OCTETS + b"P.S.")
    with pytest.raises(OctetsLost, match="holds other octets"):
        place.archive.get(DIGEST)
    assert dict(listed(place.archive)) == {whole: FileState.WHOLE, DIGEST: FileState.CHANGED}


def test_altered_octets_are_set_aside_when_they_come_again(place: Place) -> None:
    """The mail is whole again, and what was found stays for a person to look at; twice, too."""
    for spoiled in (b"spoiled", b"spoiled again"):
        place.archive.put(OCTETS)
        place.spoil(DIGEST, spoiled)
        assert place.archive.put(OCTETS) == DIGEST
        assert place.archive.get(DIGEST) == OCTETS
        assert sorted(state for _, state in listed(place.archive)) == [FileState.SET_ASIDE, FileState.WHOLE]


def test_a_name_that_is_no_digest_is_foreign(database: str) -> None:
    """A row that somebody added by hand is listed as none of this program."""
    run(database, "INSERT INTO octets VALUES ('passwords', 'x'::bytea)")
    with closing(new_store(database)) as store:
        assert listed(store.octets) == [("passwords", FileState.FOREIGN)]


def test_octets_are_there_before_the_row_that_names_them(database: str) -> None:
    """They are committed while the record's own transaction is still open, and stay if it is undone."""
    with closing(new_store(database)) as store, closing(new_store(database)) as other:
        with suppress(InterruptedError), store.begin():
            store.octets.put(OCTETS)
            assert other.octets.get(DIGEST) == OCTETS
            raise InterruptedError
        assert listed(other.octets) == [(DIGEST, FileState.WHOLE)]


def test_what_a_killed_node_has_kept_is_there(database: str) -> None:
    """The digest was returned, so the octets are durable; nothing else is left."""
    command = [sys.executable, "-c", DOOMED, database]
    ended = subprocess.run(command, input=OCTETS, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout.decode().strip()) == (-signal.SIGKILL, DIGEST), ended.stderr
    with closing(new_store(database)) as store:
        assert store.octets.sweep() == 0
        assert listed(store.octets) == [(DIGEST, FileState.WHOLE)]


def test_a_record_whose_octets_lie_elsewhere_is_refused(database: str) -> None:
    """A desk that was pointed to the database and not moved there stores nothing: its archive is another."""
    with closing(new_store(database)) as store:
        _in_force(store)
        assert store.octets.fault()
        for use in (lambda: store.octets.put(OCTETS), lambda: store.octets.get(DIGEST)):
            with pytest.raises(ArchiveFailure, match=r"store\.octets"):
                use()
        run(database, "INSERT INTO octets VALUES (:digest, :octets)", digest=DIGEST, octets=OCTETS)
        assert not store.octets.fault()
        assert store.octets.get(DIGEST) == OCTETS


def _in_force(store: SqlStore) -> None:
    at = datetime(2027, 3, 17, tzinfo=UTC)
    row = InForce(id="r00001", what=Versioned.RULES, version="1", digest=DIGEST, since=at, until=None)
    with store.begin() as tx:
        tx.append(happened(added(row)))


def test_a_server_without_room_is_away_until_it_has_some(database: str) -> None:
    """The disk of the server is full while octets are stored (SQLSTATE 53100): the desk waits as for its record."""
    run(database, FILLS_THE_DISK)
    run(database, "CREATE TRIGGER full_disk BEFORE INSERT ON octets EXECUTE FUNCTION full_disk()")
    with closing(new_store(database)) as store:
        with pytest.raises(ServerFull, match="could not extend file"):
            store.octets.put(OCTETS)
        run(database, "DROP TRIGGER full_disk ON octets")
        assert store.octets.put(OCTETS) == DIGEST


def test_a_thousand_mails_are_listed_without_being_sent(database: str) -> None:
    """The server compares: more pages than one, each once and in order."""
    with closing(new_store(database)) as store:
        digests = store.octets.put_all([b"%d" % number for number in range(2100)])
        assert listed(store.octets) == [(digest, FileState.WHOLE) for digest in sorted(digests)]
