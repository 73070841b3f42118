# SPDX-License-Identifier: EUPL-1.2
"""What opening a desk costs is done once for the same files: YAML read, words merged, patterns and mails compiled."""

import pickle
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import re2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flaggermail.adapters.files import template_engine
from flaggermail.adapters.files.template_engine import Formats, TemplateEngine, Tries
from flaggermail.adapters.parsing import vocabulary_file
from flaggermail.adapters.parsing.vocabulary_file import FILE_NAME, MACHINES_FILE_NAME
from flaggermail.annex import redaction_words
from flaggermail.annex.redaction.known import RedactionWords
from flaggermail.errors import ConfigurationError
from flaggermail.mail.vocabulary import Language
from flaggermail.rules import configuration
from flaggermail.rules import files as rule_files
from flaggermail.rules import models as rule_models
from flaggermail.rules.classifier import RuleSet
from flaggermail.rules.findings import KnownNames
from flaggermail.settings.yaml_files import source
from flaggermail.settings.yaml_files.source import FileFault
from flaggermail.wiring import assembly, setup_checks

KEPT = 256  # texts; a configuration with its rules has about fifteen files
PATTERNS = 2048

ENVIRONMENTS = 16  # pairs of words and a time zone
TEMPLATES = 1024
RULES = 64  # sets of rules

_read = vars(source)["_compose"]
_environment = vars(template_engine)["_environment"]
_compile = vars(template_engine)["_compile"]
_read_words: Callable[[Path], RedactionWords] = vars(redaction_words)["_read"]
_institutions = vars(redaction_words)["_with_institutions"]
_language = vocabulary_file.read_language
_load_rules = rule_files.load_rules
_rules: dict[tuple[object, ...], tuple[RuleSet, tuple[FileFault, ...]]] = {}
_redaction: dict[tuple[str, bytes], RedactionWords] = {}
_with_lists: dict[tuple[object, ...], tuple[RedactionWords, RedactionWords]] = {}
_languages: dict[tuple[bytes, ...], Language] = {}
_environments: list[tuple[Formats, ImmutableSandboxedEnvironment]] = []


@lru_cache(KEPT)
def _source(text: str, file: str) -> bytes:
    found = source.YamlSource(file)
    _read(text, found)
    return pickle.dumps((found.values, found.places, found.faults))


def _read_once(text: str, found: source.YamlSource) -> None:
    """Gives values and places of their own to each reader, which may rename keys and add faults."""
    found.values, found.places, faults = pickle.loads(_source(text, found.file))  # noqa: S301 - octets made here
    found.faults += faults


def _words_once(path: Path) -> RedactionWords:
    """Returns the same words for the same file; raises ConfigurationError each time for a faulty one."""
    try:
        key = (path.parent.name, path.read_bytes())
    except OSError:
        return _read_words(path)
    if key not in _redaction:
        _redaction[key] = _read_words(path)
    return _redaction[key]


def _institutions_once(words: RedactionWords, rules: Path) -> RedactionWords:
    """Returns the same words for the same words (which are kept, so that their ids are theirs) and dated lists."""
    lists = sorted((rules / redaction_words.INSTITUTIONS).glob("*.txt"))
    same = tuple((name, id(found)) for name, found in words.lists.items())  # a list is kept from where it was read
    key = (same, *((path.name, path.read_bytes()) for path in lists))
    if key not in _with_lists:
        _with_lists[key] = (words, _institutions(words, rules))
    return _with_lists[key][1]


def _language_once(rules: Path) -> Language:
    """Returns the same vocabulary for the same two files; raises ConfigurationError each time for faulty ones."""
    try:
        key = tuple((rules / name).read_bytes() for name in (FILE_NAME, MACHINES_FILE_NAME))
    except OSError:
        return _language(rules)
    if key not in _languages:
        _languages[key] = _language(rules)
    return _languages[key]


def _rules_once(
    directory: Path, faults: list[FileFault], known: KnownNames | None = None, *, dated_lists: bool = True
) -> RuleSet:  # fmt: skip
    """Returns the same rules, and adds the same faults, for the same files and names; rules are never changed."""
    try:
        files = tuple(
            (path.relative_to(directory), path.read_bytes() if path.is_file() else None)
            for folder in (directory, *(directory / name for name in (rule_files.DATED, rule_files.LISTS)))
            for path in sorted(folder.glob("*"))
        )
    except OSError:
        return _load_rules(directory, faults, known, dated_lists=dated_lists)
    key = (directory.name, files, repr(known), dated_lists)
    if key not in _rules:
        if len(_rules) == RULES:
            _rules.clear()
        told: list[FileFault] = []
        _rules[key] = _load_rules(directory, told, known, dated_lists=dated_lists), tuple(told)
    rules, found = _rules[key]
    faults += found
    return rules


def _environment_once(formats: Formats) -> ImmutableSandboxedEnvironment:
    """Returns one environment for the same words and zone; a mapping of words has no hash."""
    for known, made in _environments:
        if known == formats:
            return made
    _environments[ENVIRONMENTS - 1 :] = []
    _environments.insert(0, (formats, _environment(formats)))
    return _environments[0][1]


def _found_once(find: Callable[..., Iterable[str]]) -> Callable[..., tuple[str, ...]]:
    """Returns a search for faults of one template that is made once for the same template and words."""
    known: dict[tuple[object, ...], tuple[str, ...]] = {}

    def found(engine: TemplateEngine, name: str, language: str, *tries: Callable[[], Tries]) -> tuple[str, ...]:
        try:
            read = vars(TemplateEngine)["_source"](engine, name, language)
        except ConfigurationError:
            return tuple(find(engine, name, language, *tries))
        key = (vars(engine)["_environments"][language], name, read)
        if key not in known:
            if len(known) == TEMPLATES:
                known.clear()
            known[key] = tuple(find(engine, name, language, *tries))
        if not known[key]:
            vars(TemplateEngine)["_templates"](engine, name, language)  # kept, whatever becomes of the file
        return known[key]

    return found


def compose_once() -> None:
    """Makes the readers of the configuration, of the words and of the mail templates use them in this process."""
    vars(redaction_words).update(_read=_words_once, _with_institutions=_institutions_once)
    for module in (vocabulary_file, assembly, setup_checks):
        vars(module)["read_language"] = _language_once
    vars(configuration)["load_rules"] = _rules_once
    vars(template_engine)["_environment"] = _environment_once
    vars(template_engine)["_compile"] = lru_cache(TEMPLATES)(_compile)
    for search in ("_faults", "_tried"):
        setattr(TemplateEngine, search, _found_once(vars(TemplateEngine)[search]))
    vars(source)["_compose"] = _read_once
    vars(rule_models)["re2"] = SimpleNamespace(compile=lru_cache(PATTERNS)(re2.compile), error=re2.error)
