# SPDX-License-Identifier: EUPL-1.2
"""Domain lists: own files over dated lists and the package, and which domains may stand on none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flaggermail.adapters.dns.organisations import organisational
from flaggermail.mail.fields import in_domains
from flaggermail.rules.files import DATED, PACKAGE, load_rules, read_lists
from flaggermail.settings.word_tables import FREE_MAIL, LIST_OF
from flaggermail.settings.yaml_files.source import FileFault
from flaggermail.shipped import shipped

SHIPPED = read_lists(shipped("rules"), [], dated=True)
DATED_LISTS = sorted((shipped("rules") / DATED).glob("*.txt"))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Returns a rules folder with a dated list of two authorities and an own list of one."""
    written = {
        "authorities/councils.txt": "# As of today.\noldtown.example  # by the sea\nhamlet.example\n",
        "lists/councils.txt": "newtown.example\n",
        "lists/media.txt": "dagblad.example\n",
    }
    for name, text in written.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def lists(rules: Path, *, dated: bool = True) -> tuple[dict[str, list[str]], list[str]]:
    """Returns the lists, each in order and without the package's, and the faults."""
    faults: list[FileFault] = []
    found = read_lists(rules, faults, dated=dated)
    own = {name: sorted(domains) for name, domains in found.items() if name != FREE_MAIL}
    return own, [str(fault) for fault in faults]


def test_own_list_extends_the_dated_list_of_its_name(rules: Path) -> None:
    """A list holds the dated list of the same name and its own lines."""
    found, faults = lists(rules)
    assert found["councils"] == ["hamlet.example", "newtown.example", "oldtown.example"]
    assert found["media"] == ["dagblad.example"]
    assert faults == []


def test_line_with_a_minus_takes_a_dated_domain_out(rules: Path) -> None:
    """`-domain` in an own list overrides the dated list, whose file stays as it was shipped."""
    (rules / "lists" / "councils.txt").write_text("-hamlet.example  # dissolved\n", encoding="utf-8")
    assert lists(rules) == ({"councils": ["oldtown.example"], "media": ["dagblad.example"]}, [])


def test_without_the_setting_dated_lists_are_not_read(rules: Path) -> None:
    """A desk that keeps its own lists knows nobody else."""
    (rules / "authorities" / "councils.txt").write_text("not a domain\n", encoding="utf-8")
    assert lists(rules, dated=False) == ({"councils": ["newtown.example"], "media": ["dagblad.example"]}, [])


def test_provider_of_the_package_is_free_mail_in_every_desk(rules: Path) -> None:
    """The package's domains need no file; one that is wrong there is taken out by the desk."""
    free = read_lists(rules, [], dated=True)[FREE_MAIL]
    assert {"gmail.com", "ziggo.nl", "protonmail.com"} <= free
    (rules / "lists" / "free_mail.txt").write_text("-gmail.com\nmailbox.example\n", encoding="utf-8")
    assert read_lists(rules, [], dated=True)[FREE_MAIL] == free - {"gmail.com"} | {"mailbox.example"}


def test_domain_that_is_no_provider_after_all_may_be_listed(rules: Path) -> None:
    """A domain that the desk took out of free mail may stand on its other lists."""
    (rules / "lists" / "media.txt").write_text("gmail.com\n", encoding="utf-8")
    assert len(lists(rules)[1]) == 1
    (rules / "lists" / "free_mail.txt").write_text("-gmail.com\n", encoding="utf-8")
    assert lists(rules)[1] == []


def test_version_of_the_rules_covers_lists_and_package(rules: Path) -> None:
    """The rules in force name every domain that they classified by: of the files, and of the package."""
    files = load_rules(rules, []).files
    assert {"authorities/councils.txt", "lists/councils.txt", PACKAGE} <= files.keys()
    assert b"\ngmail.com\n" in files[PACKAGE]
    assert "authorities/councils.txt" not in load_rules(rules, [], dated_lists=False).files


# ---- what is shipped


@pytest.mark.parametrize("domain", [
    "amsterdam.nl", "gemeente-oldambt.nl", "dantumadiel.frl", "pzh.nl", "fryslan.frl", "hhnk.nl", "wdodelta.nl",
])  # fmt: skip
def test_fellow_authorities_are_shipped(domain: str) -> None:
    """Municipalities, provinces and water authorities are known without anybody typing them."""
    assert in_domains(domain, SHIPPED["fellow_authorities"])


@pytest.mark.parametrize("domain", ["minbzk.nl", "kiesraad.nl", "politie.nl", "nctv.nl", "aivd.nl", "om.nl"])
def test_national_bodies_are_shipped(domain: str) -> None:
    """Ministries and the national services that an election concerns are known too."""
    assert in_domains(domain, SHIPPED["government"])


@pytest.mark.parametrize("domain", [
    "ziggo.nl", "kpnmail.nl", "hetnet.nl", "planet.nl", "home.nl", "xs4all.nl", "casema.nl", "upcmail.nl",
    "quicknet.nl", "chello.nl", "zonnet.nl", "tele2.nl", "telfort.nl", "online.nl", "solcon.nl", "freeler.nl", "wxs.nl",
    "live.nl", "gmail.com", "outlook.com", "icloud.com", "tutanota.com", "mailprovider.example",
])  # fmt: skip
def test_free_mail_is_shipped(domain: str) -> None:
    """Dutch providers and those of the package count as free mail."""
    assert in_domains(domain, SHIPPED[FREE_MAIL])


@pytest.mark.parametrize("path", DATED_LISTS, ids=lambda path: path.stem)
def test_dated_list_says_when_whence_and_how_many(path: Path) -> None:
    """The header of a dated list states date, source, pattern and what to check; its counts are those of its lines."""
    text = path.read_text(encoding="utf-8")
    head = text.partition("\n\n")[0]
    assert re.search(r"^# As of: +\d+ \w+ \d{4}", head, re.MULTILINE)
    assert all(f"\n# {label}:" in head for label in ("Source", "Pattern", "To check"))
    assert "gives no rights" in head
    blocks = re.findall(r"^# ---- .* \((\d+)\)\n((?:[^#\n].*\n)+)", text, re.MULTILINE)
    assert [int(count) for count, _ in blocks] == [len(lines.splitlines()) for _, lines in blocks]
    domains = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(domains) == len(set(domains)) == sum(int(count) for count, _ in blocks)
    assert re.findall(r"\d+ of \d+", head)[:1] in (["338 of 342"], [])


@pytest.mark.parametrize("path", DATED_LISTS, ids=lambda path: path.stem)
def test_dated_domains_are_registrable(path: Path) -> None:
    """No domain of a dated list is a public suffix, or stands for less than what somebody registered."""
    domains = {line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}
    assert {domain for domain in domains if organisational(domain) != domain} == set()


def test_every_source_has_a_list_of_the_shipped_rules() -> None:
    """A sender who is remembered for a source is looked for on a list that the shipped rules name."""
    assert set(LIST_OF.values()) <= SHIPPED.keys()
