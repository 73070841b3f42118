# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail was addressed to us: by To and Cc, as far as its signatures cover them."""

from __future__ import annotations

import pytest

from flaggermail.mail.message import Address, Message
from flaggermail.matching.placing import to_us

DESK = "desk@bzk.example"
OTHER = "wim@elsewhere.example"


def signature(domain: str, covers: str) -> tuple[str, str]:
    """Returns a DKIM-Signature field."""
    return "dkim-signature", f"v=1; a=rsa-sha256; d={domain}; s=s1; h={covers}; bh=x; b=x"


def asked(
    *signatures: tuple[str, str], to: tuple[str, ...] = (), cc: tuple[str, ...] = (), fields: tuple[str, ...] = ()
) -> bool:
    """Returns whether a mail with these recipients is to us; `fields`: names of further fields."""
    names = [*(["to"] if to else []), *(["cc"] if cc else []), *fields]
    message = Message(
        sha256="", size=0, from_=(Address("casey@mail.x.example"),), to=tuple(map(Address, to)),
        cc=tuple(map(Address, cc)), headers=(*signatures, *((name, "") for name in names)),
    )  # fmt: skip
    return to_us(message, {DESK, "old@bzk.example"}, frozenset({"x.example"}), plus_addresses=True)


def test_to_and_cc_name_us() -> None:
    """Our address, an alias, a detail, in any capitals, alone or among others."""
    for address in (DESK, DESK.upper(), "desk+abc@bzk.example", "old@bzk.example", "old+1@bzk.example"):
        assert asked(to=(OTHER, address))
        assert asked(cc=(address,))
    for address in (OTHER, "desk@elsewhere.example", "desk.bzk.example", "notdesk@bzk.example", "+desk@bzk.example"):
        assert not asked(to=(address,), cc=(address,))


def test_a_detail_is_ours_only_where_it_reaches_us() -> None:
    """Without plus-addresses a detail makes another mailbox."""
    message = Message(sha256="", size=0, to=(Address("desk+abc@bzk.example"),), headers=(("to", ""),))
    assert not to_us(message, {DESK}, frozenset(), plus_addresses=False)


@pytest.mark.parametrize(
    ("signatures", "expected"),
    [
        ([signature("x.example", "from:to:subject")], True),
        ([signature("x.example", "from:subject")], False),
        ([signature("mail.x.example", "from:subject")], False),
        ([signature("x.example", "From:To"), signature("x.example", "from")], False),
        ([signature("sender.example", "from"), signature("x.example", "to:from")], True),
        ([("dkim-signature", "not a signature")], True),
        ([], True),
    ],
)
def test_every_signature_of_the_author_covers_the_field(
    signatures: list[tuple[str, str]],
    expected: bool,  # noqa: FBT001 - the expectation
) -> None:
    """A field that some signature of the platform leaves out may have been changed; another's does not matter."""
    assert asked(*signatures, to=(DESK,)) is expected


def test_a_field_counts_once() -> None:
    """Two To fields: programs and signatures differ in the one they read."""
    assert not asked(to=(DESK,), fields=("to",))
    assert asked(to=(DESK,), fields=("cc", "cc"))
