# SPDX-License-Identifier: EUPL-1.2
"""Dovecot 2.4: IMAP, delivery by LMTP, and the password check for Postfix.

Every user name logs in with the same password and has INBOX, Sent, Junk and Deleted from its first use, so a test takes
its own user name and cleans nothing up. Dovecot reports new mail to an idling client after 500 ms, by design.
"""

import base64
import hmac
import imaplib
import json
import os
import re
import secrets
import smtplib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template

from tests import running
from tests.patience import PATIENCE
from tests.servers import (
    OUR_DOMAIN,
    ServerNotStartedError,
    account,
    crlf,
    give,
    program,
    read_text,
    run,
    server_folder,
    under,
)
from tests.servers.certificates import ServerCertificate
from tests.servers.ports import HOST, free_ports, started, terminate, wait_until_greeting, wait_until_refused

_LONG_MOVE = 600.0  # seconds, of many thousand messages
_POLL = 0.02

_CONFIGURATION = Template("""\
# The two version lines must come first: without them 2.4 does not start.
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = $folder/run
state_dir = $folder/state
instance_name = $instance
log_path = $folder/dovecot.log
listen = 127.0.0.1
protocols {
  imap = yes
  lmtp = yes
}
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
ssl = yes
ssl_server_cert_file = $cert_file
ssl_server_key_file = $key_file

auth_mechanisms = plain login xoauth2 oauthbearer
auth_allow_cleartext = yes
auth_failure_delay = 0 secs
# LMTP looks up the whole address otherwise: mail for u@domain would go, unseen, to another home than IMAP's user u.
auth_username_format = %{user | username | lower}
recipient_delimiter = +
passdb static {
  passdb_static_password = $password
}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
}
oauth2 {
  introspection_mode = local
  username_attribute = sub
  oauth2_local_validation {
    dict fs {
      fs posix {
        prefix = $folder/keys/
      }
    }
  }
}
userdb passwd-file {
  passwd_file_path = $folder/limits
  result_success = continue-ok
  result_failure = continue
}
userdb static {
  userdb_static_allow_all_users = yes
  fields {
    uid = $user
    gid = $group
  }
}

mail_driver = maildir
mail_home = $folder/home/%{user}
mail_path = ~/Maildir
mail_fsync = never
quota user {
}
quota_full_tempfail = yes
quota_storage_grace = 0
mail_plugins {
  quota = yes
}
protocol imap {
  mail_plugins {
    acl = yes
    imap_quota = yes
  }
  acl_driver = vfile
}
mailbox_list_layout = maildir++
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Junk {
    auto = subscribe
    special_use = \\Junk
  }
  mailbox Deleted {
    auto = subscribe
    special_use = \\Trash
  }
}

# Without root nothing may change its root folder.
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-urlauth-login {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $imap_port
  }
  inet_listener imaps {
    port = $imaps_port
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    listen = 127.0.0.1
    port = $lmtp_port
  }
}
service auth {
  inet_listener postfix {
    listen = 127.0.0.1
    port = $auth_port
  }
}
""")


@dataclass(frozen=True)
class Dovecot:
    """A Dovecot that listens on four ports of 127.0.0.1."""

    folder: Path
    certificate: ServerCertificate
    password: str
    imap_port: int
    """Clear text, with STARTTLS."""
    imaps_port: int
    """TLS from the first octet."""
    lmtp_port: int
    auth_port: int
    """Dovecot's own authentication protocol, for Postfix."""

    @classmethod
    @contextmanager
    def running(cls, certificate: ServerCertificate) -> Iterator["Dovecot"]:
        """Starts a server with this certificate and stops it at the end; raises ServerNotStartedError."""
        with server_folder("dovecot") as folder:
            server = started(lambda: cls(folder, certificate, secrets.token_hex(8), *free_ports(4)))
            try:
                yield server
            finally:
                server.stop()

    def start(self) -> None:
        """Starts, also again after stop(): same ports, same mail."""
        user, group = account("nobody")
        for name in ("run", "state", "home"):
            (self.folder / name).mkdir(exist_ok=True)
        key = self.folder / "keys" / "default" / "HS256" / "default"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_bytes(base64.b64encode(self.password.encode()))
        self._limits.touch()
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(self._configuration(user, group), "utf-8")
        give(self.folder, user, group)
        output, log = self.folder / "start.log", self.folder / "dovecot.log"
        if run([*under(user, group), program("dovecot"), "-c", str(configuration)], output) != 0:
            raise ServerNotStartedError("Dovecot refused to start", [output, log])
        try:
            for port in (self.imap_port, self.lmtp_port, self.auth_port):
                wait_until_greeting(port)
        except TimeoutError as error:
            self.stop()
            raise ServerNotStartedError(str(error), [output, log]) from error

    def stop(self) -> None:
        """Stops and cuts all connections; mail is kept."""
        terminate(self.folder / "run" / "master.pid")
        for port in (self.imap_port, self.imaps_port, self.lmtp_port, self.auth_port):
            wait_until_refused(port)

    def log(self) -> str:
        """Returns the text of the log so far."""
        return read_text(self.folder / "dovecot.log")

    def deliver(self, user: str, octets: bytes, sender: str = "") -> None:
        """Delivers a message by LMTP (RFC 2033) to the user's INBOX; an empty sender is the null return path."""
        with smtplib.LMTP(HOST, self.lmtp_port, local_hostname="mx.bzk.example") as client:
            client.sendmail(sender, [f"{user}@{OUR_DOMAIN}"], crlf(octets), ["BODY=8BITMIME"])

    def token(self, user: str, life: float = 3600) -> str:
        """Returns a token (RFC 7519, HS256) for the user that ends in `life` seconds."""
        now = int(time.time())
        parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": user, "iat": now - 3600, "exp": int(now + life)})
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in parts)
        seal = hmac.digest(self.password.encode(), signed, "sha256")
        return (signed + b"." + _base64url(seal)).decode("ascii")

    def append(self, user: str, folder: str, octets: bytes, internaldate: datetime) -> None:
        """Stores a message in a folder by IMAP APPEND with this INTERNALDATE (aware; the offset is kept)."""
        with self._login(user) as client:
            date = imaplib.Time2Internaldate(internaldate)
            _expect_ok(*client.append(folder, "", date, octets))

    def lay(self, user: str, mails: Iterable[bytes], internaldate: datetime, folder: str = "") -> None:
        """Writes many messages at once, as Maildir files; the user must not have logged in before.

        They go to the INBOX, or to a folder of that name in ASCII.
        """
        maildir = self.folder / "home" / user / "Maildir" / (f".{folder}" if folder else "")
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True)
        for number, octets in enumerate(mails):
            path = maildir / "cur" / f"{1_000_000_000 + number}.{number}.laid.example:2,"
            path.write_bytes(octets)
            os.utime(path, (internaldate.timestamp(),) * 2)
        give(self.folder / "home" / user, *account("nobody"))

    def move(self, user: str, source: str, target: str) -> None:
        """Moves all messages of one folder to another at once (RFC 6851), as a colleague does; dates are kept."""
        with self._login(user) as client:
            _expect_ok(*client.select(source))
            client.sock.settimeout(_LONG_MOVE)
            _expect_ok(*client.uid("MOVE", "1:*", target))

    def restore(self, user: str, octets: bytes, internaldate: datetime) -> None:
        """Puts a file into the INBOX of a user who has logged in before, as a restore from elsewhere does.

        Its time is the INTERNALDATE, up to the last that the file system holds. APPEND would take one from the future
        for now, which other servers do not.
        """
        maildir = self.folder / "home" / user / "Maildir"
        self.flags(user)  # makes the folders
        path = maildir / "tmp" / f"{secrets.randbelow(10**9)}.restored.example"
        path.write_bytes(octets)
        os.utime(path, (internaldate.timestamp(),) * 2)
        give(maildir / "tmp", *account("nobody"))
        path.rename(maildir / "new" / path.name)

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Returns the messages of a folder in the order of their UIDs, without changing flags."""
        return [item[1] for item in self._fetch(user, folder, "(BODY.PEEK[])") if isinstance(item, tuple)]

    def flags(self, user: str, folder: str = "INBOX") -> list[frozenset[str]]:
        r"""Returns each message's flags and keywords, in the order of messages().

        \\Recent is left out: it only shows which client looked first.
        """
        lines = (item for item in self._fetch(user, folder, "(FLAGS)") if isinstance(item, bytes))
        return [frozenset(flag.decode("ascii") for flag in imaplib.ParseFlags(line)) - {"\\Recent"} for line in lines]

    def wait_for_messages(
        self, user: str, count: int, folder: str = "INBOX", *, seconds: float = PATIENCE
    ) -> list[bytes]:
        """Returns the messages of a folder once there are at least `count`; raises TimeoutError after `seconds`."""
        deadline = time.monotonic() + seconds
        while len(found := self.messages(user, folder)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} messages in {folder} of {user} after {seconds} s")
            running.require(f"{count} messages in {folder} of {user}")
            time.sleep(_POLL)
        return found

    def expunge(self, user: str, uid: int, folder: str = "INBOX") -> None:
        """Takes one message out of a folder for good, as a colleague's mail client does."""
        with self._login(user) as client:
            _expect_ok(*client.select(folder))
            _expect_ok(*client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)"))
            _expect_ok(*client.uid("EXPUNGE", str(uid)))

    def numbering(self, user: str) -> bytes:
        """Returns the UIDVALIDITY (RFC 9051, section 2.3.1.1) of the user's INBOX."""
        with self._login(user) as client:
            _expect_ok(*client.select("INBOX", readonly=True))
            return bytes(client.response("UIDVALIDITY")[1][0])

    def renumber(self, user: str, seconds: float = PATIENCE) -> None:
        """Changes the UIDVALIDITY of the user's INBOX, as the loss of its index does; raises TimeoutError."""
        old, deadline = self.numbering(user), time.monotonic() + seconds
        while self.numbering(user) == old:  # it is made from the time in seconds
            if time.monotonic() > deadline:
                raise TimeoutError(f"{old!r} is still the numbering of {user} after {seconds} s")
            for file in (self.folder / "home" / user / "Maildir").glob("dovecot*"):
                file.unlink(missing_ok=True)

    def set_quota(self, user: str, kilobytes: int | None) -> None:
        """Limits what the user's mailbox holds, from the next session on; without a limit nothing is refused.

        A mail that has no room is refused for now (452), and comes in once there is.
        """
        self._limits.write_text("" if kilobytes is None else f"{user}:::::::userdb_quota_storage_size={kilobytes}K\n")

    def set_read_only(self, user: str, *, read_only: bool) -> None:
        """Takes from the user's sessions every right to the INBOX but that to read (RFC 4314), or gives them back."""
        rights = self.folder / "home" / user / "Maildir" / "dovecot-acl"
        if read_only:
            rights.write_text("owner lr\n", "ascii")
            rights.chmod(0o644)
        else:
            rights.unlink(missing_ok=True)

    @property
    def _limits(self) -> Path:
        return self.folder / "limits"

    @contextmanager
    def _login(self, user: str) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4(HOST, self.imap_port, timeout=PATIENCE) as client:
            client.login(user, self.password)
            yield client

    def _fetch(self, user: str, folder: str, items: str) -> list[bytes | tuple[bytes, bytes]]:
        with self._login(user) as client:
            status, selected = client.select(folder, readonly=True)
            _expect_ok(status, selected)
            if selected == [b"0"]:
                return []
            status, lines = client.fetch("1:*", items)
            _expect_ok(status, lines)
            return [line for line in lines if line is not None]

    def _configuration(self, user: str, group: str) -> str:
        return _CONFIGURATION.substitute(
            folder=self.folder,
            instance=re.sub(r"\W", "", self.folder.name),
            user=user,
            group=group,
            password=self.password,
            cert_file=self.certificate.cert_file,
            key_file=self.certificate.key_file,
            imap_port=self.imap_port,
            imaps_port=self.imaps_port,
            lmtp_port=self.lmtp_port,
            auth_port=self.auth_port,
        )


def _base64url(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _expect_ok(status: str, lines: object) -> None:
    """Raises imaplib's error if the server's status is not OK."""
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status} {lines!r}")
