# SPDX-License-Identifier: EUPL-1.2
"""Thousands of mails, identical for the same seed, stored in a Maildir as a mail server would.

Big mail, with attachments, is written by gen_corpus.py if the folder `shared` is next to the checkout; small mail,
without attachments, by tests.bench.mails. Figures of the two are not comparable.
"""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from tests.bench.mails import Mails
from tests.servers.postfix import AUTHSERV_ID

GENERATOR = Path(__file__).parents[3] / "shared" / "perf" / "gen_corpus.py"
BIG, SMALL = "gen_corpus.py", "tests.bench.mails"
MANIFEST = "manifest"  # a line for each mail: number, kind, conversation, octets
LONG_AGO = datetime.fromisoformat("2024-03-01T08:00:00+00:00").timestamp()
_KNOWN = {  # domains of the generator -> domains in the shipped lists and the platforms of tests/config
    b"gemeente-utrecht.example": b"lindewaard.example",
    b"gemeente-zwolle.example": b"kromwoude.example",
    b"minbzk.example": b"bzk.example",
    b"politie.example": b"rijksdienst.example",
    b"rvig.example": b"provincie-demo.example",
    b"anp.example": b"omroep.example",
    b"snap-platform.example": b"snapchat-platform.example",
}
_NAME = re.compile(b"|".join(map(re.escape, _KNOWN)))
_FROM = re.compile(rb"^From: [^\r\n]*@([a-z0-9.-]+)", re.MULTILINE)


def source() -> str:
    """Returns which kind of mail is written by default."""
    return BIG if has(BIG) else SMALL


def has(kind: str) -> bool:
    """Returns whether this kind of mail can be written here."""
    return kind == SMALL or GENERATOR.exists()


def write(folder: Path, count: int, seed: int, kind: str | None = None) -> list[Path]:
    """Writes `count` mails of this seed into `folder`, one file each, in the order in which they were sent.

    A smaller count of the same seed gives the first of them. Each is verified by our own server, as if it had come
    through it, and arrived long ago, one hour after the previous one. `kind` is BIG or SMALL; otherwise `source`
    chooses.
    """
    folder.mkdir(parents=True)
    if (kind or source()) == BIG:
        files = _generated(folder, count, seed)
    else:
        files = [folder / f"{number:06d}" for number in range(count)]
        mails = Mails(seed, "verkiezingenflagger@bzk.example")
        for path in files:
            path.write_bytes(mails.any_kind().octets)
    for number, path in enumerate(files):
        path.write_bytes(as_arrived(path.read_bytes()))
        os.utime(path, (LONG_AGO + 3600 * number,) * 2)
    return files


def lay(files: list[Path], maildir: Path) -> None:
    """Links the files into a Maildir, in their order; their date is when the server received them."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(files):
        os.link(path, maildir / "cur" / f"{1_000_000_000 + number}.{path.parent.name}.bench.example:2,")


def _generated(folder: Path, count: int, seed: int) -> list[Path]:
    command = [sys.executable, str(GENERATOR), str(folder), str(count), str(seed), str(folder / MANIFEST)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return sorted((folder / "cur").iterdir(), key=lambda path: int(path.name.split(".")[0]))


def conversations(folder: Path) -> list[str]:
    """Returns the true conversation of each mail that `write` put into `folder`; empty if the mails do not say."""
    manifest = folder / MANIFEST
    return [line.split("\t")[2] for line in manifest.read_text("utf-8").splitlines()] if manifest.exists() else []


def as_arrived(octets: bytes) -> bytes:
    """Returns a mail as our own server delivers it, verified."""
    octets = _NAME.sub(lambda found: _KNOWN[found[0]], octets)
    if octets.startswith(b"Authentication-Results:"):
        return octets
    author = _FROM.search(octets)
    domain = author[1].decode("ascii") if author else "nowhere.example"
    ours = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={domain}\nReceived: by {AUTHSERV_ID}\n"
    return ours.encode() + octets
