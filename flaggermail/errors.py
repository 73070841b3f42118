# SPDX-License-Identifier: EUPL-1.2
"""The tree of exceptions.

FlaggermailError
+-- ConfigurationError    a setting, rule, template or rota is faulty: the program does not start     (exit 2)
|   |-- MailboxUnproven   the desk's token opens other mailboxes                                       (exit 2)
|   |   `-- MailboxUnclear     nobody can tell whether it does                                         (exit 1)
|   `-- MachineFailure      what a setting names is not there or closed: that may pass by itself         (exit 1)
|       `-- MailboxReadBefore  a new database on a mailbox that another one has worked with           (exit 1)
+-- Refusal               an act is impossible or not allowed: nothing was changed                    (exit 1)
|   `-- NotFound          the object of the act does not exist
+-- LinkLost              the connection to the mailbox was lost: reconnect, nothing is lost
|   |-- LoginRefused      the server rejects the credentials: raise an alarm, reconnect more slowly
|   `-- PauseAsked        the server asks to be left alone for a while: reconnect after it
+-- FolderUnreadable      the server refuses one folder: continue with the others
+-- MailUnreadable        the server lists one mail and does not give it: continue with the others
+-- StoreBusy             others wrote the record for as long as this writer waited: try again        (exit 1)
|   `-- LeaseHeld         another daemon holds the lease: no waiting ends that                       (exit 1)
+-- HandedOver            another node leads from now on, as a person asked: starts again as a standby  (exit 1)
+-- StoreFailure            the database cannot be read or written: disk full, read-only               (exit 1)
|   `-- StoreAway         its server is away or refuses work for now: wait for it                    (exit 1)
|       |-- ServerFull      the disk of its server is full                                             (exit 1)
|       |-- ReadingUnkept   who reads this cannot be kept, so it is not shown                          (exit 1)
|       |-- ReadCancelled   a standby ended a reader: ask again                                        (exit 1)
|       `-- DiskFailure     the disk of an SQLite database is full, read-only or fails: wait for it    (exit 1)
+-- RowUnreadable         a row holds a value that this program never writes                          (exit 1)
+-- ArchiveFailure          octets could not be stored durably, or the archive cannot be read
|   `-- OctetsLost        the octets of one message are missing or changed: alarm, and go on with the next
+-- DoorFailure             the door of the desk is not there, is not ours, or gave no answer          (exit 1)
+-- BackupFailure           a backup cannot be written, read, or made a desk of                        (exit 1)
`-- StoryBroken           the demo did not turn out as told                                           (exit 1)
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import ClassVar

from flaggermail.wording.said import ENGLISH, UNSAID, PlainText, StoredText


class FlaggermailError(Exception):
    """Base of all errors that flaggermail raises deliberately; the text is one line for a person."""


class ConfigurationError(FlaggermailError):
    """Faults in the configuration, one line each: `file:line:column key: what is wrong, what would be right`.

    A daemon that ends with `STATUS` 2 stays down until a person has mended a file.
    """

    STATUS: ClassVar[int] = 2

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class MachineFailure(ConfigurationError):
    """What the configuration names is not there, closed or half-written on this machine; the next start may find it."""

    STATUS = 1


class MailboxReadBefore(MachineFailure):
    """The database is new and the mailbox is not: its mail would be answered again.

    The folder of the database may be that of a disk that is not mounted yet.
    """


class MailboxUnproven(ConfigurationError):
    """The token of the desk opens another mailbox too."""


class MailboxUnclear(MailboxUnproven):
    """The server does not say whether the token of the desk opens another mailbox too; it may say so later."""

    STATUS = 1


class Refusal(FlaggermailError):
    """An act was refused and not done; the text says what, where, and what to do at a command line.

    `said` is the fact as code and details, `hint` what a terminal shows beside it; `where` is the field of the request
    that it is about, dotted, or "". Only what a terminal alone can ask for is refused in plain English.
    """

    def __init__(
        self, because: StoredText | str, *, where: str = "", printed: bool = False,
        earlier: StoredText | None = None, keeps: bool = False,
    ) -> None:  # fmt: skip
        """`where`: the field, if the code does not say it; `printed`: the one document of what was found is printed.

        `earlier`: who did what before, and when, which this act contradicts. `keeps`: what the act has recorded until
        now stays, such as that a wrong code was tried.
        """
        self.printed, self.earlier, self.keeps = printed, earlier, keeps
        self.said = because if isinstance(because, StoredText) else PlainText.AS_WRITTEN(text=because)
        from flaggermail.wording import hints  # noqa: PLC0415 - most processes refuse nothing
        from flaggermail.wording.refused_fields import fields_of  # noqa: PLC0415 - as above

        self._fields = (where,) if where else fields_of(self.said)
        self.hint = hints.hint(self.said, hints.HintByCommand)
        super().__init__(hints.hinted(self.said, hints.HintByCommand, earlier).english)

    @property
    def code(self) -> str:
        """What is refused, for programs: the code of the sentence."""
        return self.said.code

    @property
    def where(self) -> str:
        """The field of the request that the refusal is about, dotted; empty if it is about no field."""
        return next(iter(self._fields), "")

    def within(self, names: Collection[str]) -> None:
        """Says which fields the request has: the refusal is about the first of its fields that is one of them."""
        self._fields = tuple(one for one in self._fields if one.partition(".")[0] in names)

    def wanted(self, language: str = ENGLISH) -> str:
        """Returns what would be right in that field, in a language; empty if nobody can say."""
        from flaggermail.wording.refused_fields import wanted  # noqa: PLC0415 - as above

        return wanted(self.said, language)

    def document(self, language: str = ENGLISH) -> dict[str, object]:
        """Returns the refusal and its hint for programs, each as code, details and text; the code is one.

        Beside them are `where` and `wanted`, and `earlier` where another act came before it.
        """
        hint = self.hint.document(language)
        return {
            "refused": self.said.document(language), "hint": hint and {**hint, "code": self.said.code},
            "where": self.where, "wanted": self.wanted(language),
            **({} if self.earlier is None else {"earlier": self.earlier.document(language)}),
        }  # fmt: skip

    @property
    def by_mail(self) -> StoredText:
        """The fact with what its reader can answer by mail."""
        from flaggermail.wording import hints  # noqa: PLC0415 - as above

        return hints.hinted(self.said, hints.HintByMail, self.earlier)


class NotFound(Refusal):
    """The object of an act does not exist."""


class LinkLost(FlaggermailError):
    """The connection to a mailbox ended: end of stream, BYE, timeout or a protocol error.

    `meaning` says in the reader's language what the server's answer means and what to change where, if that is known.
    """

    def __init__(self, text: str, meaning: StoredText = UNSAID) -> None:
        self.text, self.meaning = text, meaning
        super().__init__(f"{text}; {meaning.english}" if meaning else text)


class LoginRefused(LinkLost):
    """The server rejects the credentials."""


class PauseAsked(LinkLost):
    """The server throttles this account and says for how many `seconds` it wants to be left alone."""

    def __init__(self, reason: str, seconds: float, meaning: StoredText = UNSAID) -> None:
        super().__init__(reason, meaning)
        self.seconds = seconds


class FolderUnreadable(FlaggermailError):
    """The server refuses one folder, which is missing or not readable; the connection stays open."""


class MailUnreadable(FlaggermailError):
    """The server lists one mail and does not give it; it gives others."""


class StoreBusy(FlaggermailError):
    """Others wrote the record for as long as this writer waited; the text says who. Nothing was changed: try again."""


class LeaseHeld(StoreBusy):
    """Another daemon holds the lease or has taken it over; the text names the holder. A standby waits for its end."""

    def __init__(self, text: str, left: float = math.inf) -> None:
        """`left`: seconds that it runs yet, if its holder does not renew it, by the database's clock."""
        super().__init__(text)
        self.left = left


class HandedOver(FlaggermailError):
    """The daemon led and was asked to hand over; its service manager starts it again, as a standby."""


class StoreFailure(FlaggermailError):
    """The database cannot be read or written; the text quotes its error. Nothing was changed."""


class StoreAway(StoreFailure):
    """The database's server cannot be reached, or refuses work for now: the same step may succeed later.

    If the connection is lost during a commit, the text says that the change may be on record all the same, and it is
    `in_doubt`.
    """

    def __init__(self, text: str, *, in_doubt: bool = False) -> None:
        super().__init__(text)
        self.in_doubt = in_doubt


class ServerFull(StoreAway):
    """The disk of the database's server is full: what is recorded can be read, and nothing be written."""


class ReadingUnkept(StoreAway):
    """Who reads this is kept, and cannot be kept now, so it is not shown; what leaves no trace is."""


class ReadCancelled(StoreAway):
    """A standby ended a reader that was in the way of what it replays; the same view may succeed at once."""


class DiskFailure(StoreAway):
    """The disk of an SQLite database is full, read-only, fails, or is not there now."""


class RowUnreadable(FlaggermailError):
    """A row holds a value that this program never writes: the database was changed by other means."""


class ArchiveFailure(FlaggermailError):
    """Octets could not be stored durably, or the archive as a whole cannot be read."""


class OctetsLost(ArchiveFailure):
    """The octets of one message are missing or unreadable, or do not match their digest; others can be read."""


class DoorFailure(FlaggermailError):
    """The door of the desk is not there, may be a stranger's, or gave no answer; the text says which."""


class BackupFailure(FlaggermailError):
    """A backup cannot be written, read, or made a desk of; nothing was changed, and nothing stays of it."""


class StoryBroken(FlaggermailError):
    """The demo did not turn out as told; the text says what is missing."""
