# SPDX-License-Identifier: EUPL-1.2
"""Parsing of strangers' mail in a separate process, with limits on time, memory and depth; pictures in another.

Entry point: `worker.ContainedParser`.

May import: `ports`, `mail`.
"""
