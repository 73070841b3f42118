# SPDX-License-Identifier: EUPL-1.2
"""Mail that the desk writes: from a request to frozen octets in the outbox.

Entry points: `writing.queue` and `writing.freeze`. `writing.suppresses` keeps mail back while the desk is observing;
`stored_messages.MARK` is on the mail of an exercise.

May import: `services` and every room below it.
"""
