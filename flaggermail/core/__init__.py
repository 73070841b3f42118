# SPDX-License-Identifier: EUPL-1.2
"""Decisions: pure functions of facts and an instant, on the standard library alone."""
