# SPDX-License-Identifier: EUPL-1.2
"""Octets of strangers read in a process of its own, with bounds on time, memory and depth.

Way in: `worker.ContainedParser`.

May import: `ports`, `mail`.
"""
