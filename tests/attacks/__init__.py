# SPDX-License-Identifier: EUPL-1.2
"""Attacks on the desk as its users meet them: mail comes in, commands are typed, and nothing may come of it."""
