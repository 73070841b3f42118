# SPDX-License-Identifier: EUPL-1.2
"""Loads `rules/NN-name.yaml` in order of name, with the domain lists and `languages.yaml`, as one rule set.

Other modules read the other YAML files of the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from flaggermail.mail.language_guess import Languages
from flaggermail.record.kinds import Kind
from flaggermail.rules.classifier import Cited, Rule, RuleSet, Samples, Then
from flaggermail.rules.conditions import wording
from flaggermail.rules.domain_lists import PACKAGE, list_paths, package_octets, read_lists
from flaggermail.rules.findings import KnownNames, RulesFolder, findings, kinds_of
from flaggermail.rules.models import LanguagesFile, RuleSettings, RulesFile
from flaggermail.rules.written_conditions import condition_of
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.source import Fault, YamlSource, read

LANGUAGES = "languages.yaml"
_NAME = re.compile(r"\d\d-[a-z0-9-]+\.yaml")


def load_rules(
    directory: Path, faults: list[Fault], known: KnownNames | None = None, *, dated_lists: bool = True
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
    return RuleSet(rules, folder.lists, folder.languages, version_of(octets), octets)


def _octets(directory: Path, *, dated_lists: bool) -> dict[str, bytes]:
    """Returns the octets of all files that affect classification, by path relative to the folder.

    The domains of the package are among them: another version of it may classify otherwise.
    """
    paths = [*_named(directory), *list_paths(directory, dated=dated_lists), directory / LANGUAGES]
    files = {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    return {**files, PACKAGE: package_octets()}


def _named(directory: Path) -> list[Path]:
    return sorted(path for path in directory.glob("*") if _NAME.fullmatch(path.name))


def stamp(*directories: Path) -> tuple[tuple[str, int, int], ...]:
    """Returns name, time of change and size of every file below; changes whenever one of them is written.

    A copy may keep the time of its last modification (`cp -p`), but not that of the change of its file.
    """
    below = sorted(path for directory in directories for path in directory.rglob("*"))
    known = ((path, _status(path)) for path in below)
    return tuple((str(path), at.st_ctime_ns, at.st_size) for path, at in known if at is not None)


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
        if not _NAME.fullmatch(path.name):
            words = "would not be read; name it NN-name.yaml: two digits, then small letters, digits and -"
            folder.faults.append(Fault(_name(path), 1, 1, "", words))
    if not paths:
        words = "the folder is missing or holds no NN-name.yaml; `flaggermail init DIR` writes rules to start from"
        folder.faults.append(Fault(directory.name, 1, 1, "", words))
    for path in paths:
        source = read(path, _name(path))
        file = checked(RulesFile, source)
        if file is None:
            folder.whole = False
            folder.faults += source.faults
        else:
            folder.files.append((source, file))
    folder.lists = read_lists(directory, folder.faults, dated=dated_lists)
    _read_languages(folder)
    return folder


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _read_languages(folder: RulesFolder) -> None:
    path = folder.directory / LANGUAGES
    if not path.is_file():
        return
    source = read(path, _name(path))
    file = checked(LanguagesFile, source)
    folder.faults += source.faults
    if file is not None:
        words = {code: frozenset(word.lower() for word in of) for code, of in file.languages.items()}
        folder.languages = Languages(words)


def _rule(source: YamlSource, file: RulesFile, index: int) -> Rule:
    rule = file.rules[index]
    then = rule.then
    line, column = source.places["rules", index, "name"]
    return Rule(
        name=rule.name,
        stage=file.stage,
        when=condition_of(rule.when),
        then=Then(
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


def _cited(source: YamlSource, index: int, name: str, rule: RuleSettings) -> tuple[Cited, ...]:
    return tuple(
        Cited(sample, *source.places["rules", index, "samples", name, at])
        for at, sample in enumerate(getattr(rule.samples, name))
    )
