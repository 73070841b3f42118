# SPDX-License-Identifier: EUPL-1.2
"""The real parsing process with one difference: a mail is a program, which it runs where it would parse.

So a test sees what a stranger could do who made the parser run code of theirs. Only tests start it, with `MODULE` in
the place of the real child's name. A file `variant` in its folder of rules changes the machine around it (`Variant`).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import sys
from enum import StrEnum
from pathlib import Path

from flaggermail.adapters.parsing import child
from flaggermail.adapters.parsing.sandbox import confine
from flaggermail.mail.message import Message
from flaggermail.mail.vocabulary import Language

MODULE = "tests.doubles.probing_child"
VARIANT = "variant"
# Loaded before the sandbox: an ordinary user may be unable to enter the folder of a root's interpreter.
READY_MADE = ("ctypes", "encodings.idna", "resource", "signal", "socket", "subprocess", "threading")
NOBODY = 65534
REAL = confine.enter


class Variant(StrEnum):
    """What differs around the process."""

    ORDINARY_USER = "ordinary user"
    NO_LANDLOCK = "no Landlock"
    NO_SECCOMP = "no seccomp"
    NO_SANDBOX = "no sandbox"
    BROKEN = "broken"


class ProbingParser:
    """Runs each mail as a program; the text of the Message is what it printed, or the error that it met."""

    def __init__(self, language: Language) -> None:
        """Takes the words of mail as the parser does, and needs none."""
        del language

    def parse(self, octets: bytes) -> Message:
        """Returns what the program `octets` printed."""
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(octets.partition(b"\n\n")[2], {"os": os, "sys": sys})  # noqa: S102 - the attack of a test
            text = printed.getvalue()
        except Exception as error:  # noqa: BLE001 - the test reads which
            text = f"{type(error).__name__}: {error}"
        return Message(sha256=hashlib.sha256(octets).hexdigest(), size=len(octets), text=text)


def denied(*_: object) -> int:
    """Answers as a kernel without the call."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def broken(*_: object) -> int:
    """Answers as a kernel that offers the call and cannot do it now."""
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def enter_as(variant: str) -> dict[str, object]:
    """Enters the sandbox on the machine of `variant`."""
    if variant == Variant.NO_SANDBOX:
        return {}
    if variant == Variant.ORDINARY_USER and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if variant in {Variant.NO_LANDLOCK, Variant.BROKEN}:
        vars(confine)["restrict"] = denied if variant == Variant.NO_LANDLOCK else broken
    if variant == Variant.NO_SECCOMP:
        vars(confine)["install"] = denied
    return REAL()


def main(rules: Path) -> None:
    """Serves as the real child does, with the probing parser."""
    for name in READY_MADE:
        __import__(name)
    variant = (rules / VARIANT).read_text() if (rules / VARIANT).exists() else ""
    vars(child)["StandardParser"] = ProbingParser
    vars(child)["enter"] = lambda: enter_as(variant)
    child.serve(rules, float(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
