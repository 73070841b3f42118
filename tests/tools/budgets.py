# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.budgets`: how large the house is; it fails where that is not what tests/budgets.toml holds.

Rooms are the packages and modules below `flaggermail`; a floor is a line of the contract of layers; an arrow goes from
a room to another that it imports. Rooms trade lines within the sum. A sum is what was there when the budget began, or
less since, and what a named piece of work has used of its allowance: `--write` writes what is there, and takes a rise
from the allowance that `--for` names. No number of what was there at first, and no allowance, is ever raised: the
versions of the file in git are looked at.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
KEPT = "tests/budgets.toml"
PRODUCT = "flaggermail"
SMALL = 40  # lines: a file below that may stand in its neighbour
HELD = {"rooms": 40, "floors": 18, "arrows": 320}
SUMS = ("product_lines", "test_lines", "manual_words", "decision_words")
TESTS_A_LINE = 1.2  # lines of tests that work may add for each line of the product that it may add
HEAD = """\
# SPDX-License-Identifier: EUPL-1.2
# What the house holds: `./dev check` fails where it holds anything else. `python -m tests.tools.budgets --write` writes
# this file; `--for WORK` pays a rise from the allowance of that work. What begun and allowances hold only ever falls.
"""
Numbers = Mapping[str, int]
Budget = dict[str, dict[str, int]]  # by table: rooms, begun, allowances, and what each work has used of a sum


def lines_of(path: Path) -> int:
    """Returns the number of lines of a text file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def rooms() -> Counter[str]:
    """Returns the lines of each room."""
    found: Counter[str] = Counter()
    for path in (ROOT / PRODUCT).rglob("*.py"):
        parts = path.relative_to(ROOT / PRODUCT).parts
        found[parts[0] if parts[1:] else parts[0].removesuffix(".py")] += lines_of(path)
    return found


def sums() -> dict[str, int]:
    """Returns what is there of each of `SUMS`, in its unit."""
    words = {
        folder: sum(len(page.read_text("utf-8").split()) for page in (ROOT / folder).glob("*.md"))
        for folder in ("docs", "docs/decisions")
    }
    tests = sum(lines_of(path) for path in (ROOT / "tests").rglob("*.py") if path.is_file())
    counted = (rooms().total(), tests, words["docs"], words["docs/decisions"])
    return dict(zip(SUMS, counted, strict=True))


def arrows() -> set[tuple[str, str]]:
    """Returns the pairs of rooms of which the first imports the second."""
    graph = grimp.build_graph(PRODUCT)
    return {
        (ours, theirs)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if (ours := _room(module)) and (theirs := _room(imported)) and ours != theirs
    }


def _room(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


# ---------------------------------------------------------------- the budget


def held(budget: Budget, name: str) -> int:
    """Returns what a sum may be: what was there, and what each work has used."""
    used = (table.get(name, 0) for title, table in budget.items() if title.startswith("used."))
    return budget["begun"][name] + sum(used)


def allowed(budget: Budget, work: str, name: str) -> int:
    """Returns by how much a work may raise a sum; prose may not rise."""
    product = budget["allowances"].get(work, 0)
    return {"product_lines": product, "test_lines": int(product * TESTS_A_LINE)}.get(name, 0)


def faults(budget: Budget, by_room: Numbers, by_sum: Numbers, earlier: Sequence[Budget] = ()) -> list[str]:
    """Returns where the house is not what its budget holds, or the budget was raised; one line each."""
    told = [
        f"{room}: {by_room.get(room, 0)} lines, {budget['rooms'].get(room, 0)} in {KEPT}"
        for room in sorted({*by_room, *budget["rooms"]})
        if by_room.get(room, 0) != budget["rooms"].get(room, 0)
    ]
    sums_there = [(name, by_sum[name], held(budget, name)) for name in SUMS]
    told += [f"{name}: {there}, {may} in {KEPT}" for name, there, may in sums_there if there != may]
    for title in (title for title in budget if title.startswith("used.")):
        for name, used in budget[title].items():
            may = allowed(budget, title.removeprefix("used."), name)
            told += [f"{title} has used {used} {name}, of {may}"] * (not 0 <= used <= may)
    for table in ("begun", "allowances"):
        for name, number in budget[table].items():
            lowest = min((version[table].get(name, 0) for version in earlier), default=number)
            told += [f"{table}.{name} was raised to {number}: it was {lowest}"] * (number > lowest)
    return told


def written(budget: Budget, by_room: Numbers, by_sum: Numbers, work: str) -> Budget:
    """Returns the budget with what is there; raises ValueError if no allowance pays for a rise."""
    new = {title: dict(table) for title, table in budget.items()} | {"rooms": dict(sorted(by_room.items()))}
    for name in SUMS:
        rise = by_sum[name] - held(budget, name)
        used = new.get(f"used.{work}", {}).get(name, 0)
        from_work = max(rise, -used) if work else 0
        if rise - from_work > 0 or used + from_work > allowed(budget, work, name):
            raise ValueError(f"{name} rose by {rise}, for which {work or 'nothing'} does not pay")
        new["begun"][name] += rise - from_work
        if from_work:
            new.setdefault(f"used.{work}", {})[name] = used + from_work
    return new


def text_of(budget: Budget) -> str:
    """Returns the text of the file."""
    tables = ("\n".join([f"[{title}]", *(f"{k} = {v}" for k, v in table.items())]) for title, table in budget.items())
    return HEAD + "".join(f"\n{table}\n" for table in tables)


def read(text: str) -> Budget:
    """Returns what a version of the file holds."""
    tables = tomllib.loads(text)
    used = {f"used.{work}": table for work, table in tables.pop("used", {}).items()}
    return tables | used


def versions() -> list[Budget]:
    """Returns the versions of the file in git, none outside a checkout."""
    git = ["git", "-C", str(ROOT)]
    commits = subprocess.run([*git, "log", "--format=%H", "--", KEPT], capture_output=True, text=True, check=False)
    shown = ([*git, "show", f"{commit}:{KEPT}"] for commit in commits.stdout.split())
    return [read(subprocess.run(one, capture_output=True, text=True, check=True).stdout) for one in shown]


def main() -> int:
    """Prints the sizes, and what is wrong; the exit status is 1 then."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.budgets", description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--for", dest="work", default="", metavar="WORK")
    given = parser.parse_args()
    by_room, by_sum, budget = rooms(), sums(), read((ROOT / KEPT).read_text("utf-8"))
    if given.write:
        budget = written(budget, by_room, by_sum, given.work)
        (ROOT / KEPT).write_text(text_of(budget), "utf-8")
    told = faults(budget, by_room, by_sum, versions()) + print_house(by_room)
    print(*(f"{name.replace('_', ' ')}: {number:,}" for name, number in by_sum.items()), sep="\n")
    print(*told, sep="\n", file=sys.stderr)
    return int(bool(told))


def print_house(by_room: Counter[str]) -> list[str]:
    """Prints rooms, floors, arrows and small files; returns what is more than the house holds to."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    files = [path for path in (ROOT / PRODUCT).rglob("*.py") if path.is_file()]
    sizes = {
        "rooms": sum((ROOT / PRODUCT / room).is_dir() for room in by_room),
        "floors": next(len(one["layers"]) for one in contracts if one["id"] == "layers"),
        "arrows": len(arrows()),
    }
    print(f"{PRODUCT}, by lines: {', '.join(f'{room} {count}' for room, count in by_room.most_common())}")
    for what, size in sizes.items():
        print(f"{what}: {size} (at most {HELD[what]})")
    small = sum(lines_of(path) < SMALL for path in files if path.name != "__init__.py")
    print(f"files: {len(files)}, {small} under {SMALL} lines")
    lock = (ROOT / "requirements-demo.lock").read_text("utf-8")
    print(f"packages of the try: {sum(line[0].isalpha() for line in lock.splitlines())}")
    return [f"{what}: {size}, at most {HELD[what]}" for what, size in sizes.items() if size > HELD[what]]


if __name__ == "__main__":
    sys.exit(main())
