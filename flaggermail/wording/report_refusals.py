# SPDX-License-Identifier: EUPL-1.2
"""Why an act about the report to Parliament is refused: what, where, and what would be right."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class ReportBecause(Sentence):
    """Every reason for refusing an act about a report."""

    NO_DRAFT = ("no report draft",
        "report {election}: there is no draft; `flaggermail report draft {election} --edit` begins one",
        "rapport {election}: er is geen concept; `flaggermail report draft {election} --edit` begint er een")
    INCOMPLETE = ("report incomplete", "report {election}: these words are missing in the draft: {missing}",
        "rapport {election}: in het concept ontbreekt nog: {missing}")
    FROZEN = ("report frozen already",
        "report {election}: is frozen since {day} by {by} ({freeze}); first `report freeze {election} --undo`",
        ("rapport {election}: is vastgelegd op {day} door {by} ({freeze}); eerst `report freeze "
         "{election} --undo`"))
    NOT_FROZEN = ("report not frozen",
        "report {election}: is not frozen; `flaggermail report freeze {election}`, or --draft for a draft",
        "rapport {election}: is niet vastgelegd; `flaggermail report freeze {election}`, of --draft voor een concept")
    NOT_OVER = ("election not over",
        "report {election}: its period runs until {day}; freeze it afterwards, or with --early",
        "rapport {election}: de periode loopt tot en met {day}; leg het daarna vast, of met --early")
    LANGUAGE_NOT_HELD = ("report language", "report {election}: is not in {language}; its languages are {known}",
        "rapport {election}: is er niet in {language}; de talen zijn {known}")
    EXERCISE = ("report of exercise", "report {election}: is an exercise, of which nothing is reported",
        "rapport {election}: is een oefening; daarover wordt niet gerapporteerd")
    DAMAGED = ("report damaged", "report {election}: the frozen inputs of {freeze} are not those of their digest",
        "rapport {election}: de vastgelegde gegevens van {freeze} horen niet bij hun digest")
    NOT_BASE64 = ("not base64", "octets: must be Base64", "octets: moet Base64 zijn")
    WHICH_ELECTION = ("which election",
        "the document does not say of which election it is; name it with --election; a report is frozen of {known}",
        "het document zegt niet over welke verkiezing het gaat; noem die met --election; bevroren rapporten: {known}")


class ReportTold(Sentence):
    """What is said beside an act about a report."""

    MOVED = ("report: moved", "since {freeze}: {figure} was {was}, is {now}; {causes}",
        "sinds {freeze}: {figure} was {was}, is {now}; {causes}")
    MORE = ("report: more", "and {count:further figure|further figures}: `flaggermail report changes`",
        "en nog {count:cijfer|cijfers}: `flaggermail report changes`")
    CAUSE = "report: cause", "event {event} at {at}, {actor}: {kind}", "gebeurtenis {event} op {at}, {actor}: {kind}"
    NO_ANNEX = ("report: no annex", "{use}: no annex of it was approved, so the report holds none of its mails",
        "{use}: hiervan is geen bijlage goedgekeurd; het rapport bevat deze mails niet")
    OPEN_ANNEX = ("report: open annex",
        "{use}: its annex {annex} is {state} and not approved, so it is not in the report",
        "{use}: bijlage {annex} is nog niet goedgekeurd ({state}) en staat dus niet in het rapport")
    OTHER_DOCUMENT = ("report: other document",
        ("{freeze}: the report in {language} is not the document that was frozen: this version of the program words it "
         "otherwise, or the row was changed; `flaggermail audit verify` tells which"),
        ("{freeze}: het rapport in {language} is niet het document dat is vastgelegd: deze versie van het programma "
         "verwoordt het anders, of de rij is gewijzigd; dat blijkt uit `flaggermail audit verify`"))
    NO_CAUSE = ("report: no cause", "by no event; a setting or template",
        "door geen gebeurtenis; een instelling of sjabloon")
