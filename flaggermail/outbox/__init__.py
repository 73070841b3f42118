# SPDX-License-Identifier: EUPL-1.2
"""Outgoing mail: delivery attempts, their results, uncertain deliveries, and proof of delivery.

Entry points: `delivery.drain` submits what is due, `results.settle` records the outcome and its effects.

May import: `notices` and every room below it.
"""
