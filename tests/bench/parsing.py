# SPDX-License-Identifier: EUPL-1.2
"""What reading a mail costs, in one process, beside the standard library on the same mails in the same run."""

import email
import time
from collections.abc import Callable, Sequence
from email.policy import EmailPolicy
from pathlib import Path

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.shipped import shipped
from tests.bench import corpus, table

MAILS, QUICK_MAILS = 2_000, 100
ROUNDS = 3
SEED = 1
READ = ("message-id", "references", "in-reply-to", "subject", "from", "to", "date", "auto-submitted")
MODERN = EmailPolicy()  # what policy.default is


def standard_library(octets: bytes) -> int:
    """Headers and bodies by email with policy.default; the characters read."""
    mail = email.message_from_bytes(octets, policy=MODERN)
    read = sum(len(str(mail[name])) for name in READ if mail[name] is not None)
    return read + sum(len(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text")


def processor_time(read: Callable[[bytes], object], mails: Sequence[bytes]) -> float:
    """Seconds of processor time to read all of them."""
    begun = time.process_time()
    for octets in mails:
        read(octets)
    return time.process_time() - begun


def measure(folder: Path, *, quick: bool) -> None:
    """Print the table: the least of some rounds each, in turn, since others use the machine."""
    count = QUICK_MAILS if quick else MAILS
    files = corpus.write(folder / "parsing", count, SEED)
    mails = [path.read_bytes() for path in files]
    table.head(f"reading {count:,} mails of {corpus.source()}, one process")
    parser = StandardParser(read_language(shipped("rules")))
    rounds = [
        (processor_time(standard_library, mails), processor_time(parser.parse, mails))
        for _ in range(1 if quick else ROUNDS)
    ]
    theirs, ours = (min(seconds) for seconds in zip(*rounds, strict=True))
    table.line("email, policy.default: header and bodies", theirs / count * 1e6, "us", 1)
    table.line("flaggermail: all that is read of a mail", ours / count * 1e6, "us", ours / theirs, "0.5")
