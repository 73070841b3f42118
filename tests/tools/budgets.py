# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.budgets`: how large the house is, so that a change shows what it adds and takes away.

Rooms are the packages and modules below `flaggermail`; a floor is a line of the contract of layers; an arrow goes from
a room to another that it imports. What the house holds to is printed beside what it aims at; nothing here fails.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PRODUCT = "flaggermail"
SMALL = 40  # lines: a file below that may stand in its neighbour
HELD = {"rooms": 40, "floors": 18}
AIMS = {"lines": 74_000, "files": 480, "arrows": 320}


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


def main() -> int:
    """Prints the sizes."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    files = [path for path in (ROOT / PRODUCT).rglob("*.py") if path.is_file()]
    found = rooms()
    sizes = {
        "lines": sum(found.values()),
        "files": len(files),
        "rooms": sum((ROOT / PRODUCT / room).is_dir() for room in found),
        "floors": next(len(one["layers"]) for one in contracts if one["id"] == "layers"),
        "arrows": len(arrows()),
    }
    print(f"{PRODUCT}, by lines: {', '.join(f'{room} {count}' for room, count in found.most_common())}")
    for what, size in sizes.items():
        bound = f"at most {HELD[what]}" if what in HELD else f"aim {AIMS[what]:,}"
        print(f"{what}: {size:,} ({bound})")
    print(f"files under {SMALL} lines: {sum(lines_of(path) < SMALL for path in files if path.name != '__init__.py')}")
    lock = (ROOT / "requirements-demo.lock").read_text("utf-8")
    print(f"packages of the try: {sum(line[0].isalpha() for line in lock.splitlines())}")
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path.is_file()]
    print(f"tests: {sum(map(lines_of, tests)):,} lines in {len(tests)} files")
    pages = list((ROOT / "docs").glob("*.md"))
    print(f"manual: {sum(len(page.read_text('utf-8').split()) for page in pages):,} words on {len(pages)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
