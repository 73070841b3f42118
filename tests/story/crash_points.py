# SPDX-License-Identifier: EUPL-1.2
"""Where a crash can fall between us and the world: every use of a port on the way of a mail, read from the code."""

from __future__ import annotations

import ast
import typing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import flaggermail
from flaggermail import ports
from flaggermail.services import Environment

SOURCE = Path(flaggermail.__file__).parent
WAYS = ("watch", "outbox")  # where the way of a mail in and that of a mail out begin
ELSEWHERE = frozenset({"desk", "observing"})  # their ports serve what a person types; a mail's act writes rows alone
FORGETTING = "forgetting"  # comes to its turn months after the mail
PORTS = frozenset(
    name
    for name, kind in typing.get_type_hints(Environment).items()
    if kind.__module__ == ports.__name__ and name != "gauge"  # it keeps nothing that outlives the process
)
WRITES = frozenset({"append", "advance", "number", "set_number"})
MAILBOX = frozenset({"folders", "position", "fetch_after", "fetch_first"})


@dataclass(frozen=True, slots=True)
class Point:
    """One use of a port: `port` is a field of Environment, "tx" or "mailbox"."""

    module: str
    function: str
    port: str
    method: str
    line: int
    number: int  # among the equal ones of a function

    def __str__(self) -> str:
        again = f" {self.number}" if self.number > 1 else ""
        return f"{self.module}.{self.function} {self.port}.{self.method}{again}"


def modules() -> list[str]:
    """The modules that these ways lead through: all that they import, and what that imports."""
    found, ahead = dict[str, None](), list(WAYS)
    while ahead:
        module = ahead.pop(0)
        source = SOURCE / f"{module}.py"
        if module not in found and module not in ELSEWHERE and source.is_file():
            found[module] = None
            ahead += imported(source.read_text("utf-8"))
    return list(found)


def imported(text: str) -> Iterator[str]:
    """What a module imports of the package, without the package's name; what lies deeper than one level has a dot."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == SOURCE.name:
            yield from [node.module.partition(".")[2]] if "." in node.module else [name.name for name in node.names]


def points() -> list[Point]:
    """All of them, in the order of the code. Raises ValueError where a port is used so that this cannot see it."""
    return [point for module in MODULES for point in of_source(module, (SOURCE / f"{module}.py").read_text("utf-8"))]


def of_source(module: str, text: str) -> list[Point]:
    """The points of one module."""
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
    """Functions and methods; a function within another belongs to the outer one."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (inner for inner in node.body if isinstance(inner, ast.FunctionDef) and inner.name != "close")


def _port(node: ast.expr) -> str:
    """The port that an expression is, or nothing."""
    match node:
        case ast.Attribute(value=ast.Name(id="env") | ast.Attribute(attr="env"), attr=name) if name in PORTS:
            return name
        case ast.Name(id="tx" | "mailbox" as name) | ast.Attribute(attr="tx" as name):
            return name
        case _:
            return ""


MODULES = modules()
