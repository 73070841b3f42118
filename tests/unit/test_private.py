# SPDX-License-Identifier: EUPL-1.2
"""`./dev check` finds a private name of the product in a test."""

from tests.corpus import each
from tests.tools.private import private_names, said

PRODUCT = """
_LIMIT = 3
def _claim(env): ...
class Daemon:
    _link: bool = False
    def __init__(self): self._pulse = 1
"""


def test_what_the_product_keeps_to_itself_is_known() -> None:
    """Private functions, constants, fields and attributes are found; names of the language are not."""
    assert private_names(PRODUCT) == {"_LIMIT", "_claim", "_link", "_pulse"}


@each(
    "test",
    [
        "outbox._claim(env)",
        "daemon._link = True",
        "patch.object(outbox, '_claim', honest)",
        "from flaggermail.outbox import _claim",
        "f(desk.daemon._pulse)",
    ],
)
def test_a_private_name_is_found(test: str) -> None:
    """A private name is found when called, set, patched by its text, imported, or at the end of a chain."""
    assert [line for line, _ in said(test, private_names(PRODUCT))] == [1]


@each(
    "test",
    [
        "class Double:\n    def _claim(self): ...\n    def f(cls): return other._claim()",
        "client._imap.debug = 0",
        "x = '_claim'",
    ],
)
def test_what_is_not_the_products_passes(test: str) -> None:
    """A double's own name, another library's and a mere text are allowed."""
    assert said(test, private_names(PRODUCT)) == []
