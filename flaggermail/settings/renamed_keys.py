# SPDX-License-Identifier: EUPL-1.2
"""Renamed settings keys and templates. The old name works until 1.0 and gives a note; writing both is an error.

A key whose meaning went to another section is an error that says where.
"""

from __future__ import annotations

from pathlib import Path

from flaggermail.settings.yaml_files.source import Key, YamlSource, read

# Per file the old keys and their new names, a section before its keys. Entries of lists are not supported.
RENAMED: dict[str, tuple[tuple[Key, str], ...]] = {
    "flaggermail.yaml": (
        (("mailbox", "unwatched"), "excluded_folders"),
        (("mailbox", "old_after_minutes"), "backlog_after_minutes"),
        (("quarantine", "place_from"), "score_threshold"),
        (("quarantine", "apart_minutes"), "min_interval_minutes"),
        (("citizens", "kept_days"), "retention_days"),
        (("storms",), "rate_limits"),
        (("rate_limits", "together"), "burst"),
        (("rate_limits", "apart_minutes"), "min_interval_minutes"),
        (("rate_limits", "first_per_sender"), "priority_per_sender"),
        (("rate_limits", "first_per_hour"), "priority_per_hour"),
        (("watch", "clock_seconds"), "clock_skew_seconds"),
    ),
    "oncall.yaml": ((("otherwise",), "fallback_officer"),),
}

# Per file the keys that are no more, and where to write instead what they said.
_BY_CLASS = "is given by the retention classes now; remove it, and set {} of the class in `retention`"
WITHDRAWN: dict[str, tuple[tuple[Key, str], ...]] = {
    "flaggermail.yaml": (
        (("dossier", "appraisal"), _BY_CLASS.format("`appraisal`")),
        (("dossier", "category"), _BY_CLASS.format("`basis`")),
        (("dossier", "keep_years"), _BY_CLASS.format("`period` and `start`")),
    )
}

# Of each template its present name and the old one.
RENAMED_TEMPLATES = {
    "held_notices": "held_back",
    "quarantine_reminder": "waiting",
    "reminder_digest": "reminders",
    "submission_request": "to_submit",
}


def template_file(directory: Path, language: str, name: str) -> Path:
    """Returns the file of a template: under its present name, or under its old one if only that exists."""
    present = directory / language / f"{name}.j2"
    old = directory / language / f"{RENAMED_TEMPLATES.get(name, name)}.j2"
    return old if old.is_file() and not present.exists() else present


def renamed_templates(directory: Path) -> tuple[list[str], list[str]]:
    """Returns notes on templates under an old name, and faults for templates that have both names; one line each."""
    notes, faults = list[str](), list[str]()
    for new, old in RENAMED_TEMPLATES.items():
        for path in sorted(directory.glob(f"*/{old}.j2")):
            place = f"{directory.name}/{path.parent.name}/{path.name}:"
            if path.with_name(f"{new}.j2").exists():
                faults.append(f"{place} is the old name of {new}.j2, which is there too; remove the old one")
            else:
                notes.append(f"{place} is now called {new}.j2; the old name works until 1.0")
    return notes, faults


def read_settings(path: Path) -> YamlSource:
    """Reads the settings file at `path` with every key under its current name. Never raises: see `source.read`."""
    source = read(path, path.name)
    for old, new in RENAMED.get(path.name, ()):
        source.rename(old, new)
    for old, words in WITHDRAWN.get(path.name, ()):
        source.withdraw(old, words)
    return source
