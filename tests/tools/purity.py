# SPDX-License-Identifier: EUPL-1.2
"""What pure modules import, themselves or through others: what `tool.flaggermail.pure` of pyproject.toml lets in."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp

PRODUCT = "flaggermail"
PURE = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["tool"][PRODUCT]["pure"]


def imports() -> grimp.ImportGraph:
    """Returns who imports whom, other packages by their first name."""
    return grimp.build_graph(PRODUCT, include_external_packages=True, cache_dir=None)


def impure(graph: grimp.ImportGraph) -> Iterator[str]:
    """Yields one line for each import that a pure module may not reach, and for each pattern without a module."""
    found = {pattern: graph.find_matching_modules(pattern) for pattern in PURE["modules"]}
    yield from (f"{pattern}: no pure module has that name" for pattern, modules in found.items() if not modules)
    reached = {module: module for modules in found.values() for module in modules}  # by which of them
    ahead = sorted(reached)
    for module in ahead:
        imported = sorted(graph.find_modules_directly_imported_by(module))
        for name in (*imported, module.rpartition(".")[0]):  # a package runs before its modules
            if name.partition(".")[0] != PRODUCT:
                if name and not allowed(name) and f"{module} -> {name}" not in PURE["exempt"]:
                    yield f"{module}: a pure module ({reached[module]}) may not reach {name}"
            elif name not in reached:
                reached[name] = reached[module]
                ahead.append(name)


def allowed(name: str) -> bool:
    """True for a package that the list names, and for what it does not refuse of the standard library."""
    standard = name == "__future__" or (name in sys.stdlib_module_names and not name.startswith("_"))
    return name in PURE["packages"] or (standard and name not in PURE["refused"])
