# SPDX-License-Identifier: EUPL-1.2
"""The addresses of the shared mailbox: what comes from one of them comes from the desk itself."""

from __future__ import annotations

from flaggermail.settings.model import MailboxSettings


def of_mailbox(mailbox: MailboxSettings) -> frozenset[str]:
    """Returns its address and its aliases, in lower case."""
    return frozenset(address.lower() for address in (mailbox.address, *mailbox.aliases))
