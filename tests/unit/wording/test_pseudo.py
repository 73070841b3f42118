# SPDX-License-Identifier: EUPL-1.2
"""A language is a folder: a pseudo-language that is made of English goes through every sentence, mail and view.

A word that a reader of it still sees in plain letters is in no catalogue and in no template.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from flaggermail.adapters.files.template_engine import TemplateEngine
from flaggermail.adapters.files.template_trials import situations
from flaggermail.adapters.files.templates import LanguageWords
from flaggermail.archive.dossier_shown import WORDS, value_in_words
from flaggermail.errors import Refusal
from flaggermail.figures.figures_page import page
from flaggermail.letters.template_values import VALUES
from flaggermail.record import clocks
from flaggermail.record.case_values import LanguageCode
from flaggermail.wording import catalogues
from flaggermail.wording.said import every
from tests.corpus import each
from tests.doubles.sample_uses import TELLINGS, figures, of_june
from tests.tools import pseudo
from tests.tools.said import sample

# What a mail shows as it is, in every language. A value in small letters alone is no fact: it may be a code.
FACTS: Mapping[str, str] = {
    "attachments": "the names of a sender's files",
    "desk_address": "an address",
    "policy_url": "an address",
    "line_read": "the words of a reply, quoted",
    "in_the_way": "the same",
    "reason": "the words of an officer",
    "replies": "what a reply may say: it is recognised, and no sentence",
    "what_would_work": "the same",
    "next_step": "a command",
}
FACT = re.compile(r".*[A-Z0-9@].*", re.DOTALL)
LONG = "each text is long"  # a situation that repeats the facts of another


@pytest.fixture(name="templates", scope="module")
def language_in_a_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The catalogues and the templates of the pseudo-language, in a folder of their own."""
    folder = tmp_path_factory.mktemp("language")
    templates = pseudo.write(folder)
    catalogues.FOLDERS.append(folder)
    yield templates
    catalogues.FOLDERS.remove(folder)
    catalogues.catalogue.cache_clear()
    catalogues.locale.cache_clear()


def facts_in(value: object, key: str = "") -> Iterator[str]:
    """Yields the texts among a template's values that every language shows as they are."""
    if isinstance(value, str):
        if FACT.fullmatch(value) or key in FACTS:
            yield from (value, *value.splitlines())
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from facts_in(inner, str(name))
    elif isinstance(value, Sequence):
        for inner in value:
            yield from facts_in(inner, key)


@pytest.mark.usefixtures("templates")
@each("code", sorted(every()))
def test_every_sentence_is_in_the_catalogue(code: str) -> None:
    """A refusal, a reason, a label or an alarm has all its words from the language."""
    shown = sample(every()[code]).in_language(pseudo.CODE)
    assert pseudo.left_in(shown, frozenset({"XK-7"})) == []


@each("name", sorted(VALUES))
def test_every_mail_is_in_the_language(templates: Path, name: str) -> None:
    """A mail, in each situation in which it is written, shows facts and the words of the language, and no code."""
    words = YAML(typ="safe", pure=True).load((templates / "words.yaml").read_bytes())[pseudo.CODE]

    def text(name: str, language: str) -> str:
        return (templates / language / f"{name}.j2").read_text("utf-8")

    own = {pseudo.CODE: LanguageWords.model_validate(words)}
    engine = TemplateEngine(templates.name, ZoneInfo("Europe/Amsterdam"), own, text)
    for where, values in situations(name):
        if where == LONG:
            continue
        written = engine.render(name, pseudo.CODE, values)
        facts = frozenset(fact for fact in facts_in(values) if len(fact) > 1)
        assert pseudo.left_in(f"{written.subject}\n{written.body}", facts) == [], where


@pytest.mark.usefixtures("templates")
def test_what_is_counted_and_dated_is_in_the_language() -> None:
    """Spans of time and the values of a dossier come from the language too."""
    shown = [clocks.in_sentence(minutes, pseudo.CODE) for minutes in (0, 1, 152, 13140)]
    shown += [clocks.in_minutes(minutes, pseudo.CODE) for minutes in (0, 1, 13140)]
    shown += [
        value_in_words(value, pseudo.CODE)
        for values, words in WORDS.items()
        for value in values
        if value.name in words.__members__
    ]
    facts = frozenset({"IMAP", "Graph", "MIME"})
    assert [pseudo.left_in(text, facts) for text in shown if pseudo.left_in(text, facts)] == []


@pytest.mark.usefixtures("templates")
def test_the_page_of_figures_is_in_the_language() -> None:
    """Text, tables and the descriptions of pictures: only numbers of cases, a channel and the time zone are plain."""
    telling = replace(TELLINGS["en"], months=tuple(catalogues.locale(pseudo.CODE).months))
    made = page(figures(of_june()), replace(telling, language=cast("LanguageCode", pseudo.CODE)), "1")
    shown = re.sub(r"<style.*?</style>", " ", made, flags=re.DOTALL)
    texts = [*re.findall(r">([^<]+)<", shown), *re.findall(r'(?:alt|title|aria-label)="([^"]*)"', shown)]
    facts = frozenset({"VF-EP2024", "EP2024", "PS2023", "VF-PS2023", "Europe/Amsterdam", "x-urgent"})
    assert len(texts) > 200
    assert [left for text in texts if (left := pseudo.left_in(unescape(text), facts))] == []


def test_a_word_in_no_catalogue_is_seen() -> None:
    """The search finds a plain word, and passes over facts, commands, options, addresses and names of files."""
    assert pseudo.left_in("ŕéçéíṽéđ yesterday by J. Wacht", frozenset({"J. Wacht"})) == ["yesterday", "by"]
    assert pseudo.left_in("`flaggermail case list`, --item, a@b.example, https://x.example/a, oncall.yaml") == []
    text = "Subject: New\n\n{{ 'old' if kind == 'portal' else {'a': 'new'}[it] }} {{ it | day }}"
    assert pseudo.template(text) == text.replace("New", "Ñéŵ").replace("'new", "'ñéŵ").replace("old", "óļđ")


LOAD = """
import sys
from pathlib import Path
from flaggermail.archive.dossier_parts import readme
from flaggermail.errors import ConfigurationError
from flaggermail.report.draft import WordsPart
from flaggermail.record.case_values import LanguageCode
from flaggermail.rules.configuration import load
from flaggermail.wiring.setup_checks import template_faults
try:
    settings = load(Path("config"))
    print(settings.desk.organisation.language, LanguageCode("qps").name, template_faults(settings))
    print(readme("VF-7", settings.desk.organisation.name, "now").decode().count("VF-7"), WordsPart(qps="x").qps)
except ConfigurationError as fault:
    print(*fault.faults, sep="\\n")
"""


@pytest.mark.outside
def test_a_folder_adds_a_language(tmp_path: Path) -> None:
    """With its folder beside the others a desk writes in it: `check` names each name that the desk lacks, and no code.

    An election has two official names; readers of the new language are shown the English one. The page of a dossier and
    the words of a report are in each language.
    """
    package = Path(catalogues.__file__).parents[1]
    shutil.copytree(package, tmp_path / "flaggermail", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(pseudo.TEMPLATES.parent, tmp_path / "config")
    shutil.copytree(pseudo.TEMPLATES.parents[1] / "rules", tmp_path / "rules")
    made = pseudo.write(tmp_path / "made")
    shutil.copytree(tmp_path / "made" / pseudo.CODE, tmp_path / "flaggermail" / "wording" / pseudo.CODE)
    shutil.copytree(made, tmp_path / "config" / "templates", dirs_exist_ok=True)
    drafts = tmp_path / "rules" / "drafts.yaml"
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    blocks = yaml.load(drafts.read_bytes())
    with drafts.open("wb") as file:
        yaml.dump({**blocks, pseudo.CODE: blocks["en"]}, file)
    lacking = _loaded(tmp_path).splitlines()
    assert len(lacking) == 8
    assert all(re.fullmatch(rf"\S+ \S+\.{pseudo.CODE}: is missing and has no default; .*", one) for one in lacking)
    for name in ("flaggermail.yaml", "platforms.yaml"):
        path = tmp_path / "config" / name
        text = re.sub(r"^( +)en: (.*)$", rf"\g<0>\n\1{pseudo.CODE}: \2", path.read_text("utf-8"), flags=re.MULTILINE)
        path.write_text(re.sub(r"^  language: nl", f"  language: {pseudo.CODE}", text, flags=re.MULTILINE), "utf-8")
    assert _loaded(tmp_path) == "qps QPS ()\n3 x\n"


def _loaded(folder: Path) -> str:
    """Returns what the program in that folder says of its configuration."""
    ran = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )  # fmt: skip
    return ran.stdout


def test_a_refusal_by_mail_is_in_the_language(templates: Path) -> None:
    """What a reply mail shows of a refusal has no plain word but the line to answer with."""
    del templates
    for code in sorted(every()):
        refusal = Refusal(sample(every()[code]))
        assert pseudo.left_in(refusal.by_mail.in_language(pseudo.CODE), frozenset({"XK-7"})) == [], code
