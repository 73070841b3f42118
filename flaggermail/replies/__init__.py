# SPDX-License-Identifier: EUPL-1.2
"""An officer's reply mail: text in, commands performed, an answer out.

Entry points: `reply_mail.perform_reply` handles one reply, `verbs.read` parses it, `form_mail.send` sends the case
form.

May import: `commands` and every room below it.
"""
