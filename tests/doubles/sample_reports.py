# SPDX-License-Identifier: EUPL-1.2
"""A report with figures of every kind, in Dutch and in English: what an editor starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from flaggermail.documents.model import (
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Note,
    Paragraph,
    Table,
    Text,
    Verbatim,
    Words,
)

AT = datetime(2024, 12, 1, 9, 0, tzinfo=UTC)
_X, _TIKTOK = "VF-EP2024-0001/1", "VF-EP2024-0002/1"


def words(template: str, *figures: tuple[str, str]) -> Words:
    """Returns the words of a template; each `{}` is the next figure, by its name and its text."""
    parts = template.split("{}")
    assert len(parts) == len(figures) + 1
    found = list[Text | Figure](Text(part) for part in parts[:1])
    for (name, text), part in zip(figures, parts[1:], strict=True):
        found += [Figure(name, text), Text(part)]
    return [one for one in found if one.text]


def _with_note(before: Words, note: Words, after: str) -> Words:
    return [*before, Note([one for one in note if not isinstance(one, Note)]), Text(after)]


def _row(name: str, label: str, cells: Sequence[tuple[str, str]]) -> Sequence[Words]:
    return [[Text(label)], *([Figure(f"{name}/{part}", text)] for part, text in cells)]


def dutch() -> Document:
    """Returns the report in Dutch."""
    return Document(
        "Rapport - Inzet Verkiezingen Flagger Status BZK", "nl", "Ministerie van Voorbeeldzaken", AT, list(_dutch()),
        "Europees Parlementsverkiezing 6 juni 2024",
    )  # fmt: skip


def english() -> Document:
    """Returns the same report in English."""
    return Document(
        "Report - Use of the election flagger status", "en", "Ministry of Examples", AT, list(_english()),
        "European elections of 6 June 2024",
    )  # fmt: skip


def _dutch() -> Iterator[Heading | Paragraph | Bullets | Table | Labelled | Verbatim]:
    yield Heading(1, [Text("Achtergrond")])
    yield Paragraph(_with_note(
        [Text("Sinds 2019 heeft het ministerie de status van verkiezingen flagger bij vijf platforms. De Kamer is "
              "eerder geïnformeerd")],
        words("Kamerstukken II, 2023-2024, {}, nr. {}, bijlage {}.",
              ("paper/dossier", "35 165"), ("paper/number", "73"), ("paper/annex", "2")),
        ". Artikel 22 van de DSA gaat over iets anders.",
    ))  # fmt: skip
    yield Heading(1, [Text("Werkwijze")])
    text = ("Het platform maakt een eigen afweging. Het ministerie heeft geen bevoegdheid om berichten "
            "te laten verwijderen en controleert zelf niet wat een platform met een melding doet.")  # fmt: skip
    yield Paragraph([Text(text)])
    yield Heading(1, [Text("Toepassing rond de verkiezing")])
    yield Paragraph(words("Rond de verkiezing heeft het ministerie de verkiezingen flagger status {} ingezet.",
                          ("uses", "tweemaal")))  # fmt: skip
    yield Paragraph(words(
        "Het ministerie heeft X op {} om {} via het kanaal Urgent Escalation Channel een algemene waarschuwing gegeven "
        "(kenmerk {}). X heeft na {} uur ({}) gereageerd, op {} om {}.",
        (f"{_X}/sent/day", "6 juni 2024"), (f"{_X}/sent/time", "10.34 uur"), (f"{_X}/number", "VF-EP2024-0001"),
        (f"{_X}/human/hours", "2,5"), (f"{_X}/human/exact", "2 uur en 32 minuten"),
        (f"{_X}/human/day", "6 juni 2024"), (f"{_X}/human/time", "13.06 uur"),
    ))  # fmt: skip
    yield Paragraph(words(
        "TikTok is op {} gevraagd een bericht te beoordelen (kenmerk {}). Een automatische ontvangstbevestiging kwam "
        "na {}. Een medewerker reageerde na {}. Een eerdere melding van {} had TikTok niet bereikt.",
        (f"{_TIKTOK}/sent", "5 juni 2024 om 21.15 uur"), (f"{_TIKTOK}/number", "VF-EP2024-0002"),
        (f"{_TIKTOK}/receipt/exact", "3 minuten"),
        (f"{_TIKTOK}/human/took", "219,2 uur (9 dagen, 3 uur en 12 minuten)"),
        (f"{_TIKTOK}/earlier", "4 juni 2024 om 20.58 uur"),
    ))  # fmt: skip
    yield Heading(2, [Text("Cijfers")])
    yield Table(
        [Text("Meldingen per platform")],
        [[Text("Platform")], [Text("Meldingen")], [Text("Beantwoord")], [Text("Langste wachttijd")]],
        [
            _row("uses/x", "X", [("sent", "1"), ("answered", "1"), ("longest", "152 minuten")]),
            _row("uses/tiktok", "TikTok", [("sent", "1"), ("answered", "1"), ("longest", "13.152 minuten")]),
            _row("uses/meta", "Meta", [("sent", "0"), ("answered", "0"), ("longest", "geen")]),
        ],
    )
    yield Bullets([
        words("Ontvangen signalen: {}, waarvan {} van medeoverheden.", ("referrals", "14"), ("referrals/fellow", "9")),
        words("Besluiten om niet te melden: {}.", ("decisions/declined", "12")),
        words("Op de dag van de stemming wachtte het ministerie ten hoogste {} uur ({}) op een reactie in {} zaken.",
              ("longest/hours", "4,3"), ("longest/exact", "4 uur en 15 minuten"), ("cases", "zeven")),
        words("Afgewezen berichten van burgers: {} ({} van alle mail).",
              ("declined", "217"), ("declined/part", "31,5%")),
        words("Uitkomst van de beoordeling: {} van de signalen voldeed aan criterium 1.", ("criteria/1", "drie")),
        words("Zaak {} was de {} melding over dit onderwerp sinds {}.",
              ("related/number", "VF-TK2023-0004"), ("related/nth", "derde"), ("related/since", "13 maart 2023")),
    ])  # fmt: skip
    yield Labelled(
        [
            ("Peildatum", words("{}", ("frozen/at", "2024-11-28 09:00+01:00"))),
            ("Datum ontvangst", words("{}", ("annex/1/received", "do 06-jun-2024 13:06"))),
            ("Aantal mails in de bijlage", words("{}", ("annex/mails", "4"))),
            ("Aantal bladzijden", words("{}", ("annex/pages", "38"))),
        ]
    )
    yield Heading(1, [Text("Bijlage 1")])
    yield Verbatim("Dear people at X,\nOn March 13 of 2023 we notified you of 2 posts.\nKind regards,", "en")


def _english() -> Iterator[Heading | Paragraph | Bullets | Table | Labelled | Verbatim]:
    yield Heading(1, [Text("Background")])
    yield Paragraph(_with_note(
        [Text("Since 2019 the ministry has had the status of election flagger at five platforms. Parliament was "
              "informed before")],
        words("Parliamentary Papers II, 2023-2024, {}, no. {}, annex {}.",
              ("paper/dossier", "35 165"), ("paper/number", "73"), ("paper/annex", "2")),
        ". Article 22 of the DSA is about something else.",
    ))  # fmt: skip
    yield Heading(1, [Text("Method")])
    text = ("The platform decides for itself. The ministry has no power to have posts removed and does not "
            "check what a platform does about a notification.")  # fmt: skip
    yield Paragraph([Text(text)])
    yield Heading(1, [Text("Use around the election")])
    yield Paragraph(words("Around the election the ministry used the election flagger status {}.", ("uses", "twice")))
    yield Paragraph(words(
        "The ministry gave X a general warning on {} at {}, through its channel Urgent Escalation Channel (reference "
        "{}). X replied after {} hours ({}), on {} at {}.",
        (f"{_X}/sent/day", "6 June 2024"), (f"{_X}/sent/time", "10:34"), (f"{_X}/number", "VF-EP2024-0001"),
        (f"{_X}/human/hours", "2.5"), (f"{_X}/human/exact", "2 hours and 32 minutes"),
        (f"{_X}/human/day", "6 June 2024"), (f"{_X}/human/time", "13:06"),
    ))  # fmt: skip
    yield Paragraph(words(
        "TikTok was asked on {} to check a post (reference {}). An automatic confirmation of receipt came after {}. A "
        "member of staff replied after {}. An earlier notification of {} did not reach TikTok.",
        (f"{_TIKTOK}/sent", "5 June 2024 at 21:15"), (f"{_TIKTOK}/number", "VF-EP2024-0002"),
        (f"{_TIKTOK}/receipt/exact", "3 minutes"),
        (f"{_TIKTOK}/human/took", "219.2 hours (9 days, 3 hours and 12 minutes)"),
        (f"{_TIKTOK}/earlier", "4 June 2024 at 20:58"),
    ))  # fmt: skip
    yield Heading(2, [Text("Figures")])
    yield Table(
        [Text("Notifications by platform")],
        [[Text("Platform")], [Text("Notifications")], [Text("Answered")], [Text("Longest wait")]],
        [
            _row("uses/x", "X", [("sent", "1"), ("answered", "1"), ("longest", "152 minutes")]),
            _row("uses/tiktok", "TikTok", [("sent", "1"), ("answered", "1"), ("longest", "13,152 minutes")]),
            _row("uses/meta", "Meta", [("sent", "0"), ("answered", "0"), ("longest", "none")]),
        ],
    )
    yield Bullets([
        words("Referrals received: {}, of which {} from fellow authorities.",
              ("referrals", "14"), ("referrals/fellow", "9")),
        words("Decisions not to notify: {}.", ("decisions/declined", "12")),
        words("On polling day the ministry waited at most {} hours ({}) for a reply in {} cases.",
              ("longest/hours", "4.3"), ("longest/exact", "4 hours and 15 minutes"), ("cases", "seven")),
        words("Citizens' reports declined: {} ({} of all mail).", ("declined", "217"), ("declined/part", "31.5%")),
        words("Outcome of the assessment: {} of the referrals met criterion 1.", ("criteria/1", "three")),
        words("Case {} was the {} notification on this subject since {}.",
              ("related/number", "VF-TK2023-0004"), ("related/nth", "third"), ("related/since", "13 March 2023")),
    ])  # fmt: skip
    yield Labelled(
        [
            ("As of", words("{}", ("frozen/at", "2024-11-28 09:00+01:00"))),
            ("Date received", words("{}", ("annex/1/received", "Thu 06-Jun-2024 13:06"))),
            ("Mails in the annex", words("{}", ("annex/mails", "4"))),
            ("Pages", words("{}", ("annex/pages", "38"))),
        ]
    )
    yield Heading(1, [Text("Annex 1")])
    yield Verbatim("Dear people at X,\nOn March 13 of 2023 we notified you of 2 posts.\nKind regards,", "en")
