# SPDX-License-Identifier: EUPL-1.2
"""A refusal is about the desk, about this mail, or unclear, as real servers word it."""

from __future__ import annotations

import pytest

from flaggermail.record.refusals import Concerns, SmtpStage, concerns

DESK = [
    (SmtpStage.CONNECTION, 0, "no answer within 30 s"),
    (SmtpStage.SESSION, 535, "authentication refused"),
    (SmtpStage.SENDER, 530, "5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"),
    (SmtpStage.SENDER, 553, "5.7.1 <desk@authority.example>: Sender address rejected: not owned by user desk"),
    (SmtpStage.SENDER, 550, "no"),
    (SmtpStage.RECIPIENT, 554, "5.7.1 <a@b.example>: Relay access denied"),
    (SmtpStage.RECIPIENT, 550, "5.7.1 <a@b.example>... Relaying denied"),
    (SmtpStage.RECIPIENT, 550, "relay not permitted"),
    (SmtpStage.RECIPIENT, 550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    (SmtpStage.RECIPIENT, 553, "sorry, that domain isn't in my list of allowed rcpthosts; please authenticate"),
    (SmtpStage.RECIPIENT, 530, "Authentication required"),
    (SmtpStage.RECIPIENT, 554, "5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied"),
    (
        SmtpStage.MESSAGE,
        554,
        "5.2.252 SendAsDenied; desk@authority.example not allowed to send as other@authority.example",
    ),
    (SmtpStage.MESSAGE, 550, "5.1.8 Access denied, bad outbound sender"),
    (SmtpStage.MESSAGE, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender"),
    (SmtpStage.MESSAGE, 550, "5.7.501 Access denied, spam abuse detected"),
    (SmtpStage.MESSAGE, 550, "5.4.5 Daily user sending limit exceeded"),
    (SmtpStage.RECIPIENT, 554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a blocklist"),
]
MAIL = [
    (SmtpStage.RECIPIENT, 550, "5.1.1 <nobody@b.example>: Recipient address rejected: User unknown"),
    (SmtpStage.RECIPIENT, 550, "no such user here"),
    (SmtpStage.RECIPIENT, 550, "<relay@login.example> no such user"),
    (SmtpStage.RECIPIENT, 550, "5.1.1 <relay@b.example>: unknown user"),
    (SmtpStage.RECIPIENT, 551, "user not local"),
    (SmtpStage.RECIPIENT, 550, "5.2.1 mailbox disabled"),
    (SmtpStage.RECIPIENT, 552, "mailbox full"),
    (SmtpStage.RECIPIENT, 550, "5.1.2 bad destination system"),
    (SmtpStage.SENDER, 552, "5.3.4 Message size exceeds fixed limit"),
    (SmtpStage.MESSAGE, 554, "5.6.0 message content rejected"),
    (SmtpStage.RECIPIENT, 0, "'a b' is not a mail address"),
]
UNCLEAR = [
    (SmtpStage.RECIPIENT, 554, "so it is"),
    (SmtpStage.RECIPIENT, 550, "5.7.1 access denied"),
    (SmtpStage.MESSAGE, 554, "5.7.1 message rejected as spam"),
    (SmtpStage.MESSAGE, 550, "no"),
    (SmtpStage.RECIPIENT, 554, "5.0.0 transaction failed"),
]


@pytest.mark.parametrize(
    ("stage", "code", "text", "expected"),
    [
        (*said, expected)
        for expected, all_said in ((Concerns.DESK, DESK), (Concerns.MAIL, MAIL), (Concerns.UNCLEAR, UNCLEAR))
        for said in all_said
    ],
)
def test_what_a_refusal_is_about(stage: SmtpStage, code: int, text: str, expected: Concerns) -> None:
    """A word about the sender's rights is about the desk, one about the recipient or the content about the mail."""
    assert concerns(stage, code, text) is expected
