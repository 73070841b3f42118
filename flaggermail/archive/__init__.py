# SPDX-License-Identifier: EUPL-1.2
"""The archive as its readers use it: who may read it, what is compared in it, how it is searched, how long it is kept.

Entry points: `reading.may_read` and `reading.note` for whatever shows the archive, `retention.overview` for what is
kept until when, `declaration.draft` for a destruction list in words.

May import: `services`, `letters`, `cases` and every room below them.
"""
