# SPDX-License-Identifier: EUPL-1.2
"""What reading a mail costs in one process, compared with the standard library on the same mails in the same run."""

import email
import time
from collections.abc import Callable, Iterator, Sequence
from email.policy import EmailPolicy

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.shipped import shipped
from tests.bench import corpus
from tests.bench.figures import Bench, Figure, Goal, Heading, Row

MAILS, QUICK_MAILS = 2_000, 100
ROUNDS = 3
SEED = 1
KINDS = {"parse.big": corpus.BIG, "parse.small": corpus.SMALL}
GOALS = {"parse.big": Goal(0.5, of_ratio=True), "parse.small": Goal(0.6, of_ratio=True)}
READ = ("message-id", "references", "in-reply-to", "subject", "from", "to", "date", "auto-submitted")
MODERN = EmailPolicy()  # the same as policy.default


def standard_library(octets: bytes) -> int:
    """Reads headers and bodies with email and policy.default; returns the characters read."""
    mail = email.message_from_bytes(octets, policy=MODERN)
    read = sum(len(str(mail[name])) for name in READ if mail[name] is not None)
    return read + sum(len(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text")


def processor_time(read: Callable[[bytes], object], mails: Sequence[bytes]) -> float:
    """Returns the seconds of processor time to read all mails."""
    begun = time.process_time()
    for octets in mails:
        read(octets)
    return time.process_time() - begun


def measure(bench: Bench) -> Iterator[Row]:
    """Measures each kind of mail with both readers."""
    count, rounds = bench.few(MAILS, QUICK_MAILS), bench.few(ROUNDS, 1)
    yield Heading(f"reading {count:,} mails, one process", "x email")
    for name, kind in KINDS.items():
        what = f"all that is read of {kind}, beside policy.default"
        if not corpus.has(kind):
            yield Figure(what=f"{what}, not here", figure=None, unit="us", goal=GOALS[name], name=name)
            continue
        files = corpus.write(bench.folder / name, count, SEED, kind)
        ours, theirs = (seconds / count * 1e6 for seconds in both([path.read_bytes() for path in files], rounds))
        yield Figure(what="email, policy.default: header and bodies", figure=theirs, unit="us")
        yield Figure(what=what, figure=ours, unit="us", beside=theirs, goal=GOALS[name], name=name)


def both(mails: Sequence[bytes], rounds: int) -> tuple[float, float]:
    """Returns the seconds of our parser and of the standard library: the minimum of several rounds each, in turn."""
    parser = StandardParser(read_language(shipped("rules")))
    taken = [(processor_time(parser.parse, mails), processor_time(standard_library, mails)) for _ in range(rounds)]
    ours, theirs = (min(seconds) for seconds in zip(*taken, strict=True))
    return ours, theirs
