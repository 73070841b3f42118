# SPDX-License-Identifier: EUPL-1.2
"""How long a test waits for what comes: longer than a slow machine with other work takes for it.

What comes is never waited for to its end, so patience costs a test that passes nothing.
"""

PATIENCE = 120.0  # seconds, for what takes a moment
