# SPDX-License-Identifier: EUPL-1.2
"""The simulator finds each fault planted into the product within a bounded number of nights."""

from __future__ import annotations

import pytest

from tests.corpus import one_in
from tests.nights.kit import Kit
from tests.nights.planted import FAULTS, Fault, found_after

MOST = 120


@pytest.mark.parametrize("fault", one_in(5, FAULTS), ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(kit: Kit, fault: Fault) -> None:
    """A planted fault is found, and the violation names the promise that it breaks."""
    nights, broken = found_after(fault, kit, MOST)
    assert nights, f"{fault.name}: not found in {MOST} nights"
    assert {violation.promise for violation in broken} == {fault.promise}
