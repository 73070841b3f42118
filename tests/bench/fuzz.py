# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench fuzz`: parses randomly broken mails of the corpus and of tests/mails for some seconds.

A mail on which the parser fails, that takes more than a second, whose result cannot be stored, or that is read
differently the second time, is a finding; it is written to a folder, and becomes a sample of tests/mails.
"""

import hashlib
import json
import logging
import os
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.adapters.parsing.unpacking import allow
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.mail.message import Message, contract, packed, unpacked
from flaggermail.shipped import shipped
from tests.bench import table
from tests.mail_strategies import CHARSETS, ENCODINGS, PIECES, TYPES

SLOWEST = 1.0  # seconds of processor time for one mail, since others use the machine
HANGING = 20.0  # seconds of processor time after which one is given up
LARGEST = 512 * 1024  # octets of a broken mail: many small ones find more than a few large ones
MAILS = Path(__file__).parents[1] / "mails"
CORPUS = Path(__file__).parents[2].parent / "shared" / "mail-corpus"
_TOKENS = [
    *(piece.encode("utf-8", "surrogatepass") for piece in PIECES),
    *(f"Content-Type: {kind}\r\n".encode() for kind in TYPES),
    *(f"Content-Transfer-Encoding: {encoding}\r\n".encode() for encoding in ENCODINGS),
    *(f"; charset={charset}".encode() for charset in CHARSETS),
    *(b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\x1b$B", b"\xff\xfe", b"\xc3", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
]


@dataclass
class Breaker:
    """Breaks mails at random."""

    chance: random.Random
    sources: list[bytes]

    def broken(self) -> bytes:
        """Returns a mail with a few changes."""
        octets = bytearray(self.chance.choice(self.sources))
        for _ in range(self.chance.choice([1, 1, 2, 3, 8, 30])):
            self.change(octets)
        return bytes(octets[:LARGEST])

    def change(self, octets: bytearray) -> None:
        """Makes one change: octets removed, inserted, repeated, replaced, or taken from another mail."""
        at = self.chance.randint(0, len(octets))
        if self.chance.random() < 0.5:  # half of all changes are in the header, where most is decided
            at = min(at, self.chance.randint(0, 1500))
        stop = min(len(octets), at + self.chance.choice([1, 2, 10, 100, 2000]))
        way = self.chance.randrange(6)
        if way == 0:
            del octets[at:stop]
        elif way == 1:
            octets[at:at] = self.chance.choice(_TOKENS)
        elif way == 2:
            octets[at:at] = octets[at:stop] * self.chance.choice([1, 2, 50])
        elif way == 3:
            octets[at:stop] = self.chance.choice(_TOKENS)
        elif way == 4:
            other = self.chance.choice(self.sources)
            start = self.chance.randint(0, len(other))
            octets[at:stop] = other[start : start + self.chance.choice([20, 500, 5000])]
        elif at < len(octets):
            octets[at] = self.chance.randrange(256)


@dataclass
class Fuzz:
    """One run: the mails that it reads, and what it found."""

    breaker: Breaker
    parser: StandardParser
    kept: Path
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def step(self) -> None:
        """Breaks one mail and reads it."""
        octets = self.breaker.broken()
        begun = time.process_time()
        allow(HANGING)
        message = self.parser.parse(octets)
        allow(0)
        seconds = time.process_time() - begun
        self.slowest = max(self.slowest, seconds)
        self.counts["mails"] += 1
        self.counts["octets"] += len(octets)
        self.counts["with a defect"] += bool(message.defects)
        self.counts["with a caught exception"] += any("unreadable: " in one for one in message.defects)
        if fault := self.fault(octets, message, seconds):
            path = self.kept / f"{hashlib.sha256(octets).hexdigest()[:12]}.eml"
            path.write_bytes(octets)
            self.findings.append(f"{fault}: {path}")

    def fault(self, octets: bytes, message: Message, seconds: float) -> str | None:
        """Returns what is wrong with the result, or None."""
        failed = [one for one in message.defects if one.startswith("parser")]
        if failed:
            return failed[0]
        if seconds > SLOWEST:
            return f"{seconds:.1f} s for {len(octets):,} octets"
        try:
            shown = json.dumps(contract(message), ensure_ascii=False).encode("utf-8")
            whole = unpacked(json.loads(json.dumps(packed(message))))
        except (ValueError, TypeError, KeyError) as fault:
            return f"cannot be stored: {type(fault).__name__}"
        if b"\\u0000" in shown or "\r" in message.text:
            return "NUL or bare CR in the text"
        if message.sha256 != hashlib.sha256(octets).hexdigest():
            return "another digest"
        return None if self.parser.parse(octets) == message == whole else "read differently the second time"


def sources() -> list[bytes]:
    """Returns the mails to break; the corpus is not part of the checkout, and may be absent."""
    paths = sorted(MAILS.glob("*.eml")) + sorted(CORPUS.glob("*/cases/*.eml"))
    found = (path.read_bytes() for path in paths)
    return [octets for octets in found if octets and len(octets) <= LARGEST]


def run(seconds: float, seed: int | None) -> int:
    """Breaks mails for that many seconds and prints the counts; the exit status is 1 if there is a finding."""
    logging.disable()  # what libraries log about broken mail is no finding
    seed = seed if seed is not None else int.from_bytes(os.urandom(3), "big")
    kept = Path(tempfile.mkdtemp(prefix="fm-fuzz-"))
    chance = random.Random(f"fuzz/{seed}")  # noqa: S311 - the same run again is the purpose
    fuzz = Fuzz(Breaker(chance, sources()), StandardParser(read_language(shipped("rules"))), kept)
    table.note(f"fuzz of {seconds:g} seconds, seed {seed}, {len(fuzz.breaker.sources):,} mails to break")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        fuzz.step()
    table.note(", ".join(f"{name}: {count:,}" for name, count in fuzz.counts.items()))
    table.note(f"slowest: {fuzz.slowest:.3f} s; findings: {len(fuzz.findings)}")
    for finding in fuzz.findings[:50]:
        table.note(finding)
    if not fuzz.findings:
        kept.rmdir()
    return 1 if fuzz.findings else 0
