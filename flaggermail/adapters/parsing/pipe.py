# SPDX-License-Identifier: EUPL-1.2
"""What `parse_worker` and the process that it starts, `parse_child`, have agreed on; either loads without the other."""

from __future__ import annotations

import struct

LENGTH = struct.Struct(">Q")  # octets that follow: of a mail one way, of its Message as JSON the other
READY = b"ready\n"  # the first words of the child: from here on a mail may come
