# SPDX-License-Identifier: EUPL-1.2
"""The code that approves a draft by mail: bound to the draft's octets, the person and two hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.cases.approval import Offer, RefusedCode, offer_of_code
from flaggermail.record.case_values import LASTS

NOW = datetime(2027, 3, 17, 20, tzinfo=UTC)
OFFER = Offer("VF-PS2027-0001/1", "0f" * 16, "ab" * 32, "officer1", NOW + LASTS)
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)


def test_the_code_of_the_person_lets_the_draft_go() -> None:
    """The code is accepted as printed in the mail."""
    assert offer_of_code(OFFER.code, "officer1", [OFFER], NOW) == OFFER


@pytest.mark.parametrize(
    "other",
    [
        replace(OFFER, digest="ac" + "ab" * 31),
        replace(OFFER, officer="officer2"),
        replace(OFFER, token="0e" * 16),
    ],
    ids=["octets", "person", "mail"],
)
def test_another_text_person_or_mail_has_another_code(other: Offer) -> None:
    """Another text, person or mail has another code."""
    assert other.code != OFFER.code
    assert offer_of_code(OFFER.code, other.officer, [other], NOW) == RefusedCode("there is no such code")


def test_a_code_is_of_no_use_to_another_person() -> None:
    """A code is refused from another person, for example after a forward."""
    assert offer_of_code(OFFER.code, "officer2", [OFFER], NOW) == RefusedCode("this code is another person's")


@pytest.mark.parametrize(("minutes", "good"), [(0, True), (119, True), (120, False), (10_000, False)])
def test_a_code_holds_for_two_hours(minutes: int, *, good: bool) -> None:
    """A code is valid for two hours from the instant of the mail; after that the answer names the draft."""
    found = offer_of_code(OFFER.code, "officer1", [OFFER], NOW + timedelta(minutes=minutes))
    assert found == (OFFER if good else RefusedCode("this code has run out", OFFER.draft))


@given(HEX, HEX)
def test_a_code_can_be_typed_on_a_phone(token: str, digest: str) -> None:
    """A code has six unambiguous characters; case, spaces and punctuation around them are ignored."""
    offer = replace(OFFER, token=token, digest=digest)
    assert len(offer.code) == 6
    assert not set(offer.code) & set("IO01abcdefghijklmnopqrstuvwxyz")
    for written in (offer.code.lower(), f" {offer.code[:3]} {offer.code[3:]}. ", f"<{offer.code}>"):
        assert offer_of_code(written, "officer1", [offer], NOW) == offer


@given(st.text(max_size=12))
def test_nothing_else_is_a_code(written: str) -> None:
    """Any other text than the officer's code is refused."""
    found = offer_of_code(written, "officer1", [OFFER], NOW)
    assert (found == OFFER) is ("".join(sign for sign in written.upper() if sign.isalnum()) == OFFER.code)
