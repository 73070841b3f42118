# SPDX-License-Identifier: EUPL-1.2
"""Octets on their way to a person: in parts, under a name that leads nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.documents.octets import BLOCK, MediaType, Octets, in_blocks, is_file_name
from flaggermail.mail.charset import safe_name
from tests.corpus import each


def named(name: str) -> Octets[None]:
    """Returns one octet of that name."""
    return Octets(media_type=MediaType.UNTOLD, name=name, size=1, parts=[b"x"], facts=None)


@each("name", ["../x", "/x", "a/b", "a\\b", "..", ".", "", "a\nb", "a\x00", "a\x7f", "a\x9bm"])
def test_no_name_leads_elsewhere(name: str) -> None:
    """A desk on another machine could answer anything: its octets cannot be made with such a name."""
    with pytest.raises(ValueError, match="is no name of a file"):
        named(name)


@given(st.text(st.characters(), max_size=40))
def test_each_name_that_the_parser_gives_can_be_fetched(written: str) -> None:
    """Whatever a stranger called an attachment, its safe name is that of a file."""
    name = safe_name(written)
    assert name is None or is_file_name(name)


@each("size", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_parts_are_bounded(size: int) -> None:
    """No part is longer than a block, and together they are what was given."""
    octets = bytes(size)
    parts = list(in_blocks(octets))
    assert b"".join(parts) == octets
    assert max(map(len, parts), default=0) <= BLOCK
