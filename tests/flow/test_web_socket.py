# SPDX-License-Identifier: EUPL-1.2
"""The socket for a reverse proxy: its account alone is believed, and names one person in one header."""

from __future__ import annotations

import grp
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.doubles.broken_desks import sound
from tests.doubles.migrated import register_in
from tests.flow.door_process import (
    AS_ROOT,
    BIN,
    NOBODY,
    DoorProcess,
    answer_in,
    as_account,
    desk_of,
    door_on,
    open_the_way,
    request,
)
from tests.patience import PATIENCE

pytestmark = [pytest.mark.outside, pytest.mark.skipif(not AS_ROOT, reason="asks as other accounts")]
PROXY = "www-data"  # an account that every Debian has
UID = pwd.getpwnam(PROXY).pw_uid
HTML = "text/html"


def proxied(folder: Path, account: str = PROXY, header: str = "X-Remote-User") -> Path:
    """Returns the folder of a desk with a reverse proxy."""
    with (folder / "flaggermail.yaml").open("a", encoding="utf-8") as file:
        file.write(f"door:\n  proxy_account: {account}\n  header: {header}\n")
    register_in(folder)
    return folder


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door with a reverse proxy; the account `bin` is an officer of the desk, too."""
    folder = proxied(desk_of(tmp_path_factory.mktemp("d") / "desk", ("officer2", BIN)))
    open_the_way(folder)
    with door_on(folder, folder / "desk.sock") as opened:
        yield opened


def web(door: DoorProcess) -> Path:
    """Returns the socket for the proxy."""
    return door.folder / "web.sock"


def asked(door: DoorProcess, *lines: str, uid: int = UID, address: str = "/") -> tuple[int, str]:
    """Returns the status and the page that an account gets at the proxy's socket, with these headers."""
    head = "\r\n".join(
        [f"GET {address} HTTP/1.1", "Host: desk", f"Accept: {HTML}", "Connection: close", *lines, "", ""]
    )
    found = answer_in(as_account(uid, web(door), head.encode("latin-1")))
    return found.status, found.body.decode("utf-8", "replace")


def test_the_proxys_group_alone_may_open_it(door: DoorProcess) -> None:
    """The socket of officers' commands keeps its own mode."""
    found = web(door).stat()
    assert stat.S_IMODE(found.st_mode) == 0o660
    assert grp.getgrgid(found.st_gid).gr_name == PROXY
    assert stat.S_IMODE((door.folder / "desk.sock").stat().st_mode) == 0o600
    assert asked(door, "X-Remote-User: officer1", uid=NOBODY)[0] == 13  # EACCES


def test_the_person_whom_the_proxy_names_sees_the_pages(door: DoorProcess) -> None:
    """The page says as whom one acts, and who checked it."""
    status, page = asked(door, "X-Remote-User: officer1")
    assert status == 200
    assert "You act as A. Jansen. The server in front of the desk checked your login." in page
    assert "You act as B. de Vries" in asked(door, "x-remote-user:   bin  ")[1]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 403),
        (["X-Remote-User:"], 403),
        (["X-Remote-User: officer1, head1"], 403),
        (["X-Remote-User: officer1,"], 403),
        (["X-Remote-User: officer1", "X-Remote-User: officer1"], 400),
        (["X-Remote-User: officer1", "x-remote-user: head1"], 400),
        (["X-Remote-User: " + "a" * 65], 403),
        (["X-Remote-User: " + "a" * 20_000], 431),
        (["X-Remote-User: OFFICER1"], 403),
        (["X-Remote-User: (null)"], 403),
        (["X-Remote-User: officer1\x00"], 400),
        (["X-Remote-User: offic\xe9r"], 403),
        (["X_Remote_User: officer1"], 403),
        (["X-Remote-User2: officer1", "Remote-User: officer1", "X-Forwarded-User: officer1"], 403),
        (["Authorization: Basic b2ZmaWNlcjE6"], 403),
        (["X-Remote-User: daemon"], 403),
        (["X-Remote-User: root"], 403),
        (["X-Remote-User: www-data"], 403),
    ],
)  # fmt: skip
def test_whoever_is_not_named_clearly_is_nobody(door: DoorProcess, lines: list[str], status: int) -> None:
    """Twice, empty, a list, too long, another name of the header, a login of nobody: no word of the desk."""
    found, page = asked(door, *lines)
    assert found == status
    assert "You act as" not in page
    if status == 403:
        login = any(name in lines[0] for name in ("OFFICER1", "daemon", "root", "www-data")) if lines else False
        assert ("no officer and no associate" if login else "names nobody, or nobody clearly") in page


@contextmanager
def open_to_all(path: Path) -> Iterator[None]:
    """Lets every account open a socket, as an administrator might; the account still decides."""
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o666)
    try:
        yield
    finally:
        path.chmod(mode)


@pytest.mark.parametrize("uid", [0, BIN])
def test_a_header_of_another_account_is_nothing(door: DoorProcess, uid: int) -> None:
    """Not of root, nor of an officer who reached the socket."""
    with open_to_all(web(door)):
        found = answer_in(as_account(uid, web(door), request("/", Accept=HTML, X_Remote_User="officer1")))
    assert found.status == 403
    assert "for the reverse proxy of the desk alone" in found.body.decode()


def test_at_the_officers_socket_the_header_is_not_believed(door: DoorProcess) -> None:
    """Whoever asks there is who the kernel says."""
    head = request("/", Accept=HTML, X_Remote_User="head1")
    with open_to_all(door.path):
        seen = {uid: answer_in(as_account(uid, door.path, head)) for uid in (UID, 0, BIN)}
    assert (seen[UID].status, seen[0].status, seen[BIN].status) == (403, 403, 200)
    assert "You act as B. de Vries</p>" in seen[BIN].body.decode()


@pytest.mark.parametrize(
    "address",
    ["/v1/views/case-list", "/v1/commands/case-close", "/v1/openapi.json", "/health", "/x//v1/views/case-list",
     "/%76%31/views/case-list", "/v1%2Fviews%2Fcase-list", "/static/../v1/views/case-list", "/x/../health"],
)  # fmt: skip
def test_programs_have_no_address_there(door: DoorProcess, address: str) -> None:
    """A person at a browser needs none of them, and no page asks for a code there."""
    assert asked(door, "X-Remote-User: officer1", address=address)[0] == 404


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "//evil.example/cases", "/\\evil.example", "http://evil.example/", "https:evil.example", "*",
     "/%2f/evil.example", "/.//evil.example", "/cases/..//evil.example"],
)  # fmt: skip
def test_no_address_leads_elsewhere(door: DoorProcess, address: str) -> None:
    """As a web server may hand it on: nothing is redirected, and nothing of the desk is shown under another name."""
    head = f"GET {address} HTTP/1.1\r\nHost: desk\r\nX-Remote-User: officer1\r\nConnection: close\r\n\r\n"
    found = answer_in(as_account(UID, web(door), head.encode()))
    assert found.status in {400, 404}
    assert "location" not in found.headers


def test_both_sockets_go_with_the_door(tmp_path_factory: pytest.TempPathFactory) -> None:
    """None is left behind."""
    folder = proxied(sound(tmp_path_factory.mktemp("d") / "desk"))
    with door_on(folder) as door:
        assert door.path == folder / "desk.sock"
        assert (folder / "web.sock").exists()
        assert door.stop() == 0
    assert not list(folder.glob("*.sock"))


@pytest.mark.parametrize(
    ("account", "words", "status"),
    [
        ("nosuchproxy", "door.proxy_account: this machine has no account nosuchproxy", 1),
        ("officer1", "door.proxy_account: 'officer1' is the login of a person in oncall.yaml", 2),
    ],
)
def test_a_proxy_that_cannot_be_opens_no_door(
    tmp_path_factory: pytest.TempPathFactory, account: str, words: str, status: int
) -> None:
    """Nothing listens then, and one line says why."""
    folder = sound(tmp_path_factory.mktemp("d") / "desk")
    register_in(folder)
    with (folder / "flaggermail.yaml").open("a", encoding="utf-8") as file:
        file.write(f"door: {{proxy_account: {account}}}\n")
    ended = subprocess.run(
        [sys.executable, "-m", "flaggermail", "--config", str(folder), "serve"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (status, "")
    assert words in ended.stderr
    assert not list(folder.glob("*.sock"))


def test_without_a_proxy_there_is_no_second_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Naming one without saying whose it is is refused."""
    folder = sound(tmp_path_factory.mktemp("d") / "desk")
    register_in(folder)
    with door_on(folder):
        assert [one.name for one in folder.glob("*.sock")] == ["desk.sock"]
    ended = subprocess.run(
        [sys.executable, "-m", "flaggermail", "--config", str(folder), "serve", "--web-socket", str(folder / "w.sock")],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "door.proxy_account: missing" in ended.stderr
