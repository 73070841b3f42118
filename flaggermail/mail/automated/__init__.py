# SPDX-License-Identifier: EUPL-1.2
"""Mail that a machine wrote: bounces, delivery reports, absence notices, receipts.

Way in: `mechanical_kind.mechanical_kind` decides on the evidence that the other modules gather.

May import: `mail`.
"""
