# SPDX-License-Identifier: EUPL-1.2
"""A desk that knows no password: the whole path with tokens that live for seconds, and refresh tokens that rotate."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ruamel.yaml import YAML

from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.test_daemon import PLATFORM, REFERRER, answer, clocks_stopped, decide, refer, the_case
from tests.patience import PATIENCE
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix
from tests.servers.token_endpoint import Answer, TokenEndpoint, grants, refuses

FIRST = "canary-of-the-refresh-token"
LIFE = 6  # seconds


class Rotating:
    """Takes each refresh token once, and gives the next with a token for this user."""

    def __init__(self, dovecot: Dovecot, user: str) -> None:
        """Takes the credential first."""
        self._dovecot, self._user = dovecot, user
        self.newest, self.given = FIRST, list[str]()

    def __call__(self, form: Mapping[str, str]) -> Answer:
        """Answers a form."""
        if form["refresh_token"] != self.newest:
            return refuses("invalid_grant")
        self.given.append(self._dovecot.token(self._user, LIFE))
        self.newest = f"{FIRST}-{len(self.given)}"
        return grants(self.given[-1], expires_in=LIFE, refresh_token=self.newest)


def use_tokens(desk: DeskProcess, endpoint: TokenEndpoint) -> None:
    """Takes the passwords away, and names the endpoint in their place."""
    yaml, path = YAML(), desk.folder / "flaggermail.yaml"
    settings = yaml.load(path.read_text("utf-8"))
    settings["mailbox"]["login"] = settings["submission"]["login"] = "oauth2"
    settings["oauth2"] = {
        "token_endpoint": endpoint.url, "client_id": "desk", "scope": "mail", "grant": "refresh_token",
        "credential": "refresh", "other_mailbox": f"not-{desk.mailbox}",
    }  # fmt: skip
    yaml.dump(settings, path)
    for file in (desk.folder / "credentials").iterdir():
        file.unlink()
    (desk.folder / "credentials" / "refresh").write_text(FIRST, "utf-8")
    (desk.folder / "credentials" / "refresh").chmod(0o600)


@pytest.mark.long
def test_from_the_referral_to_the_stopped_clocks_with_tokens(
    desk: DeskProcess, postfix: Postfix, platform: PlatformServer, dovecot: Dovecot
) -> None:
    """The referral is confirmed, the notification sent once, the answer stops the clocks; no session is lost.

    A restart between them goes on with the newest refresh token.
    """
    rotating = Rotating(dovecot, desk.mailbox)
    with TokenEndpoint(rotating).running() as endpoint:
        use_tokens(desk, endpoint)
        desk.start()
        refer(desk, postfix)
        platform.wait(1, recipient=REFERRER)
        case = patiently(lambda: the_case(desk), "a case")
        draft = decide(desk, case)
        desk.stop()
        logs = desk.log()
        desk.start()
        desk.run("approve", draft)
        (notified,) = platform.wait(1, recipient=PLATFORM)
        fetched = len(rotating.given)
        patiently(
            lambda: len(rotating.given) > fetched + 1, "a renewed session", 3 * PATIENCE
        )  # a token is kept for a minute
        answer(desk, postfix, notified)
        patiently(lambda: clocks_stopped(desk, case), "three stopped clocks")
        desk.stop()
    logs += desk.log()
    assert len(platform.received(PLATFORM)) == 1
    assert "link lost" not in logs
    assert logs.count("token opens one mailbox") == 2
    assert FIRST not in logs
    assert [token for token in rotating.given if token in logs] == []
    record = (desk.folder / "flaggermail.db").read_bytes()
    assert FIRST.encode() not in record
    assert [token for token in rotating.given if token.encode() in record] == []
