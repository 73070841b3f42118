# SPDX-License-Identifier: EUPL-1.2
"""Debian's Apache with mod_auth_openidc on loopback, configured by the text of the manual."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE
from tests.servers import ServerNotStartedError
from tests.servers.ports import taken

MODULES = Path("/usr/lib/apache2/modules")
LOADED = (
    "mpm_event", "authn_core", "authz_core", "authz_user", "ssl", "socache_shmcb", "headers", "proxy", "proxy_http",
    "auth_openidc",
)  # fmt: skip


def blocks(page: Path, kind: str) -> list[str]:
    """Returns the texts of that kind, such as `apache`, in a page of the manual."""
    parts = page.read_text("utf-8").split(f"```{kind}\n")[1:]
    return [part.partition("```")[0] for part in parts]


def placed(text: str, values: Mapping[str, str]) -> str:
    """Returns a text of the manual with values of a test in the place of its examples, each of which it has."""
    for example, value in values.items():
        assert example in text, example
        text = text.replace(example, value)
    return text


@contextmanager
def apache(folder: Path, port: int, site: str, account: str) -> Iterator[Path]:
    """Serves a site on that port as an account; returns the file of its errors. Ends it by its process."""
    modules = (f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    log = folder / "error.log"
    (folder / "apache.conf").write_text("\n".join([
        f"ServerRoot {folder}", f"PidFile {folder}/apache.pid", f"ErrorLog {log}", "LogLevel info",
        f"DefaultRuntimeDir {folder}", *modules, f"Listen 127.0.0.1:{port}", "StartServers 1",
        *([f"User {account}", f"Group {account}"] if os.geteuid() == 0 else []), "ServerName localhost", site,
    ]), "utf-8")  # fmt: skip
    started = subprocess.Popen(
        ["/usr/sbin/apache2", "-f", str(folder / "apache.conf"), "-DFOREGROUND"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while not taken([port]):
            if started.poll() is not None or time.monotonic() > until:
                said = started.communicate()[0] if started.poll() is not None else ""
                raise ServerNotStartedError(f"apache: {said}{log.read_text('utf-8') if log.exists() else ''}")
            time.sleep(0.02)
        yield log
    finally:
        started.terminate()
        try:
            started.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()
