# SPDX-License-Identifier: EUPL-1.2
"""Mail and pages to officers and referrers: notices, alarms, digests, and the limits on them.

Ways in: `notices.tell`, `notices.raise_alarm`, `page_queue.queue`, `digest.send_digest`; `rate_limits` holds back what
is too much and counts it.

May import: `cases` and every room below it.
"""
