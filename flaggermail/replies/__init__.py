# SPDX-License-Identifier: EUPL-1.2
"""An officer's reply mail: text in, acts performed, an answer out.

Ways in: `reply_mail.obey` is the way of one reply, `verbs.read` understands it, `form_mail.send` sends the case form.

May import: `commands` and every room below it.
"""
