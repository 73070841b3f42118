# SPDX-License-Identifier: EUPL-1.2
"""Postfix: submission for our daemon, an MX for mail from outside, and delivery to the platforms' server.

Mail for our domain goes to Dovecot by LMTP (user = local part up to the +), all other mail to one SMTP server. It needs
no DNS. Every table can be rewritten while it runs and applies from the next connection.
"""

import os
import shutil
import smtplib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal, get_args

from tests.servers import OUR_DOMAIN, ServerNotStartedError, crlf, program, read_text, run, server_folder
from tests.servers.certificates import ServerCertificate
from tests.servers.dovecot import Dovecot
from tests.servers.ports import HOST, free_ports, started, taken, terminate, wait_until_greeting, wait_until_refused

AUTHSERV_ID = f"mx.{OUR_DOMAIN}"
"""The name in our own server's Authentication-Results (RFC 8601 section 2.5)."""

Stage = Literal["at_rcpt", "at_data", "at_dot"]
"""When a mail that the desk submits is refused."""

# max_use=1: a process serves one connection. It starts with the connection and reads the tables then, so every
# connection uses the current tables.

# For each connection Postfix waits up to 2 s before it trusts a recently changed file, which may be half written. Ours
# never are, so their times are set back.
_LONG_AGO = (0, 0)

_MAIN = Template("""\
compatibility_level = 3.10
queue_directory = $folder/spool
data_directory = $folder/lib
maillog_file = $folder/log/mail.log
maillog_file_prefixes = $folder
myhostname = $authserv_id
myorigin = $domain
mydestination =
mynetworks =
relay_domains =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:no local mail
parent_domain_matches_subdomains =
notify_classes =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
smtpd_peername_lookup = no
virtual_mailbox_domains = $domain
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:$lmtp_port
recipient_delimiter = +
default_transport = smtp:[127.0.0.1]:$platform_port
message_size_limit = 0
mailbox_size_limit = 0
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
transport_retry_time = 2s
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = check_recipient_access texthash:$folder/etc/recipient_access
smtpd_end_of_data_restrictions = check_sender_access texthash:$folder/etc/hangs
smtpd_tls_cert_file = $cert_file
smtpd_tls_key_file = $key_file
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$auth_port
smtpd_tls_auth_only = yes
""")

_MASTER = Template("""\
127.0.0.1:$submission_port inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o max_use=1
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=check_sasl_access,texthash:$folder/etc/logins
  -o smtpd_recipient_restrictions=check_recipient_access,texthash:$folder/etc/recipient_access,$at_rcpt
  -o smtpd_data_restrictions=$at_data
  -o smtpd_end_of_data_restrictions=check_sender_access,texthash:$folder/etc/hangs,$at_dot
  -o cleanup_service_name=reading
127.0.0.1:$submissions_port inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o max_use=1
  -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$mx_port inet n - n - - smtpd
  -o syslog_name=postfix/mx
  -o max_use=1
  -o smtpd_relay_restrictions=permit_auth_destination,reject
  -o smtpd_sender_restrictions=check_sender_access,texthash:$folder/etc/dmarc_results
cleanup unix n - n - 0 cleanup
reading unix n - n - 0 cleanup
  -o max_use=1
  -o header_checks=regexp:$folder/etc/words
  -o body_checks=regexp:$folder/etc/words
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
""")


@dataclass(frozen=True)
class Postfix:
    """A Postfix that listens on three ports of 127.0.0.1; its master process needs root."""

    folder: Path
    certificate: ServerCertificate
    dovecot: Dovecot
    platform_port: int
    submission_port: int
    """STARTTLS and AUTH, both required."""
    submissions_port: int
    """TLS from the first octet, AUTH required."""
    mx_port: int
    """For mail from outside to our domain; adds our Authentication-Results."""

    @classmethod
    @contextmanager
    def running(cls, certificate: ServerCertificate, dovecot: Dovecot, platform_port: int) -> Iterator["Postfix"]:
        """Starts a server with this certificate and stops it at the end; raises ServerNotStartedError."""
        with server_folder("postfix") as folder:
            server = started(lambda: cls(folder, certificate, dovecot, platform_port, *free_ports(3)))
            try:
                yield server
            finally:
                server.stop()

    def start(self) -> None:
        """Starts, also again after stop(): same ports, tables and queue."""
        if os.geteuid() != 0:
            raise ServerNotStartedError("Postfix starts as root only")
        self._write_configuration()
        output, log = self.folder / "log" / "start.log", self.folder / "log" / "mail.log"
        if run([program("postfix"), "-c", str(self._etc), "start"], output) != 0:
            # Its own message about a port is lost: the process that writes the log does not run yet.
            occupied = taken(self._ports)
            reason = f"address already in use: port {occupied}" if occupied else "see the logs"
            raise ServerNotStartedError(f"Postfix refused to start, {reason}", [output, log])
        try:
            for port in (self.submission_port, self.mx_port):
                wait_until_greeting(port)
        except TimeoutError as error:
            self.stop()
            raise ServerNotStartedError(str(error), [output, log]) from error

    def stop(self) -> None:
        """Stops and cuts all connections; the queue is kept."""
        terminate(self._pid_file)
        for port in self._ports:
            wait_until_refused(port)

    def log(self) -> str:
        """Returns the text of the log so far."""
        return read_text(self.folder / "log" / "mail.log")

    def set_recipient_access(self, replies: Mapping[str, str]) -> None:
        """Refuses recipients at RCPT TO from now on: address -> reply such as "550 5.7.1 no" or "450 4.7.1 later"."""
        self._set("recipient_access", replies)

    def set_refusals(self, stage: Stage, replies: Mapping[str, str]) -> None:
        """Refuses what the desk submits from now on (STARTTLS), at this stage of one mail to one recipient.

        `replies`: regular expression for the recipient -> reply such as "554 5.7.1 no".
        """
        self._set(stage, {f"/{pattern}/": reply for pattern, reply in replies.items()})

    def set_words(self, words: Iterable[str]) -> None:
        """Rejects what the desk submits with one of these words in header or text, at the final dot, from now on."""
        self._set("words", {f"/{word}/": f"REJECT message with {word} rejected" for word in words})

    def set_dmarc_results(self, results: Mapping[str, str]) -> None:
        """Sets DMARC results for mail from outside: domain of the envelope sender -> result such as "pass".

        A real server checks the From field; here From must have the envelope's domain. Mail of other domains gets none
        of our Authentication-Results.
        """
        vouched = {
            domain: f"PREPEND Authentication-Results: {AUTHSERV_ID}; dmarc={result} header.from={domain}"
            for domain, result in results.items()
        }
        self._set("dmarc_results", vouched)

    def set_logins(self, users: Iterable[str]) -> None:
        """Writes `auth=pass` with their address on what these users of our domain submit from now on (STARTTLS)."""
        written = f"PREPEND Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth="
        self._set("logins", {user: f"{written}{user}@{OUR_DOMAIN}" for user in users})

    def set_hangs(self, seconds: Mapping[str, int]) -> None:
        """Delays the reply to the final dot from now on: envelope sender -> seconds.

        The mail is accepted after that time, even if the client has left: an uncertain send.
        """
        self._set("hangs", {sender: f"sleep {pause}" for sender, pause in seconds.items()})

    def deliver_from_outside(self, octets: bytes, sender: str, recipient: str) -> None:
        """Sends a message like a stranger's server; raises smtplib.SMTPException if it is refused."""
        with smtplib.SMTP(HOST, self.mx_port, local_hostname="mail.outside.example") as client:
            client.sendmail(sender, [recipient], crlf(octets), ["BODY=8BITMIME"])

    @property
    def _etc(self) -> Path:
        return self.folder / "etc"

    @property
    def _ports(self) -> tuple[int, int, int]:
        return self.submission_port, self.submissions_port, self.mx_port

    @property
    def _pid_file(self) -> Path:
        return self.folder / "spool" / "pid" / "master.pid"

    def _write_configuration(self) -> None:
        for name in ("etc", "spool", "lib", "log"):
            (self.folder / name).mkdir(exist_ok=True)
        for table in ("recipient_access", "dmarc_results", "logins", "hangs", "words", *get_args(Stage)):
            if not (self._etc / table).exists():
                self._set(table, {})
        values = {
            "folder": self.folder,
            "domain": OUR_DOMAIN,
            "authserv_id": AUTHSERV_ID,
            "cert_file": self.certificate.cert_file,
            "key_file": self.certificate.key_file,
            "lmtp_port": self.dovecot.lmtp_port,
            "auth_port": self.dovecot.auth_port,
            "platform_port": self.platform_port,
            "submission_port": self.submission_port,
            "submissions_port": self.submissions_port,
            "mx_port": self.mx_port,
            **{stage: f"check_recipient_access,regexp:{self._etc}/{stage}" for stage in get_args(Stage)},
        }
        self._write("main.cf", _MAIN.substitute(values))
        self._write("master.cf", _MASTER.substitute(values))
        shutil.chown(self.folder / "lib", "postfix")

    def _set(self, table: str, entries: Mapping[str, str]) -> None:
        """Replaces a table in one step; it needs no reload (see max_use)."""
        self._write(table, "".join(f"{key} {value}\n" for key, value in entries.items()))

    def _write(self, name: str, text: str) -> None:
        written = self._etc / f"{name}.new"
        written.write_text(text, "utf-8")
        os.utime(written, _LONG_AGO)
        written.replace(self._etc / name)
