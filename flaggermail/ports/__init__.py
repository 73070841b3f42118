# SPDX-License-Identifier: EUPL-1.2
"""The ports: Protocols for everything outside the program. Each is small; `wiring` supplies the adapters.

May import: `record`, `mail` and `documents`.
"""

from __future__ import annotations

from flaggermail.ports.keeping import BlobStore as BlobStore
from flaggermail.ports.keeping import Bookmark as Bookmark
from flaggermail.ports.keeping import CodeVault as CodeVault
from flaggermail.ports.keeping import KeptAnswer as KeptAnswer
from flaggermail.ports.keeping import KeptForm as KeptForm
from flaggermail.ports.keeping import ReadingLog as ReadingLog
from flaggermail.ports.keeping import SealedSecret as SealedSecret
from flaggermail.ports.keeping import SearchTerm as SearchTerm
from flaggermail.ports.keeping import SecretRows as SecretRows
from flaggermail.ports.keeping import Store as Store
from flaggermail.ports.keeping import Transaction as Transaction
from flaggermail.ports.machine import Clock as Clock
from flaggermail.ports.machine import ClockDoubt as ClockDoubt
from flaggermail.ports.machine import HealthProbe as HealthProbe
from flaggermail.ports.machine import Heartbeat as Heartbeat
from flaggermail.ports.machine import Interrupt as Interrupt
from flaggermail.ports.machine import JobFailure as JobFailure
from flaggermail.ports.machine import JobReport as JobReport
from flaggermail.ports.machine import Randomness as Randomness
from flaggermail.ports.machine import StatusBoard as StatusBoard
from flaggermail.ports.machine import Supervisor as Supervisor
from flaggermail.ports.machine import Ticker as Ticker
from flaggermail.ports.machine import WallTime as WallTime
from flaggermail.ports.nodes import Lease as Lease
from flaggermail.ports.nodes import NodeReport as NodeReport
from flaggermail.ports.nodes import NodeSeen as NodeSeen
from flaggermail.ports.servers import Accepted as Accepted
from flaggermail.ports.servers import AccessToken as AccessToken
from flaggermail.ports.servers import Census as Census
from flaggermail.ports.servers import Continuity as Continuity
from flaggermail.ports.servers import Cursor as Cursor
from flaggermail.ports.servers import DnsAnswer as DnsAnswer
from flaggermail.ports.servers import Folder as Folder
from flaggermail.ports.servers import Mailbox as Mailbox
from flaggermail.ports.servers import MailName as MailName
from flaggermail.ports.servers import MailPage as MailPage
from flaggermail.ports.servers import MailService as MailService
from flaggermail.ports.servers import News as News
from flaggermail.ports.servers import OldMail as OldMail
from flaggermail.ports.servers import Paged as Paged
from flaggermail.ports.servers import Pager as Pager
from flaggermail.ports.servers import RawMessage as RawMessage
from flaggermail.ports.servers import Reach as Reach
from flaggermail.ports.servers import Refused as Refused
from flaggermail.ports.servers import RefusedMail as RefusedMail
from flaggermail.ports.servers import Resolver as Resolver
from flaggermail.ports.servers import SenderCheck as SenderCheck
from flaggermail.ports.servers import SignatureCheck as SignatureCheck
from flaggermail.ports.servers import Submission as Submission
from flaggermail.ports.servers import Submitter as Submitter
from flaggermail.ports.servers import TokenReach as TokenReach
from flaggermail.ports.servers import TokenSource as TokenSource
from flaggermail.ports.servers import Unknown as Unknown
from flaggermail.ports.texts import DocumentWriter as DocumentWriter
from flaggermail.ports.texts import Matcher as Matcher
from flaggermail.ports.texts import Parser as Parser
from flaggermail.ports.texts import Rendered as Rendered
from flaggermail.ports.texts import Templates as Templates
from flaggermail.record.kinds import OctetSource as OctetSource
from flaggermail.record.kinds import Role as Role
