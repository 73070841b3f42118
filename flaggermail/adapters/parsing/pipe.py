# SPDX-License-Identifier: EUPL-1.2
"""The wire format shared by `worker` and its `child` process, so that either loads without the other."""

from __future__ import annotations

import struct

LENGTH = struct.Struct(">Q")  # octets that follow: a mail in one direction, its Message as JSON in the other
READY = b"ready\n"  # sent by the child when it accepts mail
