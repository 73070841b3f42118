# SPDX-License-Identifier: EUPL-1.2
"""The settings that docs/microsoft-365.md and docs/google.md show are settings of this program."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flaggermail.rules.configuration import load
from flaggermail.settings.oauth_section import LoginMethod, Provider
from flaggermail.shipped import shipped
from tests.doubles.broken_desks import sound

DOCS = Path(__file__).parents[3] / "docs"


def settings_on(page: str) -> tuple[dict[str, dict[str, object]], list[dict[str, object]]]:
    """Returns the sections of the servers on a page, and each section `oauth2` that goes with them."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    sections = list(itertools.chain.from_iterable(YAML(typ="safe").load(block).items() for block in blocks))
    return {k: v for k, v in sections if k != "oauth2"}, [v for k, v in sections if k == "oauth2"]


WAYS = [(page, number) for page in ("microsoft-365.md", "google.md") for number in range(len(settings_on(page)[1]))]


def test_each_way_is_shown() -> None:
    """One of Entra, and two at Google: an account that signs in, and a service account."""
    assert WAYS == [("microsoft-365.md", 0), ("google.md", 0), ("google.md", 1)]


@pytest.mark.parametrize(("page", "number"), WAYS)
def test_a_desk_with_these_settings_is_accepted(page: str, number: int, tmp_path: Path) -> None:
    """Whoever copies them, and removes what the page says, has a configuration without a fault."""
    folder = sound(tmp_path / "desk")
    yaml = YAML()
    desk = yaml.load((shipped("config") / "flaggermail.yaml").read_text("utf-8"))
    servers, ways = settings_on(page)
    for section, values in servers.items():
        desk.setdefault(section, {}).update(values)  # `door` is commented out in the shipped file
    desk["oauth2"] = ways[number]
    removed = [("mailbox", "keyword"), ("mailbox", "credential"), ("submission", "credential")]
    for section, key in [*removed, ("mailbox", "authserv_id")] if page == "microsoft-365.md" else removed:
        del desk[section][key]
    yaml.dump(desk, folder / "flaggermail.yaml")
    read = load(folder).desk
    assert read.oauth2 is not None
    assert {read.mailbox.login, read.submission.login} == {LoginMethod.OAUTH2}
    assert read.oauth2.provider is {
        ("microsoft-365.md", 0): Provider.MICROSOFT,
        ("google.md", 1): Provider.DELEGATION,
    }.get((page, number), Provider.ENDPOINT)
