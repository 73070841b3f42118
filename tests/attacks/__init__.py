# SPDX-License-Identifier: EUPL-1.2
"""Attacks that were carried out on the desk, as stories: mail in, commands, time, and what must come out."""
