# SPDX-License-Identifier: EUPL-1.2
"""What a desk knows before it reads an annex: its words, its channels, itself, its people, and what is public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.mail.addresses import mailbox_of
from flaggermail.mail.vocabulary import Language
from flaggermail.redaction.spans import fold, words_of

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
)
"""The keys of a language's block in `rules/redaction.yaml`."""


@dataclass(frozen=True, eq=False)
class RedactionWords:
    """The words of `rules/redaction.yaml`, all languages together, without capitals and accents."""

    lists: Mapping[str, frozenset[str]]

    def __getitem__(self, name: str) -> frozenset[str]:
        """Returns the list with this name."""
        return self.lists[name]

    @cached_property
    def sorted_lists(self) -> Mapping[str, tuple[str, ...]]:
        """Each list, the longest words first."""
        return {name: tuple(sorted(words, key=lambda word: (-len(word), word))) for name, words in self.lists.items()}

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
    is public too).
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
    def organisation_words(self) -> frozenset[str]:
        """Words of the names of organisations."""
        return frozenset(fold(word) for name in self.organisations for word in name.split())

    def is_public(self, text: str) -> bool:
        """True if an address, a number or a street is one that everybody may read."""
        return web_key(" ".join(text.split())) in self.public_keys

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
