# SPDX-License-Identifier: EUPL-1.2
"""Finds code that reads a meaning back out of text: literals of closed sets, and searches in sentences.

`literals` finds a string that is a member of a StrEnum of the product where the member belongs: in a comparison, a
`match`, a table that is asked with a value, a condition of a query. `searches` finds `startswith` and its like on a
sentence that the record keeps for people.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

SENTENCES = frozenset({"basis", "match_basis", "verdict_basis", "reason", "text", "said", "dedupe"})
SEARCHES = frozenset({
    "startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit", "index",
    "find", "rfind",
})  # fmt: skip
Found = Iterator[tuple[int, str]]  # line, and what is there


def members(trees: Iterable[ast.Module]) -> Mapping[str, frozenset[str]]:
    """Returns the values of each StrEnum by the name of its class."""
    classes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {
        node.name: frozenset(
            item.value.value
            for item in node.body
            if isinstance(item, ast.Assign)
            and isinstance(item.value, ast.Constant)
            and isinstance(item.value.value, str)
        )
        for node in classes
        if any(ast.unparse(base) in {"StrEnum", "enum.StrEnum"} for base in node.bases)
    }


def literals(tree: ast.Module, words: Collection[str], fields: Mapping[str, Collection[str]]) -> Found:
    """Yields the literals of a module; `words` are all members, `fields` the fields of closed sets by record."""
    tables = _tables(tree, words)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from _compared(node, words)
        elif isinstance(node, ast.MatchValue):
            yield from ((node.lineno, f"case {word!r}") for word in _strings(node.value) if word in words)
        elif isinstance(node, ast.Call):
            yield from _asked(node, fields)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
                yield from _looked_up(node.func.value, node.args[0], tables, words)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield from _looked_up(node.value, node.slice, tables, words)


def searches(tree: ast.Module) -> Found:
    """Yields the searches in sentences."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEARCHES:
            if (name := _last_name(node.func.value)) in SENTENCES:
                yield node.lineno, f"{name}.{node.func.attr}"
        elif isinstance(node, ast.Compare):
            for operator, right in zip(node.ops, node.comparators, strict=True):
                if isinstance(operator, ast.In | ast.NotIn) and (name := _last_name(right)) in SENTENCES:
                    yield node.lineno, f"in {name}"


def _compared(node: ast.Compare, words: Collection[str]) -> Found:
    sides = [node.left, *node.comparators]
    if all(isinstance(side, ast.Constant) for side in sides):
        return
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.Eq | ast.NotEq):
            held = [*_strings(node.left, inside=False), *_strings(right, inside=False)]
        elif isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.Set | ast.Tuple | ast.List):
            held = [*_strings(right)]
        else:
            continue
        yield from ((node.lineno, f"{ast.unparse(node)}") for word in held if word in words)


def _strings(node: ast.expr, *, inside: bool = True) -> Iterator[str]:
    for part in ast.walk(node) if inside else (node,):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _asked(node: ast.Call, fields: Mapping[str, Collection[str]]) -> Found:
    """Yields the literals in a query's conditions, such as `find(Case, state="open")`."""
    about = _last_name(node.args[0]) if node.args else None
    for keyword in node.keywords:
        if about is not None and keyword.arg in fields.get(about, ()) and any(True for _ in _strings(keyword.value)):
            yield node.lineno, f"{keyword.arg}={ast.unparse(keyword.value)}"


def _tables(tree: ast.Module, words: Collection[str]) -> set[str]:
    """Returns the names of a module's tables whose keys are all members."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            displays = [part for part in ast.walk(node.value) if isinstance(part, ast.Dict)]
            if displays and _has_members(displays[0], words):
                found |= {name for target in targets if (name := _last_name(target))}
    return found


def _has_members(display: ast.Dict, words: Collection[str]) -> bool:
    keys = [key.value for key in display.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return bool(keys) and all(key in words for key in keys)


def _looked_up(table: ast.expr, key: ast.expr, tables: Collection[str], words: Collection[str]) -> Found:
    display = isinstance(table, ast.Dict) and _has_members(table, words)
    if not isinstance(key, ast.Constant) and (display or _last_name(table) in tables):
        yield table.lineno, f"{ast.unparse(table)}[{ast.unparse(key)}]"


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
