# SPDX-License-Identifier: EUPL-1.2
"""A token put into a mail is found in every part of an answer that may carry it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.reply_tokens import message_id, own_ids, reply_address, root_reference, tokens
from tests.corpus import each

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
TOKENS = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(TOKENS, st.integers(min_value=0))
def test_every_place_gives_its_token_back(token: str, serial: int) -> None:
    """Message-ID, first reference, reply address and the value of our own header field each return their token."""
    for value in (
        message_id(token, serial, "desk.example"),
        root_reference(token, "desk.example"),
        reply_address("desk@desk.example", token),
        token,
    ):
        assert tokens([value]) == (token,)


def test_the_forms_are_those_written_down() -> None:
    """The forms of tokens stay fixed, so that earlier mail is still recognised."""
    assert message_id(TOKEN, 7, "desk.example") == f"vf.{TOKEN}.7@desk.example"
    assert root_reference(TOKEN, "desk.example") == f"vf.{TOKEN}@desk.example"
    assert reply_address("desk@desk.example", TOKEN) == f"desk+{TOKEN}@desk.example"


def test_each_token_is_named_once_in_the_order_of_appearance() -> None:
    """Each token is returned once in order of appearance, even from a whole folded References field."""
    references = f"<vf.{OTHER}@desk.example>\r\n <a@b.example> <vf.{TOKEN}.1@desk.example> <vf.{OTHER}.2@desk.example>"
    assert tokens([references, f"desk+{TOKEN}@desk.example"]) == (OTHER, TOKEN)


@pytest.mark.parametrize(
    "value",
    [
        f"DESK+{TOKEN.upper()}@DESK.EXAMPLE",
        f"bounce+desk+{TOKEN}=desk.example@list.example",
        f"SRS0=x=y=desk.example=desk+{TOKEN}@relay.example",
        f"<VF.{TOKEN}.1@desk.example>",
        f"  {TOKEN}\t",
    ],
)
def test_servers_on_the_way_may_rewrite_what_surrounds_it(value: str) -> None:
    """Capitals, VERP and SRS leave the token readable."""
    assert tokens([value]) == (TOKEN,)


@each(
    "value",
    [
        f"{TOKEN}@mail.example",
        f"dvf.{TOKEN}@mail.example",
        f"vf.{TOKEN}0@mail.example",
        f"vf.{TOKEN[:-1]}@mail.example",
        f"desk+{TOKEN}0@desk.example",
        f"see {TOKEN}",
        "",
    ],
)
def test_others_hexadecimal_identifiers_are_no_tokens(value: str) -> None:
    """Only our own forms count as tokens: many servers make Message-IDs of 32 hexadecimal digits."""
    assert tokens([value]) == ()


def test_an_address_too_long_for_a_token_is_refused() -> None:
    """An address with no room for the token is refused: RFC 5321 allows 64 characters before the @."""
    assert len(reply_address("d" * 31 + "@desk.example", TOKEN)) == 64 + len("@desk.example")
    with pytest.raises(ValueError, match="65 of 64 characters"):
        reply_address("d" * 32 + "@desk.example", TOKEN)


@pytest.mark.parametrize("address", ["", "desk", "@desk.example", "desk@"])
def test_what_is_no_address_gets_no_token(address: str) -> None:
    """A text that is not an address gets no token."""
    with pytest.raises(ValueError, match="not a mail address"):
        reply_address(address, TOKEN)


@pytest.mark.parametrize(
    "value", [f"vf.{TOKEN}.7@desk.example", f"<vf.{TOKEN}.7@desk.example>", f" vf.{TOKEN}.7@desk.example\t"]
)
def test_our_message_id_is_read_from_a_field_of_ours(value: str) -> None:
    """With and without angle brackets, and with what folding leaves around it; the token is in it as before."""
    assert own_ids([value]) == (f"vf.{TOKEN}.7@desk.example",)
    assert tokens([value]) == (TOKEN,)


@pytest.mark.parametrize(
    "value",
    [
        TOKEN, f"vf.{TOKEN}@desk.example", f"xvf.{TOKEN}.7@desk.example", f"vf.{TOKEN}.7", f"vf.{TOKEN}.x@desk.example",
        f"vf.{TOKEN}.7@desk.example,b@c", f"vf.{TOKEN[:-1]}.7@desk.example", "",
    ],
)  # fmt: skip
def test_other_values_name_no_mail_of_ours(value: str) -> None:
    """A token alone, as earlier mail of ours has it, the root of a thread, and anything else is no Message-ID."""
    assert own_ids([value]) == ()
