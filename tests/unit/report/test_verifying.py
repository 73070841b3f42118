# SPDX-License-Identifier: EUPL-1.2
"""What an editor makes of a report: every wrong figure is named, and no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from flaggermail.documents.model import Document, Figure, Paragraph, Passage
from flaggermail.report.verifying import FigureFinding, FigureFindingKind, compare
from tests.corpus import each
from tests.doubles.edited_reports import edited, passages, unmarked
from tests.doubles.sample_reports import AT, dutch, english, words
from tests.pace import within

X, TIKTOK = "VF-EP2024-0001/1", "VF-EP2024-0002/1"
DUTCH, ENGLISH = dutch(), english()

# figure -> the edit of the Dutch report, of the English one
PLANTED: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "paper/dossier": (("35 165", "35 156"), ("35 165", "35 156")),
    "uses": (("status tweemaal", "status driemaal"), ("status twice", "status three times")),
    f"{X}/sent/day": (("X op 6 juni 2024", "X op 7 juni 2024"), ("warning on 6 June 2024", "warning on 7 June 2024")),
    f"{X}/human/hours": (("na 2,5 uur", "na 3,5 uur"), ("after 2.5 hours", "after 3.5 hours")),
    f"{X}/human/exact": (("2 uur en 32 minuten", "2 uur en 23 minuten"), ("2 hours and 32", "2 hours and 23")),
    f"{X}/human/time": (("om 13.06 uur", "om 13.16 uur"), ("at 13:06", "at 13:16")),
    f"{TIKTOK}/receipt/exact": (("na 3 minuten", "na 8 minuten"), ("after 3 minutes", "after 8 minutes")),
    "uses/tiktok/longest": (("13.152 minuten", "13.125 minuten"), ("13,152 minutes", "13,125 minutes")),
    "declined": (("burgers: 217", "burgers: 271"), ("declined: 217", "declined: 271")),
    "criteria/1": (
        ("drie van de signalen", "four of the referrals"),
        ("three of the referrals", "vier van de signalen"),
    ),
}


def names(faults: Sequence[FigureFinding]) -> list[str]:
    """Returns the names of the figures that are wrong."""
    return [fault.name for fault in faults]


def wrong(faults: Sequence[FigureFinding]) -> list[str]:
    """Returns the names of the figures that stand there otherwise."""
    return [fault.name for fault in faults if fault.kind is not FigureFindingKind.MISSING]


@each(("document", "language"), [(DUTCH, 0), (ENGLISH, 1)], ids=["nl", "en"])
def test_each_planted_figure_is_named_and_none_else(document: Document, language: int) -> None:
    """Ten wrong figures, one of each kind, in the same document: ten names, in the order of the report."""
    edits = [edit[language] for edit in PLANTED.values()]
    found = compare(document, edited(passages(document), *edits))
    assert names(found) == list(PLANTED)
    assert {fault.kind for fault in found} == {FigureFindingKind.CHANGED}


@each(("document", "language"), [(DUTCH, 0), (ENGLISH, 1)], ids=["nl", "en"])
def test_planted_figures_are_named_without_any_mark(document: Document, language: int) -> None:
    """An editor that drops every mark hides none of the ten, and no figure that is right is accused."""
    edits = [edit[language] for edit in PLANTED.values()]
    found = compare(document, edited(passages(document), *edits, marked=False))
    assert names(found) == list(PLANTED)


@each(("document", "language"), [(DUTCH, 0), (ENGLISH, 1)], ids=["nl", "en"])
@each("name", PLANTED)
def test_a_wrong_figure_is_told_with_its_place(name: str, document: Document, language: int) -> None:
    """Each alone, with marks and without: what the record says, what stands there now, and in which sentence."""
    old, new = PLANTED[name][language]
    for marked in (True, False):
        (found,) = compare(document, edited(passages(document), (old, new), marked=marked))
        assert found.name == name
        assert found.record in next(one.text for one in passages(document) if old in one.text)
        assert found.stands in new or found.stands in found.sentence
        assert found.stands != found.record
        assert found.sentence in next(one.text for one in edited(passages(document), (old, new)) if new in one.text)
        assert found.place or name == "paper/dossier"


# ---------------------------------------------------------------- what is right

Edit = Callable[[list[Passage]], list[Passage]]


def put(*changes: tuple[str, str]) -> Edit:
    """Returns an edit that replaces words."""
    return lambda found: edited(found, *changes)


def added(text: str, after: str = "Toepassing") -> Edit:
    """Returns an edit that adds a paragraph below one that begins so."""

    def edit(found: list[Passage]) -> list[Passage]:
        at = next(at for at, one in enumerate(found) if one.text.startswith(after))
        return [*found[: at + 1], Passage(text), *found[at + 1 :]]

    return edit


def moved(start: str, to: int) -> Edit:
    """Returns an edit that moves a paragraph."""

    def edit(found: list[Passage]) -> list[Passage]:
        one = next(one for one in found if one.text.startswith(start))
        rest = [other for other in found if other is not one]
        return [*rest[:to], one, *rest[to:]]

    return edit


def without(*starts: str) -> Edit:
    """Returns an edit that deletes paragraphs."""
    return lambda found: [one for one in found if not one.text.startswith(starts)]


def split(at: str) -> Edit:
    """Returns an edit that begins a new paragraph at some words."""

    def edit(found: list[Passage]) -> list[Passage]:
        result = []
        for one in found:
            place = one.text.find(at)
            if place <= 0:
                result.append(one)
                continue
            first, second, cursor = list[Figure](), list[Figure](), 0
            for figure in one.figures:
                cursor = one.text.index(figure.text, cursor)
                (first if cursor < place else second).append(figure)
            result += [Passage(one.text[:place].rstrip(), first), Passage(one.text[place:], second)]
        return result

    return edit


def joined(start: str) -> Edit:
    """Returns an edit that joins a paragraph to the one before it."""

    def edit(found: list[Passage]) -> list[Passage]:
        at = next(at for at, one in enumerate(found) if one.text.startswith(start))
        before, one = found[at - 1], found[at]
        both = Passage(f"{before.text} {one.text}", (*before.figures, *one.figures))
        return [*found[: at - 1], both, *found[at + 1 :]]

    return edit


def retyped(start: str, text: str) -> Edit:
    """Returns an edit that types a paragraph anew, so that its marks are gone."""
    return lambda found: [Passage(text) if one.text.startswith(start) else one for one in found]


ANEW = (
    "Op 6 juni 2024, 10:34 uur, waarschuwde het ministerie X langs het Urgent Escalation Channel (VF-EP2024-0001). De "
    "reactie van X kwam diezelfde 6 juni 2024 om 13:06 uur: na 2 uur en 32 minuten, afgerond 2,5 uur."
)
HARMLESS: dict[str, Edit] = {
    "nothing": lambda found: found,
    "hours with a point": put(("2,5 uur", "2.5 uur")),
    "hours with a sign for the half": put(("2,5 uur", "2½ uur")),
    "hours in words": put(("2,5 uur", "tweeënhalf uur")),
    "hours in words without accents": put(("2,5 uur", "tweeenhalf uur")),
    "hours in English": put(("2,5 uur", "two and a half hours")),
    "hours as minutes": put(("2,5 uur", "152 minuten")),
    "hours spelt short": put(("2,5 uur", "2,5u")),
    "exact as minutes": put(("2 uur en 32 minuten", "152 minuten")),
    "exact in words": put(("2 uur en 32 minuten", "twee uur en tweeëndertig minuten")),
    "exact short": put(("2 uur en 32 minuten", "2 u 32 min")),
    "exact with a colon": put(("2 uur en 32 minuten", "2:32 uur")),
    "exact in English": put(("2 uur en 32 minuten", "2 hours and 32 minutes")),
    "count as digits": put(("tweemaal", "2 keer")),
    "count as two words": put(("tweemaal", "twee keer")),
    "count with a sign": put(("tweemaal", "2x")),
    "count in English": put(("tweemaal", "twice")),
    "count with a remark": put(("tweemaal", "in totaal twee maal")),
    "count of a list in words": put(("signalen: 14", "signalen: veertien")),
    "date in short": put(("X op 6 juni 2024", "X op 6-6-2024")),
    "date as ISO": put(("X op 6 juni 2024", "X op 2024-06-06")),
    "date in English": put(("X op 6 juni 2024", "X on June 6, 2024")),
    "date with its day": put(("X op 6 juni 2024", "X op donderdag 6 juni 2024")),
    "date without its year": put(("X op 6 juni 2024", "X op 6 juni")),
    "date abbreviated": put(("X op 6 juni 2024", "X op 06-jun-2024")),
    "time with a colon": put(("om 10.34 uur", "om 10:34 uur")),
    "time without a word": put(("om 10.34 uur", "om 10:34")),
    "time of twelve hours": put(("om 13.06 uur", "om 1:06 PM")),
    "times as in English": put(("om 10.34 uur", "at 10:34 AM")),
    "dossier without its space": put(("35 165", "35165")),
    "dossier with a hard space": put(("35 165", "35\u00a0165")),
    "dossier with a point": put(("35 165", "35.165")),
    "percentage in words": put(("31,5%", "31,5 procent")),
    "percentage with a point": put(("31,5%", "31.5 %")),
    "thousands with a space": put(("13.152", "13 152")),
    "thousands without a sign": put(("13.152", "13152")),
    "word as digit": put(("drie van de signalen", "3 van de signalen")),
    "ordinal as digit": put(("derde melding", "3e melding")),
    "number with a hard hyphen": put(("kenmerk VF-EP2024-0001", "kenmerk VF\u2011EP2024\u20110001")),
    "nothing as a digit": put(("geen", "0")),
    "reworded around the figures": put(("Het ministerie heeft X op", "Aan X is door het ministerie op")),
    "reworded behind the figures": put((" gereageerd, op", " een reactie gestuurd, te weten op")),
    "two sentences of one": put((") gereageerd, op 6", ") gereageerd. Dat was op 6")),
    "a clause before": put(("Rond de verkiezing heeft", "In de aanloop naar en rond de verkiezing heeft")),
    "a remark in brackets": put(("via het kanaal Urgent", "via het daarvoor ingerichte kanaal Urgent")),
    "a spelling corrected": put(("controleert zelf niet", "gaat zelf niet na")),
    "capitals of a heading": put(("Toepassing rond de verkiezing", "TOEPASSING ROND DE VERKIEZING")),
    "a heading renamed": put(("Cijfers", "Overzicht in cijfers")),
    "a paragraph with its own numbers": added("In 342 gemeenten waren 9.871 stemlokalen open, van 7.30 tot 21 uur."),
    "a paragraph with its own dates": added("De vorige verkiezing was op 22 november 2023; de brief van 8 april 2024."),
    "a paragraph about other counts": added("Het ministerie sprak driemaal met X en vier keer met TikTok."),
    "a paragraph about other waits": added("Een gesprek van anderhalf uur met vijf medewerkers ging daaraan vooraf."),
    "a sentence with its own numbers": put(("geïnformeerd", "geïnformeerd, in 3 brieven van 12 bladzijden")),
    "the same count again": added("De status is dus twee keer ingezet."),
    "a use that is none": added("De status is niet ingezet om berichten te laten verwijderen."),
    "an email address and a link": added("Zie https://voorbeeld.example/2023/14 of mail naar flagger22@bzk.example."),
    "a paragraph moved up": moved("TikTok is op", 5),
    "a paragraph moved down": moved("Het ministerie heeft X", 40),
    "a list item moved": moved("Besluiten om", 8),
    "a paragraph split": split("X heeft na"),
    "a paragraph split twice": lambda found: split("Een medewerker")(split("Een automatische")(found)),
    "two paragraphs joined": joined("TikTok is op"),
    "a paragraph typed anew": retyped("Het ministerie heeft X", ANEW),
    "the count typed anew": retyped("Rond de verkiezing", "Het ministerie zette de status daarbij twee keer in."),
    "two counts in another order": retyped("Ontvangen", "Van medeoverheden: 9 van de 14 ontvangen signalen."),
    "a remark deleted": put((" Artikel 22 van de DSA gaat over iets anders.", "")),
    "a paragraph without figures deleted": without("Het platform maakt"),
    "headings deleted": without("Werkwijze", "Achtergrond"),
    "the quoted mail deleted": without("Dear people"),
    "curly quotes and long dashes": put(("Rapport - Inzet", "Rapport \u2013 Inzet"), ("(kenmerk", "\u2013 kenmerk")),
    "hard spaces everywhere": lambda found: [
        Passage(one.text.replace(" ", "\u00a0"), [Figure(f.name, f.text.replace(" ", "\u00a0")) for f in one.figures])
        for one in found
    ],
}  # fmt: skip


@each("edit", HARMLESS.values(), ids=list(HARMLESS))
def test_nothing_is_named_for_an_edit_that_changes_no_figure(edit: Edit) -> None:
    """Other words, another order, another spelling, and numbers of the writer's own."""
    assert compare(DUTCH, edit(passages(DUTCH))) == []


@each("edit", HARMLESS.values(), ids=list(HARMLESS))
def test_nothing_is_named_for_it_without_marks(edit: Edit) -> None:
    """The same in an editor that drops every mark."""
    assert compare(DUTCH, unmarked(edit(passages(DUTCH)))) == []


@each(("right", "wrong", "name"), [
    ("10:34", "10:43", f"{X}/sent/time"), ("13:06", "13:07", f"{X}/human/time"), ("2,5", "3,5", f"{X}/human/hours"),
    ("32 minuten", "23 minuten", f"{X}/human/exact"), ("0001", "0007", f"{X}/number"),
    ("Op 6 juni", "Op 8 juni", f"{X}/sent/day"), ("diezelfde 6 juni 2024", "die 9 juni 2024", f"{X}/human/day"),
])  # fmt: skip
def test_a_wrong_figure_of_a_paragraph_typed_anew_is_named(right: str, wrong: str, name: str) -> None:
    """Other words, another order, no marks, and one figure that is wrong."""
    found = retyped("Het ministerie heeft X", ANEW.replace(right, wrong))(passages(DUTCH))
    assert names(compare(DUTCH, found)) == [name]


@each(("ours", "theirs"), [(DUTCH, ENGLISH), (ENGLISH, DUTCH)], ids=["nl-en", "en-nl"])
def test_a_translation_is_compared_by_its_figures(ours: Document, theirs: Document) -> None:
    """A report that was translated as a whole is right, with marks and without."""
    assert compare(ours, passages(theirs)) == []
    assert compare(ours, unmarked(passages(theirs))) == []


@each("name", PLANTED)
def test_a_wrong_figure_of_a_translation_is_named(name: str) -> None:
    """A Dutch report that was translated into English, and got one figure wrong."""
    edit = PLANTED[name][1]
    for marked in (True, False):
        assert names(compare(DUTCH, edited(passages(ENGLISH), edit, marked=marked))) == [name]


def test_small_counts_may_change_places() -> None:
    """Both figures are there, in the other order; a third number in place of one is named."""
    counts = Paragraph(
        words("Van de {} signalen kwamen {} uit de media.", ("referrals", "5"), ("referrals/media", "3"))
    )
    document = Document("T", "nl", "M", AT, [counts])
    for text, wrong in (("3 van de 5 signalen kwamen uit de media.", []),
                        ("4 van de 5 signalen kwamen uit de media.", ["referrals/media"])):  # fmt: skip
        assert names(compare(document, [Passage("T"), Passage(text)])) == wrong


HEAVY: dict[str, list[str]] = {
    "digits": ["1 " * 10_000], "sentences": ["! 1 A" * 8_000], "abbreviations": ["nr. A " * 60_000],
    "number after number": ["het aantal inzetten " + "1 " * 10_000], "short passages": ["7"] * 5_000,
    "quantities": ["op 6 juni 2024 om 10.34 uur"] * 4_000,
}  # fmt: skip


@each("name", HEAVY)
def test_no_document_is_compared_for_long(name: str) -> None:
    """Time grows with the size of a document and no faster, whatever it holds."""
    began = time.process_time()
    compare(DUTCH, [Passage(text) for text in HEAVY[name]])
    assert within(time.process_time() - began, 8)
