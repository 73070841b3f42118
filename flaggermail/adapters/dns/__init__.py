# SPDX-License-Identifier: EUPL-1.2
"""The DNS and what depends on it: DKIM verification and the public suffix list.

Entry points: `resolver`, `dkim_check`.

May import: `ports`, `mail`.
"""
