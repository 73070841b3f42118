# SPDX-License-Identifier: EUPL-1.2
"""The wire format shared by `worker` and its `child` process, so that either loads without the other."""

from __future__ import annotations

import struct

REQUEST = struct.Struct(">BQdH")
"""What is asked, octets of the mail that follows, the seconds it may take, and which attachment is wanted."""
MESSAGE, HOPS, ATTACHMENT = 0, 1, 2  # what can be asked of a mail
LENGTH = struct.Struct(">Q")  # octets of the JSON that follows: first what confines the child, then each answer
