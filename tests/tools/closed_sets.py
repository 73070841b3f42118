# SPDX-License-Identifier: EUPL-1.2
"""Finds code that reads a meaning back out of text: literals of closed sets, and searches in sentences.

`literals` finds a string that is a member of a StrEnum of the product where the member belongs: in a comparison, in a
`match`, in a table that is asked with a value, in a condition of a query. mypy finds it as an argument. `searches`
finds `startswith` and its like on the sentences that the record keeps for people.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

SENTENCES = frozenset({"basis", "match_basis", "verdict_basis", "reason", "text", "said", "dedupe"})
AFFIXES = frozenset({"startswith", "endswith", "removeprefix", "removesuffix"})
PARTS = frozenset({"partition", "rpartition", "split", "rsplit", "find", "index"})
_OFTEN_A_MAIL = frozenset({"text", "said"})  # names of a mail's text too, which parsers take apart
Found = Iterator[tuple[int, str]]  # line, and what is there


def members(trees: Iterable[ast.Module]) -> Mapping[str, frozenset[str]]:
    """Returns the values of each StrEnum by the name of its class."""
    return {
        node.name: frozenset(word for item in node.body if isinstance(item, ast.Assign) for word in _texts(item.value))
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) in {"StrEnum", "enum.StrEnum"} for base in node.bases)
    }


def literals(tree: ast.Module, words: Collection[str], fields: Mapping[str, Collection[str]]) -> Found:
    """Yields the literals of a module; `words` are all members, `fields` the fields of closed sets by record."""
    tables = {name for node in ast.walk(tree) for name in _tables(node, words)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from _compared(node, words)
        elif isinstance(node, ast.MatchValue):
            yield from ((node.lineno, f"case {word!r}") for word in _texts(node.value) if word in words)
        elif isinstance(node, ast.Call):
            yield from _asked(node, fields)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
                yield from _looked_up(node.func.value, node.args[0], tables, words)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield from _looked_up(node.value, node.slice, tables, words)


def searches(tree: ast.Module) -> Found:
    """Yields the searches in sentences: a beginning or an end, a part, a word in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, method = _name(node.func.value), node.func.attr
            if name in SENTENCES and (method in AFFIXES or (method in PARTS and name not in _OFTEN_A_MAIL)):
                yield node.lineno, f"{name}.{method}"
        elif isinstance(node, ast.Compare):
            for operator, right in zip(node.ops, node.comparators, strict=True):
                if isinstance(operator, ast.In | ast.NotIn) and _name(right) in SENTENCES - _OFTEN_A_MAIL:
                    yield node.lineno, f"in {_name(right)}"


def _compared(node: ast.Compare, words: Collection[str]) -> Found:
    sides = (node.left, *node.comparators)
    if all(isinstance(side, ast.Constant) for side in sides):
        return
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.Eq | ast.NotEq):
            held = [text for side in sides if isinstance(side, ast.Constant) for text in _texts(side)]
        elif isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.Set | ast.Tuple | ast.List):
            held = [*_texts(right)]
        else:
            continue
        yield from ((node.lineno, repr(word)) for word in held if word in words)


def _asked(node: ast.Call, fields: Mapping[str, Collection[str]]) -> Found:
    """Yields the literals in a query's conditions, such as `find(Case, state="open")`."""
    about = _name(node.args[0]) if node.args else None
    for keyword in node.keywords:
        if about in fields and keyword.arg in fields[str(about)]:
            yield from ((node.lineno, f"{keyword.arg}={word!r}") for word in _texts(keyword.value))


def _tables(node: ast.AST, words: Collection[str]) -> Iterator[str]:
    """Yields the names that an assignment gives to a table whose keys are all members."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        displays = [part for part in ast.walk(node.value) if isinstance(part, ast.Dict)]
        if displays and _has_members(displays[0], words):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                name = _name(target)
                if name is not None:
                    yield name


def _looked_up(table: ast.expr, key: ast.expr, tables: Collection[str], words: Collection[str]) -> Found:
    display = isinstance(table, ast.Dict) and _has_members(table, words)
    if not isinstance(key, ast.Constant) and (display or _name(table) in tables):
        yield table.lineno, f"{ast.unparse(table)}[{ast.unparse(key)}]"


def _has_members(display: ast.Dict, words: Collection[str]) -> bool:
    keys = [key.value for key in display.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return bool(keys) and all(key in words for key in keys)


def _texts(node: ast.AST) -> Iterator[str]:
    return (
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )  # fmt: skip


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
