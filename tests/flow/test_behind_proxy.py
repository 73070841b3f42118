# SPDX-License-Identifier: EUPL-1.2
"""The pages behind Apache and an OpenID provider, set up by the text of the manual; a client without script logs in."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.flow.door_process import AS_ROOT, DoorProcess, desk_of, door_on, open_the_way
from tests.flow.test_web_socket import PROXY, proxied
from tests.patience import PATIENCE
from tests.servers.apache import apache, blocks, placed
from tests.servers.certificates import Certificates
from tests.servers.openid import OpenIdProvider
from tests.servers.ports import free_ports

pytestmark = [pytest.mark.outside, pytest.mark.skipif(not AS_ROOT, reason="the proxy has an account of its own")]
MANUAL = Path(__file__).parents[2] / "docs" / "proxy.md"
SECRET = "a secret of the client"


@dataclass(frozen=True)
class Site:
    """The desk at an address of HTTPS, with its provider."""

    url: str
    door: DoorProcess
    provider: OpenIdProvider
    authority: Path
    case: str

    def browser(self) -> requests.Session:
        """Returns a browser without cookies."""
        made = requests.Session()
        made.trust_env, made.verify = False, str(self.authority)
        made.headers["Accept"] = "text/html"
        return made

    def logged_in(self, login: str) -> requests.Session:
        """Returns a browser in which that person is logged in."""
        self.provider.login = login
        made = self.browser()
        made.get(f"{self.url}/", timeout=PATIENCE)
        return made

    def actors(self, kind: str) -> list[tuple[object, object]]:
        """Returns who did that, and the facts beside their name."""
        found = self.door.ask("/v1/views/events?limit=1000").document["events"]
        assert isinstance(found, list)
        return [(one["actor"], one["facts"]) for one in found if one["kind"] == kind]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The desk behind Apache; this account is officer2 at the door, and officer1 logs in at the provider."""
    folder = tmp_path_factory.mktemp("p")
    desk = proxied(desk_of(folder / "desk", ("officer2", os.geteuid())))
    certificates, (port,) = Certificates(folder), free_ports(1)
    provider = OpenIdProvider("flaggermail", SECRET)
    for name, text in (("desk-client-secret", SECRET), ("desk-passphrase", "a passphrase of this test")):
        (folder / name).write_text(text, "ascii")
    open_the_way(desk)
    (config,) = blocks(MANUAL, "apache")
    with provider.running(), door_on(desk, desk / "desk.sock") as door:
        text = placed(config, {
            "*:443": f"127.0.0.1:{port}", "/etc/ssl/desk.pem": str(certificates.server.cert_file),
            "/etc/ssl/private/desk.key": str(certificates.server.key_file), "https://login.example": provider.url,
            "/etc/apache2/": f"{folder}/", "https://desk.example": f"https://localhost:{port}",
            "ServerName desk.example": "ServerName localhost", "/run/flaggermail/web.sock": str(desk / "web.sock"),
        })  # fmt: skip
        case = door.ask(
            "/v1/commands/case-open", "POST", {"election": "EP2024", "type": "A_content", "origin": "media"}
        )
        with apache(folder, port, text, PROXY):
            yield Site(f"https://localhost:{port}", door, provider, certificates.ca_file, str(case.document["key"]))


def fields(page: str, act: str) -> dict[str, str]:
    """Returns the hidden fields of the form of an act."""
    form = next(one for one in page.split("<form")[1:] if f'name="act" value="{act}"' in one)
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.partition("</form>")[0]))


def test_whoever_logs_in_at_the_provider_acts_as_that_officer(site: Site) -> None:
    """Tonight as that officer; a form is done, and its event bears them and says that the proxy vouched."""
    browser = site.logged_in("officer1")
    tonight = browser.get(f"{site.url}/", timeout=PATIENCE)
    assert tonight.status_code == 200, tonight.text
    assert "You act as A. Jansen. The server in front of the desk checked your login." in tonight.text
    page = browser.get(f"{site.url}/cases/{site.case}", timeout=PATIENCE)
    taken = browser.post(page.url, fields(page.text, "take"), headers={"Origin": site.url}, timeout=PATIENCE)
    assert taken.status_code == 200, taken.text
    assert taken.url.startswith(page.url)
    assert site.actors("case assigned") == [("officer1", {"proxy": True})]


def test_a_header_of_the_browser_does_not_win(site: Site) -> None:
    """However it is written: the web server takes it away and names whoever is logged in."""
    browser = site.logged_in("officer1")
    for name in ("X-Remote-User", "x-remote-user", "X_Remote_User", "X-REMOTE-USER"):
        page = browser.get(f"{site.url}/", headers={name: "head1"}, timeout=PATIENCE)
        assert "You act as A. Jansen." in page.text, name
    fresh = site.browser().get(
        f"{site.url}/", headers={"X-Remote-User": "head1"}, allow_redirects=False, timeout=PATIENCE
    )
    assert fresh.status_code == 302


@pytest.mark.parametrize(
    "address", ["/", "/cases", "/drafts/1", "/static/desk.css", "/v1/views/case-list", "/health", "//"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_not_logged_in_is_sent_to_the_provider(site: Site, address: str, method: str) -> None:
    """No page of the desk, no style, nothing; the desk is not asked."""
    answer = site.browser().request(method, f"{site.url}{address}", allow_redirects=False, timeout=PATIENCE)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{site.provider.url}/authorize?")
    assert "flaggermail</title>" not in answer.text
    assert "API-Version" not in answer.headers


@pytest.mark.parametrize("login", ["mallory", PROXY, "officer1, head1", ""])
def test_a_login_of_nobody_gets_no_page(site: Site, login: str) -> None:
    """403 in words, if the provider has logged somebody in."""
    answer = site.logged_in(login).get(f"{site.url}/cases", timeout=PATIENCE)
    assert answer.status_code in {401, 403}
    assert "You act as" not in answer.text
    if login in {"mallory", PROXY}:
        assert f"user {login}: no officer and no associate in oncall.yaml has this login" in answer.text


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    """The web server keeps the name that the browser asked for, so that the desk can compare."""
    browser = site.logged_in("officer1")
    page = browser.get(f"{site.url}/cases/{site.case}", timeout=PATIENCE)
    form = fields(page.text, "close")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post(page.url, form, headers=headers, timeout=PATIENCE).status_code == 403
    assert site.actors("case closed") == []


def test_another_name_of_the_host_gets_nothing(site: Site) -> None:
    """As after DNS rebinding; with the cookie of the desk's own name, too."""
    for browser in (site.browser(), site.logged_in("officer1")):
        answer = browser.get(f"{site.url}/", headers={"Host": "evil.example"}, allow_redirects=False, timeout=PATIENCE)
        assert answer.status_code in {403, 421}
        assert "flaggermail</title>" not in answer.text


def test_programs_have_no_address_behind_the_proxy(site: Site) -> None:
    """An approval there is one on a page."""
    browser = site.logged_in("officer1")
    for address in ("/v1/views/case-list", "/v1/openapi.json", "/health"):
        assert browser.get(f"{site.url}{address}", timeout=PATIENCE).status_code == 404
    sent = browser.post(f"{site.url}/v1/commands/case-close", json={"case": site.case}, timeout=PATIENCE)
    assert sent.status_code == 404


def test_a_page_keeps_its_headers(site: Site) -> None:
    """The web server adds, and takes none away."""
    headers = site.logged_in("officer1").get(f"{site.url}/", timeout=PATIENCE).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Strict-Transport-Security"]
    assert headers["Cache-Control"] == "private, no-cache"


def test_nginx_accepts_the_text_of_the_manual(tmp_path: Path) -> None:
    """As `nginx -t` says, with the files of this test."""
    certificates = Certificates(tmp_path)
    (text,) = blocks(MANUAL, "nginx")
    text = placed(text, {
        "/etc/ssl/desk.pem": str(certificates.server.cert_file),
        "/etc/ssl/private/desk.key": str(certificates.server.key_file), "listen 443": "listen 127.0.0.1:20443",
    })  # fmt: skip
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off;\n{text}\n}}", "utf-8"
    )
    tried = subprocess.run(
        ["/usr/sbin/nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stderr
