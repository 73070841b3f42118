# SPDX-License-Identifier: EUPL-1.2
"""docs/mistakes.md shows what the daemon says where only a server shows the mistake."""

from __future__ import annotations

from tests.corpus import each
from tests.flow.server_mistakes import HEAD, SHOWN, Between, Shown
from tests.servers.certificates import Certificates
from tests.servers.postfix import Postfix
from tests.tools.mistakes import rows


@each("shown", SHOWN, ids=lambda shown: shown.words)
def test_the_manual_says_what_a_server_shows(shown: Shown, postfix: Postfix, certificates: Certificates) -> None:
    """Each mistake is made between Dovecot and Postfix: the sentence is that of its row."""
    assert shown.row(Between(postfix, certificates, "verkiezingenflagger")) in rows(HEAD)


def test_the_manual_has_these_mistakes_of_servers_and_no_other() -> None:
    """The table has a row for each, in their order."""
    assert [row.removeprefix("| ").partition(" | ")[0] for row in rows(HEAD)] == [shown.words for shown in SHOWN]
