# SPDX-License-Identifier: EUPL-1.2
"""The private names of the product, and where tests use them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

_PRIVATE = re.compile(r"(?<!\w)_\w+")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def is_private(name: str) -> bool:
    """True for one leading underscore; two at both ends are the language's names."""
    return name.startswith("_") and not name.startswith("__") and name != "_"


def private_names(source: str) -> set[str]:
    """Returns the private functions, classes, attributes and constants that a module defines."""
    return {name for node in ast.walk(ast.parse(source)) for name in _defined(node) if is_private(name)}


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, Definition):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _own(node.value):
        yield node.attr


def _own(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def said(source: str, private: Iterable[str]) -> list[tuple[int, str]]:
    """Returns the lines of a test that read, set, import or pass as text one of those names.

    Names that the module defines itself, or uses in its own class, are not counted.
    """
    named = _PRIVATE.findall(source)
    if not (names := set(private).intersection(named)) or not (names := names - private_names(source)):
        return []
    return sorted((line, name) for line, name in _names(ast.parse(source)) if name in names)


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _own(node.value):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call):
            given = (argument for argument in node.args if isinstance(argument, ast.Constant))
            yield from ((node.lineno, argument.value) for argument in given if isinstance(argument.value, str))
