# SPDX-License-Identifier: EUPL-1.2
"""What a mail forwards or quotes, and what its writer wrote.

Ways in: `forwarded.forwarded` finds the mail inside a forward, `reply_text.reply_text` the writer's own words.

May import: `mail`.
"""
