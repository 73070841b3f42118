# SPDX-License-Identifier: EUPL-1.2
"""The DNS, and what rests on it: DKIM keys and the public suffix list.

Ways in: `resolver`, `dkim_check`.

May import: `ports`, `mail`.
"""
