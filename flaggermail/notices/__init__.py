# SPDX-License-Identifier: EUPL-1.2
"""Mail and pages to officers and referrers: notices, alarms, digests, and their rate limits.

Entry points: `notices.tell`, `notices.raise_alarm`, `pager_queue.queue`, `digest.send_digest`. `duty` says
who is on call, and holds back and counts mail beyond the limits.

May import: `cases` and every room below it.
"""
