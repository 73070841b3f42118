# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.tidy`: checks that no linter makes, on every file of the checkout. Exits 1 on a fault.

Faults: the address of a package registry, a folder of someone's machine, an exemption without a reason, two classes of
the product with the same name, a private name of the product in a test, what a pure module may not import. The number
of exemptions is printed, so that a change shows what it adds.
"""

import ast
import re
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tools.private import private_names, said
from tests.tools.purity import imports, impure

ROOT = Path(__file__).parents[2]

FORBIDDEN = {
    "package registry": re.compile(
        r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io)|--(?:extra-)?index-url"
    ),
    "folder of a machine": re.compile(r"(?<![\w.~/-])/(?:work|root|Users|home/\w+|opt/wheels)/"),
}

EXEMPTIONS = {
    "noqa": re.compile(r"#\s*noqa\b"),
    "type: ignore": re.compile(r"#\s*type:\s*ignore\b"),
    "no cover": re.compile(r"#\s*pragma:\s*no\s+(?:cover|branch)\b"),
}
REASONED = re.compile(r"(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|ignore\[[\w, -]+\]|no (?:cover|branch))\W+\w+")
NAMES = frozenset({"Any", "cast"})
MARKS = frozenset({"skip", "skipif", "importorskip", "xfail"})


def listed_files() -> list[Path]:
    """Returns every file that git tracks or would add.

    In an unpacked source distribution: every file outside hidden folders.
    """
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = [
            path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    else:
        found = [ROOT / name for name in listing.split("\0") if name]
    return sorted(path for path in found if path.is_file())


def text_faults(path: Path, text: str) -> Iterator[str]:
    """Yields one line for each fault, as `file:line: what`."""
    name = path.relative_to(ROOT)
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield f"{name}:{number}: {what}: {line.strip()[:100]}"


def exemptions(path: Path) -> Iterator[tuple[str, str]]:
    """Yields each exemption of a Python file as its name and, if its reason is missing, the fault (else "")."""
    with path.open("rb") as source:
        tokens = list(tokenize.tokenize(source.readline))
    for token in tokens:
        if token.type == tokenize.COMMENT:
            for name, pattern in EXEMPTIONS.items():
                if pattern.search(token.string):
                    reasoned = REASONED.search(token.string)
                    place = f"{path.relative_to(ROOT)}:{token.start[0]}"
                    yield name, "" if reasoned else f"{place}: {name} without its code and reason on the line"
        elif token.type == tokenize.NAME and token.string in NAMES | MARKS:
            yield token.string, ""


def classes_named_twice(sources: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yields one line for each name of several classes; `sources` are file names and their text."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in sources:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{name}:{node.lineno}")
    for name, found in sorted(places.items()):
        if len(found) > 1:
            yield f"{', '.join(found)}: {len(found)} classes named {name}"


def reaching_in() -> Iterator[str]:
    """Yields one line for each private name of the product in a test: the test would depend on internals."""
    private = {
        name
        for path in (ROOT / "flaggermail").rglob("*.py")
        for name in private_names(path.read_text(encoding="utf-8"))
    }
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for line, name in said(path.read_text(encoding="utf-8"), private):
            yield f"{path.relative_to(ROOT)}:{line}: private name of the product: {name}"


def main() -> int:
    """Prints the faults and the number of exemptions; returns the exit status."""
    faults = [*reaching_in(), *impure(imports())]
    counts: dict[str, Counter[str]] = {"flaggermail": Counter(), "tests": Counter()}
    for path in listed_files():
        if path.suffix != ".eml":  # other people's mail may contain any host
            faults += text_faults(path, path.read_text(encoding="utf-8", errors="replace"))
        top = path.relative_to(ROOT).parts[0]
        if path.suffix == ".py" and top in counts:
            for name, fault in exemptions(path):
                counts[top][name] += 1
                faults += [fault] if fault else []
    product = [path for path in (ROOT / "flaggermail").rglob("*.py") if path.is_file()]
    faults += classes_named_twice((str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in sorted(product))
    for top, count in counts.items():
        listed = ", ".join(f"{name} {count[name]}" for name in sorted([*EXEMPTIONS, *NAMES, *MARKS]))
        print(f"exemptions in {top}: {listed}")
    print("\n".join(faults) if faults else "no faults in the tree")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
