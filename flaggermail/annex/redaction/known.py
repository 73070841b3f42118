# SPDX-License-Identifier: EUPL-1.2
"""What a desk knows before it reads an annex: its words, its channels, itself, its people, and what is public."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.annex.redaction.spans import fold, words_of
from flaggermail.mail.fields import mailbox_of
from flaggermail.mail.vocabulary import Language

LISTS = (
    "salutations",
    "closings",
    "titles",
    "degrees",
    "infixes",
    "infix_openers",
    "conjunctions",
    "cues",
    "name_labels",
    "roles",
    "ordinary",
    "never",
    "places",
    "months",
    "given_names",
    "street_endings",
    "street_words",
    "ticket_words",
    "telephone_words",
    "extension_words",
    "citizen_number_words",
    "handle_words",
    "at_words",
    "dot_words",
    "units",
    "functions",
    "bodies",
    "institutions",
    "surnames",
    "openers",
    "papers",
    "verbs",
    "place_words",
    "month_names",
    "birth_words",
    "document_words",
    "plate_words",
    "staff_words",
    "version_words",
    "box_words",
    "noun_capitals",
    "mailbox_words",
)
"""The keys of a language's block in `rules/redaction.yaml`."""
SHORTEST_NOUN = 4  # letters of a word that other words end with


@dataclass(frozen=True, eq=False)
class RedactionWords:
    """The words of `rules/redaction.yaml`, all languages together, without capitals and accents.

    `towns`: names of municipalities and provinces, which are names of people too; `abbreviations`: institutions that
    are one only in capitals. Institutions that are neither are among the `lists`.
    """

    lists: Mapping[str, frozenset[str]]
    towns: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> frozenset[str]:
        """Returns the list with this name."""
        return self.lists[name]

    @cached_property
    def sorted_lists(self) -> Mapping[str, tuple[str, ...]]:
        """Each list, the longest words first."""
        return {name: tuple(sorted(words, key=lambda word: (-len(word), word))) for name, words in self.lists.items()}

    @cached_property
    def institutions(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """The words of each institution and town by their first word, the longest first."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for phrase in self["institutions"] | self.towns | self.abbreviations:
            words = tuple(phrase.split())
            found.setdefault(words[0], set()).add(words)
        return {first: tuple(sorted(every, key=len, reverse=True)) for first, every in found.items()}

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """Openers, papers and functions: no name by themselves, and a surname behind a given name."""
        return (self["openers"] | self["papers"] | self["functions"]) - self["roles"] - self["never"] - self["infixes"]

    @cached_property
    def plain(self) -> frozenset[str]:
        """Words that are no name even with a capital, apart from small words in a surname and from `ordinary` ones."""
        names = ("roles", "never", "bodies", "titles", "degrees", "salutations")
        never = frozenset().union(*(self[name] for name in names), self["month_names"] - self["months"])
        return (never | (self.doubtful - self["ordinary"])) - self["infixes"]

    @cached_property
    def nouns(self) -> Mapping[str, tuple[str, ...]]:
        """Papers and functions by their last letters: other words end with them ("terugbelverzoek")."""
        found: dict[str, list[str]] = {}
        for noun in self["papers"] | self["functions"]:
            if len(noun) >= SHORTEST_NOUN:
                found.setdefault(noun[-SHORTEST_NOUN:], []).append(noun)
        return {ending: tuple(nouns) for ending, nouns in found.items()}

    def is_no_name(self, folded: str) -> bool:
        """True if a word is a function, a part of an organisation or never a name, and no small word in a surname."""
        return folded not in self["infixes"] and (folded in self["roles"] or folded in self["never"])


def merged_words(tables: Iterable[Mapping[str, Sequence[str]]]) -> RedactionWords:
    """Merges the tables of all languages; a list that no table has is empty."""
    words: dict[str, set[str]] = {name: set() for name in LISTS}
    for table in tables:
        for name, values in table.items():
            words[name] |= {" ".join(word.folded for word in words_of(value)) for value in values}
    return RedactionWords({name: frozenset(values - {""}) for name, values in words.items()})


@dataclass(frozen=True)
class KnownToDesk:
    """What the desk knows. Telephone numbers are compared by their digits, addresses without what follows a plus sign.

    `prefix`: of case numbers; `tails` and `tokens`: ours, of the mails of the annex; `channels`: mail addresses and
    telephone numbers of escalation channels; `own`: mail addresses and telephone numbers of the desk; `names`: of
    officers; `organisations`: names that are no person's, such as platforms, channels and the desk; `public`: mail
    addresses, hosts and web addresses that everybody may read, such as a platform's policy page (whatever is below it
    is public too), streets, postcodes and telephone numbers of a colophon; `official_hosts`: of authorities, with their
    sub-domains; `mail_hosts`: of providers of mailboxes to the public.
    """

    words: RedactionWords
    language: Language
    prefix: str
    tails: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    public: tuple[str, ...] = field(default=())
    official_hosts: frozenset[str] = field(default=frozenset())
    mail_hosts: frozenset[str] = field(default=frozenset())

    @cached_property
    def channel_keys(self) -> frozenset[str]:
        """The channels in the form in which they are compared."""
        return frozenset(map(contact_key, self.channels))

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """The desk's own addresses and numbers in the form in which they are compared."""
        return frozenset(map(contact_key, self.own))

    @cached_property
    def public_keys(self) -> tuple[str, ...]:
        """Public addresses in the form in which they are compared."""
        return tuple(sorted({web_key(address) for address in self.public}))

    @cached_property
    def public_numbers(self) -> frozenset[str]:
        """Public telephone numbers in the form in which they are compared."""
        return frozenset(contact_key(one) for one in self.public if not any(map(str.isalpha, one)))

    @cached_property
    def organisation_words(self) -> frozenset[str]:
        """Words of the names of organisations."""
        return frozenset(fold(word) for name in self.organisations for word in name.split())

    def is_public(self, text: str) -> bool:
        """True if a street or a postcode is in an address that everybody may read."""
        key = web_key(" ".join(text.split()))
        return any(key == public or f"{key}," in public or f", {key}" in public for public in self.public_keys)

    def is_of_everybody(self, host: str) -> bool:
        """True if a host of mail is an authority's or a provider's: it is nobody's surname."""
        return host.lower() in self.mail_hosts or self.is_official(host.lower())

    def is_official(self, key: str) -> bool:
        """True if a web address, as it is compared, is below a host of an authority."""
        host = re.split(r"[/?#:]", key, maxsplit=1)[0]
        labels = host.split(".")
        return any(".".join(labels[at:]) in self.official_hosts for at in range(len(labels) - 1))

    def is_no_name(self, folded: str) -> bool:
        """True if a word belongs to a function or an organisation."""
        return self.words.is_no_name(folded) or folded in self.organisation_words


_NATIONAL = 9  # digits of a national number that are compared; the rest is the country's code or a zero


def contact_key(contact: str) -> str:
    """Returns a mail address without its detail, or the last digits of a telephone number."""
    if "@" in contact:
        return mailbox_of(contact)
    digits = "".join(filter(str.isdigit, contact))
    return digits[-_NATIONAL:] if len(digits) > _NATIONAL else digits.lstrip("0")


def web_key(address: str) -> str:
    """Returns a web address without scheme, `www.` and closing stroke, in lower case."""
    _, _, rest = address.strip().lower().rpartition("://")
    return rest.removeprefix("www.").rstrip("/")
