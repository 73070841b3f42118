# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive export`: a dossier that opens anywhere, and the check of one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli import bag_check
from flaggermail.cli.bag_check import BagCheck, check, is_dossier
from flaggermail.cli.completing import CASE, ELECTION
from flaggermail.cli.new_files import unpacked, usable
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import number, parts, text, texts
from flaggermail.cli.terminal import safe_line
from flaggermail.documents.bag import DECLARATION, dossier_info
from flaggermail.errors import Refusal
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

_LISTED = 5  # lost mails that are named


@click.command(name="export")
@click.argument("case", type=CASE, metavar="[CASE]", required=False)
@click.option("--election", type=ELECTION, metavar="CODE", help="All cases of this election, instead of one case.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="The new folder of the dossier.")
@click.option("--verify", type=click.Path(path_type=Path), metavar="DIR", help="Check this dossier; needs no desk.")
@as_json_option
@click.pass_obj
def export(
    session: Session, *, case: str | None, election: str | None, out: Path | None, verify: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Export a dossier that opens without this program, or check one.

    It holds the mails unchanged, their attachments, readable lists, the event log and MDTO metadata, as a bag with
    checksums (RFC 8493). The same record gives the same octets again. The export is on record. With --verify, anything
    missing, added or changed is named, and the exit status is 1.

    Example: flaggermail archive export VF-EP2024-0001 --out dossier
    """
    if verify is not None:
        if case or election or out:
            raise click.UsageError("--verify checks a folder: give it alone.")
        _verify(verify, as_json=as_json)
        return
    if out is None:
        raise click.UsageError("name the new folder of the dossier with --out DIR, or a dossier with --verify DIR.")
    if (case is None) is (election is None):
        raise click.UsageError("name a case, or an election with --election CODE, and not both.")
    place = usable(out)
    asked: dict[str, Json] = {"case": case, "election": election}
    plan = session.ask_all("archive dossier", "parts", **asked)
    with bag_check.new_bag(place) as writer:
        lost = _write(session, writer, plan, asked, bar=not as_json)
        named, day = text(plan, "name"), text(plan, "as_of")[:10]
        writer.finish(dossier_info(named, text(plan, "organisation"), day, number(plan, "cases")))
    if as_json:
        show_json({
            "dossier": plan["name"], "folder": str(place), "files": writer.sums.files, "octets": writer.sums.octets,
            "fingerprint": writer.fingerprint, "lost": lost, "version": plan["version"],
        })  # fmt: skip
    else:
        click.echo(safe_line(f"{out}: dossier {plan['name']}, {_counted(writer.sums.files, writer.sums.octets)}"))
        click.echo(f"fingerprint, to be kept elsewhere: {writer.fingerprint}")
    if lost:
        named = ", ".join(lost[:_LISTED]) + (" ..." if len(lost) > _LISTED else "")
        raise Refusal(
            f"dossier {plan['name']}: was written, but the archive does not give {len(lost)} of its mails unchanged "
            f"({named}); its lists say so, `flaggermail audit verify` says more"
        )


def _write(
    session: Session, writer: bag_check.BagWriter, plan: Mapping[str, Json], asked: Mapping[str, Json], *, bar: bool
) -> list[str]:
    """Writes all parts, asking for one after the other; returns the mails that the archive does not give."""
    lost: list[str] = []
    frozen = {name: plan[name] for name in ("as_of", "last_event")}
    hidden = not bar or not sys.stderr.isatty()
    with click.progressbar(parts(plan, "parts"), label="exporting", file=sys.stderr, hidden=hidden) as shown:
        for part in shown:
            found = session.fetch("archive dossier part", **asked, **frozen, **part)
            for path, octets in unpacked(found):
                writer.write(path, octets)
            lost += texts(found.facts, "lost")
    return lost


def _verify(folder: Path, *, as_json: bool) -> None:
    shown = safe_line(str(folder))
    if not folder.is_dir() or not is_dossier(folder):
        raise click.UsageError(f"{shown}: is no dossier; name the folder that holds {DECLARATION}.")
    with click.progressbar(length=_size(folder), label="checking", file=sys.stderr,
                           hidden=as_json or not sys.stderr.isatty()) as bar:  # fmt: skip
        found = check(folder, bar.update)
    if as_json:
        show_json(_document(found))
    for finding in () if as_json else found.findings:
        click.echo(safe_line(f"{finding.path}: {finding.text}"))
    if found.findings:
        first, count = found.findings[0], len(found.findings)
        raise Refusal(f"{first.path}: {first.text} ({count} finding{'s' if count > 1 else ''})", printed=True)
    if not as_json:
        click.echo(f"{shown}: {_counted(found.files, found.octets)}, all as the manifests say")
        click.echo(f"fingerprint: {found.fingerprint}")


def _document(found: BagCheck) -> dict[str, Json]:
    return {
        "dossier": str(found.folder), "files": found.files, "octets": found.octets, "fingerprint": found.fingerprint,
        "findings": [{"path": one.path, "text": one.text} for one in found.findings],
    }  # fmt: skip


def _size(folder: Path) -> int:
    """Returns the octets of all files, for the bar."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink() and path.is_file())


def _counted(files: int, octets: int) -> str:
    return f"{countable(files):file|files}, {countable(octets):octet|octets}"
