# SPDX-License-Identifier: EUPL-1.2
"""What one mail says: octets in, plain values out, and back again for the mails that we write.

Ways in: `message.Message` is what a mail says, `mime` and `fields` read its octets, `compose` writes new ones,
`reply_tokens` makes and finds the keys that an answer carries. The octets of a stranger are read by
`adapters.parsing`, in a process of its own, with these functions.

May import: the standard library's pure part, `record`.
"""
