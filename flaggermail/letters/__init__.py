# SPDX-License-Identifier: EUPL-1.2
"""Mail that the desk writes: from a request to frozen octets in the outbox.

Entry points: `writing.queue` and `writing.freeze`. `observing` suppresses mail while the desk is observing; `exercises`
marks the mail of an exercise and limits its recipients.

May import: `services` and every room below it.
"""
