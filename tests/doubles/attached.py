# SPDX-License-Identifier: EUPL-1.2
"""A referral to which files are attached."""

from __future__ import annotations

from base64 import b64encode

from tests.store.desk_fixtures import REFERRER, mail


def with_files(*files: tuple[str, str, bytes], text: str = "See the attached.", subject: str = "Two boxes") -> bytes:
    """Builds a referral with attachments: the parameter of each that names it, its type, its octets."""
    parts = "".join(
        f"--b\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n"
        f"Content-Disposition: attachment; {name}\n\n{b64encode(octets).decode()}\n"
        for name, kind, octets in files
    )
    body = f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n{parts}--b--"
    return mail(REFERRER, subject, body, extra=("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"))
