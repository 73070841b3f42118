# SPDX-License-Identifier: EUPL-1.2
"""A backup of a desk at work is a whole desk again, on either engine, which sends nothing and obeys nobody yet."""

from __future__ import annotations

import gzip
import io
import os
import re
import tarfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.adapters.files import backup_file
from flaggermail.errors import BackupFailure, ConfigurationError
from flaggermail.letters import writing
from flaggermail.mail.message import Json
from flaggermail.record.events import EventKind, fold
from flaggermail.record.kinds import Kind
from flaggermail.record.readings import ReadAccess, ReadItem, ReadKind
from flaggermail.record.rows import Device, OutboxMail, Record, StoredMessage, Token
from flaggermail.record.states import MailState
from flaggermail.rules.configuration import load
from flaggermail.settings.model import Settings
from flaggermail.settings.sections import StoreSettings
from flaggermail.wiring.desk_backup import BackedUp, Restored, Server, back_up_desk, restore
from flaggermail.wiring.opening import DeskConnection
from tests.store.conftest import new_store
from tests.store.desk_fixtures import CITIZEN, REFERRER, START, Desk, desk_settings, mail

Rows = dict[tuple[str, str], dict[str, object]]


def unseen(_done: int, _of: int) -> None:
    """Shows no progress."""


def settings_of(desk: Desk) -> Settings:
    """Returns settings that name the desk's own database and archive, as its configuration would."""
    found, database = desk_settings(), str(desk.env.store.engine.url)  # type: ignore[attr-defined]  # an SqlStore
    folder = Path(database.removeprefix("sqlite:///")).parent
    store = StoreSettings(database=database, archive=folder / "archive")
    return found.model_copy(update={"desk": found.desk.model_copy(update={"store": store})})


def server(url: str | None) -> Server | None:
    """Returns the server of an address; None for no address, or that of a file."""
    return Server(url) if url and not url.startswith("sqlite") else None


def backed_up(desk: Desk, tmp_path: Path) -> tuple[Path, BackedUp]:
    """Writes a backup of the desk; returns the file and what it holds."""
    file = tmp_path / "kept.tar.gz"
    return file, back_up_desk(settings_of(desk), file, unseen)


def rows_of(url: str) -> Rows:
    """Returns every row of a database, as its events give it too."""
    with closing(new_store(url)) as store, store.read() as tx:
        found = tx.rows()
        assert found == fold(event for _, event in tx.events())
        return {key: dict(values) for key, values in found.items()}


def at_work(desk: Desk) -> None:
    """Lets a desk have sent and answered, with a mail that waits, a citizen who was declined, and a running clock."""
    desk.receive(mail(REFERRER, "Twee vakjes", "Dit bericht zegt dat twee vakjes mogen."))
    desk.receive(mail(CITIZEN, "Melding", "Is dit bericht echt?"))
    use = desk.notified()
    desk.receive(mail(answers=desk.message_id_of(use), at=desk.clock.now()))
    desk.drafted(case=None)


def all_of(url: str, kind: type[Record]) -> list[Record]:
    """Returns the rows of a type."""
    with closing(new_store(url)) as store, store.read() as tx:
        return list(tx.find(kind))


def test_a_restored_desk_is_the_desk(desk: Desk, tmp_path: Path) -> None:
    """Each row, event and mail is there; only what a restored desk must not do has changed, by events."""
    at_work(desk)
    read = ReadAccess("officer1", ReadItem(ReadKind.CASE, "VF-EP2024-0001"), START.replace(minute=0))
    desk.env.store.readings.keep([read])
    before = rows_of(str(settings_of(desk).desk.store.database))
    file, held = backed_up(desk, tmp_path)
    assert (held.missing, held.mails > 3, oct(file.stat().st_mode & 0o777)) == ((), True, "0o600")
    made = restore(file, tmp_path / "new", None, unseen, verify=True)
    assert not list((tmp_path / "new").glob("flaggermail.db-*"))  # its rows are in the one file, which may be moved
    assert made.proof is not None
    assert (made.proof["differences"], made.proof["unnamed_files"]) == ([], [])
    after = rows_of(made.database)
    different = {key for key in after if after[key] != before.get(key)}
    assert set(before) <= set(after)
    assert {table for table, _ in different} <= {"token", "desk_state", "outbox"}
    with closing(new_store(made.database)) as store, store.read() as tx:
        assert writing.is_on(tx)
        assert store.readings.of([read.item]) == [read]
        head = tx.head(held.seq)
        assert head is not None
        assert head.digest == held.digest
        kinds = [event.kind for number, event in tx.events() if number > held.seq]
    assert kinds[:2] == [EventKind.DESK_RESTORED, EventKind.OBSERVING_BEGAN]
    for message in desk.messages():
        copy = tmp_path / "new" / "archive" / message.digest[:2] / message.digest
        assert copy.read_bytes() == desk.env.octets.get(message.digest)


def test_it_sends_nothing_and_no_token_acts(desk: Desk, tmp_path: Path) -> None:
    """What waits to be sent is withdrawn, but for a platform's; every token has expired, every device is revoked."""
    at_work(desk)
    desk.approved()  # queued, not sent
    desk.receive(mail(REFERRER, "Nog een", "Dit bericht zegt dat de stembus dicht is."))  # its confirmation is queued
    file, _ = backed_up(desk, tmp_path)
    made = restore(file, tmp_path / "new", None, unseen, verify=False)
    queued = [m for m in all_of(made.database, OutboxMail) if isinstance(m, OutboxMail) and m.state is MailState.QUEUED]
    assert {m.kind for m in queued} == {Kind.NOTIFICATION}
    now = made.held.taken_at
    tokens = [t for t in all_of(made.database, Token) if isinstance(t, Token)]
    assert tokens
    assert all(t.expires_at is not None and t.expires_at.isoformat() <= _later(now) for t in tokens)
    assert all(d.revoked_at is not None for d in all_of(made.database, Device) if isinstance(d, Device))
    assert made.proof is None


def _later(instant: str) -> str:
    return instant[:10] + "T99"


def test_its_figures_are_those_of_the_desk(desk: Desk, tmp_path: Path) -> None:
    """The figures of the night so far come out of the restored desk, asked as its officer would."""
    at_work(desk)
    desk.notified()  # and one that nobody has answered
    file, _ = backed_up(desk, tmp_path)
    restore(file, tmp_path / "new", None, unseen, verify=False)
    opened = DeskConnection(tmp_path / "new", officer="officer1", now=desk.clock.now)
    try:
        there = opened.answer("latency", {"as_of": None})
    finally:
        opened.close()
    here = DeskConnection(desk_settings().directory, officer="officer1", given=desk.env).answer(
        "latency", {"as_of": None}
    )
    assert (there["uses"], len(uses_in(here))) == (here["uses"], 2)
    assert [use["state"] for use in uses_in(there)] == ["answered", "open"]


def uses_in(found: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Returns the uses of a document of figures."""
    uses = found["uses"]
    assert isinstance(uses, list)
    return [dict(use) for use in uses if isinstance(use, dict)]


def test_from_one_engine_to_the_other_and_back(desk: Desk, tmp_path: Path, empty_url: str) -> None:
    """A backup names no engine: SQLite to the engine of the test, and from there to SQLite, is the same record."""
    at_work(desk)
    file, held = backed_up(desk, tmp_path)
    target = None if empty_url.startswith("sqlite") else empty_url
    first = restore(file, tmp_path / "first", server(target), unseen, verify=True)
    assert first.proof is not None
    assert first.proof["differences"] == []
    store = StoreSettings(database=target or first.database, archive=tmp_path / "first" / "archive")
    found = desk_settings()
    again = tmp_path / "again.tar.gz"
    settings = found.model_copy(update={"desk": found.desk.model_copy(update={"store": store})})
    assert back_up_desk(settings, again, unseen).mails == held.mails
    second = restore(again, tmp_path / "second", None, unseen, verify=True)
    assert second.proof is not None
    assert second.proof["differences"] == []
    one, two = rows_of(target or first.database), rows_of(second.database)
    assert {key for key in two if one.get(key) != two[key]} <= {("desk_state", "desk")}
    if target is not None:
        with pytest.raises(BackupFailure, match="holds tables"):
            restore(file, tmp_path / "third", server(target), unseen, verify=False)


def test_its_configuration_names_itself(desk: Desk, tmp_path: Path) -> None:
    """The restored configuration loads, keeps its comments, and names nothing of the desk it came from."""
    file, _ = backed_up(desk, tmp_path)
    restore(file, tmp_path / "new", None, unseen, verify=False)
    made = load(tmp_path / "new")
    assert made.desk.store.database == f"sqlite:///{tmp_path / 'new' / 'flaggermail.db'}"
    assert made.archive == tmp_path / "new" / "archive"
    assert (made.templates, made.rules_directory) == (tmp_path / "new" / "templates", tmp_path / "new" / "rules")
    assert not (tmp_path / "new" / "credentials").exists()
    source = (desk_settings().directory / "flaggermail.yaml").read_text("utf-8")
    kept = (tmp_path / "new" / "flaggermail.yaml").read_text("utf-8")
    assert [line for line in source.splitlines() if line.startswith("#")] == [
        line for line in kept.splitlines() if line.startswith("#")
    ]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_restored_desk_and_its_backup_are_their_accounts_alone(desk: Desk, tmp_path: Path, mask: int) -> None:
    """Folders 0700, database and backup 0600, frozen mails 0400, whatever the umask."""
    at_work(desk)
    to, before = tmp_path / "new", os.umask(mask)
    try:
        file, _ = backed_up(desk, tmp_path)
        restore(file, to, None, unseen, verify=True)
    finally:
        os.umask(before)
    rights = {path.relative_to(to).as_posix(): path.stat().st_mode & 0o777 for path in (to, *to.rglob("*"))}
    assert (rights["."], rights["archive"], rights["flaggermail.db"]) == (0o700, 0o700, 0o600)
    assert {mode for name, mode in rights.items() if re.fullmatch(r"archive/../[0-9a-f]{64}", name)} == {0o400}
    assert {mode for name, mode in rights.items() if re.fullmatch(r"archive/..", name)} == {0o700}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_desk_that_writes_meanwhile_is_backed_up_as_of_one_instant(desk: Desk, tmp_path: Path) -> None:
    """Mail that comes in while the backup runs is in it whole, or not at all."""
    at_work(desk)
    before, seen = len(desk.messages()), list[int]()

    def more(done: int, _of: int) -> None:
        if done in {0, 2}:
            desk.receive(mail(REFERRER, f"Ook dit {done}", f"Nog een bericht {done}."))
            seen.append(done)

    file = tmp_path / "kept.tar.gz"
    held = back_up_desk(settings_of(desk), file, more)
    assert seen == [0, 2]
    made = restore(file, tmp_path / "new", None, unseen, verify=True)
    assert made.proof is not None
    assert (made.proof["differences"], held.missing) == ([], ())
    assert len(all_of(made.database, StoredMessage)) == before < len(desk.messages())


def test_mail_that_is_lost_is_named(desk: Desk, tmp_path: Path) -> None:
    """A backup is made even if the archive lacks a mail; it says which, and so does the restored desk."""
    at_work(desk)
    lost = desk.messages()[0].digest
    (settings_of(desk).archive / lost[:2] / lost).unlink()
    file, held = backed_up(desk, tmp_path)
    assert held.missing == (lost,)
    made = restore(file, tmp_path / "new", None, unseen, verify=True)
    assert made.held.missing == (lost,)
    assert made.proof is not None
    assert [lost in str(one) for one in made.proof["differences"]] == [True]  # type: ignore[union-attr]  # JSON


# ---------------------------------------------------------------- refusals


def test_a_desk_that_was_never_there_is_not_backed_up(tmp_path: Path) -> None:
    """A database that does not exist is a refusal, and is not made on the way."""
    found = desk_settings()
    store = StoreSettings(database=f"sqlite:///{tmp_path / 'nowhere'}", archive=tmp_path / "archive")
    settings = found.model_copy(update={"desk": found.desk.model_copy(update={"store": store})})
    with pytest.raises(ConfigurationError, match="nothing to back up"):
        back_up_desk(settings, tmp_path / "kept", unseen)
    assert not (tmp_path / "nowhere").exists()


def test_nothing_is_written_over(desk: Desk, tmp_path: Path) -> None:
    """Neither a file, nor a folder with something in it, nor a link is ever replaced."""
    file, _ = backed_up(desk, tmp_path)
    with pytest.raises(BackupFailure, match="is there already"):
        back_up_desk(settings_of(desk), file, unseen)
    full = tmp_path / "full"
    full.mkdir()
    (full / "flaggermail.yaml").write_text("ours", "utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for to in (full, tmp_path / "link", file):
        with pytest.raises(BackupFailure, match="not empty"):
            restore(file, to, None, unseen, verify=False)
    assert (full / "flaggermail.yaml").read_text("utf-8") == "ours"
    (tmp_path / "empty").mkdir()
    restore(file, tmp_path / "empty", None, unseen, verify=False)


def test_a_backup_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The backup is what cannot be read, not the new folder, and nothing is made."""
    with pytest.raises(BackupFailure, match=r"nowhere\.tar\.gz: cannot be read \(No such file or directory\)"):
        restore(tmp_path / "nowhere.tar.gz", tmp_path / "new", None, unseen, verify=False)
    assert not (tmp_path / "new").exists()


def test_a_failed_backup_leaves_nothing(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is a refusal in words, and neither the file nor a part of it stays."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(BackupFailure, match="No space left on device"):
            back_up_desk(settings_of(desk), tmp_path / "kept", unseen)
    with pytest.raises(BackupFailure, match="No such file or directory"):
        back_up_desk(settings_of(desk), tmp_path / "no" / "kept", unseen)
    assert not list(tmp_path.glob("*kept*"))


def damaged(file: Path, change: Callable[[bytes], bytes]) -> Path:
    """Returns a copy of the file with other octets."""
    other = file.with_name("damaged")
    other.write_bytes(change(file.read_bytes()))
    return other


def repacked(file: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """Returns a copy of the backup with members changed, or left out."""
    other, written = file.with_name("repacked"), io.BytesIO()
    with tarfile.open(file) as old, tarfile.open(mode="w", fileobj=written) as new:
        for member in old:
            held = old.extractfile(member)
            assert held is not None
            changed = change(member.name, held.read())
            if changed is not None:
                info = tarfile.TarInfo(changed[0])
                info.size = len(changed[1])
                new.addfile(info, io.BytesIO(changed[1]))
    other.write_bytes(gzip.compress(written.getvalue()))
    return other


@pytest.mark.parametrize(
    "change",
    [
        lambda octets: octets[: len(octets) // 2],
        lambda octets: octets[:-20],
        lambda octets: octets[:2000] + bytes([octets[2000] ^ 1]) + octets[2001:],
        lambda _: b"",
        lambda _: b"no backup",
        lambda _: gzip.compress(b"no tar"),
        lambda _: gzip.compress(b""),
    ],
    ids=["half", "end", "bit", "empty", "other", "no tar", "nothing"],
)
def test_a_file_that_is_cut_off_or_damaged_makes_no_desk(
    desk: Desk, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    """Cut off, a flipped bit, empty, something else: a refusal that names the file, and no folder."""
    at_work(desk)
    file, _ = backed_up(desk, tmp_path)
    with pytest.raises(BackupFailure, match="damaged"):
        restore(damaged(file, change), tmp_path / "new", None, unseen, verify=False)
    assert not list(tmp_path.glob("*new*"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda n, o: None if n == "end.json" else (n, o), "cut off"),
        (lambda n, o: None if n.startswith("octets/") else (n, o), "cut off"),
        (lambda n, o: (n, o + b"!") if n.startswith("octets/") else (n, o), "other octets"),
        (lambda n, o: ("configuration/../../evil.yaml", o) if n.endswith("oncall.yaml") else (n, o), "no file of a"),
        (lambda n, o: ("/etc/evil.yaml", o) if n.endswith("oncall.yaml") else (n, o), "no place"),
        (lambda n, o: ("configuration/evil.so", o) if n.endswith("oncall.yaml") else (n, o), "no file of a"),
        (lambda n, o: (n, o.replace(b'"seq"', b'"sequence"')) if n.startswith("rows/chain") else (n, o), "revision"),
        (lambda n, o: (n.replace("rows/token", "rows/evil"), o), "revision"),
        (
            lambda n, o: (n, o.replace(b'"plain"', b'"magic"')) if n.startswith("rows/token") else (n, o),
            "later program",
        ),
        (lambda n, o: (n, b"[]") if n.startswith("rows/token") else (n, o), "damaged"),
        (lambda n, o: (n, o.replace(b'"format": 1', b'"format": 2')), "can read"),
    ],
    ids=["end", "octets", "other", "above", "root", "program", "column", "table", "form", "list", "format"],
)
def test_a_hostile_or_foreign_backup_makes_no_desk(
    desk: Desk, tmp_path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], said: str
) -> None:
    """Members that are left out, changed, misnamed, or lead elsewhere are refused, and nothing is made."""
    at_work(desk)
    file, _ = backed_up(desk, tmp_path)
    with pytest.raises(BackupFailure, match=said):
        restore(repacked(file, change), tmp_path / "new", None, unseen, verify=False)
    assert not list(tmp_path.glob("*new*"))
    assert not list(tmp_path.glob("*evil*"))


def test_a_backup_of_a_later_program_is_named_so(desk: Desk, tmp_path: Path) -> None:
    """A schema that this program does not know needs another program."""
    file, _ = backed_up(desk, tmp_path)

    def later(name: str, octets: bytes) -> tuple[str, bytes]:
        return name, octets.replace(b'"revision": "0', b'"revision": "9') if name == "backup.json" else octets

    with pytest.raises(BackupFailure, match="version of flaggermail that wrote it"):
        restore(repacked(file, later), tmp_path / "new", None, unseen, verify=False)


def test_a_restore_that_was_killed_is_in_nobodys_way(desk: Desk, tmp_path: Path) -> None:
    """What a killed restore left beside is taken away by the next."""
    file, _ = backed_up(desk, tmp_path)
    left = tmp_path / ".new.part"
    left.mkdir()
    (left / "flaggermail.db").write_bytes(b"half")
    made: Restored = restore(file, tmp_path / "new", None, unseen, verify=True)
    assert made.proof is not None
    assert (made.proof["differences"], left.exists()) == ([], False)


def test_the_file_is_the_same_for_the_same_members(tmp_path: Path) -> None:
    """No instant and no owner of this machine is in the file beside what the members say."""
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        with backup_file.writing(file) as writer:
            writer.add("octets/x", b"mail")
    assert files[0].read_bytes() == files[1].read_bytes()
