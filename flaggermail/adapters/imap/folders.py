# SPDX-License-Identifier: EUPL-1.2
"""Which folders of the mailbox are watched, and what each is for (RFC 9051, section 7.3.1; RFC 6154)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.ports import Role

Listed = tuple[Sequence[bytes], bytes | None, str | bytes | int]
"""A line of the answer to LIST: attributes, delimiter of levels, name."""

# No mail is in the first two; a draft is no mail yet; what is flagged is a view of mail that is elsewhere.
_PASSED_OVER = frozenset({b"\\noselect", b"\\nonexistent", b"\\drafts", b"\\flagged"})


def watched(lines: Iterable[Listed], account: ImapAccount) -> dict[str, Role]:
    """The folders to read, with what each is for: the inbox first, whether listed or not, then Sent, then the others.

    Somebody may move or sort mail before it was seen, into any folder, so all are read that are not excluded by name.
    """
    found = {account.inbox: Role.INBOX}
    for attributes, delimiter, name in lines:
        folder = str(name)
        if folder == account.inbox or folder.upper() == account.inbox.upper() == "INBOX":
            continue
        marks = {attribute.lower() for attribute in attributes}
        lies_in = _levels(folder, (delimiter or b"").decode("ascii", "replace"))
        if not marks & _PASSED_OVER and not lies_in & account.excluded_folders:
            found[folder] = _role(marks, lies_in, account)
    order = list(Role)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1]), item[0])))


def _role(marks: set[bytes], lies_in: set[str], account: ImapAccount) -> Role:
    if account.sent in lies_in:
        return Role.SENT
    return Role.JUNK if account.junk in lies_in or b"\\junk" in marks else Role.OTHER


def _levels(folder: str, delimiter: str) -> set[str]:
    """The folder and every folder above it."""
    if not delimiter:
        return {folder}
    parts = folder.split(delimiter)
    return {delimiter.join(parts[: length + 1]) for length in range(len(parts))}
