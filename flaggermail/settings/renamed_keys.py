# SPDX-License-Identifier: EUPL-1.2
"""Keys of settings files that have a new name. The old name works until 1.0 and gives a note; both are an error."""

from __future__ import annotations

from pathlib import Path

from flaggermail.yaml_files.source import Key, Source, read

# Of each file the old keys and their new names, a section before the keys in it; not of the entries of a list.
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


def read_settings(path: Path) -> Source:
    """The settings file at `path` with every key under its present name. Never raises: see `source.read`."""
    source = read(path, path.name)
    for old, new in RENAMED.get(path.name, ()):
        source.rename(old, new)
    return source
