# SPDX-License-Identifier: EUPL-1.2
"""Killed at any step of fetching a token, the desk logs in at its next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from flaggermail.adapters.files.blob_store import replace_file, sync_folder
from flaggermail.adapters.oauth import tokens as subject
from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.tokens import KeptRefreshTokens, RenewingTokens
from flaggermail.settings.oauth_section import Grant, OAuth2Settings
from tests.patience import PATIENCE
from tests.servers.token_endpoint import Answer, TokenEndpoint, grants, refuses

FIRST = "refresh-0"
STEPS = ("asked", "answered", "replace_file", "replaced", "sync_folder", "synced", "used")
"""Before and after the request, the new refresh token's file and its folder; and a kill with the token in hand."""


class RotatingWithGrace:
    """Gives a new refresh token each time. It takes the newest and the one before, as RFC 9700, 4.14.2 allows for.

    An endpoint without that grace locks everybody out whose line breaks before the answer, whoever asks.
    """

    def __init__(self) -> None:
        """Takes the credential first."""
        self.count = 0

    def __call__(self, form: Mapping[str, str]) -> Answer:
        """Answers a form."""
        number = int(form["refresh_token"].partition("-")[2])
        if number not in {self.count, self.count - 1}:
            return refuses("invalid_grant")
        self.count = number + 1
        return grants(f"token-{self.count}", expires_in=60, refresh_token=f"refresh-{self.count}")


def source(url: str, folder: Path, step: str = "") -> RenewingTokens:
    """Returns the desk's source of tokens; it kills its process at `step`."""
    section = OAuth2Settings(token_endpoint=url, client_id="desk", scope="mail", grant=Grant.REFRESH_TOKEN)

    def kill_at(here: str) -> None:
        if here == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def asks(secret: str) -> Granted:
        kill_at("asked")
        granted = fetch_token(section, secret, SecretFiles("the file"), TokenLine(url, 5))
        kill_at("answered")
        return granted

    def replace(path: Path, octets: bytes, mode: int) -> None:
        kill_at("replace_file")
        replace_file(path, octets, mode)
        kill_at("replaced")

    def sync(path: Path) -> None:
        kill_at("sync_folder")
        sync_folder(path)
        kill_at("synced")

    if step:
        vars(subject).update(replace_file=replace, sync_folder=sync)
    return RenewingTokens(asks, lambda: FIRST, KeptRefreshTokens(folder))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.outside
def test_a_desk_that_was_killed_while_it_fetched_a_token_logs_in(step: str, tmp_path: Path) -> None:
    """Twice at the same step; then a whole start goes on with a refresh token that the endpoint takes."""
    endpoint = RotatingWithGrace()
    with TokenEndpoint(endpoint).running() as running:
        for _ in range(2):
            process = subprocess.run(
                [sys.executable, "-m", "tests.story.test_token_crashes", running.url, str(tmp_path), step],
                check=False,
                timeout=PATIENCE,
            )
            assert process.returncode == -signal.SIGKILL
        tokens = source(running.url, tmp_path)
        assert tokens.token(0.0).value == f"token-{endpoint.count}"
        assert tokens.token(100.0).value == f"token-{endpoint.count}"
    assert (tmp_path / "refresh-token.json").stat().st_mode & 0o777 == 0o600


if __name__ == "__main__":
    source(sys.argv[1], Path(sys.argv[2]), sys.argv[3]).token(0.0)
    os.kill(os.getpid(), signal.SIGKILL)
