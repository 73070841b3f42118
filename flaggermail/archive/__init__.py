# SPDX-License-Identifier: EUPL-1.2
"""The archive as others read it: proof, search, retention, and dossiers that open without this program.

Entry points: `dossier_parts.Writer` gives the files of a dossier, part by part; `dossier` says what belongs to one,
and `mdto` writes its metadata.

May import: `cases`, `letters`, `services` and every room below them.
"""
