# SPDX-License-Identifier: EUPL-1.2
"""Reads one mail: octets in, plain values out. Also composes the mails that flaggermail sends.

Entry points: `message.Message` is the result of reading a mail, `mime` and `fields` read its octets, `compose` writes
new mails, `reply_tokens` makes the tokens that a reply carries and finds them again. `adapters.parsing` runs these
functions on received mail, in a process of its own.

May import: the standard library's pure part.
"""
