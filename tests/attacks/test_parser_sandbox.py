# SPDX-License-Identifier: EUPL-1.2
"""A mail that makes the parser run a stranger's code reaches no file, no network and no other process.

The stranger's code runs in the real parsing process behind the real worker, in place of the parser alone
(tests/doubles/probing_child.py).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flaggermail.adapters.parsing import worker
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.health.findings import Barrier, Confinement
from flaggermail.mail.message import Message
from flaggermail.shipped import shipped
from tests.doubles.probing_child import MODULE, VARIANT, Variant

pytestmark = pytest.mark.outside  # each starts parser processes

CHECKOUT = Path(__file__).parents[2]
PROBE = "probe-of-the-sandbox"
KILLED = ("parser ended: signal 31",)  # SIGSYS
LIBC = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
RAISE = "\nif result < 0: number = ctypes.get_errno(); raise OSError(number, os.strerror(number))\nprint(result)"


def by_number(name: str, arguments: str) -> str:
    """Returns code that makes the system call `name`, which has the number of x86-64 and else of aarch64."""
    x86, arm = {
        "ptrace": (101, 117), "process_vm_readv": (310, 270), "pidfd_open": (434, 434), "io_uring_setup": (425, 425),
        "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "memfd_create": (319, 279), "shmget": (29, 194),
        "sched_setaffinity": (203, 122), "bpf": (321, 280), "userfaultfd": (323, 282), "mount": (165, 40),
        "landlock_create_ruleset": (444, 444), "capset": (126, 91),
    }[name]  # fmt: skip
    number = x86 if os.uname().machine == "x86_64" else arm
    return f"{LIBC}result = libc.syscall({number}, {arguments}){RAISE}"


READS = {
    "the passwords of the machine": "open('/etc/passwd').read()",
    "the desk's database": "open('DATABASE', 'rb').read()",
    "the desk's archive": "os.listdir('DESK')",
    "the root": "os.listdir('/')",
    "the daemon's environment": "open('/proc/PARENT/environ', 'rb').read()",
    "its own memory": "open('/proc/self/mem', 'rb').read(1)",
    "descriptors of its own": "os.listdir('/proc/self/fd')",
    "a folder beside its code": f"os.listdir({str(CHECKOUT / 'tests')!r})",
    "its code's folder, climbed out of": "os.listdir('CODE/../tests')",
    "a device": "open('/dev/zero', 'rb').read(1)",
}
WRITES = {
    "the desk's database": "open('DATABASE', 'r+b').write(b'x')",
    "a new file of the desk": "open('DESK/new', 'w')",
    "a file without a name": "os.open('DESK', os.O_TMPFILE | os.O_RDWR)",
    "a file in /tmp": "open('/tmp/PROBE', 'w')",
    "a file in memory": "open('/dev/shm/PROBE', 'w')",
    "a file without a folder": by_number("memfd_create", "b'x', 0"),
    "its own code": "open('CODE/__init__.py', 'a')",
    "a compiled module": "open('CODE/__pycache__/x.pyc', 'wb')",
    "a folder": "os.mkdir('DESK/folder')",
    "a link": "os.symlink('/etc/passwd', 'DESK/link')",
    "a second name": "os.link('DATABASE', 'DESK/second')",
    "another name": "os.rename('DATABASE', 'DESK/other')",
    "an end": "os.truncate('DATABASE', 0)",
    "nothing left": "os.unlink('DATABASE')",
    "other rights": "os.chmod('DATABASE', 0o777)",
    "another owner": "os.chown('DATABASE', 65534, 65534)",
    "another time": "os.utime('DATABASE', (0, 0))",
    "an attribute": "os.setxattr('DATABASE', 'user.x', b'x')",
    "a pipe with a name": "os.mkfifo('DESK/pipe')",
    "another root": "os.chroot('DESK')",
    "shared memory": by_number("shmget", "0, 4096, 0o1777"),
}
NETWORK = {
    "TCP": "import socket; socket.create_connection(('127.0.0.1', PORT), 1)",
    "TCP by IPv6": "import socket; socket.socket(socket.AF_INET6).connect(('::1', PORT))",
    "UDP": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "a name looked up": "import socket; socket.getaddrinfo('localhost.example', 80)",
    "a Unix socket": "import socket; socket.socket(socket.AF_UNIX).connect('DESK/socket')",
    "an abstract socket": r"import socket; socket.socket(socket.AF_UNIX).connect('\0ABSTRACT')",
    "a listener": "import socket; socket.create_server(('127.0.0.1', 0))",
    "a pair of sockets": "import socket; socket.socketpair()",
    "a raw packet": "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "Netlink": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "a ring of calls": by_number("io_uring_setup", "1, ctypes.create_string_buffer(120)"),
}
PROCESSES = {
    "fork": "os.fork()",
    "another program by its own process": "os.execv('/bin/true', ['true'])",
    "another program": "os.posix_spawn('/bin/true', ['true'], {})",
    "a shell": "os.system('true')",
    "a thread": "import threading; threading.Thread(target=print).start()",
    "the daemon signalled": "os.kill(PARENT, 28)",
    "the daemon asked for": "os.kill(PARENT, 0)",
    "everything ended": "os.kill(-1, 0)",
    "its group ended": "os.killpg(0, 0)",
    "a thread of the daemon ended": by_number("tgkill", "PARENT, PARENT, 0"),
    "a queued signal": by_number("rt_sigqueueinfo", "PARENT, 0, ctypes.create_string_buffer(128)"),
    "the daemon traced": by_number("ptrace", "16, PARENT, 0, 0"),
    "the daemon's memory read": by_number("process_vm_readv", "PARENT, 0, 0, 0, 0, 0"),
    "the daemon held": by_number("pidfd_open", "PARENT, 0"),
    "the daemon out of time": "import resource; resource.prlimit(PARENT, resource.RLIMIT_CORE, (0, 0))",
    "the daemon's limits read": "import resource; resource.prlimit(PARENT, resource.RLIMIT_CPU)",
}
REFUSED = {
    "another program, with a pipe before it": "import subprocess; subprocess.run(['/bin/true'])",
    "the daemon on another core": by_number("sched_setaffinity", "PARENT, 8, b'\\1\\0\\0\\0\\0\\0\\0\\0'"),
    "the daemon slowed": "os.setpriority(os.PRIO_PROCESS, PARENT, 19)",
    "a program for the kernel": by_number("bpf", "0, ctypes.create_string_buffer(120), 120"),
    "faults of its own memory": by_number("userfaultfd", "0"),
    "a file system": by_number("mount", "b'none', b'/mnt', b'tmpfs', 0, 0"),
    "rules of its own": by_number("landlock_create_ruleset", "0, 0, 1"),
    "other rights": "os.setuid(0)",
    "another session": "os.setsid()",
    "its session": "os.getsid(0)",
}
REFUSED_OF = {"reads": READS, "writes": WRITES, "else": REFUSED}
KILLED_OF = {"network": NETWORK, "processes": PROCESSES}


@dataclass
class Desk:
    """A folder with a database, open to every account, and listeners that an attack may reach."""

    folder: Path
    port: int
    parser: ContainedParser

    def runs(self, code: str) -> Message:
        """Returns what came of a mail that runs `code`."""
        places = {"DATABASE": str(self.folder / "desk.db"), "DESK": str(self.folder), "PORT": str(self.port)}
        places |= {
            "PROBE": PROBE,
            "PARENT": str(os.getpid()),
            "ABSTRACT": f"fm-{os.getpid()}",
            "CODE": str(CHECKOUT / "flaggermail"),
        }
        for word, place in places.items():
            code = code.replace(word, place)
        return self.parser.parse(b"From: x@stranger.example\n\n" + code.encode())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Returns a desk whose parser a mail has taken over, on the machine of the parameter."""
    folder, rules = tmp_path / "desk", tmp_path / "rules"
    for one in (folder, rules):
        one.mkdir()
        one.chmod(0o777)
    for above in (tmp_path, *tmp_path.parents[:2]):
        if above.stat().st_uid == os.geteuid():
            above.chmod(0o755)
    (folder / "desk.db").write_bytes(b"SQLite format 3")
    (folder / "desk.db").chmod(0o666)
    for name in ("mail-language.yaml", "mail-machines.yaml"):
        shutil.copy(shipped("rules") / name, rules)
    (rules / VARIANT).write_text(getattr(request, "param", ""))
    monkeypatch.setattr(worker, "MODULE", MODULE)
    unix, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    with socket.create_server(("127.0.0.1", 0)) as tcp, unix, abstract:
        unix.bind(str(folder / "socket"))
        abstract.bind(f"\0fm-{os.getpid()}")
        for listener in (unix, abstract):
            listener.listen()
        (folder / "socket").chmod(0o777)
        parser = ContainedParser(rules)
        try:
            yield Desk(folder, tcp.getsockname()[1], parser)
        finally:
            parser.close()


ACCOUNTS = pytest.mark.parametrize("desk", ["", Variant.ORDINARY_USER], indirect=True)


@ACCOUNTS
def test_the_probe_runs_and_reads_its_own_code_alone(desk: Desk) -> None:
    """What the parser needs works inside, so that a refusal below is one of the sandbox."""
    assert desk.runs("print(6 * 7)").text == "42\n"
    assert desk.runs("print(len(open('CODE/__init__.py').read()) > 10)").text == "True\n"
    assert desk.parser.confinement().missing == ()


def test_a_module_is_imported_late(desk: Desk) -> None:
    """Libraries and charsets that few mails need are imported when they are needed."""
    assert desk.runs("print(__import__('encodings.cp037').cp037.getregentry().name)").text == "cp037\n"
    assert (
        desk.runs("import bz2, decimal, lzma, uuid, zlib; print(bz2.BZ2Compressor.__name__)").text == "BZ2Compressor\n"
    )
    assert (
        desk.runs("import olefile, tnefparse; print(olefile.__name__, tnefparse.__name__)").text
        == "olefile tnefparse\n"
    )


@ACCOUNTS
@pytest.mark.parametrize("what", REFUSED_OF)
def test_what_is_refused(desk: Desk, what: str) -> None:
    """No file is read but its own code, nothing is written, and nothing else of the machine is changed."""
    before = {path: path.stat() for path in desk.folder.iterdir()}
    done = {name: desk.runs(code).text for name, code in REFUSED_OF[what].items()}
    assert {name: text for name, text in done.items() if not text.startswith("PermissionError: [Errno 1")} == {}
    assert {path: path.stat() for path in desk.folder.iterdir()} == before
    assert not [folder for folder in ("tmp", "dev/shm") if Path("/", folder, PROBE).exists()]


@ACCOUNTS
@pytest.mark.parametrize("what", KILLED_OF)
def test_what_ends_the_process(desk: Desk, what: str) -> None:
    """Network, programs, processes and signals end the process before they happen; the mail says so, the next is read.

    The worker reads such a mail by its header alone, and the desk leaves it in the quarantine.
    """
    done = {name: desk.runs(code) for name, code in KILLED_OF[what].items()}
    survived = {name: (message.defects, message.text) for name, message in done.items() if message.defects != KILLED}
    assert survived == {}
    assert {message.from_[0].key for message in done.values()} == {"x@stranger.example"}
    assert desk.runs("print(1)").text == "1\n"


@pytest.mark.parametrize("desk", [Variant.NO_SANDBOX], indirect=True)
def test_each_attack_succeeds_without_the_sandbox(desk: Desk) -> None:
    """The attacks are real: on the same process without its sandbox they read, write, connect and signal."""
    failed = {
        name: text
        for attacks, names in (
            (READS, ("the passwords of the machine", "the desk's database", "the daemon's environment", "the root")),
            (NETWORK, ("TCP", "UDP", "a Unix socket", "an abstract socket", "a pair of sockets")),
            (REFUSED, ("another program, with a pipe before it",)),
            (PROCESSES, ("another program", "a thread", "the daemon asked for", "the daemon's limits read")),
            (WRITES, ("a folder", "a link", "other rights", "an end", "nothing left")),
        )
        for name in names
        if "Error" in (text := desk.runs(attacks[name]).text)
    }
    assert failed == {}
    assert desk.parser.confinement().missing == tuple(Barrier)


@pytest.mark.parametrize("desk", [Variant.NO_SECCOMP], indirect=True)
def test_a_kernel_without_seccomp(desk: Desk) -> None:
    """Landlock alone keeps files, TCP, abstract sockets and signals; what is missing is said."""
    assert desk.parser.confinement().missing == (Barrier.SECCOMP,)
    attacks = [code for name, code in {**READS, **WRITES}.items() if name.startswith(("the desk's", "a new", "a fi"))]
    attacks = [code for code in attacks if "memfd" not in code and "b'x', 0" not in code]
    attacks += [NETWORK["TCP"], NETWORK["an abstract socket"], PROCESSES["the daemon asked for"]]
    for code in attacks:
        assert desk.runs(code).text.startswith("PermissionError"), code


@pytest.mark.parametrize("desk", [Variant.NO_LANDLOCK], indirect=True)
def test_a_kernel_without_landlock(desk: Desk) -> None:
    """Nothing is written and nothing connected without Landlock either; reading is not kept, and that is said."""
    assert desk.parser.confinement() == Confinement(no_new_privileges=True, landlock=0, seccomp=True)
    assert desk.parser.confinement().missing == (Barrier.LANDLOCK,)
    for name, code in WRITES.items():
        assert desk.runs(code).text.startswith("PermissionError: [Errno 1"), name
    for name, code in {**NETWORK, **PROCESSES}.items():
        assert desk.runs(code).defects == KILLED, name
    assert "SQLite" in desk.runs("print(" + READS["the desk's database"] + ")").text


@pytest.mark.parametrize("desk", [Variant.BROKEN], indirect=True)
def test_a_sandbox_that_fails_parses_nothing(desk: Desk) -> None:
    """A kernel that offers a part and cannot set it up starts no parser: mail is read by its header alone."""
    assert desk.runs("print(1)").defects == ("parser ended: exit 1",)
    assert desk.parser.confinement().missing == tuple(Barrier)


ANSWERS = {
    "lists in lists": "b'[' * 200_000 + b']' * 200_000",
    "objects in objects": "b'{\"a\":' * 100_000 + b'1' + b'}' * 100_000",
    "a text that cannot be stored": 'real.replace(b\'"subject": null\', b\'"subject": "\\\\ud800"\')',
    "a number for a text": "real.replace(b'\"subject\": null', b'\"subject\": 5')",
    "another kind": "real.replace(b'\"human\"', b'\"approved\"')",
    "a list for a message": "b'[]'",
    "a million defects": "real.replace(b'\"defects\": [', b'\"defects\": [' + b'\"x\",' * 999_999 + b'\"x\"')",
    "no JSON": "b'\\xff' * 100",
    "a longer number than Python reads": "b'9' * 10_000",
}
ANSWER = """import json, struct
from flaggermail.mail.message import Message
from flaggermail.mail.message import packed
real = json.dumps(packed(Message(sha256='0', size=0))).encode()
answer = {}
os.write(1, struct.pack('>Q', len(answer)) + answer)
os._exit(0)
"""


@pytest.mark.parametrize("what", ANSWERS)
def test_a_hostile_answer_is_no_message(desk: Desk, what: str) -> None:
    """Whatever the process answers, the daemon reads a well-formed message or the header alone, and goes on."""
    message = desk.runs(ANSWER.replace("{}", ANSWERS[what]))
    assert message.defects == ("parser ended: answer not understood",)
    assert message.from_[0].key == "x@stranger.example"
    assert desk.runs("print(1)").text == "1\n"


def test_the_answer_of_the_test_above_is_one(desk: Desk) -> None:
    """The same answer without the change is read: each refusal above is one of the change."""
    assert desk.runs(ANSWER.replace("{}", "real")).sha256 == "0"


def test_nothing_undoes_the_sandbox(desk: Desk) -> None:
    """The limits outlive the mail that tried them, and further rules or signals of its own lift none."""
    for code in (
        "import signal; signal.signal(signal.SIGSYS, signal.SIG_IGN); os.fork()",
        "import signal; signal.signal(signal.SIGSYS, print); os.fork()",
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); os.fork()",
    ):
        assert desk.runs(code).defects == KILLED
    assert desk.runs("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))").text.startswith(
        "ValueError" if os.geteuid() else ""
    )
    assert desk.runs("open('DESK/new', 'w')").text.startswith("PermissionError")


def test_it_may_end_itself(desk: Desk) -> None:
    """A library's abort() ends the process as it always did, and the next mail is read."""
    assert desk.runs("os.abort()").defects == (f"parser ended: signal {signal.SIGABRT:d}",)
    assert desk.runs("print(1)").text == "1\n"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x32 is a variant of x86-64")
def test_calls_under_another_numbering(desk: Desk) -> None:
    """The 32-bit numbers of x86-64 end the process: the table would not recognise what they ask for."""
    for number in (57, 41, 39):
        assert desk.runs(f"{LIBC}libc.syscall({0x40000000 + number}, 0, 0, 0)").defects == KILLED


def test_the_desk_says_what_holds_once() -> None:
    """A child in the shipped form reports all three parts on this kernel, or names what it lacks."""
    parser = ContainedParser(shipped("rules"))
    held = parser.confinement()
    parser.close()
    assert held.no_new_privileges
    assert held.seccomp
    assert sys.platform == "linux"
