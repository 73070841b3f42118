# SPDX-License-Identifier: EUPL-1.2
"""The archive as its readers use it: who may read it, what is compared in it, how it is searched, how long it is kept.

Entry points: `look_ups.is_noted` and `look_ups.note` for whatever shows the archive;
`dossier_parts.DossierWriter` gives the files of a dossier, part by part, `dossier` says what belongs to one;
`retention_list.overview` says what is kept until when, `retention_list.draft` words a destruction list.

May import: `services`, `letters`, `cases` and every room below them.
"""
