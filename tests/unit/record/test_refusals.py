# SPDX-License-Identifier: EUPL-1.2
"""A refusal is about the desk, about this mail, or unclear, as real servers word it."""

from __future__ import annotations

import pytest

from flaggermail.record.refusals import Concerns, Stage, concerns

DESK = [
    (Stage.CONNECTION, 0, "no answer within 30 s"),
    (Stage.SESSION, 535, "authentication refused"),
    (Stage.SENDER, 530, "5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"),
    (Stage.SENDER, 553, "5.7.1 <desk@authority.example>: Sender address rejected: not owned by user desk"),
    (Stage.SENDER, 550, "no"),
    (Stage.RECIPIENT, 554, "5.7.1 <a@b.example>: Relay access denied"),
    (Stage.RECIPIENT, 550, "5.7.1 <a@b.example>... Relaying denied"),
    (Stage.RECIPIENT, 550, "relay not permitted"),
    (Stage.RECIPIENT, 550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    (Stage.RECIPIENT, 553, "sorry, that domain isn't in my list of allowed rcpthosts; please authenticate"),
    (Stage.RECIPIENT, 530, "Authentication required"),
    (Stage.RECIPIENT, 554, "5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied"),
    (Stage.MESSAGE, 554, "5.2.252 SendAsDenied; desk@authority.example not allowed to send as other@authority.example"),
    (Stage.MESSAGE, 550, "5.1.8 Access denied, bad outbound sender"),
    (Stage.MESSAGE, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender"),
    (Stage.MESSAGE, 550, "5.7.501 Access denied, spam abuse detected"),
    (Stage.MESSAGE, 550, "5.4.5 Daily user sending limit exceeded"),
    (Stage.RECIPIENT, 554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a blocklist"),
]
MAIL = [
    (Stage.RECIPIENT, 550, "5.1.1 <nobody@b.example>: Recipient address rejected: User unknown"),
    (Stage.RECIPIENT, 550, "no such user here"),
    (Stage.RECIPIENT, 550, "<relay@login.example> no such user"),
    (Stage.RECIPIENT, 550, "5.1.1 <relay@b.example>: unknown user"),
    (Stage.RECIPIENT, 551, "user not local"),
    (Stage.RECIPIENT, 550, "5.2.1 mailbox disabled"),
    (Stage.RECIPIENT, 552, "mailbox full"),
    (Stage.RECIPIENT, 550, "5.1.2 bad destination system"),
    (Stage.SENDER, 552, "5.3.4 Message size exceeds fixed limit"),
    (Stage.MESSAGE, 554, "5.6.0 message content rejected"),
    (Stage.RECIPIENT, 0, "'a b' is not a mail address"),
]
UNCLEAR = [
    (Stage.RECIPIENT, 554, "so it is"),
    (Stage.RECIPIENT, 550, "5.7.1 access denied"),
    (Stage.MESSAGE, 554, "5.7.1 message rejected as spam"),
    (Stage.MESSAGE, 550, "no"),
    (Stage.RECIPIENT, 554, "5.0.0 transaction failed"),
]


@pytest.mark.parametrize(
    ("stage", "code", "text", "expected"),
    [
        (*said, expected)
        for expected, all_said in ((Concerns.DESK, DESK), (Concerns.MAIL, MAIL), (Concerns.UNCLEAR, UNCLEAR))
        for said in all_said
    ],
)
def test_what_a_refusal_is_about(stage: Stage, code: int, text: str, expected: Concerns) -> None:
    """A word about the sender's rights is about the desk, one about the recipient or the content about the mail."""
    assert concerns(stage, code, text) is expected
