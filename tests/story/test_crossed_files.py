# SPDX-License-Identifier: EUPL-1.2
"""A mail crosses few files of the product: whoever follows one from parsing to commit reads no more."""

from tests.tools.crossed_files import SCENARIOS, crossed

MOST = 66  # files; once 102; three read what an answer says inside our letter, known when it is placed


def test_a_mail_crosses_few_files() -> None:
    """Each mail of S05 crosses at most `MOST` files between the moment it is handed to the parser and its commit."""
    crossed(SCENARIOS / "S05")  # what a process makes once, such as its statements, belongs to no mail
    mails = crossed(SCENARIOS / "S05")
    assert len(mails) == 3
    for mail in mails:
        assert len(mail.files) <= MOST, (mail.subject, sorted(mail.files))
