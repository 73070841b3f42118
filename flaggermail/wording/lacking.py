# SPDX-License-Identifier: EUPL-1.2
"""What the desk's own configuration does not allow: why a draft is not approved, or a mail does not leave."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Lacking(Sentence):
    """What a draft or a mail lacks, and the ways out."""

    APPROVALS = ("lacking: approvals", "{count:approval|approvals} of the {persons} that are needed",
        "{count:goedkeuring|goedkeuringen} van de {persons} die nodig zijn")
    VOID = ("lacking: void", "{approvals}; that of {officers} does not count ({why})",
        "{approvals}; die van {officers} telt niet mee ({why})")
    NO_APPROVER = ("lacking: no approver", "oncall.yaml names no approver with that login",
        "oncall.yaml kent geen goedkeurder met die login")
    NO_APPROVER_OR_AUTHOR = ("lacking: no approver or author",
        "oncall.yaml names no approver with that login, or it is the author's own",
        "oncall.yaml kent geen goedkeurder met die login, of het is de schrijver zelf")
    AUTHOR = ("lacking: author",
        "{officer} wrote it and is not in oncall.yaml, so nobody knows that two others approved",
        "{officer} schreef het en staat niet in oncall.yaml; zo is niet zeker dat twee anderen het goedkeurden")
    CHANNEL = ("lacking: channel", "it is for channel {channel} ({way}), which platforms.yaml does not have",
        "het is bedoeld voor kanaal {channel} ({way}), en dat staat niet in platforms.yaml")
    ADDRESS = ("lacking: address", "it is written to {old}, and channel {channel} in platforms.yaml has {new}",
        "het is gericht aan {old}, en kanaal {channel} in platforms.yaml heeft {new}")
    OFFICER = ("lacking: officer", "{address} is no officer's address in oncall.yaml",
        "{address} is geen adres van een medewerker in oncall.yaml")
    DRAFT = ("lacking: draft",
        ("draft {draft}: {what}; reject it (`flaggermail approve {draft} --reject REASON`) and draft it anew "
         "(`flaggermail notify`)"),
        ("concept {draft}: {what}; keur het af (`flaggermail approve {draft} --reject REDEN`) en maak een nieuw "
         "concept (`flaggermail notify`)"))
    MAIL = "lacking: mail", "outbox {mail}: {what}", "outbox {mail}: {what}"
    WITHHELD_DRAFT = ("lacking: withheld draft",
        ("withheld: {what}; give it up (`flaggermail approve {draft} --reject REASON`) and draft it anew, or restore "
         "the configuration and restart the daemon"),
        ("tegengehouden: {what}; geef het op (`flaggermail approve {draft} --reject REDEN`) en maak een nieuw concept, "
         "of laat de configuratie herstellen en de desk herstarten"))
    WITHHELD = ("lacking: withheld",
        ("withheld: {what}; give it up (`flaggermail outbox cancel {mail}`), or restore the configuration and restart "
         "the daemon"),
        ("tegengehouden: {what}; geef het op (`flaggermail outbox cancel {mail}`), of laat de configuratie herstellen "
         "en de desk herstarten"))
