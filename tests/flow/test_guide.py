# SPDX-License-Identifier: EUPL-1.2
"""docs/microsoft-365.md, followed to the letter under a booted systemd, from the installation to the removal.

The commands are taken from the page. Servers of the tests stand for the tenant: Dovecot, and an authority that gives a
token to whoever signs with a registered certificate.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from ruamel.yaml import YAML

from flaggermail.shipped import shipped
from tests.doubles.broken_desks import ONLY_RULE
from tests.flow.desk_process import ROOT
from tests.servers.authority import Authority
from tests.servers.booted import boot
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.token_endpoint import Answer, grants, refuses

pytestmark = [pytest.mark.long, pytest.mark.outside, pytest.mark.xdist_group("guide")]  # one boot for all of them
PAGE = (ROOT / "docs" / "microsoft-365.md").read_text("utf-8")
STEPS = Path(__file__).with_name("guide_steps.sh")
BEFOREHAND = ("/usr/bin/python3 -m venv ", "/opt/flaggermail/bin/pip install ")  # done without an index
MAILBOX = "guide"
WAITING = f"From: a@lindewaard.example\r\nTo: {MAILBOX}@bzk.example\r\nSubject: vraag\r\n\r\nGoedendag.\r\n".encode()
BOOTED_WITHIN = 3600.0  # seconds for the whole walk, which takes one or two minutes on an idle machine


def blocks(step: int, language: str) -> list[str]:
    """Returns the blocks of that language below the heading of a step."""
    section = re.search(rf"^## {step}\. .*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert section, step
    fenced = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", section[0], re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in fenced]


def commands(step: int) -> list[str]:
    """Returns what a step has typed at the desk's machine, one text for each block, without what pip does."""
    return [
        "".join(line for line in block.splitlines(keepends=True) if not line.startswith(BEFOREHAND))
        for block in blocks(step, "sh")
    ]


def script() -> str:
    """Returns the walk, with the page's commands in it; each of them must succeed."""
    text = STEPS.read_text("utf-8")
    for step in (1, 2, 5, 6, 7, 8, 10, 11, 12):
        text = text.replace(f"(@{step}@)", "(\nset -e\n" + "".join(commands(step)) + ")")
    for name, block in zip(("first", "second"), commands(9), strict=True):
        text = text.replace(f"(@9 {name}@)", f"(\nset -e\n{block})")
    assert not re.search(r"\(@", text)
    return text


def edited(folder: Path, ports: tuple[int, int], authority: str) -> None:
    """Writes the settings that the page's step 5 says into a new configuration, with the tests' servers in them."""
    shutil.copytree(shipped("config"), folder, ignore=shutil.ignore_patterns("templates"))
    yaml = YAML()
    desk = yaml.load((folder / "flaggermail.yaml").read_text("utf-8"))
    for section, values in YAML(typ="safe").load(blocks(5, "yaml")[0]).items():
        desk.setdefault(section, {}).update(values)
    for key in ("authserv_id", "keyword", "credential"):
        del desk["mailbox"][key]
    del desk["submission"]["credential"]
    address = f"{MAILBOX}@bzk.example"
    here = {"host": "localhost", "ca_file": "ca.pem", "user": address}
    desk["mailbox"].update(here, address=address, port=ports[0], sent="Sent", junk="Junk")
    desk["submission"].update(here, port=ports[1])
    desk["oauth2"].update(authority=authority, other_mailbox=f"not-{address}")
    desk["organisation"]["name"] = {"nl": "Gemeenschappelijk meldpunt", "en": "Joint election desk"}
    yaml.dump(desk, folder / "flaggermail.yaml")
    oncall = (folder / "oncall.yaml").read_text("utf-8")
    (folder / "oncall.yaml").write_text(oncall.replace("login: officer1", "login: jansen"), "utf-8")


@dataclass(frozen=True)
class Entra:
    """Gives a token of Dovecot to whoever signs with a certificate that lies in a folder."""

    registered: Path
    dovecot: Dovecot

    def __call__(self, form: Mapping[str, str]) -> Answer:
        """Answers a form."""
        signed = jwt.get_unverified_header(form["client_assertion"])["x5t#S256"]
        for file in self.registered.glob("*"):
            digest = x509.load_pem_x509_certificate(file.read_bytes()).fingerprint(hashes.SHA256())
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") == signed.rstrip("="):
                return grants(self.dovecot.token(MAILBOX))
        return refuses("invalid_client")


@dataclass(frozen=True)
class Walk:
    """What was seen on the way."""

    out: Path
    printed: str

    def seen(self, name: str) -> str:
        """Returns what one look wrote."""
        return (self.out / "seen" / name).read_text("utf-8")

    def typed(self, account: str, name: str) -> tuple[str, str]:
        """Returns what a command of that account printed, and its exit status."""
        *said, status = (line for line in self.seen(f"who/{account}-{name}").splitlines() if not line.startswith("+ "))
        return "\n".join(said), status

    def unit(self, name: str) -> dict[str, str]:
        """Returns the properties of the service at that look."""
        return dict(line.split("=", 1) for line in self.seen(f"{name}/unit").splitlines() if "=" in line)

    def status(self, name: str) -> dict[str, Any]:
        """Returns what the desk said of itself at that look."""
        found: dict[str, Any] = json.loads(self.seen(f"{name}/status"))
        return found

    def lines(self, name: str, action: str) -> list[dict[str, object]]:
        """Returns the lines of the journal about one action, up to that look."""
        spoken = (line for line in self.seen(f"{name}/journal").splitlines() if line.startswith("{"))
        return [line for line in map(json.loads, spoken) if line["action"] == action]


@pytest.fixture(scope="module")
def walk(dovecot: Dovecot, postfix: Postfix, certificates: Certificates) -> Iterator[Walk]:
    """Boots, walks, and returns what was seen."""
    with tempfile.TemporaryDirectory(prefix="fm-boot-") as name:
        out = Path(name)
        out.chmod(0o755)
        (out / "ca.pem").write_bytes(certificates.ca_file.read_bytes())
        (out / "10-only.yaml").write_text(ONLY_RULE, "utf-8")
        # As pip does, since the account of the service may not write them: it would compile at each start.
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "flaggermail")], check=True)
        site = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
        shown = {Path(sys.base_prefix): "/opt/python", site: "/opt/packages", ROOT: "/opt/checkout"}
        dovecot.deliver(MAILBOX, WAITING)
        with Authority(Entra(out / "registered", dovecot)).running(certificates.server.server_context()) as authority:
            edited(out / "desk", (dovecot.imaps_port, postfix.submission_port), authority.url)
            yield Walk(out, boot(out, script(), shown, BOOTED_WITHIN))


def test_every_step_can_be_typed_as_it_stands(walk: Walk) -> None:
    """No command of the page fails, and `check` finds nothing wrong on the way."""
    assert "fault:" not in walk.printed
    assert walk.printed.count("configuration in order: ") == len(
        re.findall(r"^ *flaggermail check$", PAGE, re.MULTILINE)
    )


def test_the_service_is_started_when_the_mailbox_was_read(walk: Walk) -> None:
    """`systemctl enable --now` comes back when the desk has notified, with its state in words."""
    unit = walk.unit("observing")
    assert (unit["Type"], unit["ActiveState"], unit["SubState"]) == ("notify", "active", "running")
    assert unit["StatusText"].startswith("observing, nothing is sent, ")
    assert ", link up, " in unit["StatusText"]


def test_it_has_no_right_and_no_secret_of_the_machine(walk: Walk) -> None:
    """The service is its own account's, cannot gain a right, and systemd alone reads the files of the secrets."""
    process = dict(re.findall(r"^(\w+):\s+(.*)$", walk.seen("process"), re.MULTILINE))
    assert "0" not in process["Uid"].split()
    assert {int(process[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")
    assert "Permission denied" in walk.seen("key-for-the-account")
    exposure = re.search(r"Overall exposure level for flaggermail.service: ([\d.]+)", walk.seen("exposure"))
    assert exposure, walk.seen("exposure")
    assert float(exposure[1]) <= 2


def test_the_parser_is_confined_under_the_unit(walk: Walk) -> None:
    """The unit's filter of system calls leaves the parsing process what it needs to confine itself."""
    (confined,) = walk.lines("observing", "parser confined")
    assert (confined["level"], confined["seccomp"]) == ("info", True)


def test_the_token_opens_one_mailbox(walk: Walk) -> None:
    """With the certificate as a systemd credential the desk logs in, and is refused at the other mailbox."""
    (proven,) = walk.lines("observing", "token opens one mailbox")
    assert f"{MAILBOX}@bzk.example" in str(proven["said"])


def test_the_nightly_backup_is_the_accounts_own(walk: Walk) -> None:
    """Each run of the unit writes a file for its account alone, and says so; the timer waits for the night."""
    rights = walk.seen("backups").splitlines()
    assert set(rights) == {"-rw------- flaggermail"}
    assert len(rights) in {2, 3}  # one more where systemd ended a run itself
    said = re.findall(r"^/var/lib/flaggermail/backup/(\S+): .*, up to event ", walk.seen("backups-said"), re.MULTILINE)
    assert len(set(said)) == len(rights)
    assert "flaggermail-backup.timer" in walk.seen("timers")


def test_it_observes_until_an_officer_says_so(walk: Walk) -> None:
    """Neither the unit without its option nor the restart lets anything out; `resume` does."""
    assert walk.unit("observing")["StatusText"].startswith("observing, ")
    assert len(walk.lines("live", "desk observes, nothing is sent")) == 2
    assert walk.unit("live")["StatusText"].startswith("last mail seen ")


def test_officers_act_in_their_own_name(walk: Walk) -> None:
    """Each by the login of their account, `officer enrol` too, without a right on any file of the desk."""
    for account in ("jansen", "officer2"):
        assert walk.typed(account, "list")[1] == "0"
        assert walk.typed(account, "open")[1] == "0"
    assert "otpauth://" in walk.typed("jansen", "enrol")[0]
    assert walk.typed("officer2", "enrol")[1] == "0"  # anew, as the first was never confirmed
    events = json.loads(walk.typed("jansen", "events")[0])["events"]
    for kind in ("case opened", "device enrolled"):
        assert [one["actor"] for one in events if one["kind"] == kind] == ["officer1", "officer2"]
    assert not [one for one in events if "direct" in one["facts"]]


def test_others_are_refused_in_words(walk: Walk) -> None:
    """A member of the group whom oncall.yaml does not name gets nothing; a stranger does not reach the socket."""
    for name in ("list", "open", "enrol"):
        member, stranger = walk.typed("lid", name), walk.typed("vreemde", name)
        assert member[0].startswith("user lid: no officer and no associate in oncall.yaml has this login")
        assert stranger[0].startswith("/run/flaggermail/desk.sock: is not open to this account; only members of ")
        assert member[1] == stranger[1] == "1"
    assert {walk.typed(account, "status")[1] for account in ("jansen", "lid", "vreemde")} == {"0"}


def test_nobody_needs_to_read_the_configuration(walk: Walk) -> None:
    """With its folder closed to all but the desk's account, officers ask as before, and everybody sees the status."""
    assert "VF-EP2024-0002" in walk.typed("jansen", "closed-list")[0]
    assert "is not open to this account" in walk.typed("vreemde", "closed-list")[0]
    assert {walk.typed(account, "closed-status")[1] for account in ("jansen", "vreemde")} == {"0"}


def test_nobody_but_the_desks_account_opens_its_files(walk: Walk) -> None:
    """Neither by `--direct`, root included, nor by any other program: database, archive, codes and their folder."""
    for account in ("jansen", "officer2", "lid", "vreemde"):
        assert walk.typed(account, "direct")[0].startswith("account flaggermail owns the record of this desk")
        for name in ("database", "mail", "code", "folder"):
            said, status = walk.typed(account, name)
            assert "Permission denied" in said
            assert status != "0"
    assert walk.seen("who/root-direct").startswith("account flaggermail owns the record of this desk")
    assert {walk.typed("flaggermail", name)[1] for name in ("database", "mail", "code", "folder", "direct")} == {"0"}
    modes = {tuple(line.split(" ", 3)[:3]) for line in walk.seen("who/modes").splitlines()}
    assert modes == {("700", "flaggermail", "d"), ("600", "flaggermail", "f"), ("400", "flaggermail", "f")}


def test_it_comes_back_after_a_kill_and_after_a_hang(walk: Walk) -> None:
    """The manager starts it again both times; of the process that hung, the journal shows where its threads were."""
    assert int(walk.unit("killed")["NRestarts"]) >= 1
    assert "status=9/KILL" in walk.seen("killed/journal")
    assert int(walk.unit("stuck")["NRestarts"]) >= 2
    journal = walk.seen("stuck/journal")
    assert "Failed with result 'watchdog'" in journal
    # Not all threads each time: this hang is a process that was stopped, and goes on while it is asked where it is.
    assert "Fatal Python error: Aborted" in journal
    assert "(most recent call first)" in journal


def test_a_wrong_configuration_is_not_tried_again(walk: Walk) -> None:
    """Exit status 2, no restart, and the line to correct in the journal."""
    unit = walk.unit("misconfigured")
    assert (unit["ActiveState"], unit["ExecMainStatus"], unit["NRestarts"]) == ("failed", "2", "0")
    assert "oncall.yaml:1" in walk.seen("misconfigured/journal")


def test_an_archive_that_is_read_only_for_a_while_pauses_the_unit(walk: Walk) -> None:
    """It stays up, with a red status that says why, and goes on by itself."""
    for name in ("read-only", "writable"):
        assert walk.unit(name)["ActiveState"] == "active"
    assert any("cannot be written" in str(one) for one in walk.status("read-only")["wrong"])
    assert not any(str(one).startswith("archive: ") for one in walk.status("writable")["wrong"])
    assert walk.lines("read-only", "archive cannot be used")
    assert walk.lines("writable", "archive can be used again")


def test_a_clock_set_back_by_an_hour_stops_nothing_of_the_unit(walk: Walk) -> None:
    """The status is written by each clock, red while it is wrong, and the same process goes on."""
    for name in ("set-back", "set-right"):
        assert walk.unit(name)["ActiveState"] == "active"
        assert walk.unit(name)["MainPID"] == walk.unit("read-only")["MainPID"]
    assert any("set back by more than" in str(one) for one in walk.status("set-back")["wrong"])
    assert not any("own clock" in str(one) for one in walk.status("set-right")["wrong"])


def test_a_new_certificate_takes_over(walk: Walk) -> None:
    """The first one was withdrawn before the restart, and the desk logs in with the second."""
    unit = walk.unit("renewed")
    assert unit["ActiveState"] == "active"
    assert ", link up, " in unit["StatusText"]
    assert "invalid_client" not in walk.seen("renewed/journal")


def test_it_stops_within_its_time(walk: Walk) -> None:
    """`disable --now` ends it in order, before systemd would kill it."""
    assert walk.unit("stopped")["Result"] == "success"


def test_another_machine_goes_on_silently(walk: Walk) -> None:
    """The restored desk has the mail that waited, observes, and obeys an officer of the group."""
    assert walk.status("restored")["observing_since"]
    assert walk.status("restored")["quarantine"] == 1
    assert walk.unit("upgraded")["StatusText"].startswith("last mail seen ")


def test_the_archive_is_handed_over_and_the_rest_removed(walk: Walk) -> None:
    """Settings, record and hand-over are left; program, secrets and units are gone."""
    left, gone = walk.seen("left"), walk.seen("gone")
    for name in ("/etc/flaggermail", "/var/lib/flaggermail", "/handover/EP2024", "/backup/handover.tar.gz"):
        assert name in left
    for name in ("/opt/flaggermail", "/usr/local/bin/flaggermail", "/etc/systemd/system/flaggermail*"):
        assert f"'{name}': No such file" in gone
    assert "flaggermail" not in walk.seen("units")
