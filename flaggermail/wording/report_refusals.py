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
    DISAGREES = ("report disagrees with itself",
        "report {election}: is not frozen, because it would contradict itself: {found}",
        "rapport {election}: is niet vastgelegd, want het zou zichzelf tegenspreken: {found}")
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


class Disagreement(Sentence):
    """What in a report contradicts something else in it."""

    SUM = ("report disagrees: sum", "the table {table} adds up to {total}, and there are {count}",
        "de tabel {table} telt op tot {total}, en het zijn er {count}")
    CASES = ("report disagrees: cases",
        "the table of cases has {total} under {kind}, and the uses tell of {count}",
        "de tabel van zaken heeft er {total} onder {kind}, en bij de meldingen gaat het om {count}")
    DECIDED_OTHERWISE = ("report disagrees: decision",
        ("{use} was sent, and the decision on {case} is {decision}; "
         "`flaggermail case decide {case} notify --reason ...` says what was decided"),
        ("{use} is verzonden, en het besluit over {case} is {decision}; "
         "`flaggermail case decide {case} notify --reason ...` legt vast wat is besloten"))
    NOT_COUNTED = ("report disagrees: not counted", "{use} is told of, and {case} is not counted",
        "{use} wordt beschreven, en {case} telt niet mee")
    MINUTES = ("report disagrees: minutes",
        "{use}: the clock {clock} says {minutes}, which is not the difference of the two printed times",
        "{use}: de klok {clock} zegt {minutes}, en dat is niet het verschil van de twee afgedrukte tijden")


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
