# SPDX-License-Identifier: EUPL-1.2
"""Crash points: every use of a port that processing a mail can reach, read from the code."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import flaggermail
from flaggermail import ports
from flaggermail.services import Services

SOURCE = Path(flaggermail.__file__).parent
WAYS = ("intake.poll", "outbox.delivery")  # entry points of incoming and outgoing mail
COMMANDS = "commands."  # their ports serve typed commands; an act by mail only writes rows
FOR_COMMANDS = frozenset({  # as COMMANDS: functions
    "cases.lifecycle._read", "cases.lifecycle.new_tail",
    "cases.configuration_record.register",  # for `wiring`, at a start
    "letters.writing.begin", "letters.writing.begin_in", "letters.writing.begin_restored",
    "health.mailbox_monitor.unread",  # for `status`: reads the clock, and writes nothing
    "notices.pager_queue.offer_of",  # for `commands.devices` and pagers; sealing reads a key and writes nothing
    "notices.approval_requests.has_code",  # for `commands.devices`, as the one above: reads, and writes nothing
    "notices.duty.officer_or_head",  # writes when nobody is on call, and this desk always has somebody
    "reminders.handover.tick", "reminders.handover.next_due",  # the ticks' own: a reply only uses what gathers the note
    "services.files", "services.fault",  # for `verify` and `status`, which ask the archive itself
    "intake.moved_in._put_there",  # counts rows before a mail of an old date, and writes nothing
})  # fmt: skip
FORGETTING = frozenset({  # runs months after the mail
    "cases.erasure._answers", "cases.erasure._declined", "cases.erasure._discard",
    "cases.erasure._held", "cases.erasure.discard_second_copy", "cases.erasure.tick", "services.discard",
})  # fmt: skip
PORTS = frozenset(
    one.name
    for one in fields(Services)
    if hasattr(ports, str(one.type)) and one.name != "health_probe"  # it keeps nothing beyond the process
)
WRITES = frozenset({"append", "advance", "number", "set_number"})
MAILBOX = frozenset({"folders", "position", "census", "fetch_after", "fetch_first"})


@dataclass(frozen=True, slots=True)
class Point:
    """One use of a port: `port` is a field of Services, "tx" or "mailbox"."""

    module: str
    function: str
    port: str
    method: str
    line: int
    number: int  # among equal uses in a function

    @property
    def place(self) -> str:
        """Module and function."""
        return f"{self.module}.{self.function}"

    def __str__(self) -> str:
        again = f" {self.number}" if self.number > 1 else ""
        return f"{self.module}.{self.function} {self.port}.{self.method}{again}"


def modules() -> list[str]:
    """Returns the modules that the entry points import, directly or indirectly."""
    found, ahead = dict[str, None](), list(WAYS)
    while ahead:
        module = ahead.pop(0)
        if module in found or module.startswith(COMMANDS) or not file_of(module).is_file():
            continue
        found[module] = None
        ahead += imported(file_of(module).read_text("utf-8"))
    return list(found)


def file_of(module: str) -> Path:
    """Returns the file of a module, given its name within the package (`intake.poll`)."""
    return SOURCE.joinpath(*module.split(".")).with_suffix(".py")


def module_of(file: Path) -> str:
    """Returns the name of a file within the package, or the path of a file outside it."""
    if not file.is_relative_to(SOURCE):
        return str(file)
    return ".".join(file.relative_to(SOURCE).with_suffix("").parts)


def imported(text: str) -> Iterator[str]:
    """Yields what a module imports from the package: modules, and names that may be modules."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == SOURCE.name:
            within = node.module.partition(".")[2]
            yield from [within] if file_of(within).is_file() else [f"{within}.{n.name}".strip(".") for n in node.names]


@cache
def points() -> tuple[Point, ...]:
    """Returns all crash points in code order. Raises ValueError if a use of a port cannot be seen."""
    found = (point for module in MODULES for point in of_source(module, file_of(module).read_text("utf-8")))
    return tuple(point for point in found if point.place not in FOR_COMMANDS)


def of_source(module: str, text: str) -> list[Point]:
    """Returns the crash points of one module."""
    found: list[Point] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for function in _functions(ast.parse(text)):
        bare = [node for node in ast.walk(function) if isinstance(node, ast.Attribute) and _port(node) in PORTS]
        uses = [node for node in ast.walk(function) if isinstance(node, ast.Attribute) and _port(node.value)]
        hidden = {id(node) for node in bare} - {id(use.value) for use in uses}
        if hidden:
            lines = sorted(node.lineno for node in bare if id(node) in hidden)
            raise ValueError(f"{module}.py:{lines[0]}: write env.PORT.METHOD, or a crash there is never tried")
        for use in sorted(uses, key=lambda use: (use.end_lineno or 0, use.end_col_offset or 0)):
            port = _port(use.value)
            if (port == "tx" and use.attr not in WRITES) or (port == "mailbox" and use.attr not in MAILBOX):
                continue
            seen[function.name, port, use.attr] += 1
            number = seen[function.name, port, use.attr]
            found.append(Point(module, function.name, port, use.attr, use.end_lineno or use.lineno, number))
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yields functions and methods; a nested function belongs to its outer one."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name != "close")


def _port(node: ast.expr) -> str:
    """Returns the port that an expression refers to, or an empty text."""
    match node:
        case ast.Attribute(value=ast.Name(id="env") | ast.Attribute(attr="env"), attr=name) if name in PORTS:
            return name
        case ast.Name(id="tx" | "mailbox" as name) | ast.Attribute(attr="tx" as name):
            return name
        case _:
            return ""


MODULES = modules()
