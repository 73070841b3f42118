# SPDX-License-Identifier: EUPL-1.2
"""A folder of old mail that a stranger made: no link of it is followed, nothing of it is waited for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from flaggermail.adapters.files.old_mail import MailFiles, MailNames
from flaggermail.ports import RawMessage, RefusedMail
from flaggermail.services import Services
from tests.story.test_old_mail import counts, messages, referral, write_maildir, write_mbox

SECRET = b"imap-user: hunter2-of-the-desk\n"
LINK = "is a link, which is not followed; name the file or folder itself"
NO_HEADER = "begins with no header field (a name and a colon), so it is no mail"
NO_MAIL = "is no mail: .eml, .msg, mbox and Maildir are read"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the desk's account that begins as a mail does."""
    path = tmp_path / "credentials" / "imap"
    path.parent.mkdir()
    path.write_bytes(SECRET)
    return path


def held(env: Services) -> list[bytes]:
    """Returns the octets of every message of the record."""
    return [env.octets.get(message.digest) for message in messages(env)]


def test_no_link_to_a_file_is_followed(env: Services, tmp_path: Path, secret: Path) -> None:
    """Whatever the link is called and wherever it is; the mail beside it is taken in."""
    old = tmp_path / "old"
    (old / "below").mkdir(parents=True)
    write_maildir(old / "Maildir", [referral(1)])
    (old / "below" / "2.eml").write_bytes(referral(2))
    real = write_mbox(tmp_path / "real.mbox", [referral(3)])
    (old / "Maildir" / "cur" / "9").symlink_to(secret)
    (old / "Maildir" / "new" / "9").symlink_to("../../../credentials/imap")
    (old / "below" / "1.eml").symlink_to(secret)
    (old / "below" / "1.msg").symlink_to(secret)
    (old / "below" / "12").symlink_to(secret)
    (old / "below" / "box.mbox").symlink_to(real)
    (old / "below" / "gone.eml").symlink_to("nowhere")
    (tmp_path / "named.eml").symlink_to(secret)
    found, new, known, refused = counts(env, old, tmp_path / "named.eml")
    assert (found, new, known, refused) == (10, 2, 0, [LINK] * 8)
    assert sorted(held(env)) == sorted([referral(1), referral(2)])


def test_no_link_to_a_folder_is_followed(env: Services, tmp_path: Path, secret: Path) -> None:
    """Neither one that is found, nor one that is named, nor one that passes for a part of a Maildir."""
    (secret.parent / "1.eml").write_bytes(referral(8))
    write_maildir(tmp_path / "old", [referral(1)])
    (tmp_path / "old" / "cur").rename(tmp_path / "elsewhere")
    (tmp_path / "old" / "cur").symlink_to(secret.parent)
    (tmp_path / "old" / "new" / "1").write_bytes(referral(2))
    (tmp_path / "old" / ".Archive").symlink_to(secret.parent)
    (tmp_path / "named").symlink_to(secret.parent)
    assert counts(env, tmp_path / "old", tmp_path / "named") == (4, 1, 0, [LINK] * 3)
    assert held(env) == [referral(2)]


def read(folder: Path) -> list[str]:
    """Reads a folder; returns the subjects of what was read and why the rest was refused."""
    found = MailFiles([folder], [], MailNames("Sent", "Junk")).mails()
    return [one.octets.decode() if isinstance(one, RawMessage) else one.why.english for one in found]


@pytest.mark.parametrize("swapped", ["file", "folder", "above"])
def test_a_link_that_comes_meanwhile_is_not_followed(tmp_path: Path, secret: Path, swapped: str) -> None:
    """Between the list of a folder and the reading of a file, a file or a folder above it becomes a link."""
    folder = tmp_path / "old" / "a" / "b"
    folder.mkdir(parents=True)
    for name in ("0.eml", "imap"):
        (folder / name).write_bytes(b"Subject: x\n\nx\n")
    (folder / "imap").rename(folder / "1.eml")
    (secret.parent / "b").mkdir()
    for place in (secret.parent, secret.parent / "b"):
        (place / "1.eml").write_bytes(SECRET)
    mails = MailFiles([tmp_path / "old"], [], MailNames("Sent", "Junk")).mails()
    assert isinstance(next(mails), RawMessage)
    away = {"file": folder / "1.eml", "folder": folder, "above": folder.parent}[swapped]
    away.rename(tmp_path / "away")
    away.symlink_to({"file": secret, "folder": secret.parent, "above": secret.parent}[swapped])
    (last,) = mails
    assert isinstance(last, RefusedMail)
    assert last.why.english == LINK


def test_nothing_that_is_no_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes, sockets, devices and files of /proc end in a reason at once; opening a device may do something."""
    folder = tmp_path / "old"
    folder.mkdir()
    os.mkfifo(folder / "1.eml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "2.eml"))
        opened: list[str] = []
        real = os.open

        def noting(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            opened.append(os.fspath(path))
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", noting)
        assert read(folder) == [NO_MAIL, NO_MAIL]
    assert not {"1.eml", "2.eml"} & set(opened)
    assert read(Path("/dev/null")) == [NO_MAIL]
    assert read(Path("/dev/zero")) == [NO_MAIL]
    (environment,) = read(Path("/proc/self/environ"))
    assert "hunter" not in environment
    assert read(Path("/proc/self/cwd")) == [LINK]
    assert read(Path("/proc/self/exe")) == [LINK]


BEGINNINGS: dict[str, tuple[bytes, bool]] = {
    "a field": (b"Subject: x\n", True),
    "a field without a space": (b"Subject:x\n", True),
    "an obsolete field": (b"Subject : x\n", True),
    "a long name": (b"X-" + b"a" * 400 + b": x\n", True),
    "any sign of a name": (b"!#$%&'*+-/^_`{|}~9: x\n", True),
    "a byte order mark": (b"\xef\xbb\xbfSubject: x\n", True),
    "an empty line": (b"\r\nSubject: x\n", True),
    "a From line": (b"From a@b.example Thu Jun  6 11:05:00 2024\nSubject: x\n", True),
    "a From line of another date": (b"From a@b.example 2024-06-06T11:05:00\nSubject: x\n", True),
    "all three": (b"\xef\xbb\xbf\nFrom a@b.example 2024\nSubject: x\n", True),
    "a password": (b"hunter2-of-the-desk\n", False),
    "words": (b"Dear all,\nSubject: x\n", False),
    "two empty lines": (b"\n\nSubject: x\n", False),
    "a From line alone": (b"From a@b.example 2024\nhunter2\n", False),
    "a continuation": (b" Subject: x\n", False),
    "no name": (b": x\n", False),
    "a control character": (b"Sub\x01ject: x\n", False),
    "eight bits": ("Sujét: x\n".encode(), False),
    "a key": (b"-----BEGIN PRIVATE KEY-----\nMII: x\n", False),
    "UTF-16": ("Subject: x\n".encode("utf-16"), False),
    "octets": (bytes(200), False),
    "a space in the name": (b"From me: x\n", False),
}  # fmt: skip


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("form", ["eml", "mh", "maildir", "named"])
def test_what_begins_with_no_header_field_is_no_mail(tmp_path: Path, name: str, form: str) -> None:
    """A byte order mark, one empty line and a line of an mbox may be before it (RFC 5322, section 2.2)."""
    octets, is_mail = BEGINNINGS[name]
    folder = tmp_path / "old"
    places: dict[str, Callable[[], Path]] = {
        "eml": lambda: folder / "1.EML", "mh": lambda: folder / "17", "named": lambda: folder / "whatever",
        "maildir": lambda: write_maildir(folder, []) / "cur" / "1.host:2,S",
    }  # fmt: skip
    folder.mkdir(exist_ok=form != "maildir")
    if form == "maildir":
        folder.rmdir()
    place = places[form]()
    place.write_bytes(octets + b"\nText\n")
    found = read(place if form == "named" else folder)
    assert len(found) == 1
    refused = found[0] in {NO_HEADER, NO_MAIL} or found[0].startswith("is no mbox: ")
    assert refused is not is_mail, found
    assert form == "named" or not refused or found == [NO_HEADER]


def test_what_is_refused_is_listed_and_nothing_else_is_lost(env: Services, tmp_path: Path) -> None:
    """The refusals come with their place and reason, the status is 1, and the mail around them is there."""
    old = tmp_path / "old"
    old.mkdir()
    for number in range(3):
        (old / f"{number}.eml").write_bytes(referral(number))
    (old / "1a.eml").write_bytes(b"hunter2\n")
    (old / "2a.eml").symlink_to("/etc/hostname")
    assert counts(env, old) == (5, 3, 0, [NO_HEADER, LINK])
    assert b"hunter2" not in b"".join(held(env))
