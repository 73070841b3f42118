# SPDX-License-Identifier: EUPL-1.2
"""Mail that we write: from a wanted mail to frozen octets in the outbox.

Ways in: `writing.queue` and `writing.freeze`; `observing` suppresses mail while the desk observes, `exercises` marks
the mail of a rehearsal and bounds whom it may reach.

May import: `services` and every room below it.
"""
