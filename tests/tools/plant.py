# SPDX-License-Identifier: EUPL-1.2
"""Plants faults in the product, one at a time, and counts how many the tests find: `python -m tests.tools.plant`.

A fault is one change of one expression or branch: a comparison turned, a condition dropped, a number raised by one, a
value not returned. Each is planted in a copy of a commit's tree; the pure tests that import its module run first, then
those of its room, others that import it, six files that use the room most, and all stories, until one is red. A fault
that all of them miss is printed with its place: it is either no fault (the program does the same) or lacks a test. The
same seed plants the same faults in the same code. With `--state FILE` each result is kept, after the commit, the
seed and the number of faults; a further run with FILE goes on in that commit's tree.
"""

from __future__ import annotations

import argparse
import ast
import io
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = re.compile(r"/(migrations|wording|demo)/|/log_lines\.py|/__init__\.py")  # words, tables, a show
SPEAKS = re.compile(r"\b(log|_log|note)\b\.?")
ROOMS = frozenset({"attacks", "store", "story", "unit"})  # folders of tests that need no server
MISSED = "NOT FOUND"
SOME = 6  # files of tests that name a module's words, or use its room, most
TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A place in a module's text, and what is written there instead; lines count from 1, columns in octets from 0."""

    module: Path
    line: int
    column: int
    end_line: int
    end_column: int
    instead: str

    def planted(self, text: bytes) -> bytes:
        """Returns the module's text with the fault."""
        lines = text.splitlines(keepends=True)
        begin = sum(map(len, lines[: self.line - 1])) + self.column
        end = sum(map(len, lines[: self.end_line - 1])) + self.end_column
        return text[:begin] + self.instead.encode() + text[end:]


def faults_of(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yields the expressions of one node that can be changed, each with its fault."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        turned = ast.Compare(node.left, [TURNED[type(node.ops[0])]()], node.comparators)
        yield node, f"({ast.unparse(turned)})"
    elif isinstance(node, ast.If | ast.IfExp):
        yield node.test, "False"
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, f"({ast.unparse(ast.BoolOp(other, node.values))})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, f"bool({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield node, str(node.value + 1)
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield node.value, "None"


def places(tree: Path, module: Path) -> list[Place]:
    """Returns where a fault can be planted in the functions of a module, but for what is only logged."""
    parsed = ast.parse(module.read_bytes())
    spoken = {
        id(inner)
        for node in ast.walk(parsed)
        if isinstance(node, ast.Call) and SPEAKS.match(ast.unparse(node.func))
        for inner in ast.walk(node)
    }
    found = {
        Place(module.relative_to(tree), at.lineno, at.col_offset, at.end_lineno or 0, at.end_col_offset or 0, fault)
        for function in ast.walk(parsed)
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        for node in ast.walk(statement)
        if id(node) not in spoken and not isinstance(node, ast.JoinedStr)
        for at, fault in faults_of(node)
    }
    return sorted(found, key=lambda place: (place.line, place.column, place.instead))


def tests_of(tree: Path, module: Path) -> Iterator[list[str]]:
    """Yields the paths of tests to run, those nearest to a module first, none twice."""
    name = module.with_suffix("").as_posix().replace("/", ".")
    package, _, last = name.rpartition(".")
    imported = re.compile(rf"\b{re.escape(name)}\b|from {re.escape(package)} import [^\n]*\b{last}\b")
    room = re.compile(rf"\bflaggermail\.{module.parts[1].removesuffix('.py')}\b")
    texts = {
        path.relative_to(tree): path.read_text("utf-8")
        for path in sorted(tree.glob("tests/*/**/test_*.py"))
        if path.relative_to(tree).parts[1] in ROOMS
    }
    near = [path for path, text in texts.items() if imported.search(text)]
    beside = [path for path in texts if path.is_relative_to(Path("tests/unit") / module.parts[1])]
    beside.sort(key=lambda path: sum(texts[path].count(word) for word in last.split("_")), reverse=True)
    users = sorted(texts, key=lambda path: len(room.findall(texts[path])), reverse=True)
    pure, seen = [path for path in near if path.parts[1] == "unit"], set[Path]()
    stories = [path for path in texts if path.parts[1] in {"attacks", "story"}]
    for group in (pure, beside[:SOME], near, beside, users[:SOME], stories):
        chosen = [path for path in group if path not in seen]
        yield list(map(str, chosen))
        seen |= set(chosen)


def red(tree: Path, paths: Iterable[str]) -> str:
    """Runs tests in a tree until one fails; returns the name of that, or "" if all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-m", "not long", *paths]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    ran = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    told = re.findall(r"(?m)^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", ran.stdout)
    passed = ran.returncode in {0, 5}  # 5: no test was chosen
    return "" if passed else (told[0] if told else f"pytest ended with {ran.returncode}")


def found(tree: Path, place: Place) -> str:
    """Plants a fault in the tree and returns the test that found it, or ""; the tree is left as it was.

    A test that fails without the fault too has found nothing.
    """
    file = tree / place.module
    sound = file.read_bytes()
    for paths in filter(None, tests_of(tree, place.module)):
        file.write_bytes(place.planted(sound))
        try:
            by = red(tree, paths)
        finally:
            file.write_bytes(sound)
        if by and ("::" not in by or not red(tree, [by])):
            return by
    return ""


def copied(commit: str, tree: Path) -> None:
    """Copies what a commit holds into an empty folder."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tree, filter="data")


def head() -> str:
    """Returns the commit of the checkout."""
    asked = ["git", "rev-parse", "HEAD"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Plants and prints; the exit status is 1 if a fault was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.plant", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--room", default="", help="a part of the path of the modules, such as outbox/")
    parser.add_argument("--state", type=Path, help="a file of results, which this run goes on with")
    given = parser.parse_args()
    plan, *results = given.state.read_text("utf-8").splitlines() if given.state and given.state.exists() else [""]
    commit, seed, faults = plan.split() if plan else (head(), given.seed, given.faults)
    state = given.state.open("a", encoding="utf-8") if given.state else io.StringIO()
    with tempfile.TemporaryDirectory(prefix="plant-") as folder, state:
        tree = Path(folder)
        copied(commit, tree)
        modules = [path for path in sorted(tree.glob("flaggermail/**/*.py")) if not LEFT_OUT.search(str(path))]
        all_places = [place for path in modules if given.room in str(path) for place in places(tree, path)]
        chosen = random.Random(int(seed)).sample(all_places, int(faults))  # noqa: S311 - nothing secret
        if not plan:
            state.write(f"{commit} {seed} {faults}\n")
        for place in chosen[len(results) :]:
            by = found(tree, place) or MISSED
            results.append(f"{place.module}:{place.line}:{place.column} {place.instead}  {by}")
            print(results[-1], flush=True)
            state.write(f"{results[-1]}\n")
            state.flush()
    missed = sum(result.endswith(MISSED) for result in results)
    print(f"{len(results) - missed} of {len(results)} faults found; {len(all_places)} places, seed {seed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
