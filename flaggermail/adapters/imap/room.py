# SPDX-License-Identifier: EUPL-1.2
"""How full the mailbox is, by its quota (RFC 9208): a full one refuses the mail of senders, and shows nothing else."""

from __future__ import annotations

import re

from imapclient import IMAPClient

from flaggermail.adapters.imap.link import inner, quoted

FULL = 0.95  # of the limit: a server counts a new mail before it refuses it
_RESOURCE = re.compile(rb"\b(STORAGE|MESSAGE) ([0-9]{1,18}) ([0-9]{1,18})", re.IGNORECASE)


def fullness(client: IMAPClient, inbox: str) -> str:
    """Returns that the mailbox is full or nearly so, and of what; empty if it is not, or the server tells no quota.

    Raises the errors of socket and imaplib for a line that is lost.
    """
    if not client.has_capability("QUOTA"):
        return ""
    _, told = inner(client).getquotaroot(quoted(inbox))
    lines = (line for part in told for line in part or () if isinstance(line, bytes))
    full = [
        f"{used} of {limit} {'KiB' if resource.upper() == b'STORAGE' else 'mails'}"
        for line in lines
        for resource, used, limit in ((name, int(used), int(limit)) for name, used, limit in _RESOURCE.findall(line))
        if used >= FULL * limit
    ]
    return f"full or nearly so ({', '.join(full)}): new mail is refused" if full else ""
