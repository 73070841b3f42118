# SPDX-License-Identifier: EUPL-1.2
"""Cases of one group share a worker, and so what it made for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.corpus import each
from tests.grouping import grouped, groups_of
from tests.inner_run import run_pytest

SHARING = (
    "import time, pytest\n"
    "@pytest.mark.xdist_group('dear')\n"
    "@pytest.mark.parametrize('number', range(8))\n"
    "def test_dear(number):\n"
    "    pass\n"
    "@pytest.mark.slow\n"
    "@pytest.mark.parametrize('number', range(8))\n"
    "def test_slow(number):\n"
    "    time.sleep(0.1)\n"
)
PLAIN = "import pytest\n@pytest.mark.parametrize('number', range(8))\ndef test_plain(number):\n    pass\n"


@pytest.mark.outside
def test_a_group_and_a_plain_file_run_in_one_worker(tmp_path: Path) -> None:
    """Whatever versions of pytest and pytest-xdist are installed; slow cases run in both, before the plain ones."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    (tmp_path / "test_sharing.py").write_text(SHARING)
    (tmp_path / "test_plain.py").write_text(PLAIN)
    options = ("-p", "tests.grouping", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", "-v")
    ended = run_pytest(tmp_path, *options)
    ran = re.findall(r"\[(gw\d)\].* PASSED \S*::test_(\w+)\[\d\] *$", ended.stdout, re.MULTILINE)
    assert len(ran) == 24, ended.stdout + ended.stderr
    assert list((tmp_path / "tmp").glob("pytest-of-*")), "it used, and closed, the folder of the run around it"
    assert {test: len({worker for worker, of in ran if of == test}) for _, test in ran} == {
        "dear": 1, "slow": 2, "plain": 1,
    }  # fmt: skip


def test_a_case_is_marked_once() -> None:
    """A pytest-xdist that writes the group itself is left alone, and a case without a group keeps its id."""
    assert grouped("test_a.py::test[b]", {"dear"}) == "test_a.py::test[b]@dear"
    assert grouped("test_a.py::test[b]@dear", {"dear"}) == "test_a.py::test[b]@dear"
    assert grouped("test_a.py::test[b]", {"server", "browser"}) == "test_a.py::test[b]@browser_server"
    assert grouped("test_a.py::test[b]", set()) == "test_a.py::test[b]"


@each("number", [1, 2])
def test_a_corpus_belongs_to_the_file_that_names_it(request: pytest.FixtureRequest, number: int) -> None:
    """Not to the one of `each`, whose code runs it: all corpora would wait for one worker."""
    assert groups_of(request.node) == {"tests/unit/test_grouping.py"}, number
