# SPDX-License-Identifier: EUPL-1.2
"""Writes Outlook's .msg files for tests: a compound file (MS-CFB) of the streams defined by MS-OXMSG.

    python -m tests.tools.outlook_file         remakes the samples of tests/mails and tests/scenarios

olefile reads such files but cannot write them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Tree = Mapping[str, "bytes | Tree"]

SECTOR, MINI, CUTOFF = 512, 64, 4096  # octets: MS-CFB, section 2.2
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5
TESTS = Path(__file__).parent.parent


# ---- the compound file


@dataclass
class _Entry:
    """One entry of the directory; `left`, `right` and `child` are indices in it."""

    name: str
    kind: int
    content: bytes = b""
    left: int = FREE
    right: int = FREE
    child: int = FREE
    start: int = END

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        head = name.ljust(64, b"\0") + struct.pack("<HBB", len(name), self.kind, 1)
        links = struct.pack("<3I", self.left, self.right, self.child)
        return head + links + bytes(16 + 4 + 16) + struct.pack("<IQ", self.start, len(self.content))


def compound_file(tree: Tree) -> bytes:
    """Returns the octets of a compound file with `tree`: names of streams to octets, of storages to trees."""
    entries = [_Entry("Root Entry", ROOT)]
    entries[0].child = _add(entries, tree)
    small = [one for one in entries if one.kind == STREAM and 0 < len(one.content) < CUTOFF]
    large = [one for one in entries if one.kind == STREAM and len(one.content) >= CUTOFF]
    mini_stream = b""
    mini_fat: list[int] = []
    for one in small:
        one.start = len(mini_stream) // MINI
        mini_stream += _padded(one.content, MINI)
        mini_fat += _chain(one.start, len(mini_stream) // MINI)
    entries[0].content = mini_stream
    body = b""
    fat: list[int] = []
    for one in [*large, entries[0]]:
        if one.content:
            one.start = len(fat)
            body += _padded(one.content, SECTOR)
            fat += _chain(one.start, len(body) // SECTOR)
    places = {}
    table = _padded(struct.pack(f"<{len(mini_fat)}I", *mini_fat), SECTOR, b"\xff")
    for name, octets in (("mini", table), ("directory", _padded(b"".join(one.packed() for one in entries), SECTOR))):
        places[name] = len(fat) if octets else END
        body += octets
        fat += _chain(len(fat), len(body) // SECTOR)
    return _header(places, len(table) // SECTOR, fat) + body + _allocation(fat)


def _add(entries: list[_Entry], tree: Tree) -> int:
    """Appends the entries of `tree`; returns the index of their root.

    They form a search tree in the order of MS-CFB, section 2.6.4.
    """
    names = sorted(tree, key=lambda name: (len(name), name.upper()))
    places = {}
    for name in names:
        content = tree[name]
        entry = _Entry(name, STREAM, content) if isinstance(content, bytes) else _Entry(name, STORAGE)
        places[name] = len(entries)
        entries.append(entry)
        if not isinstance(content, bytes):
            entry.child = _add(entries, content)
    return _balanced(entries, [places[name] for name in names])


def _balanced(entries: list[_Entry], places: Sequence[int]) -> int:
    if not places:
        return FREE
    middle = len(places) // 2
    entries[places[middle]].left = _balanced(entries, places[:middle])
    entries[places[middle]].right = _balanced(entries, places[middle + 1 :])
    return places[middle]


def _chain(start: int, stop: int) -> list[int]:
    return [*range(start + 1, stop), END] if stop > start else []


def _padded(octets: bytes, size: int, sign: bytes = b"\0") -> bytes:
    return octets + sign * (-len(octets) % size)


def _tables(sectors: int) -> int:
    """Returns the number of sectors of the allocation table, which lists its own sectors too."""
    count = 0
    while count * (SECTOR // 4) < sectors + count:
        count += 1
    return count


def _allocation(fat: list[int]) -> bytes:
    count = _tables(len(fat))
    whole = [*fat, *[FAT] * count]
    return _padded(struct.pack(f"<{len(whole)}I", *whole), SECTOR, b"\xff")


def _header(places: Mapping[str, int], mini_sectors: int, fat: list[int]) -> bytes:
    count = _tables(len(fat))
    if count > 109:
        raise ValueError("larger than the table in the header can tell")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    numbers = (0, count, places["directory"], 0, CUTOFF, places["mini"], mini_sectors, END, 0)
    table = [*range(len(fat), len(fat) + count), *[FREE] * (109 - count)]
    return head + struct.pack("<9I", *numbers) + struct.pack("<109I", *table)


# ---- the message


@dataclass(frozen=True)
class OutlookMail:
    """A mail to write: addresses as (name, address), `recipients` with 1 for To and 2 for Cc."""

    sender: tuple[str, str]
    subject: str
    text: str = ""
    markup: bytes = b""
    sent: datetime | None = None
    message_id: str = ""
    recipients: Iterable[tuple[int, str, str]] = ()
    files: Iterable[tuple[str, str, bytes]] = ()
    headers: str = ""
    extra: Mapping[int, str] = field(default_factory=dict)


def outlook_message(mail: OutlookMail) -> bytes:
    """Returns the octets of a .msg file (MS-OXMSG, section 2)."""
    name, address = mail.sender
    texts = {
        0x001A: "IPM.Note", 0x0037: mail.subject, 0x0042: name, 0x0C1A: name, 0x0C1F: address, 0x0065: address,
        0x1000: mail.text, 0x1035: mail.message_id, 0x007D: mail.headers, **mail.extra,
    }  # fmt: skip
    binary = {0x1013: mail.markup} if mail.markup else {}
    instants = {0x0039: mail.sent} if mail.sent else {}
    people = [
        _properties({0x3001: name, 0x3003: address, 0x39FE: address}, numbers={0x0C15: kind})
        for kind, name, address in mail.recipients
    ]
    files = [
        _properties({0x3707: name, 0x370E: kind}, {0x3701: octets}, {0x3705: 1}) for name, kind, octets in mail.files
    ]
    counts = struct.pack("<8x4I8x", len(people), len(files), len(people), len(files))
    tree: dict[str, bytes | Tree] = {
        **_properties(texts, binary, {0x340D: 0x40000}, instants, head=counts),
        "__nameid_version1.0": {f"__substg1.0_000{n}0102": b"" for n in (2, 3, 4)},
    }
    tree |= {f"__recip_version1.0_#{n:08X}": one for n, one in enumerate(people)}
    tree |= {f"__attach_version1.0_#{n:08X}": one for n, one in enumerate(files)}
    return compound_file(tree)


def _properties(
    texts: Mapping[int, str],
    binary: Mapping[int, bytes] | None = None,
    numbers: Mapping[int, int] | None = None,
    instants: Mapping[int, datetime] | None = None,
    head: bytes = bytes(8),
) -> dict[str, bytes | Tree]:
    """Returns the streams of an object: its property list (MS-OXMSG, section 2.4) and one for each long value."""
    streams: dict[str, bytes | Tree] = {}
    rows = []
    values = [(pid, 0x001F, text.encode("utf-16-le")) for pid, text in texts.items() if text]
    values += [(pid, 0x0102, octets) for pid, octets in (binary or {}).items()]
    for pid, kind, octets in values:
        streams[f"__substg1.0_{pid:04X}{kind:04X}"] = octets
        rows.append(struct.pack("<HHIII", kind, pid, 6, len(octets) + (2 if kind == 0x001F else 0), 0))
    rows += [struct.pack("<HHIII", 0x0003, pid, 6, number, 0) for pid, number in (numbers or {}).items()]
    for pid, instant in (instants or {}).items():
        ticks = int((instant - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
        rows.append(struct.pack("<HHIQ", 0x0040, pid, 6, ticks))
    return {"__properties_version1.0": head + b"".join(rows), **streams}


# ---- the samples

REFERRED = OutlookMail(
    sender=("B. Demoer", "b.demoer@kromwoude.example"),
    subject="Account gehackt",
    text="Onze pagina is overgenomen. Drie herstelpogingen, alle eigen middelen gebruikt.\r\n",
    sent=datetime(2027, 3, 16, 12, 5, tzinfo=UTC),
    message_id="<kw-1@kromwoude.example>",
    recipients=[(1, "J. Proefstuk", "j.proefstuk@provincie-demo.example")],
)
FULL = OutlookMail(
    sender=("Caf\u00e9, de Wit", "wit@gemeente.example"),
    subject="Onjuiste datum \u2013 graag kijken",
    text="Zie de schermafdruk.\r\n\r\nGroet,\r\nDe Wit\r\n",
    sent=datetime(2024, 6, 6, 8, 34, tzinfo=UTC),
    message_id="<w-1@gemeente.example>",
    recipients=[(1, "Bureau", "bureau@provincie.example"), (2, "Archief", "archief@gemeente.example")],
    files=[("scherm.png", "image/png", b"\x89PNG" + bytes(6000)), ("..\\lijst.csv", "text/csv", b"a;b\r\n")],
)


def attached(mail: OutlookMail, head: str, text: str, filename: str, boundary: str = "outer") -> bytes:
    """Returns a mail with `head` as its first fields and `mail` attached as an Outlook file."""
    content = base64.encodebytes(outlook_message(mail)).decode("ascii")
    return (
        f"{head}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary={boundary}\n\n"
        f"--{boundary}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n"
        f'--{boundary}\nContent-Type: application/vnd.ms-outlook; name="{filename}"\n'
        f'Content-Disposition: attachment; filename="{filename}"\nContent-Transfer-Encoding: base64\n\n'
        f"{content}\n--{boundary}--\n"
    ).encode()


def main() -> None:
    """Remakes the samples."""
    head = (
        "From: J. Proefstuk <j.proefstuk@provincie-demo.example>\nTo: verkiezingenflagger@bzk.example\n"
        "Subject: Doorgestuurd: account gemeente gehackt\nDate: Tue, 16 Mar 2027 14:19:41 +0100\n"
        "Message-ID: <pv-3@provincie-demo.example>\n"
    )
    text = "Bijgaand de mail van de gemeente."
    samples = {
        "scenarios/S03-msg/referral.eml": attached(REFERRED, head, text, "account gehackt.msg"),
        "mails/structure-outlook-message.eml": attached(FULL, head, text, "melding.msg"),
    }
    for name, octets in samples.items():
        (TESTS / name).write_bytes(octets)
        print(f"tests/{name}: {len(octets)} octets")


if __name__ == "__main__":
    main()
