# SPDX-License-Identifier: EUPL-1.2
"""The ports: Protocols for everything outside the program. Each is small; `wiring` supplies the adapters.

May import: `record` and `mail`.
"""

from __future__ import annotations

from flaggermail.ports.keeping import (
    BlobStore,
    CodeVault,
    Lease,
    SearchTerm,
    Store,
    Transaction,
)
from flaggermail.ports.machine import (
    Clock,
    HealthProbe,
    Heartbeat,
    Interrupt,
    JobFault,
    JobReport,
    Randomness,
    StatusBoard,
    Supervisor,
    Ticker,
    WallTime,
)
from flaggermail.ports.servers import (
    Accepted,
    AccessToken,
    Cursor,
    Mailbox,
    OldMail,
    Paged,
    Pager,
    Position,
    RawMessage,
    Refused,
    RefusedMail,
    Resolver,
    Role,
    SenderCheck,
    SignatureCheck,
    Submission,
    Submitter,
    TokenSource,
    Unknown,
)
from flaggermail.ports.texts import (
    Matcher,
    Parser,
    Rendered,
    Templates,
)

__all__ = [
    "Accepted",
    "AccessToken",
    "BlobStore",
    "Clock",
    "CodeVault",
    "Cursor",
    "HealthProbe",
    "Heartbeat",
    "Interrupt",
    "JobFault",
    "JobReport",
    "Lease",
    "Mailbox",
    "Matcher",
    "OldMail",
    "Paged",
    "Pager",
    "Parser",
    "Position",
    "Randomness",
    "RawMessage",
    "Refused",
    "RefusedMail",
    "Rendered",
    "Resolver",
    "Role",
    "SearchTerm",
    "SenderCheck",
    "SignatureCheck",
    "StatusBoard",
    "Store",
    "Submission",
    "Submitter",
    "Supervisor",
    "Templates",
    "Ticker",
    "TokenSource",
    "Transaction",
    "Unknown",
    "WallTime",
]
