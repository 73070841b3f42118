# SPDX-License-Identifier: EUPL-1.2
"""Which mailboxes the desk's token opens: its own, and no other."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class ReachText(Sentence):
    """The outcome of trying another mailbox with the token of the desk."""

    REFUSED = ("token reach: refused",
        "the token of the desk opens {own} and was refused for {other}, as it must be",
        "met het token van de desk is {own} te openen; toegang tot {other} is geweigerd, zoals het hoort")
    OPENED = ("token reach: opened",
        ("oauth2.other_mailbox: the token of the desk opens {other} too, so the application may read other mailboxes "
         "of the organisation; take its FullAccess on every mailbox but {own} back (Remove-MailboxPermission in "
         "Exchange Online), or let an account that has this one mailbox sign in (`grant: refresh_token`)"),
        ("oauth2.other_mailbox: met het token van de desk is ook {other} te openen, dus de applicatie mag mogelijk "
         "andere mailboxen van de organisatie lezen; trek haar FullAccess op alle mailboxen behalve {own} in "
         "(Remove-MailboxPermission in Exchange Online), of laat een account aanmelden dat alleen deze mailbox heeft "
         "(`grant: refresh_token`)"))
    UNCLEAR = ("token reach: unclear",
        ("oauth2.other_mailbox: the server does not say whether the token of the desk opens {other} ({words}); name "
         "another mailbox that exists and can be read over IMAP"),
        ("oauth2.other_mailbox: de server maakt niet duidelijk of met het token van de desk ook {other} te openen is "
         "(«{words}»); noem een andere mailbox, die bestaat en via IMAP te lezen is"))
