# SPDX-License-Identifier: EUPL-1.2
"""Servers that follow a script, for faults that a real one cannot be made to show."""
