# SPDX-License-Identifier: EUPL-1.2
"""The one tree of exceptions.

FlaggermailError
+-- ConfigurationError    a setting, rule, template or rota is wrong: the program does not start      (exit 2)
+-- Refusal               an act is not possible or not allowed: nothing was changed                  (exit 1)
|   `-- NotFound          what the act is about does not exist
+-- LinkLost              the mailbox or the line to it is gone: reconnect, nothing is lost
|   `-- LoginRefused      the server refuses the credentials: an alarm, then reconnect more slowly
+-- FolderUnreadable      the server refuses one folder: the others go on
+-- StoreBusy             another daemon holds the lease
+-- StoreFault            the database cannot be read or written: disk full, read-only, server gone
+-- ArchiveFault          octets could not be written durably, or differ from their digest
`-- StoryBroken           the demo did not come out as it is told                                     (exit 1)
"""

from __future__ import annotations


class FlaggermailError(Exception):
    """Base of all errors that flaggermail raises on purpose; its text is one line for a person."""


class ConfigurationError(FlaggermailError):
    """Faults in the configuration, one line each: `file:line:column key: what is wrong, what would be right`."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Refusal(FlaggermailError):
    """The act is refused; the text says what, where, and what would be right. Nothing was changed."""


class NotFound(Refusal):
    """What the act is about does not exist."""


class LinkLost(FlaggermailError):
    """The connection to a mailbox ended: end of stream, BYE, time-out or a protocol fault."""


class LoginRefused(LinkLost):
    """The server refuses the credentials."""


class FolderUnreadable(FlaggermailError):
    """The server refuses what is asked of one folder, which is gone or not ours to read; the line still stands."""


class StoreBusy(FlaggermailError):
    """The lease on the store is held by another process; the text says by whom and since when."""


class StoreFault(FlaggermailError):
    """The database cannot be read or written; the text says what it said. Nothing was changed."""


class ArchiveFault(FlaggermailError):
    """Octets could not be made durable, or stored octets do not have the digest they are filed under."""


class StoryBroken(FlaggermailError):
    """Something in the demo did not happen that the story tells of; the text says what."""
