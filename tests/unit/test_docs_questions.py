# SPDX-License-Identifier: EUPL-1.2
"""The page that a newcomer opens first answers the question, under the heading that `docs_questions.yaml` names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML

from tests.corpus import each

ROOT = Path(__file__).parents[2]
QUESTIONS_ASKED = 40


class Question(NamedTuple):
    """A question of a role, and where its answer is."""

    role: str
    question: str
    page: str
    heading: str
    words: list[str]


QUESTIONS = [
    Question(**entry) for entry in YAML(typ="safe").load((ROOT / "tests" / "docs_questions.yaml").read_text("utf-8"))
]


def sections(page: str, heading: str) -> Iterator[str]:
    """Yields the text below each heading of that name, up to the next heading of its level or a higher one."""
    for found in re.finditer(rf"^(#+) (?:\d+\. )?{re.escape(heading)}$", page, re.MULTILINE):
        yield re.split(rf"^#{{1,{len(found[1])}}} ", page[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(section: str) -> Iterator[str]:
    """Yields each paragraph, list item, row and block of code, on one line."""
    for part in re.split(r"\n\s*\n", section):
        for block in re.split(r"\n(?=\||- |\d+\. )", part):
            yield " ".join(block.split())


def missing(question: Question) -> list[str]:
    """Returns the words that the best block below the heading lacks; all of them if there is no such heading."""
    page = (ROOT / question.page).read_text("utf-8")
    found = [block for section in sections(page, question.heading) for block in blocks(section)]
    return min(
        ([word for word in question.words if word not in block] for block in found), key=len, default=["heading"]
    )


@each("question", QUESTIONS, ids=lambda question: f"{question.role}: {question.question}")
def test_the_first_page_answers(question: Question) -> None:
    """One paragraph, list item or row below the heading has every word that the answer needs."""
    assert missing(question) == []


def test_forty_questions_are_asked() -> None:
    """The questions are forty, each asked once, with words that an answer needs."""
    assert len({question.question for question in QUESTIONS}) == QUESTIONS_ASKED == len(QUESTIONS)
    assert all(question.words for question in QUESTIONS)
