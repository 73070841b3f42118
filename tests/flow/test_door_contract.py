# SPDX-License-Identifier: EUPL-1.2
"""The running door does what its own description says; `./dev bench --only contract` asks far more often."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from schemathesis import GenerationMode

from tests.flow.described import held_to_its_description
from tests.flow.door_process import DoorProcess, desk_of, door_on

pytestmark = pytest.mark.outside
FEW, MANY = 1, 20  # requests of each operation and kind: some seconds, and a minute or two


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door whose officer is this account."""
    with door_on(desk_of(tmp_path_factory.mktemp("desk") / "desk", ("officer1", os.geteuid()))) as opened:
        yield opened


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_every_operation_answers_as_described(door: DoorProcess, mode: GenerationMode) -> None:
    """Bad input is a clear 4xx, never a 500; every answer has its status, media type, headers and schema."""
    assert held_to_its_description(door, mode, FEW) > FEW * 100


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_every_operation_answers_as_described_however_often(door: DoorProcess, mode: GenerationMode) -> None:
    """The same for a minute or two."""
    assert held_to_its_description(door, mode, MANY) > MANY * 100
