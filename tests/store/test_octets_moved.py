# SPDX-License-Identifier: EUPL-1.2
"""A desk of files and SQLite moves into PostgreSQL whole, octets too, and on from there; also if it is killed."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.cli.showing import parts
from flaggermail.errors import BackupFailure
from flaggermail.record.audit import FileState
from flaggermail.rules.configuration import load
from flaggermail.settings.sections import OctetsPlace
from flaggermail.wiring import databases
from flaggermail.wiring.desk_backup import Restored, Server, back_up, restore
from tests.servers.postgres import Postgres
from tests.store.desk_fixtures import CITIZEN, Desk, mail
from tests.store.test_archive_contract import run
from tests.store.test_backup import at_work, backed_up, rows_of, unseen

pytestmark = pytest.mark.xdist_group("postgres")
KILLED = """\
import os, signal, sys
from pathlib import Path
from flaggermail.adapters.db.blob_rows import SqlBlobStore
from flaggermail.wiring import desk_backup
desk_backup._MOST_MAILS, put, calls = 1, SqlBlobStore.put_all, []
def put_all(archive, octets):
    calls.append(octets)
    if len(calls) > 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(archive, octets)
SqlBlobStore.put_all = put_all
server = desk_backup.Server(sys.argv[3], with_octets=True)
desk_backup.restore(Path(sys.argv[1]), Path(sys.argv[2]), server, lambda *_: None, verify=True)
"""


@pytest.fixture
def server(postgres: Postgres) -> Server:
    """Returns an empty database that gets the octets too."""
    return Server(postgres.database(), with_octets=True)


def proved(made: Restored) -> None:
    """Holds a restored desk to its proof."""
    assert made.proof is not None
    assert (made.proof["differences"], made.proof["unnamed_files"]) == ([], [])


def kept(server: Server) -> Mapping[str, str]:
    """Returns each digest that the database has, with the transaction that wrote it."""
    found = run(server.database, "SELECT digest, xmin::text FROM octets")
    return {str(digest): str(transaction) for digest, transaction in found}


def test_a_desk_moves_into_the_database_and_out_again(desk: Desk, tmp_path: Path, server: Server) -> None:
    """Every mail is there by its digest, no folder is made, and the way back gives the same record in files."""
    at_work(desk)
    digests = {message.digest for message in desk.messages()}
    file, held = backed_up(desk, tmp_path)
    told = list[tuple[int, int]]()
    made = restore(file, tmp_path / "moved", server, lambda done, of: told.append((done, of)), verify=True)
    proved(made)
    assert told[-1][0] == told[-1][1] == file.stat().st_size
    assert digests <= kept(server).keys()
    assert len(kept(server)) == held.mails
    assert not (tmp_path / "moved" / "archive").exists()
    settings = load(tmp_path / "moved")
    assert (settings.desk.store.database, settings.keeps_octets_in_database) == (server.database, True)
    store, archive = databases.evidence_of(settings)
    with closing(store):
        assert {one.state for one in archive.files()} == {FileState.WHOLE}
        for digest in digests:
            assert archive.get(digest) == desk.env.octets.get(digest)
    again = tmp_path / "again.tar.gz"
    assert back_up(tmp_path / "moved", again, unseen).mails == held.mails
    back = restore(again, tmp_path / "back", None, unseen, verify=True)
    proved(back)
    assert load(tmp_path / "back").desk.store.octets is OctetsPlace.FOLDER
    one, two = rows_of(server.database), rows_of(back.database)
    assert {key for key in two if one.get(key) != two[key]} <= {("desk_state", "desk")}


def killed(file: Path, to: Path, server: Server) -> None:
    """Lets a restore be killed when it has stored three mails."""
    command = [sys.executable, "-c", KILLED, str(file), str(to), server.database]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_killed_move_goes_on(desk: Desk, tmp_path: Path, server: Server) -> None:
    """The same command again: mails that were stored are not stored again, and nothing is there twice."""
    at_work(desk)
    file, held = backed_up(desk, tmp_path)
    killed(file, tmp_path / "moved", server)
    before = kept(server)
    assert len(before) == 3
    made = restore(file, tmp_path / "moved", server, unseen, verify=True)
    proved(made)
    after = kept(server)
    assert len(after) == held.mails
    assert {digest: after[digest] for digest in before} == before


def test_what_a_killed_move_left_spoiled_is_stored_anew(desk: Desk, tmp_path: Path, server: Server) -> None:
    """What is there already is compared with its digest first."""
    at_work(desk)
    file, _ = backed_up(desk, tmp_path)
    killed(file, tmp_path / "moved", server)
    spoiled = min(kept(server))
    run(server.database, "UPDATE octets SET octets = 'spoiled' WHERE digest = :digest", digest=spoiled)
    made = restore(file, tmp_path / "moved", server, unseen, verify=True)
    assert made.proof is not None
    wrong = [str(one["name"]) for one in parts(made.proof, "differences")]
    assert wrong == [f"archive {spoiled[:2]}/{spoiled}.damaged"]


def test_another_backup_begins_anew(desk: Desk, tmp_path: Path, server: Server) -> None:
    """Of a killed move of another backup nothing stays."""
    at_work(desk)
    file, _ = backed_up(desk, tmp_path)
    killed(file, tmp_path / "moved", server)
    before = kept(server)
    desk.receive(mail(CITIZEN, "Nog een", "En dit?"))
    file.unlink()
    file, held = backed_up(desk, tmp_path)
    proved(restore(file, tmp_path / "moved", server, unseen, verify=True))
    after = kept(server)
    assert len(after) == held.mails
    assert not before.items() & after.items()


def test_a_desk_in_the_database_is_not_moved_onto(desk: Desk, tmp_path: Path, server: Server) -> None:
    """Once it is there, no restore empties it."""
    file, _ = backed_up(desk, tmp_path)
    restore(file, tmp_path / "moved", server, unseen, verify=False)
    with pytest.raises(BackupFailure, match="holds tables"):
        restore(file, tmp_path / "other", server, unseen, verify=False)
