# SPDX-License-Identifier: EUPL-1.2
"""Mail written by machines: bounces, delivery reports, out-of-office replies, receipts.

Entry point: `mechanical_kind.mechanical_kind` decides on the evidence that the other modules gather.

May import: `mail`.
"""
