# SPDX-License-Identifier: EUPL-1.2
"""Finds forwarded and quoted mail in a text, and separates it from the writer's own words.

Entry points: `forwarded.find_inline` finds the mail inside a forward, `reply_text.reply_text` the writer's own words.

May import: `mail`.
"""
