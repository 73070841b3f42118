# SPDX-License-Identifier: EUPL-1.2
"""Exchanges of invented people in Dutch and English, with the truth about each place: to measure what is proposed.

At least 30 % of the names stand in running prose, of persons that nothing introduces. No given name, surname, town,
party or organisation that is to be found is in a list of the product. The same seed gives the same exchanges.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ruamel.yaml import YAML

from flaggermail.annex.redaction.marks import PrintedPart, PrintedText
from tests.planted import Annex, Detail, plain

SEED, EXCHANGES = 20261130, 300
_TEXT = YAML(typ="safe").load(Path(__file__).with_name("invented_text.yaml"))
INVENTED: dict[str, list[str]] = _TEXT["invented"]
REAL: dict[str, list[str]] = _TEXT["real"]
_HOLE = re.compile(r"\{(\w+)(?:\.(\w+))?\}")
_MAILS = (2, 3, 4)
_PLATES = (
    "XX-99-99", "99-99-XX", "99-XX-99", "XX-99-XX", "XX-XX-99", "99-XX-XX", "99-XXX-9", "9-XXX-99", "XX-999-X",
    "X-999-XX",
)  # fmt: skip
_SAFE = "BDFGHJKLNPRSTVXZ"


class Planted(StrEnum):
    """What stands at a place. The last two stay; of unknown words a person is asked; all others are to be marked."""

    INTRODUCED = "name, introduced"
    PROSE = "name, in prose alone"
    IN_SUBJECT = "name, in a subject"
    IN_FILE = "name, in a file name"
    PLATE = "licence plate"
    BORN = "date of birth"
    DOCUMENT = "document number"
    IP = "ip address"
    STAFF = "staff number"
    OBFUSCATED = "address in words"
    MAIL = "mail address"
    TELEPHONE = "telephone"
    IBAN = "iban"
    TICKET = "ticket"
    LINK = "handle or link"
    UNKNOWN_PERSON = "person behind a function"  # "collega van X": to be marked, or asked about
    UNKNOWN = "unknown institution behind a function"  # "de burgemeester van X": to be asked about
    INSTITUTION = "institution of the lists"
    OWN = "own number"


NAMES = (Planted.INTRODUCED, Planted.PROSE, Planted.IN_SUBJECT, Planted.IN_FILE)
UNKNOWN = (Planted.UNKNOWN_PERSON, Planted.UNKNOWN)
STAY = (Planted.INSTITUTION, Planted.OWN)


@dataclass(frozen=True)
class Invented:
    """A person."""

    first: str
    infix: str
    surname: str
    mail: str
    phone: str

    @property
    def last(self) -> str:
        """The surname, with a capital at its infix."""
        whole = f"{self.infix} {self.surname}".strip()
        return whole[0].upper() + whole[1:] if whole[0].isalpha() else whole

    @property
    def full(self) -> str:
        """The whole name."""
        return " ".join(part for part in (self.first, self.infix, self.surname) if part)

    @property
    def formal(self) -> str:
        """The surname behind an initial."""
        return " ".join(part for part in (f"{self.first[0]}.", self.infix, self.surname) if part)

    @property
    def firsts(self) -> str:
        """The given name, inflected."""
        return f"{self.first}s"

    @property
    def file(self) -> str:
        """The name with underscores."""
        return self.full.replace(" - ", "-").replace(" ", "_")

    @property
    def snake(self) -> str:
        """The same, the surname first."""
        return f"{self.surname}_{self.first}".replace(" - ", "-").replace(" ", "_")

    @property
    def small(self) -> str:
        """The surname without capitals and accents, joined by hyphens: found where the mail has it elsewhere."""
        return plain(self.last).lower().replace(" - ", "-").replace(" ", "-")


@dataclass
class _Exchange:
    """One exchange while it is written."""

    chance: random.Random
    language: str
    annex: Annex = field(default_factory=Annex)
    people: dict[str, Invented] = field(default_factory=dict)
    phone: str = ""
    plate: str = ""
    staff: str = ""

    def pick(self, name: str) -> str:
        """Returns one of the sentences of a block."""
        found: str = self.chance.choice(_TEXT[self.language][name])
        return found

    def add(self, mail: int, part: PrintedPart, number: int, template: str) -> None:
        """Adds a text; what stands at its holes is a detail."""
        text, at, of = "", 0, len(self.annex.texts)
        for hole in _HOLE.finditer(template):
            text += template[at : hole.start()]
            at = hole.end()
            kind, value = self._filled(hole[1], hole[2], part)
            if kind is not None:
                self.annex.details.append(Detail(of, len(text), len(text) + len(value), kind))
            text += value
        self.annex.texts.append(PrintedText(mail, part, number, text + template[at:]))

    def _filled(self, name: str, form: str | None, part: PrintedPart) -> tuple[Planted | None, str]:
        """Returns what stands at a hole, and what it is."""
        if name in _TITLES:
            return None, self.chance.choice(_TITLES[name])
        if name in _NUMBERS:
            return _NUMBERS[name](self)
        if name in self.people:
            value: str = getattr(self.people[name], form or "full")
            return _FORMS.get(form or "") or self._of_part(name, part), value
        if name == "real":
            return Planted.INSTITUTION, self.chance.choice(REAL[form or ""])
        word = self.chance.choice(INVENTED[form or ""])
        if name == "van":
            return Planted.UNKNOWN_PERSON, f"van {word}"
        return (None if form == "organisations" else Planted.UNKNOWN), word

    def _of_part(self, name: str, part: PrintedPart) -> Planted:
        if part is PrintedPart.SUBJECT:
            return Planted.IN_SUBJECT
        if part is PrintedPart.ATTACHMENT:
            return Planted.IN_FILE
        return Planted.PROSE if name in "DE" else Planted.INTRODUCED

    def digits(self, count: int) -> str:
        """Returns so many digits."""
        return "".join(self.chance.choice("0123456789") for _ in range(count))

    # ---- what has a form of its own

    def telephone(self) -> tuple[Planted, str]:
        """Returns the reporter's number, in one of its writings."""
        forms = [f"06-{self.phone}", f"06 {self.phone[:4]} {self.phone[4:]}", f"+31 6 {self.phone}"]
        return Planted.TELEPHONE, self.chance.choice(forms)

    def telephone_in_file(self) -> tuple[Planted, str]:
        """Returns the same number as the name of a file has it."""
        return Planted.TELEPHONE, self.chance.choice([f"06{self.phone}", f"316{self.phone}", f"06-{self.phone}"])

    def licence_plate(self) -> tuple[Planted, str]:
        """Returns the plate of the exchange."""
        return Planted.PLATE, self.plate if self.chance.random() < _MOSTLY else self.plate.replace("-", " ")

    def licence_plate_in_file(self) -> tuple[Planted, str]:
        """Returns the same plate as the name of a file has it."""
        return Planted.PLATE, self.chance.choice([self.plate, self.plate.replace("-", "")])

    def born(self) -> tuple[Planted, str]:
        """Returns a date of birth."""
        day, month, year = self.chance.randint(1, 28), self.chance.randint(1, 12), self.chance.randint(1935, 2006)
        named = f"{day} {_MONTHS[self.language][month - 1]} {year}"
        return Planted.BORN, self.chance.choice([f"{day}-{month}-{year}", f"{day:02}/{month:02}/{year}", named])

    def document(self) -> tuple[Planted, str]:
        """Returns the number of a passport or an identity card."""
        old = f"NX{self.digits(1)}B{self.digits(3)}K{self.digits(1)}9"
        return Planted.DOCUMENT, self.chance.choice([old, f"SP{self.digits(7)}"])

    def internet(self) -> tuple[Planted, str]:
        """Returns an address of the internet, of either version."""
        four = ".".join(str(self.chance.randint(1, 254)) for _ in range(4))
        six = f"2a02:{self.digits(4)}:{self.digits(4)}:1::{self.digits(2)}"
        return Planted.IP, four if self.chance.random() < _MOSTLY else six

    def member_of_staff(self) -> tuple[Planted, str]:
        """Returns the staff number of the exchange."""
        return Planted.STAFF, self.staff

    def obfuscated(self) -> tuple[Planted, str]:
        """Returns an address as people hide it from machines."""
        person, host = self.people["D"], self.chance.choice(INVENTED["hosts"]).removesuffix(".example")
        local = re.sub("[^a-z.]", "", plain(f"{person.first}.{person.surname}").lower())
        signs = [" at ", " @ ", "[at]", " (at) "]
        return Planted.OBFUSCATED, f"{local}{self.chance.choice(signs)}{host}{self.chance.choice(['.nl', ' punt nl'])}"

    def iban(self) -> tuple[Planted, str]:
        """Returns a Dutch account number whose check digits hold."""
        rest = f"RABO0{self.digits(9)}"
        check = 98 - int("".join(str(int(sign, 36)) for sign in f"{rest}NL00")) % 97
        return Planted.IBAN, f"NL{check:02} {rest[:4]} {rest[4:8]} {rest[8:12]} {rest[12:]}"

    def ticket(self) -> tuple[Planted, str]:
        """Returns a platform's number."""
        return Planted.TICKET, self.chance.choice([f"#{self.digits(9)}", f"CAS-{self.digits(7)}", self.digits(9)])

    def own(self) -> tuple[Planted, str]:
        """Returns a number of ours, of Parliament, or of a switchboard."""
        return Planted.OWN, self.chance.choice(REAL["own"])

    def account(self) -> tuple[Planted, str]:
        """Returns the name of an account."""
        return Planted.LINK, f"@{self.chance.choice(['stem', 'nieuws', 'waar'])}{self.digits(3)}"

    def post(self) -> tuple[Planted, str]:
        """Returns the address of a post."""
        return Planted.LINK, f"https://social.example/p/{self.digits(9)}"


_MOSTLY = 0.75
_TITLES = {"mw": ["mw.", "mevrouw"], "dhr": ["dhr.", "de heer"], "ms": ["Ms"], "mr": ["Mr"]}
_FORMS = {"mail": Planted.MAIL, "phone": Planted.TELEPHONE}
_NUMBERS: Mapping[str, Callable[[_Exchange], tuple[Planted, str]]] = {
    "phone": _Exchange.telephone,
    "phonefile": _Exchange.telephone_in_file,
    "plate": _Exchange.licence_plate,
    "platefile": _Exchange.licence_plate_in_file,
    "born": _Exchange.born,
    "document": _Exchange.document,
    "ip": _Exchange.internet,
    "staff": _Exchange.member_of_staff,
    "stafffile": _Exchange.member_of_staff,
    "obfuscated": _Exchange.obfuscated,
    "iban": _Exchange.iban,
    "ticket": _Exchange.ticket,
    "own": _Exchange.own,
    "handle": _Exchange.account,
    "url": _Exchange.post,
}
_MONTHS = {
    "nl": ["jan", "feb", "mrt", "april", "mei", "juni", "juli", "aug", "sept", "okt", "nov", "dec"],
    "en": ["Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"],
}


def _person(chance: random.Random) -> Invented:
    """Returns a person with one of the forms of surnames: infixes, two surnames, "'s-"."""
    first, surname = chance.choice(INVENTED["given"]), chance.choice(INVENTED["surnames"])
    infix, form = chance.choice(INVENTED["infixes"]), chance.random()
    if form < 0.08:
        surname = f"{surname}-{chance.choice(INVENTED['second'])}"
    elif form < 0.14:
        surname = f"{surname} - {chance.choice(['ten', 'van', 'de'])} {chance.choice(INVENTED['second'])}"
    elif form < 0.18:
        infix, surname = "", f"'s-{chance.choice(['Gravenmeurs', 'Heerendorn', 'Jacobsmade'])}"
    local = re.sub("[^a-z.]", "", plain(f"{first}.{infix}{surname}").lower())
    digits = f"{chance.randrange(10**8):08}"
    return Invented(first, infix, surname, f"{local}@{chance.choice(INVENTED['hosts'])}", f"06-{digits}")


def _plate(chance: random.Random) -> str:
    form = chance.choice(_PLATES)
    return re.sub("[X9]", lambda one: chance.choice(_SAFE if one[0] == "X" else "0123456789"), form)


def exchange(chance: random.Random) -> Annex:
    """Returns one exchange: two to four mails, with one cast."""
    made = _Exchange(chance, chance.choice(["nl", "nl", "en"]))
    made.people = {role: _person(chance) for role in "WPCDE"}
    made.phone, made.plate, made.staff = (
        f"{chance.randrange(10**8):08}",
        _plate(chance),
        f"{chance.randrange(10**6):06}",
    )
    for mail in range(chance.choice(_MAILS)):
        made.add(mail, PrintedPart.SUBJECT, 0, made.pick("subjects"))
        made.add(mail, PrintedPart.FROM, 0, "{W.full} <{W.mail}>")
        made.add(mail, PrintedPart.TO, 0, "{P.full} <{P.mail}>")
        shape = chance.choice(_TEXT["shapes"])
        made.add(mail, PrintedPart.BODY, 0, "".join(made.pick(name) for name in shape).replace(" \n", "\n"))
        for number in range(chance.choice([0, 1, 1, 2])):
            made.add(mail, PrintedPart.ATTACHMENT, number, made.pick("files"))
    return made.annex


def exchanges(seed: int = SEED, count: int = EXCHANGES) -> Iterator[Annex]:
    """Yields so many exchanges."""
    chance = random.Random(seed)  # noqa: S311 - a fixed seed, nothing secret
    for _ in range(count):
        yield exchange(chance)
