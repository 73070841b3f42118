# SPDX-License-Identifier: EUPL-1.2
"""The filter of system calls, run as the kernel runs it, for both architectures with a table."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from flaggermail.adapters.parsing.sandbox.confine import (
    AARCH64,
    ALLOW,
    ALLOWED,
    KILL,
    KILLED,
    REFUSE,
    X86_64,
    Architecture,
    Instruction,
    program,
)

PID = 4711
ARCHITECTURES = pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=["x86_64", "aarch64"])
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def answer(filtered: Sequence[Instruction], audit: int, number: int, arguments: Sequence[int] = ()) -> int:
    """Runs classic BPF (linux/filter.h) over a struct seccomp_data; returns what it answers."""
    data = struct.pack("=iIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    at = loaded = 0
    while True:
        operation, if_true, if_false, operand = filtered[at]
        at += 1
        if operation == 0x06:
            return operand
        if operation == 0x20:
            (loaded,) = struct.unpack_from("=I", data, operand)
            continue
        held = {0x15: loaded == operand, 0x35: loaded >= operand, 0x45: bool(loaded & operand)}[operation]
        at += if_true if held else if_false


@ARCHITECTURES
def test_each_call_has_its_answer(architecture: Architecture) -> None:
    """What a parser needs is allowed, what only an attack makes ends the process, and everything else is refused."""
    filtered, numbers = program(architecture, PID), architecture.numbers
    asked = {name: answer(filtered, architecture.audit, number, [PID]) for name, number in numbers.items()}
    assert {name for name, found in asked.items() if found == ALLOW} >= {name for name in ALLOWED if name in numbers}
    assert {name for name, found in asked.items() if found == KILL} == {n for n in KILLED if n in numbers} | {
        "prlimit64"
    }
    assert {name for name, found in asked.items() if found == REFUSE} == {
        "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
    }  # fmt: skip
    known = set(numbers.values())
    others = [number for number in range(600) if number not in known]
    assert {answer(filtered, architecture.audit, number) for number in others} == {REFUSE}


@ARCHITECTURES
def test_another_architecture_ends_it(architecture: Architecture) -> None:
    """Calls under another numbering end the process, the 32-bit ones and x32 too."""
    filtered = program(architecture, PID)
    others = (0x40000003, 0x40000028, (AARCH64 if architecture is X86_64 else X86_64).audit)
    assert {answer(filtered, other, 1) for other in others} == {KILL}
    assert answer(filtered, architecture.audit, 0x40000000 + 1) == KILL


@ARCHITECTURES
def test_only_the_process_itself(architecture: Architecture) -> None:
    """Signals and limits reach the process itself; the kernel reads 32 bits of a process's number, and so does this."""
    filtered, numbers = program(architecture, PID), architecture.numbers
    for name in ("kill", "tgkill", "tkill"):
        for one in (PID, PID + 2**32):
            assert answer(filtered, architecture.audit, numbers[name], [one]) == ALLOW
        for other in (0, 1, PID + 1, 2**32 - 1, 2**64 - 1):
            assert answer(filtered, architecture.audit, numbers[name], [other]) == KILL
    assert answer(filtered, architecture.audit, numbers["prlimit64"], [0]) == ALLOW
    assert answer(filtered, architecture.audit, numbers["prlimit64"], [1]) == KILL


@ARCHITECTURES
def test_files_are_opened_to_read(architecture: Architecture) -> None:
    """No flag that writes, makes or empties a file passes; a folder is read."""
    filtered, numbers = program(architecture, PID), architecture.numbers
    directory, close = 0o200000, 0o2000000
    assert answer(filtered, architecture.audit, numbers["openat"], [2**64 - 100, 7, close | directory]) == ALLOW
    for flags in (1, 2, 3, 0o100, 0o1000, 0o2000, 0o20000000 | directory | 2, close | 0o101):
        assert answer(filtered, architecture.audit, numbers["openat"], [2**64 - 100, 7, flags]) == REFUSE


@pytest.mark.parametrize(("name", "architecture"), [("x86_64", X86_64), ("aarch64", AARCH64)])
def test_the_numbers_are_the_kernels(name: str, architecture: Architecture) -> None:
    """Every number agrees with the kernel's header, where that is installed."""
    if not HEADERS[name].exists():
        pytest.skip(f"{HEADERS[name]} is not installed")
    found = dict(re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", HEADERS[name].read_text(), re.MULTILINE))
    if name == "aarch64":
        found["newfstatat"] = found["fstatat"]  # the generic table gives it under the name without its suffix
    known = {call: number for call, number in architecture.numbers.items() if call in found}
    assert {call: int(found[call]) for call in known} == known
    assert len(known) > 60
