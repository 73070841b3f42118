# SPDX-License-Identifier: EUPL-1.2
"""The faults of a set-up that `check` and `run` know: each with its code, its severity and its sentence.

The sentence says what is wrong, where, and what would be right. `SORTS` is the whole list; the manual's table shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flaggermail.record.states import Severity
from flaggermail.wording.said import countable


class SetupFaultCode(StrEnum):
    """The code of a fault in the set-up."""

    CONFIGURATION = "configuration"  # a line of the readers of the files: file, line, column, key
    DATABASE_FOLDER = "database-folder"
    DATABASE_CLOSED = "database-closed"
    DATABASE_DISK = "database-disk"
    DATABASE_UNREADABLE = "database-unreadable"
    DATABASE_FOREIGN = "database-foreign"
    DATABASE_NEWER = "database-newer"
    DATABASE_OLDER = "database-older"
    DATABASE_DRIVER = "database-driver"
    DATABASE_IN_MEMORY = "database-in-memory"
    DATABASE_IS_FOLDER = "database-is-folder"
    ARCHIVE_FOLDER = "archive-folder"
    ARCHIVE_GONE = "archive-gone"
    ARCHIVE_READ_ONLY = "archive-read-only"
    CA_FILE = "ca-file"
    PAGER_EXTRA = "pager-extra"
    PROXY_ACCOUNT = "proxy-account"
    TOKEN_EXTRA = "token-extra"  # noqa: S105 - the name of a mistake
    TOKEN_REACH = "token-reach"  # noqa: S105 - as above; known only once the mailbox was asked: `run` says it
    POLICY_AHEAD = "policy-ahead"
    MAILBOX_READ_BEFORE = "mailbox-read-before"  # known only once the mailbox was asked: `run` says it
    DISK_FULL = "disk-full"
    CREDENTIAL_MISSING = "credential-missing"
    CREDENTIAL_OPEN = "credential-open"
    CREDENTIAL_LINES = "credential-lines"
    CREDENTIAL_UNREADABLE = "credential-unreadable"
    FOLDER_SHARED = "folder-shared"
    TLS_PORT = "tls-port"
    MARK_UNPROVEN = "mark-unproven"
    APPROVERS = "approvers"
    SECRET_ENDS = "secret-ends"  # noqa: S105 - the name of a mistake
    LOGIN_CERTIFICATE_ENDS = "login-certificate-ends"
    LOGIN_CERTIFICATE_UNREADABLE = "login-certificate-unreadable"
    CREDENTIAL_UNSEEN = "credential-unseen"
    CREDENTIAL_SIGNS = "credential-signs"
    EXAMPLE = "example"
    EXAMPLE_LEFT = "example-left"
    OFFICER_DOMAIN = "officer-domain"
    LOGIN_DOMAIN = "login-domain"
    OFFICER_LEFT = "officer-left"
    REFERRER_UNLISTED = "referrer-unlisted"
    ELECTION_NONE = "election-none"
    ELECTION_FAR = "election-far"
    ELECTION_OVERLAP = "election-overlap"
    BY_REPLY = "by-reply"
    PAGER_NONE = "pager-none"
    TRUST = "trust"
    MARK_ENDS = "mark-ends"
    ON_CALL_NOBODY = "on-call-nobody"
    OVERRIDE_VOID = "override-void"
    RULES_NONE = "rules-none"
    POLICY_UNUSED = "policy-unused"
    OFFSET = "offset"
    FILE_OPEN = "file-open"
    LEFT_OVER = "left-over"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class SetupFaultKind:
    """The severity and the sentence of a code; the sentence has placeholders for values.

    `stops_run`: a note that `run` refuses. `passes`: what stops the run may pass without a change of the configuration,
    as with a disk that is mounted late, so that another start may go well.
    """

    severity: Severity
    sentence: str
    stops_run: bool = False
    passes: bool = False


_DESK, _ROTA = "flaggermail.yaml", "oncall.yaml"
SORTS: dict[SetupFaultCode, SetupFaultKind] = {
    SetupFaultCode.CONFIGURATION: SetupFaultKind(Severity.REFUSES, "{line}"),
    SetupFaultCode.DATABASE_FOLDER: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: the folder {{folder}} does not exist; create it for the desk's account, or correct "
        "the path",
        passes=True,
    ),
    SetupFaultCode.DATABASE_CLOSED: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: {{path}} cannot be opened by this account ({{why}}); let it write there, or use the "
        "desk's account",
        passes=True,
    ),
    SetupFaultCode.DATABASE_DISK: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} store.database: {{path}} cannot be used now ({{why}}); mend its disk, and mount it for writing. "
        "Until then the daemon waits",
    ),
    SetupFaultCode.DATABASE_UNREADABLE: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: {{database}} cannot be read as {{kind}} ({{why}}); restore it from the backup, make "
        "room on its disk, or name another database",
    ),
    SetupFaultCode.DATABASE_FOREIGN: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: {{database}} holds the tables of another program; name another database",
    ),
    SetupFaultCode.DATABASE_NEWER: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: in {{database}} the schema revision is {{revision}}, this program knows none after "
        "{newest}: install the version of flaggermail that wrote it, or name another database",
    ),
    SetupFaultCode.DATABASE_OLDER: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: in {{database}} the schema revision is {{revision}}, this program needs {{newest}}: "
        "run `flaggermail db upgrade` with the daemon stopped",
    ),
    SetupFaultCode.DATABASE_DRIVER: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: PostgreSQL needs the extra `postgres`, which is not installed; "
        "run `pip install 'flaggermail[postgres]'`",
    ),
    SetupFaultCode.DATABASE_IN_MEMORY: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: keeps the record in memory, and loses it when the program ends; write "
        "sqlite:///flaggermail.db, or another file",
    ),
    SetupFaultCode.DATABASE_IS_FOLDER: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: {{path}} is a folder; name a file in it, such as {{path}}/flaggermail.db",
    ),
    SetupFaultCode.ARCHIVE_FOLDER: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.{{key}}: {{path}} is no folder in which this account can write ({{why}}); give it the "
        "right to, or name another folder",
        passes=True,
    ),
    SetupFaultCode.ARCHIVE_GONE: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} store.archive: {{path}} is not the archive of this record; mount its disk, or put the folder back. "
        "Until then the daemon takes in nothing; if it is lost, restore the desk from its backup",
    ),
    SetupFaultCode.ARCHIVE_READ_ONLY: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} store.{{key}}: the disk of {{path}} is mounted read-only; mend it, and mount it for writing. Until "
        "then nothing is stored there, and without its archive the daemon takes in nothing",
    ),
    SetupFaultCode.CA_FILE: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} {{server}}.ca_file: {{file}} {{why}}; name a PEM file with the certificate of the authority that "
        "signed the server's certificate; it begins with -----BEGIN CERTIFICATE-----",
        passes=True,
    ),
    SetupFaultCode.PAGER_EXTRA: SetupFaultKind(
        Severity.REFUSES,
        f"{_ROTA} officers: pagers need the extra `pagers`, which is not installed; "
        "run `pip install 'flaggermail[pagers]'`, or remove `pagers:`",
    ),
    SetupFaultCode.PROXY_ACCOUNT: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} door.proxy_account: this machine has no account {{account}}; write the one that the reverse proxy "
        "runs as, such as www-data. Until then the door does not open",
    ),
    SetupFaultCode.TOKEN_EXTRA: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} oauth2.provider: {{provider}} needs the extra `{{provider}}`, which is not installed; "
        "run `pip install 'flaggermail[{provider}]'`",
    ),
    SetupFaultCode.TOKEN_REACH: SetupFaultKind(Severity.REFUSES, f"{_DESK} {{said}}"),
    SetupFaultCode.POLICY_AHEAD: SetupFaultKind(
        Severity.REFUSES,
        "platforms.yaml {key}.read_on: {day} of {platform} lies in the future, as today is {today}; write the day on "
        "which an officer read the policy",
        passes=True,  # with a machine whose clock has not its time yet
    ),
    SetupFaultCode.MAILBOX_READ_BEFORE: SetupFaultKind(
        Severity.REFUSES,
        f"{_DESK} store.database: the database is new, but a desk has read the mailbox before, as "
        "{count:mail shows|mails show}; restore its database, or start with `flaggermail run --observe`, which sends "
        "nothing, or with `flaggermail run --new-record` if a new record is meant",
        passes=True,  # with the disk of the database, whose folder is empty before it is mounted
    ),
    SetupFaultCode.DISK_FULL: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} {{keys}}: disk full: the disk mounted at {{mount}} has no room left for {{paths}}; make room on it, "
        "or move them to another disk",
    ),
    SetupFaultCode.CREDENTIAL_MISSING: SetupFaultKind(
        Severity.FAULT,
        "credential {name}: found neither as {given} nor as {own}; "
        "write `LoadCredential={name}:FILE` into the systemd unit, or write the secret into that second file, mode 600",
    ),
    SetupFaultCode.CREDENTIAL_OPEN: SetupFaultKind(
        Severity.FAULT, "{path}: other accounts may read it (mode {mode}); run `chmod 600 {path}`"
    ),
    SetupFaultCode.CREDENTIAL_LINES: SetupFaultKind(
        Severity.FAULT,
        "credential {name}: its file has {count:line|lines}, but a secret is one line; remove the others",
    ),
    SetupFaultCode.CREDENTIAL_UNREADABLE: SetupFaultKind(Severity.FAULT, "{path}: {why}"),
    SetupFaultCode.FOLDER_SHARED: SetupFaultKind(
        Severity.FAULT, f"{_DESK} store.{{key}}: {{path}} {{how}}; name a folder of its own"
    ),
    SetupFaultCode.TLS_PORT: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} {{server}}.tls: {{tls}} does not fit port {{port}}, at which servers speak {{usual}}; write "
        "`tls: {usual}`, or `port: {other}`",
    ),
    SetupFaultCode.MARK_UNPROVEN: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} mailbox.trust: exchange, but {{why}}, so the mark of Exchange for mail from inside counts for "
        "nothing and verifies no colleague; run the online check, or write `trust: topmost` and remove `own_domains`",
    ),
    SetupFaultCode.APPROVERS: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} approval.persons: {{persons}} must approve, but {{approvers:officer has|officers have}} the role "
        f"approver or head in {_ROTA}, so no notification can be sent; give the role to more of them",
    ),
    SetupFaultCode.SECRET_ENDS: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} oauth2.secret_ends_on: the secret of the application ends on {{day}}; make a new one in its "
        "registration, write it into the file of the credential {name}, and write its last day here",
    ),
    SetupFaultCode.LOGIN_CERTIFICATE_ENDS: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} oauth2.certificate: the certificate in the credential {{name}} ends on {{day}}; make a new one, "
        "register it with the application, and write it and its key into their credentials",
    ),
    SetupFaultCode.LOGIN_CERTIFICATE_UNREADABLE: SetupFaultKind(
        Severity.FAULT,
        f"{_DESK} oauth2.certificate: the credential {{name}} holds no certificate; write the PEM file into it, which "
        "begins with -----BEGIN CERTIFICATE-----",
    ),
    SetupFaultCode.CREDENTIAL_UNSEEN: SetupFaultKind(
        Severity.NOTE,
        "credential {name}: this account may not look into {folder}, so the secret was not checked; run `check` as "
        "the owner of that folder",
    ),
    SetupFaultCode.CREDENTIAL_SIGNS: SetupFaultKind(
        Severity.NOTE,
        "credential {name}: the secret in its file {what}; take that away, unless it is part of the secret",
    ),
    SetupFaultCode.EXAMPLE: SetupFaultKind(
        Severity.NOTE,
        f"{_DESK}: organisation.name, mailbox.address and mailbox.host are those of the example; write your own, as "
        "`run` refuses to start with them",
        stops_run=True,
    ),
    SetupFaultCode.EXAMPLE_LEFT: SetupFaultKind(
        Severity.NOTE, "{where}: still the example's ({what}); write your own, or remove it"
    ),
    SetupFaultCode.OFFICER_DOMAIN: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA} officers: {{officer}} writes from {{domain}}, a domain of no other officer and not the mailbox's; "
        "correct the address if that is a slip",
    ),
    SetupFaultCode.LOGIN_DOMAIN: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA} officers: {{officers}} write from {{domain}}, the mailbox's own domain, and `mailbox.login_domains` "
        "does not name it: where your server checks no mail of its own users, their replies do nothing; write "
        "`login_domains: [{domain}]` if it vouches for their logins (administrator.md, «Officers on your own server»)",
    ),
    SetupFaultCode.OFFICER_LEFT: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA} officers: {{officer}} is named no more, and {{count:undecided case is|undecided cases are}} theirs, "
        "{case} first; give each to somebody: `flaggermail case assign {case} OFFICER`",
    ),
    SetupFaultCode.REFERRER_UNLISTED: SetupFaultKind(
        Severity.NOTE,
        "rules/lists: {domain} is on no list and has referred {count:case|cases}, so each of its mails waits for a "
        "person; add it to `fellow_authorities.txt` or to the list it belongs on, or run `flaggermail referrer add "
        "{domain}`, if it is an authority's own",
    ),
    SetupFaultCode.ELECTION_NONE: SetupFaultKind(
        Severity.NOTE, "elections.yaml elections: empty; a case needs an election: `flaggermail election add`"
    ),
    SetupFaultCode.ELECTION_FAR: SetupFaultKind(
        Severity.NOTE,
        "elections.yaml elections: no period includes today or begins within {weeks:week|weeks}; "
        "`flaggermail election add` adds an election, `flaggermail election list` shows what the database knows",
    ),
    SetupFaultCode.ELECTION_OVERLAP: SetupFaultKind(
        Severity.NOTE,
        "elections.yaml elections: the periods of {one} and {other} share the days {first} to {last}; a referral then "
        "opens in the one with the nearest polling day; correct a period, or name the election with each case",
    ),
    SetupFaultCode.BY_REPLY: SetupFaultKind(
        Severity.NOTE,
        f"{_DESK} approval.by_reply: not chosen, so it is off: only `flaggermail approve` approves, and no reply does; "
        "write totp, pager, mail or off",
    ),
    SetupFaultCode.PAGER_NONE: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA} officers: {{officer}} approves and has no pager, so no code reaches them and only "
        "`flaggermail approve` remains; add `pagers:`",
    ),
    SetupFaultCode.TRUST: SetupFaultKind(Severity.NOTE, f"{_DESK} mailbox.{{key}}: {{what}}"),
    SetupFaultCode.MARK_ENDS: SetupFaultKind(
        Severity.NOTE,
        f"{_DESK} mailbox.trust: the trial of the mark of Exchange counts until {{day}}; run the online check again",
    ),
    SetupFaultCode.ON_CALL_NOBODY: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA}: no shift and no `fallback_officer`, so nobody is ever on call; add shifts or name one",
    ),
    SetupFaultCode.OVERRIDE_VOID: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA} officers: {{officer}} is none of them any more, and has an override from {{begins}} to {{ends}}: it "
        "counts for nothing, and the schedule goes on; `flaggermail oncall override` puts another officer on call",
    ),
    SetupFaultCode.RULES_NONE: SetupFaultKind(
        Severity.NOTE,
        "rules: none, so every mail waits for a person; `flaggermail init DIR` writes rules to start from",
    ),
    SetupFaultCode.POLICY_UNUSED: SetupFaultKind(
        Severity.NOTE, "escalation.yaml policies: {name} is used nowhere; name it under `use`, or remove it"
    ),
    SetupFaultCode.OFFSET: SetupFaultKind(
        Severity.NOTE,
        f"{_ROTA} shifts[{{index}}].{{name}}: {{written}} is {{local}} in {{zone}}, which has another offset that "
        "day; write {meant} if local time was meant",
    ),
    SetupFaultCode.FILE_OPEN: SetupFaultKind(
        Severity.FAULT, "{path}: other accounts may read or change it (mode {mode}); run `{command}`"
    ),
    SetupFaultCode.LEFT_OVER: SetupFaultKind(
        Severity.NOTE,
        "{path}: was left half-written by a backup, restore or export that was killed; it may hold mail, and is in "
        "nobody's way; {owner} or root may remove it: `{command}`",
    ),
    SetupFaultCode.ODD: SetupFaultKind(Severity.NOTE, "{where}: {what}"),
}


@dataclass(frozen=True, slots=True)
class SetupFault:
    """A fault in the set-up; `text` is its sentence, in one line."""

    code: SetupFaultCode
    text: str

    @property
    def severity(self) -> Severity:
        """The severity of its code."""
        return SORTS[self.code].severity

    @property
    def stops_run(self) -> bool:
        """True if the daemon does not start with it."""
        return self.severity is Severity.REFUSES or SORTS[self.code].stops_run

    @property
    def passes(self) -> bool:
        """True if what stops the daemon's start may be gone at the next one."""
        return SORTS[self.code].passes


def setup_fault(code: SetupFaultCode, **values: object) -> SetupFault:
    """Returns a fault with its sentence; `values` fill the placeholders."""
    return SetupFault(code, SORTS[code].sentence.format(**{name: countable(value) for name, value in values.items()}))
