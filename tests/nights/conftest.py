# SPDX-License-Identifier: EUPL-1.2
"""The fixture that the nights of one process share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.nights.kit import Kit


@pytest.fixture(scope="session")
def kit() -> Iterator[Kit]:
    """Returns the configuration, the mail parser and the store to copy."""
    made = Kit.make()
    yield made
    made.close()
