# SPDX-License-Identifier: EUPL-1.2
"""Selects the mailbox folders to watch and their roles (RFC 9051, section 7.3.1; RFC 6154)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.ports import Role

Listed = tuple[Sequence[bytes], bytes | None, str | bytes | int]
"""One LIST response: attributes, hierarchy delimiter, name."""

# The first two hold no mail, a draft is not mail yet, and \Flagged is a view of mail stored elsewhere.
_SKIPPED = frozenset({b"\\noselect", b"\\nonexistent", b"\\drafts", b"\\flagged"})


def watched(lines: Iterable[Listed], account: ImapAccount) -> dict[str, Role]:
    """Returns the watched folders with their roles: the inbox first, even if not listed, then Sent, then the others.

    Colleagues may move mail to any folder before it is seen, so every folder is read unless it is excluded by name.
    """
    found = {account.inbox: Role.INBOX}
    for attributes, delimiter, name in lines:
        folder = str(name)
        if folder == account.inbox or folder.upper() == account.inbox.upper() == "INBOX":
            continue
        marks = {attribute.lower() for attribute in attributes}
        ancestors = _levels(folder, (delimiter or b"").decode("ascii", "replace"))
        if not marks & _SKIPPED and not ancestors & account.excluded_folders:
            found[folder] = _role(marks, ancestors, account)
    order = list(Role)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1]), item[0])))


def _role(marks: set[bytes], ancestors: set[str], account: ImapAccount) -> Role:
    if account.sent in ancestors:
        return Role.SENT
    return Role.JUNK if account.junk in ancestors or b"\\junk" in marks else Role.OTHER


def _levels(folder: str, delimiter: str) -> set[str]:
    """Returns the folder and every folder above it."""
    if not delimiter:
        return {folder}
    parts = folder.split(delimiter)
    return {delimiter.join(parts[: length + 1]) for length in range(len(parts))}
