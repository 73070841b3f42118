# SPDX-License-Identifier: EUPL-1.2
"""The wire format shared by `worker` and its `child` process, so that either loads without the other."""

from __future__ import annotations

import struct

REQUEST = struct.Struct(">Qdq")
"""Octets of the mail that follows, the seconds it may take, and which attachment is wanted; `WHOLE` for the Message."""
WHOLE = -1
LENGTH = struct.Struct(">Q")  # octets of the JSON that follows: first what confines the child, then each Message
