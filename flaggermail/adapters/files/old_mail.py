# SPDX-License-Identifier: EUPL-1.2
"""Old mail in files: mbox, Maildir, .eml and Outlook's .msg. Nothing is written, renamed or removed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO

from flaggermail.adapters.parsing.unpacking import MAGIC
from flaggermail.ports import RawMessage, RefusedMail, Role
from flaggermail.record.definition import LAST
from flaggermail.record.kinds import ArrivalBasis, OctetSource
from flaggermail.wording.filing import IngestRefusal
from flaggermail.wording.said import StoredText

_DAYS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_ZONE = rb"(?: (UTC|GMT|[+-]\d{4}|[A-Z]{1,5}))?"
_FROM_LINE = re.compile(
    rb"From (?:[^\r\n]{0,320} )?" + _DAYS + rb" +(" + b"|".join(_MONTHS) + rb") +(\d{1,2}) (\d{1,2}):(\d\d)(?::(\d\d))?"
    + _ZONE + rb" (\d{4})" + _ZONE + rb" *\r?\n?\Z"
)  # fmt: skip
_LONGEST_FROM = 512  # octets of such a line
_QUOTED = re.compile(rb">{1,80}From ")
_FIELD = re.compile(rb"[!-9;-~]{1,997}[ \t]{0,3}:")  # RFC 5322, sections 2.2, 2.1.1 and, for the space, 4.5
_BEFORE_MAIL = re.compile(rb"(?:\xef\xbb\xbf)?(?:\r?\n)?(?:From [^\r\n]{0,512}\r?\n)?")
_PIECE = 1 << 20  # octets of a line read at once
_BLANK = (b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class MboxMail:
    """One mail of an mbox: its octets, None if they are more than was asked for; the From line's instant, if any."""

    octets: bytes | None
    size: int
    at: datetime | None
    offset: int


def is_from_line(line: bytes) -> bool:
    """True if a line separates mails: `From `, a sender, and a date as asctime(3) writes it."""
    return len(line) <= _LONGEST_FROM and _FROM_LINE.match(line) is not None


def begins_header(line: bytes) -> bool:
    """True if a line begins as a header field does."""
    return _FIELD.match(line) is not None


def begins_mail(octets: bytes) -> bool:
    """True if octets begin with a header field; a byte order mark, an empty line and a From line may be before it."""
    before = _BEFORE_MAIL.match(octets)
    return begins_header(octets[before.end() if before else 0 :])


def from_instant(line: bytes) -> datetime | None:
    """Returns the instant of a From line: UTC unless it has an offset (RFC 4155); None of a zone known by letters.

    A leap second counts as the one before it.
    """
    found = _FROM_LINE.match(line) if len(line) <= _LONGEST_FROM else None
    if found is None:
        return None
    month, day, hour, minute, second, before, year, after = found.groups()
    zone = _zone(before or after)
    try:
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), min(int(second or 0), 59),
            tzinfo=zone,
        ) if zone else None  # fmt: skip
    except ValueError:
        return None


def _zone(written: bytes | None) -> timezone | None:
    if written in {None, b"UTC", b"GMT"} or written is None:
        return UTC
    if written[:1] not in b"+-":
        return None
    hours, minutes = int(written[1:3]), int(written[3:5])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - the last of each
        return None
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if written.startswith(b"-") else away)


def mails(file: BinaryIO, size: int, most: int) -> Iterator[MboxMail]:
    """Yields the mails in the first `size` octets of a file that begins with a From line; each up to `most` octets.

    A mail ends where a From line follows an empty line, or has a header field below it, as not every program writes the
    empty line. That line is no part of the mail, and one `>` is taken from each line of `>From `, so that the octets
    are those of the mail again; all others are as they are in the file, line ends included.
    """
    current: _Growing | None = None
    before = b"\n"
    for offset, line, following in _lines(file, size):
        begins = before.endswith(b"\n")
        if begins and is_from_line(line) and (before in _BLANK or begins_header(following)):
            if current is not None:
                yield current.mail()
            current = _Growing(from_instant(line), offset, most)
        elif current is not None:
            current.add(line[1:] if begins and line.startswith(b">") and _QUOTED.match(line) else line)
        before = line
    if current is not None:
        yield current.mail()


class _Growing:
    """The mail that is being read."""

    def __init__(self, at: datetime | None, offset: int, most: int) -> None:
        self._at, self._offset, self._most = at, offset, most
        self._octets: bytearray | None = bytearray()
        self._size = 0

    def add(self, line: bytes) -> None:
        """Adds a line, or keeps its size only if the mail has become too large."""
        self._size += len(line)
        if self._size > self._most:
            self._octets = None
        elif self._octets is not None:
            self._octets += line

    def mail(self) -> MboxMail:
        """Returns the mail without the empty line that ends it in the file."""
        octets = self._octets
        if octets is None:
            return MboxMail(None, self._size, self._at, self._offset)
        for ending in (b"\r\n\r\n", b"\n\n"):
            if octets.endswith(ending):
                del octets[-len(ending) // 2 :]
                break
        return MboxMail(bytes(octets), len(octets), self._at, self._offset)


def _lines(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yields each line with its offset and the line after it; a very long line comes in pieces."""
    offset, line = 0, file.readline(min(_PIECE, size))
    while line:
        left = size - offset - len(line)
        following = file.readline(min(_PIECE, left)) if left > 0 else b""
        yield offset, line, following
        offset, line = offset + len(line), following


# A pipe is not waited for, and a terminal does not become ours.
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class LinkFound(OSError):
    """A link is in the place of a file or folder."""


class NoPlainFile(OSError):
    """A pipe, socket, device or folder is in the place of a file."""


@dataclass(frozen=True, slots=True, order=True)
class FolderEntry:
    """A name in a folder, and what it is."""

    name: str
    is_folder: bool
    is_link: bool


@contextmanager
def plain_file(root: Path, path: Path) -> Iterator[BinaryIO]:
    """Opens a regular file below `root`, of which alone links are followed. Raises LinkFound, NoPlainFile, OSError."""
    with _folder(root, path.parent) as folder:
        mode = _mode(path.name, folder)
        if not stat.S_ISREG(mode):  # before it is opened: that alone makes some devices act
            raise NoPlainFile
        file = os.fdopen(os.open(path.name, os.O_RDONLY | _FLAGS, dir_fd=folder), "rb")
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NoPlainFile
        yield file


def entries(root: Path, folder: Path) -> list[FolderEntry]:
    """Returns what is in a folder at or below `root`, by name. Raises LinkFound, OSError."""
    with _folder(root, folder) as place:
        listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=place)
        try:
            with os.scandir(listed) as found:
                return sorted(
                    FolderEntry(one.name, one.is_dir(follow_symlinks=False), one.is_symlink()) for one in found
                )
        finally:
            os.close(listed)


@contextmanager
def _folder(root: Path, folder: Path) -> Iterator[int]:
    """Yields a descriptor of a folder, by which names in it are opened."""
    place = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in folder.relative_to(root).parts:
            _mode(name, place)
            below = os.open(name, os.O_PATH | os.O_DIRECTORY | _FLAGS, dir_fd=place)
            os.close(place)
            place = below
        yield place
    finally:
        os.close(place)


def _mode(name: str, folder: int) -> int:
    """Returns what a name in a folder is. Raises LinkFound."""
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise LinkFound
    return mode


FOLDER = "file:"  # prefix of the folder of a mail from a file, which no folder of a mailbox has
LARGEST = 150 * 1024 * 1024  # octets of a mail: Exchange takes no larger one
NUMBERING = "1"
DEEPEST = 100  # folders below the one that was named
_FIRST = 4096  # octets in which the kind of a file is seen
_SHOWN = 60  # characters of a first line
_MAILDIR = ("new", "cur")


class _Form(Enum):
    """What a file is expected to be."""

    NAMED = auto()  # any mail or mbox: a person named it
    FOUND = auto()  # in a folder: .eml, .msg, the numbers of MH, or whatever begins as an mbox does
    DELIVERED = auto()  # in a Maildir: one mail, whatever its name


@dataclass(frozen=True, slots=True)
class _File:
    """A file to read; `folder` is where its mails lie: the mbox itself, or the folder of single mails.

    What is below `root`, the folder of what was named, is a stranger's.
    """

    root: Path
    path: Path
    folder: Path
    role: Role
    form: _Form


@dataclass(frozen=True, slots=True)
class MailNames:
    """The names of the mailbox's folders of sent and of unwanted mail, by which such files are known."""

    sent: str
    junk: str


class MailFiles:
    """Implements `ports.OldMail` on files and folders that a person names.

    `sent`: those among them that hold sent mail; also a file or folder with the name of the mailbox's own such folder.
    No link is followed: it could lead to a file of the desk's account, which would then be in the archive for good.
    """

    def __init__(self, paths: Sequence[Path], sent: Sequence[Path], names: MailNames) -> None:
        self._names = names
        given = [(path, Role.SENT if path in sent else None) for path in dict.fromkeys((*paths, *sent))]
        self._plan = [one for path, role in given for one in self._given(Path(os.path.normpath(path.absolute())), role)]
        self._read = 0

    def mails(self) -> Iterator[RawMessage | RefusedMail]:
        """Yields each mail in the order of paths, and what is refused in its place."""
        for one in self._plan:
            if isinstance(one, RefusedMail):
                yield one
            else:
                begun = self._read
                yield from self._in_file(one)
                self._read = begun + _size(one.path)

    def size(self) -> int:
        """Returns the octets of all files."""
        return sum(_size(one.path) for one in self._plan if isinstance(one, _File))

    def read(self) -> int:
        """Returns the octets read so far."""
        return self._read

    # ---- which files

    def _given(self, path: Path, role: Role | None) -> Iterator[_File | RefusedMail]:
        """Yields what a person named, and what is in it."""
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            yield _refused(path, IngestRefusal.MISSING())
            return
        except OSError as fault:
            yield _refused(path, _fault(fault))
            return
        role = role or self._role(path)
        if stat.S_ISDIR(mode):
            found = list(self._folder(path.parent, path, role))
            yield from found or [_refused(path, IngestRefusal.NOTHING())]
        else:
            yield _File(path.parent, path, path, role or Role.INBOX, _Form.NAMED)

    def _folder(self, root: Path, folder: Path, role: Role | None, depth: int = 0) -> Iterator[_File | RefusedMail]:
        """Yields what is in a folder, and in those below it."""
        if depth > DEEPEST:
            yield _refused(folder, IngestRefusal.DEEP(most=DEEPEST))
            return
        try:
            found = entries(root, folder)
        except OSError as fault:
            yield _refused(folder, _fault(fault))
            return
        maildir = _is_maildir(found)
        for name in _MAILDIR if maildir else ():
            yield from self._delivered(root, folder, name, role or Role.INBOX)
        for entry in found:
            path, below = folder / entry.name, role or self._role(folder / entry.name)
            if (entry.name in _MAILDIR) if maildir else entry.name.startswith("."):
                continue
            if entry.is_link:
                yield _refused(path, IngestRefusal.LINK())
            elif not entry.is_folder:
                yield from () if maildir else (_File(root, path, folder, below or Role.INBOX, _Form.FOUND),)
            elif not maildir or _holds_maildir(root, path):
                yield from self._folder(root, path, below, depth + 1)

    def _delivered(self, root: Path, folder: Path, name: str, role: Role) -> Iterator[_File | RefusedMail]:
        try:
            found = entries(root, folder / name)
        except OSError as fault:
            yield _refused(folder / name, _fault(fault))
            return
        for entry in found:
            if not entry.name.startswith("."):
                yield _File(root, folder / name / entry.name, folder, role, _Form.DELIVERED)

    def _role(self, path: Path) -> Role | None:
        """Returns the role of a file or folder by its name; of `.Sent` in a Maildir and of `Sent.mbox` too."""
        names = {part.casefold() for part in (path.name, path.stem, path.name.lstrip("."), path.suffix.lstrip("."))}
        for name, role in ((self._names.sent, Role.SENT), (self._names.junk, Role.JUNK)):
            levels = {name.casefold(), name.rpartition(".")[2].casefold(), name.rpartition("/")[2].casefold()}
            if names & levels:
                return role
        return None

    # ---- what is in them

    def _in_file(self, one: _File) -> Iterator[RawMessage | RefusedMail]:
        try:
            with plain_file(one.root, one.path) as file:
                before = os.fstat(file.fileno())
                first = file.read(_FIRST)
                file.seek(0)
                why = _not_mail(one, first)
                if why is not None:
                    yield _refused(one.path, why)
                elif one.form is not _Form.DELIVERED and is_from_line(_line(first)):
                    yield from self._in_mbox(one, file, before)
                else:
                    yield _single(one, file, before)
        except OSError as fault:
            yield _refused(one.path, _fault(fault))

    def _in_mbox(self, one: _File, file: BinaryIO, before: os.stat_result) -> Iterator[RawMessage | RefusedMail]:
        """Yields the mails of an mbox; the last one only if the file did not change, as it may be incomplete."""
        begun, held = self._read, None
        for mail in mails(file, before.st_size, LARGEST):
            if held is not None:
                yield _from_mbox(one, held, before)
            self._read, held = begun + mail.offset, mail
        changed = _changed(file, before)
        if held is not None and not changed:
            yield _from_mbox(one, held, before)
        if changed:
            yield _refused(one.path, IngestRefusal.CHANGED())


def _is_maildir(found: Sequence[FolderEntry]) -> bool:
    """True for the entries of a Maildir; a link in the place of one of its folders is refused later."""
    return set(_MAILDIR) <= {entry.name for entry in found if entry.is_folder or entry.is_link}


def _holds_maildir(root: Path, folder: Path) -> bool:
    try:
        return _is_maildir(entries(root, folder))
    except OSError:  # told when it is read
        return True


def _not_mail(one: _File, first: bytes) -> StoredText | None:
    """Returns why a file cannot be mail, or None."""
    suffix = one.path.suffix.lower()
    if not first:
        return IngestRefusal.EMPTY()
    if first.startswith(MAGIC):
        return None
    if one.form is _Form.DELIVERED or suffix == ".eml" or one.path.name.isdecimal():
        return None if begins_mail(first) else IngestRefusal.NO_HEADER()
    if suffix == ".msg":
        return IngestRefusal.NO_OUTLOOK()
    line = _line(first)
    if is_from_line(line) or (one.form is _Form.NAMED and begins_mail(first)):
        return None
    of_mbox = first.startswith(b"From ") or suffix in {".mbox", ".mbx"}
    return IngestRefusal.NO_MBOX(line=_shown(line)) if of_mbox else IngestRefusal.NO_MAIL()


def _line(first: bytes) -> bytes:
    return first.split(b"\n", 1)[0]


def _shown(line: bytes) -> str:
    text = line[: 2 * _SHOWN].decode("utf-8", "replace").strip()
    return f'"{text[:_SHOWN]}"'


def _single(one: _File, file: BinaryIO, before: os.stat_result) -> RawMessage | RefusedMail:
    if before.st_size > LARGEST:
        return _refused(one.path, _too_large(before.st_size))
    octets = file.read(LARGEST + 1)
    if _changed(file, before) or len(octets) != before.st_size:
        return _refused(one.path, IngestRefusal.CHANGED())
    delivered = one.form is _Form.DELIVERED
    basis = ArrivalBasis.MAILDIR if delivered else ArrivalBasis.FILE
    folder = one.folder if one.folder != one.path else one.path.parent
    return _raw(octets, _changed_at(before), basis, folder, one.role)


def _from_mbox(one: _File, mail: MboxMail, before: os.stat_result) -> RawMessage | RefusedMail:
    if mail.octets is None:
        return RefusedMail(f"{_text(one.path)}, octet {mail.offset}", _too_large(mail.size))
    if not mail.octets:
        return RefusedMail(f"{_text(one.path)}, octet {mail.offset}", IngestRefusal.EMPTY())
    at, basis = mail.at, ArrivalBasis.MBOX
    if at is None:
        at, basis = _changed_at(before), ArrivalBasis.FILE
    return _raw(mail.octets, at, basis, one.path, one.role)


def _raw(octets: bytes, at: datetime, basis: ArrivalBasis, folder: Path, role: Role) -> RawMessage:
    item = str(int.from_bytes(hashlib.sha256(octets).digest()[:8]) >> 1)  # the same for a file, whatever is around it
    return RawMessage(octets, at, f"{FOLDER}{_text(folder)}", NUMBERING, item, role, basis, source=OctetSource.FILE)


def _changed_at(file: os.stat_result) -> datetime:
    """Returns when the file was changed; `LAST`, which is no arrival, for what no calendar holds."""
    try:
        return datetime.fromtimestamp(file.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return LAST


def _refused(path: Path, why: StoredText) -> RefusedMail:
    return RefusedMail(_text(path), why)


def _text(path: Path) -> str:
    """Returns a path as text that every database takes: octets that are not UTF-8 as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _too_large(size: int) -> StoredText:
    return IngestRefusal.TOO_LARGE(size=size, most=LARGEST)


def _fault(fault: OSError) -> StoredText:
    if isinstance(fault, LinkFound):
        return IngestRefusal.LINK()
    if isinstance(fault, NoPlainFile):
        return IngestRefusal.NO_MAIL()
    return IngestRefusal.UNREADABLE(fault=fault.strerror or type(fault).__name__)


def _changed(file: BinaryIO, before: os.stat_result) -> bool:
    after = os.fstat(file.fileno())
    return (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
