# SPDX-License-Identifier: EUPL-1.2
"""The process that parses mail, at the other end of the pipes of `worker`. It imports nothing of the daemon."""

from __future__ import annotations

import base64
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import IO

from flaggermail.adapters.parsing.limits import ATTACHMENT, DIGESTS, HOPS, LENGTH, REQUEST, at_most
from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.adapters.parsing.sandbox.confine import enter
from flaggermail.adapters.parsing.unpacking import allow
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.mail.message import Json, packed

ALLOWANCE = 0.3  # of the time limit, as processor time: then the part in progress is given up and the rest is read
COSTLY = 0.05  # of the time limit, as processor time: a mail that takes more is read once


def serve(rules: Path, time_limit: float, memory_limit: int) -> None:
    """Parses mails from standard input until it ends: a request and octets in, a length and the answer as JSON out.

    Says first, in the same form, what confines this process. Raises OSError if its sandbox cannot be set up.
    """
    parser = StandardParser(read_language(rules))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    at_most(resource.RLIMIT_AS, memory_limit)
    at_most(resource.RLIMIT_CORE, 0)
    at_most(resource.RLIMIT_FSIZE, 0)
    _send(sink, enter())
    while len(head := source.read(REQUEST.size)) == REQUEST.size:
        asked, length, seconds, number = REQUEST.unpack(head)
        octets = source.read(length)
        _allow_processor(seconds)
        if asked == HOPS:
            _send(sink, _hops(octets))
            continue
        allow(seconds * ALLOWANCE)
        if asked == ATTACHMENT:
            _send(sink, _attachment(parser, octets, number))
            continue
        if asked == DIGESTS:
            _send(sink, parser.digests(octets))
            allow(0)
            continue
        begun = time.process_time()
        message = parser.parse(octets)
        allow(0)
        costly = message.overran or time.process_time() - begun > time_limit * COSTLY
        _send(sink, packed(replace(message, costly=costly)))


def _attachment(parser: StandardParser, octets: bytes, number: int) -> dict[str, str | None]:
    found = parser.attachment(octets, number)
    allow(0)
    return {"base64": None if found is None else base64.b64encode(found).decode("ascii")}


def _hops(octets: bytes) -> list[Json]:
    from flaggermail.adapters.parsing.hops import hops  # noqa: PLC0415 - loads mail-parser, which few mails need

    return [hop.document() for hop in hops(octets)]


def _send(sink: IO[bytes], document: object) -> None:
    answer = json.dumps(document).encode("ascii")
    sink.write(LENGTH.pack(len(answer)) + answer)
    sink.flush()


def _allow_processor(seconds: float) -> None:
    """Sets the limit on processor time to the time used so far plus `seconds`, rounded up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
