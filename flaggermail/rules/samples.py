# SPDX-License-Identifier: EUPL-1.2
"""Loads `rules/samples/`: the sample mails of the rules, what was known of each, and the addresses used in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.rules.findings import SAMPLES
from flaggermail.rules.models import SampleFile, WhoFile
from flaggermail.settings.yaml_files.faults import checked, nearest
from flaggermail.settings.yaml_files.source import Fault, read

WHO = "who.yaml"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample mail: its octets and the content of its YAML. `file` is the mail's path as shown in messages."""

    name: str
    file: str
    octets: bytes
    beside: SampleFile


@dataclass(frozen=True, slots=True)
class SampleMails:
    """All sample mails by name. `who` assigns the domains in them, independent of the desk's own lists."""

    mails: Mapping[str, Sample] = field(default_factory=dict)
    who: WhoFile | None = None


def load_samples(rules: Path, faults: list[Fault]) -> SampleMails:
    """Loads the samples of the folder `rules`; appends problems to `faults`. A mail may have no YAML beside it."""
    folder = rules / SAMPLES
    named = f"{rules.name}/{SAMPLES}"
    if not folder.is_dir():
        return SampleMails()
    source = read(folder / WHO, f"{named}/{WHO}")
    who = checked(WhoFile, source)
    faults += source.faults
    mails: dict[str, Sample] = {}
    for path in sorted(folder.glob("*.eml")):
        beside = _beside(path, named, faults)
        if beside is not None:
            mails[path.stem] = Sample(path.stem, f"{named}/{path.name}", path.read_bytes(), beside)
    for path in sorted(folder.glob("*.yaml")):
        if path.name != WHO and path.stem not in {mail.stem for mail in folder.glob("*.eml")}:
            words = f"stands beside no mail; write {path.stem}.eml, or take it away"
            faults.append(Fault(f"{named}/{path.name}", 1, 1, "", words))
    if who is not None:
        faults += [fault for mail in mails.values() for fault in _unknown_channel(folder, named, mail, who)]
    return SampleMails(mails, who)


def _beside(path: Path, named: str, faults: list[Fault]) -> SampleFile | None:
    written = path.with_suffix(".yaml")
    if not written.is_file():
        return SampleFile(about="-")
    source = read(written, f"{named}/{written.name}")
    beside = checked(SampleFile, source)
    faults += source.faults
    return beside


def _unknown_channel(folder: Path, named: str, mail: Sample, who: WhoFile) -> list[Fault]:
    channel = mail.beside.given.channel
    if channel is None or channel in who.channels:
        return []
    source = read(folder / f"{mail.name}.yaml", f"{named}/{mail.name}.yaml")
    return [source.fault(("given", "channel"), f"{channel!r} is no channel of {WHO}; {nearest(channel, who.channels)}")]
