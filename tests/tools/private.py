# SPDX-License-Identifier: EUPL-1.2
"""Names of the product that are its own business, and where a test says one all the same."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def is_private(name: str) -> bool:
    """One underscore in front; two before and behind are the language's."""
    return name.startswith("_") and not name.startswith("__") and name != "_"


def private_names(source: str) -> set[str]:
    """The private functions, classes, attributes and constants that a module defines."""
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
    """The lines of a test on which one of those names is read, set, imported or handed over as text.

    What the module defines itself, or has of its own class, is no name of the product.
    """
    names = set(private) - private_names(source)
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
