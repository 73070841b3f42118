# SPDX-License-Identifier: EUPL-1.2
"""Annexes with personal details whose places are known: what a recogniser is measured against.

Names and numbers come from faker with a fixed seed, the sentences and layouts from tests/planted_text.yaml. The
code that proposes never sees the list.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from faker import Faker
from ruamel.yaml import YAML

from flaggermail.annex.redaction.marks import PrintedPart, PrintedText

LOCALES = ("nl_NL", "en_GB", "de_DE", "fr_FR", "pl_PL", "es_ES", "tr_TR", "it_IT", "da_DK")
TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "pan",
        "pani",
        "herr",
        "frau",
        "sig",
        "dott",
        "ing",
        "sir",
        "ir",
        "drs",
        "univ.prof",
        "dipl.-ing",
        "b.sc",
        "b.a",
        "b.eng",
        "m.sc",
    ]
)
INFIXES = frozenset(
    [
        "de",
        "van",
        "der",
        "den",
        "von",
        "zu",
        "di",
        "da",
        "del",
        "la",
        "le",
        "dos",
        "el",
        "ten",
        "ter",
        "te",
        "het",
        "'t",
        "dalla",
        "della",
        "lo",
        "do",
        "af",
        "het",
        "vom",
        "zum",
        "zur",
        "du",
        "d'",
    ]
)
_TEXT = YAML(typ="safe").load(Path(__file__).with_name("planted_text.yaml"))
SHAPES: list[list[str]] = [shape.split() for shape in _TEXT["shapes"]]
PIECES: dict[str, dict[str, list[str]]] = _TEXT["pieces"]
NOWHERE = "name that stands nowhere"


@dataclass(frozen=True)
class Detail:
    """A planted detail: where it is, and of what kind."""

    of: int
    start: int
    end: int
    kind: str


@dataclass
class Annex:
    """The printed texts of one annex and the details in them."""

    texts: list[PrintedText] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    """A person of the cast."""

    given: str
    infix: str
    surname: str
    mail: str
    phone: str
    locale: str

    @property
    def last(self) -> str:
        """The surname with its infix."""
        return f"{self.infix} {self.surname}".strip()

    @property
    def full(self) -> str:
        """The whole name."""
        return f"{self.given} {self.last}"


def plain(text: str) -> str:
    """Returns text without accents."""
    marked = unicodedata.normalize(
        "NFKD",
        text.replace("\u0142", "l")
        .replace("\u00f8", "o")
        .replace("\u0131", "i")
        .replace("\u00df", "ss")
        .replace("\u00e6", "ae"),
    )
    return (
        "".join(sign for sign in marked if not unicodedata.combining(sign))
        .replace("\u0141", "L")
        .replace("\u00d8", "O")
    )


class Planter:
    """Makes annexes from one seed."""

    def __init__(self, seed: int) -> None:
        """`seed`: the same seed gives the same annexes."""
        self.chance = random.Random(seed)  # noqa: S311 - a fixed seed, nothing secret
        self.fakers: Mapping[str, Faker] = {locale: Faker(locale) for locale in LOCALES}
        for number, faker in enumerate(self.fakers.values()):
            faker.seed_instance(seed * 100 + number)

    # ---- details

    def person(self, locale: str) -> Person:
        """Returns a new person."""
        faker = self.fakers[locale]
        given = faker.first_name()
        words = [word for word in faker.last_name().replace(",", "").split() if word.lower().strip(".") not in TITLES]
        while len(words) > 1 and words[-1].lower() in INFIXES:
            words.pop()
        infix = " ".join(word for word in words[:-1] if word.lower() in INFIXES)
        surname = " ".join(word for word in words if word not in infix.split()) or "Vos"
        if locale == "nl_NL" and not infix and self.chance.random() < 0.35:
            infix = self.chance.choice(["de", "van", "van der", "van den", "van 't", "ter"])
        return Person(given, infix, surname, self.mail(given, infix, surname), self.phone(locale), locale)

    def mail(self, given: str, infix: str, surname: str) -> str:
        """Returns an address made of a name, or one that says little."""
        first, between, last = (re.sub(r"[^a-z]", "", plain(part).lower()) for part in (given, infix, surname))
        local = self.chance.choice(
            [
                f"{first}.{between}{last}",
                f"{first[0]}.{between}{last}",
                f"{first}{last}",
                f"{first[0]}{last}",
                f"{last}.{first}",
                f"{first}_{last}",
                f"{first}.{last}{self.chance.randint(1, 99)}",
                f"{first}.{between}{last}+flag",
            ]
        )
        host = self.chance.choice(
            [
                "gemeente-voorbeeld.example",
                "bzk.example",
                "x-platform.example",
                "mail.voorbeeld.example",
                "nieuws.example",
                "universiteit.example",
                "b\u00fcro.example",
                "sub.partij.example",
            ]
        )
        return f"{local}@{host}"

    def phone(self, locale: str) -> str:
        """Returns a telephone number in one of its country's writings."""
        digits = [str(self.chance.randint(0, 9)) for _ in range(10)]
        d = "".join(digits)
        forms = {
            "nl_NL": [
                f"06-{d[:8]}",
                f"06 {d[:2]} {d[2:4]} {d[4:6]} {d[6:8]}",
                f"+31 6 {d[:8]}",
                f"+31 (0)6 {d[:4]} {d[4:8]}",
                f"(070) {d[:3]} {d[3:5]} {d[5:7]}",
                f"070-{d[:7]}",
                f"030 - {d[:3]} {d[3:5]} {d[5:7]}",
                f"0031 6 {d[:8]}",
                f"+316{d[:8]}",
                f"0513 {d[:6]}",
                f"+31(0)20-{d[:7]}",
                f"06{d[:8]}",
            ],
            "en_GB": [
                f"+44 (0)20 {d[:4]} {d[4:8]}",
                f"020 {d[:4]} {d[4:8]}",
                f"+44 20 {d[:4]} {d[4:8]} ext. {d[8:10]}",
                f"07{d[:3]} {d[3:9]}",
                f"+44 7{d[:3]} {d[3:9]}",
            ],
            "de_DE": [f"+49 30 {d[:8]}", f"030 / {d[:7]}", f"0151 {d[:8]}", f"+49 (0)89 {d[:6]}-{d[6:8]}"],
            "fr_FR": [f"+33 1 {d[:2]} {d[2:4]} {d[4:6]} {d[6:8]}", f"01 {d[:2]} {d[2:4]} {d[4:6]} {d[6:8]}"],
            "pl_PL": [f"+48 5{d[:2]} {d[2:5]} {d[5:8]}", f"+48 22 {d[:3]} {d[3:5]} {d[5:7]}"],
            "es_ES": [f"+34 9{d[:2]} {d[2:5]} {d[5:8]}", f"+349{d[:8]}"],
            "tr_TR": [f"+90 (5{d[:2]}) {d[2:5]} {d[5:7]} {d[7:9]}", f"0 (532) {d[:3]} {d[3:5]} {d[5:7]}"],
            "it_IT": [f"+39 06 {d[:8]}", f"+39 3{d[:2]} {d[2:9]}"],
            "da_DK": [f"+45 {d[:2]} {d[2:4]} {d[4:6]} {d[6:8]}", f"+45 {d[:8]}"],
        }
        return self.chance.choice(forms[locale])

    def iban(self) -> str:
        """Returns an account number, in groups or not."""
        number = self.fakers[self.chance.choice(["nl_NL", "nl_NL", "de_DE", "fr_FR", "en_GB", "it_IT"])].iban()
        return " ".join(re.findall(r".{1,4}", number)) if self.chance.random() < 0.6 else number

    def bsn(self) -> str:
        """Returns a number that passes the check by eleven."""
        while True:
            digits = [self.chance.randint(0, 9) for _ in range(8)]
            last = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
            if last < 10 and digits[0]:
                whole = "".join(map(str, (*digits, last)))
                return self.chance.choice(
                    [whole, whole, f"{whole[:4]}.{whole[4:6]}.{whole[6:]}", f"{whole[:3]} {whole[3:6]} {whole[6:]}"]
                )

    def street(self, locale: str) -> str:
        """Returns a street with a house number."""
        if locale == "tr_TR":
            return " ".join((self.fakers[locale].last_name(), self.chance.choice(["Sokak", "Caddesi"]), "No: 17"))
        faker = self.fakers[locale]
        if locale == "en_GB":
            return f"{self.chance.randint(1, 200)} {faker.street_name().title()}"
        if locale == "nl_NL":
            return f"{faker.street_name()} {self.chance.randint(1, 300)}" + self.chance.choice(
                ["", "", "a", " B", "-2", " bis"]
            )
        for _ in range(50):
            street = faker.street_address().split("\n")[0].strip()
            if (
                re.search(r"\d", street)
                and "Apt" not in street
                and "Piso" not in street
                and "Puerta" not in street
                and not re.search(r"Piano|Appartamento", street)
            ):
                return street
        return "Calle Mayor 12"

    def postcode(self, locale: str) -> str:
        """Returns a postcode; one that stands in an address for the countries whose postcodes are bare digits."""
        if locale == "en_GB":
            return " ".join(
                self.chance.choice(part) for part in (["SW1A", "EH1", "M2", "BS8", "CF10"], ["2AA", "7BT", "1JD"])
            )
        if locale == "nl_NL":
            letters = "".join(self.chance.choice("ABCDEGHJKLMNPRTVWXZ") for _ in range(2))
            return f"{self.chance.randint(1000, 9999)}{self.chance.choice([' ', ' ', ''])}{letters}"
        return self.fakers[locale].postcode() if locale != "tr_TR" else str(self.chance.randint(10000, 81999))

    def city(self, locale: str) -> str:
        """Returns a town; it is no detail."""
        return {
            "nl_NL": "Utrecht",
            "en_GB": "London",
            "de_DE": "K\u00f6ln",
            "fr_FR": "Lyon",
            "pl_PL": "Krak\u00f3w",
            "es_ES": "Sevilla",
            "tr_TR": "Ankara",
            "it_IT": "Torino",
            "da_DK": "Aarhus",
        }[locale]

    def url(self) -> str:
        """Returns the address of a post or an account."""
        number, name = self.chance.randint(10**8, 10**12), self.handle().lstrip("@")
        return self.chance.choice(
            [
                f"https://x-platform.example/{name}/status/{number}",
                f"https://www.video.example/watch?v={number:x}",
                f"www.video.example/@{name}/video/{number}",
                f"x-platform.example/{name}/status/{number}?s=20",
                f"https://social.example/@{name}/{number}",
                f"http://foto.example/p/{number:x}/",
                f"hxxps://x-platform.example/i/status/{number}",
            ]
        )

    def handle(self) -> str:
        """Returns the name of an account."""
        word = self.fakers[self.chance.choice(["nl_NL", "en_GB", "es_ES"])].user_name().replace("-", "_")
        number = self.chance.randint(1, 999)
        return self.chance.choice(
            [f"@{word}", f"@{word}{number}", f"@{word}_{number}", f"@{word}@social.example", f"u/{word}"]
        )

    def ticket(self) -> tuple[str, str, str]:
        """Returns a ticket number with the words before and behind it."""
        number = self.chance.randint(10**5, 10**8)
        return self.chance.choice(
            [
                ("[", f"#{number}", "]"),
                ("Case ", f"{number:011d}", ""),
                ("Ticket ID: ", f"{number}", ""),
                ("", f"ref:_00D{number}._500{number}x:ref", ""),
                ("case number ", f"{number}", ""),
                ("zaaknummer ", f"{number}", ""),
                ("", f"#{number}", ""),
                ("", f"TS-{number}", ""),
                ("Ticket#", f"{number}", ""),
            ]
        )

    # ---- annexes

    def annexes(self, mails: int) -> Iterator[Annex]:
        """Yields annexes of one or two mails until there are `mails` of them."""
        made, shape = 0, 0
        while made < mails:
            count = min(mails - made, self.chance.choice([1, 2]))
            language = "nl" if shape % 2 == 0 else "en"
            yield AnnexWriter(self, language).written(count, shape // 2)
            made += count
            shape += 1


@dataclass
class AnnexWriter:
    """Writes one annex."""

    planter: Planter
    language: str

    def __post_init__(self) -> None:
        """Chooses the cast: A writes, B answers, C and E are in copy, D stands nowhere else."""
        chance = self.planter.chance
        home = "nl_NL" if self.language == "nl" else "en_GB"
        self.cast = {
            role: self.planter.person(home if role == "A" else chance.choice([home, home, *LOCALES]))
            for role in "ABCDE"
        }
        self.annex = Annex()
        self.text = ""
        self.spots: list[tuple[int, int, str]] = []

    def written(self, mails: int, shape: int) -> Annex:
        """Returns the annex."""
        for mail in range(mails):
            body = SHAPES[(shape + mail * 7) % len(SHAPES)]
            self._part(mail, PrintedPart.SUBJECT, self._choice("subjects"))
            self._part(mail, PrintedPart.FROM, self._choice("senders"))
            self._part(mail, PrintedPart.TO, self._choice("recipients"))
            self._part(mail, PrintedPart.CC, self._choice("copies"))
            self._part(mail, PrintedPart.BODY, "".join(self._component(name) for name in body))
            self._part(mail, PrintedPart.ATTACHMENT, self._choice("attachments"))
        return self.annex

    def _choice(self, name: str) -> str:
        return self.planter.chance.choice(PIECES[self.language].get(name) or PIECES["any"][name])

    def _component(self, name: str) -> str:
        """Returns one block of a body; `>` before the name quotes it."""
        depth = len(name) - len(name.lstrip(">"))
        block = self._choice(name.lstrip(">"))
        block = block if block.endswith("\n") else f"{block}\n"
        return "".join("> " * depth + line for line in block.splitlines(keepends=True)) if depth else block

    def _part(self, mail: int, part: PrintedPart, template: str) -> None:
        self.text, self.spots = "", []
        at = 0
        for match in re.finditer(r"\{([a-zA-Z.]+)\}", template):
            self.text += template[at : match.start()]
            self._fill(match[1])
            at = match.end()
        self.text += template[at:]
        number = len(self.annex.texts)
        self.annex.texts.append(PrintedText(mail, part, 0, self.text))
        self.annex.details += (Detail(number, start, end, kind) for start, end, kind in self.spots)

    def _plant(self, value: str, kind: str) -> None:
        self.spots.append((len(self.text), len(self.text) + len(value), kind))
        self.text += value

    def _fill(self, name: str) -> None:
        """Writes what a placeholder stands for."""
        role, _, form = name.partition(".")
        if role in self.cast:
            kind, value = self._form(self.cast[role], form)
            self._plant(value, NOWHERE if role == "D" and kind == "name" else kind)
        elif name == "ticket":
            before, value, behind = self.planter.ticket()
            self.text += before
            self._plant(value, "ticket")
            self.text += behind
        elif name.startswith("address"):
            self._address(name)
        else:
            kind = {"url": "web address", "bsn": "citizen number"}.get(name, name)
            self._plant(
                {
                    "url": self.planter.url,
                    "bsn": self.planter.bsn,
                    "iban": self.planter.iban,
                    "handle": self.planter.handle,
                }[name](),
                kind,
            )

    def _address(self, name: str) -> None:
        """Writes a street, a postcode and a town, on one line or on two."""
        locale = self.cast["A" if name == "addressA" else "B"].locale
        self._plant(self.planter.street(locale), "street")
        self.text += {"addressline": ", "}.get(name, "\n")
        if locale == "en_GB":
            self.text += f"{self.planter.city(locale)} "
            self._plant(self.planter.postcode(locale), "postcode")
        else:
            self._plant(self.planter.postcode(locale), "postcode")
            self.text += f" {self.planter.city(locale)}"

    def _form(self, person: Person, form: str) -> tuple[str, str]:
        """Returns a form of a person's name, and its kind."""
        letter, last = person.given[0], person.last
        joined = plain(last).replace(" ", "").replace("'", "")
        ends = {"pl_PL": "a", "tr_TR": "'nin"}.get(person.locale, "s" if person.given[-1] not in "sxz" else "'")
        if person.locale == "pl_PL" and person.given.endswith("a"):
            inflected = f"{person.given[:-1]}y"
        else:
            inflected = f"{person.given}{ends}"
        surname_s = f"{last[0].upper()}{last[1:]}{'s' if last[-1] not in 'sxz' else chr(39)}"
        forms: dict[str, tuple[str, str]] = {
            "full": ("name", person.full),
            "first": ("name", person.given),
            "last": (
                "name",
                person.surname if not person.infix else f"{person.infix[0].upper()}{person.infix[1:]} {person.surname}",
            ),
            "formal": ("name", f"{letter}. {last}"),
            "caps": ("name", person.full.upper()),
            "plain": ("name", plain(person.full)),
            "turned": ("name", f"{person.surname}, {letter}. {person.infix}".strip() + f" ({person.given})"),
            "comma": ("name", f"{person.surname}, {person.given} {person.infix}".strip()),
            "init": ("initials", f"{letter}. {person.infix + ' ' if person.infix else ''}{person.surname[0]}."),
            "glued": ("initials", f"{letter}{''.join(word[0] for word in person.infix.split())}{person.surname[0]}"),
            "possessive": ("inflected name", inflected),
            "surnames": ("inflected name", surname_s),
            "file": (
                "name in an attachment",
                self.planter.chance.choice(
                    [
                        f"{letter}.{joined}",
                        plain(person.full).replace(" ", "_"),
                        joined.lower() if len(joined) > 4 else plain(person.full).replace(" ", "-"),
                        f"{plain(person.given)}{joined[0].upper()}{joined[1:]}",
                    ]
                ),
            ),
            "mail": ("mail address", person.mail),
            "spoken": (
                "mail address",
                person.mail.replace("@", " (at) ").replace(".", " punt ")
                if self.language == "nl"
                else person.mail.replace("@", " [at] ").replace(".", " [dot] "),
            ),
            "phone": ("telephone", person.phone),
        }
        return forms[form]


def annexes(seed: int, mails: int) -> list[Annex]:
    """Returns annexes with `mails` mails in all."""
    return list(Planter(seed).annexes(mails))
