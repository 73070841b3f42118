# SPDX-License-Identifier: EUPL-1.2
"""What each column of the uses as a table for a spreadsheet holds."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class ReportColumn(Sentence):
    """A column, whose heading is the member's name in small letters; `AT` to `FORM` are of each of the clocks."""

    ELECTION = "column: election", "code of the election", "code van de verkiezing"
    NOTIFICATION = ("column: notification", "number of the notification, its case first",
        "nummer van de melding, met de zaak voorop")
    PLATFORM = "column: platform", "name of the platform", "naam van het platform"
    CHANNEL = "column: channel", "name of the channel when it was used", "naam van het kanaal bij gebruik"
    KIND = "column: kind", "what the case is about", "waar de zaak over gaat"
    SENT_AT = ("column: sent_at", "sent, ISO 8601 with the offset from UTC",
        "verzonden, ISO 8601 met het verschil met UTC")
    SENT_BASIS = "column: sent_basis", "what the time of sending rests on", "waarop het tijdstip van verzending berust"
    AT = "column: at", "when, ISO 8601 with the offset from UTC", "wanneer, ISO 8601 met het verschil met UTC"
    MINUTES = ("column: minutes", "minutes from the sending, both times without their seconds",
        "minuten vanaf de verzending, beide tijden zonder seconden")
    HOURS = "column: hours", "hours in tenths, half a tenth upwards", "uren in tienden, een halve tiende naar boven"
    EXACT = ("column: exact", "the same in words, from two days on in days of 24 hours",
        "hetzelfde in woorden, vanaf twee dagen in dagen van 24 uur")
    BASIS = "column: basis", "what the time rests on", "waarop het tijdstip berust"
    FORM = "column: form", "form of the answer", "vorm van het antwoord"
    POLICY = "column: policy", "policy that the notification cites", "beleid dat de melding noemt"
    POLICY_URL = "column: policy_url", "address of that policy", "adres van dat beleid"
    POLICY_READ_ON = ("column: policy_read_on", "day on which it was read; empty for a mail typed by hand",
        "dag waarop het is gelezen; leeg bij een zelf getypte mail")
    CRITERIA = ("column: criteria",
        ("expected consequences: 1 a vote becomes invalid, 2 a vote goes to another person, 3 voters lose the chance "
         "to vote"),
        ("te verwachten gevolgen: 1 een stem wordt ongeldig, 2 een stem gaat naar een ander, 3 kiezers kunnen hun stem "
         "niet uitbrengen"))
    SIGNAL_AT = ("column: signal_at", "when the signal came, or an officer opened the case",
        "wanneer het signaal kwam, of een medewerker de zaak opende")
    DECIDED_AT = ("column: decided_at", "when it was decided to notify, before the sending",
        "wanneer vooraf is besloten te melden")
    APPROVED_AT = "column: approved_at", "when the text was approved", "wanneer de tekst is goedgekeurd"
    AS_OF = "column: as_of", "the figures as the record stood then", "stand van de cijfers"
