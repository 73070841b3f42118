# SPDX-License-Identifier: EUPL-1.2
"""Mail on its way out: attempts, results, doubt, and the proof that a mail left.

Ways in: `delivery.drain` submits what is due, `results.settle` records the outcome and its effects.

May import: `notices` and every room below it.
"""
