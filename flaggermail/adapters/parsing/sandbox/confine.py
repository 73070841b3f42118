# SPDX-License-Identifier: EUPL-1.2
"""Puts the parsing process into its sandbox, as far as this kernel offers one, and says how far that is."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import site
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A processor architecture: its number in seccomp (linux/audit.h) and its system calls by name."""

    audit: int
    numbers: Mapping[str, int]


# Landlock's calls and those added since Linux 5.1 have the same number on every architecture.
_COMMON = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438,
    "faccessat2": 439, "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446,
}  # fmt: skip
X86_64 = Architecture(
    0xC000003E,
    _COMMON
    | {
        "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "lseek": 8, "mmap": 9,
        "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
        "pread64": 17, "readv": 19, "writev": 20, "access": 21, "sched_yield": 24, "mremap": 25, "madvise": 28,
        "nanosleep": 35, "getitimer": 36, "setitimer": 38, "getpid": 39, "socket": 41, "connect": 42, "accept": 43,
        "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "bind": 49, "listen": 50, "socketpair": 53,
        "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "exit": 60, "kill": 62, "uname": 63, "getcwd": 79,
        "readlink": 89, "gettimeofday": 96, "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "ptrace": 101,
        "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "rt_sigqueueinfo": 129, "gettid": 186,
        "tkill": 200, "futex": 202, "sched_getaffinity": 204, "getdents64": 217, "restart_syscall": 219,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234,
        "openat": 257, "newfstatat": 262, "readlinkat": 267, "set_robust_list": 273, "accept4": 288,
        "rt_tgsigqueueinfo": 297, "prlimit64": 302, "process_vm_readv": 310, "process_vm_writev": 311, "seccomp": 317,
        "getrandom": 318, "execveat": 322, "membarrier": 324, "statx": 332, "rseq": 334,
    },
)  # fmt: skip
AARCH64 = Architecture(
    0xC00000B7,
    _COMMON
    | {
        "getcwd": 17, "openat": 56, "close": 57, "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "readv": 65,
        "writev": 66, "pread64": 67, "readlinkat": 78, "newfstatat": 79, "fstat": 80, "exit": 93, "exit_group": 94,
        "futex": 98, "set_robust_list": 99, "nanosleep": 101, "getitimer": 102, "setitimer": 103,
        "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "ptrace": 117, "sched_getaffinity": 123,
        "sched_yield": 124, "restart_syscall": 128, "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigaction": 134,
        "rt_sigprocmask": 135, "rt_sigqueueinfo": 138, "rt_sigreturn": 139, "uname": 160, "getrlimit": 163,
        "getrusage": 165, "gettimeofday": 169, "getpid": 172, "getuid": 174, "geteuid": 175, "getgid": 176,
        "getegid": 177, "gettid": 178, "sysinfo": 179, "socket": 198, "socketpair": 199, "bind": 200, "listen": 201,
        "accept": 202, "connect": 203, "sendto": 206, "recvfrom": 207, "sendmsg": 211, "recvmsg": 212, "brk": 214,
        "munmap": 215, "mremap": 216, "clone": 220, "execve": 221, "mmap": 222, "mprotect": 226, "madvise": 233,
        "rt_tgsigqueueinfo": 240, "accept4": 242, "prlimit64": 261, "process_vm_readv": 270,
        "process_vm_writev": 271, "seccomp": 277, "getrandom": 278, "execveat": 281, "membarrier": 283, "statx": 291,
        "rseq": 293,
    },
)  # fmt: skip
_BY_MACHINE = {"x86_64": X86_64, "aarch64": AARCH64}


def this_architecture() -> Architecture | None:
    """Returns the architecture of this interpreter; None if it is not one of the two with a table above.

    A 32-bit interpreter on a 64-bit kernel has other numbers.
    """
    wide = ctypes.sizeof(ctypes.c_void_p) * 8 == 64  # noqa: PLR2004 - bits
    return _BY_MACHINE.get(platform.machine()) if wide else None


def call(number: int, *arguments: int | ctypes.c_void_p | None) -> int:
    """Makes the system call `number` and returns its result. Raises OSError."""
    # syscall(2) is variadic: without a type ctypes would pass an int of 32 bits
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *values))


def prctl(option: int, value: int) -> int:
    """Gives this process the attribute `option` (prctl(2)), with one value. Raises OSError."""
    return _checked(_LIBC.prctl(option, *(ctypes.c_ulong(one) for one in (value, 0, 0, 0))))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


# Numbers and structures: linux/landlock.h.
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # version: how many rights of files it knows, each one bit
_TCP_SINCE, _TCP = 4, 0b11  # bind and connect
_SCOPES_SINCE, _SCOPES = 6, 0b11  # abstract sockets and signals

_CREATE = X86_64.numbers["landlock_create_ruleset"]  # the same on every architecture
_ADD = X86_64.numbers["landlock_add_rule"]
_RESTRICT = X86_64.numbers["landlock_restrict_self"]


def version() -> int:
    """Returns the kernel's version of Landlock, from 1. Raises OSError if it has none or denies it."""
    return call(_CREATE, None, 0, _ASK_VERSION)


def restrict(readable: Iterable[Path]) -> int:
    """Limits this process to reading below `readable`; returns the version of Landlock. Raises OSError.

    Needs "no new privileges". A path that does not exist, or that this account cannot reach, is left out.
    """
    offered = version()
    files = (1 << max(bits for since, bits in _FILE_RIGHTS.items() if since <= offered)) - 1
    tcp = _TCP if offered >= _TCP_SINCE else 0
    scopes = _SCOPES if offered >= _SCOPES_SINCE else 0
    attributes = struct.pack("=QQQ", files, tcp, scopes)
    size = 8 * (1 + (offered >= _TCP_SINCE) + (offered >= _SCOPES_SINCE))  # what this version knows
    rules = call(_CREATE, _pointer(attributes), size, 0)
    try:
        for path in readable:
            _allow_reading(rules, path)
        call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return offered


def _allow_reading(rules: int, path: Path) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        call(_ADD, rules, _PATH_BENEATH, _pointer(struct.pack("=Qi", rights, place)), 0)
    finally:
        os.close(place)


def _pointer(octets: bytes) -> ctypes.c_void_p:
    """Returns the address of `octets`, which must outlive the call."""
    return ctypes.cast(ctypes.c_char_p(octets), ctypes.c_void_p)


ALLOWED = (
    "read", "write", "readv", "writev", "pread64", "lseek", "close", "fstat", "newfstatat", "stat", "lstat", "statx",
    "access", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd",  # what the import of a module asks for
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex", "membarrier", "set_robust_list", "rseq",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "restart_syscall", "setitimer", "getitimer",
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "sched_yield", "getrandom",
    "sched_getaffinity", "sysinfo", "uname", "getrusage", "getrlimit",
    "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "exit", "exit_group",
)  # fmt: skip
KILLED = (
    "execve", "execveat", "fork", "vfork", "clone", "clone3",
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "recvfrom",
    "recvmsg", "io_uring_setup",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd", "pidfd_send_signal",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo",
)  # fmt: skip
_OWN_PROCESS = ("kill", "tgkill", "tkill")  # abort(3) sends itself a signal; this process has one thread
_X32 = 0x40000000  # set in the numbers of x86-64's 32-bit variant, which would bypass the table

# linux/bpf_common.h, linux/seccomp.h; struct seccomp_data: number at 0, architecture at 4, arguments from 16, 8 each
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_FILTER, _ALL_THREADS = 1, 1

Instruction = tuple[int, int, int, int]  # operation, jump if true, jump if false, operand


def program(architecture: Architecture, pid: int) -> list[Instruction]:
    """Returns the filter for the process `pid` as BPF instructions."""
    numbers = architecture.numbers
    built: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE), *_unless(_EQUAL, architecture.audit, KILL),
        (_LOAD, 0, 0, _NUMBER), *_if(_AT_LEAST, _X32, KILL),
    ]  # fmt: skip
    for names, answer in ((ALLOWED, ALLOW), (KILLED, KILL)):
        for name in names:
            if name in numbers:  # aarch64 lacks the older form of some
                built += _if(_EQUAL, numbers[name], answer)
    for name in _OWN_PROCESS:
        built += _on(numbers[name], _argument(0, pid))
    # 0: this process. The limits of another of the same account, such as the daemon, end it just as a signal does.
    built += _on(numbers["prlimit64"], _argument(0, 0))
    for name, at in (("open", 1), ("openat", 2)):
        if name in numbers:
            built += _on(numbers[name], _read_only(at))
    return [*built, (_RETURN, 0, 0, REFUSE)]


def install(architecture: Architecture) -> None:
    """Puts this process under the filter, for good. Raises OSError. Needs "no new privileges"."""
    instructions = program(architecture, os.getpid())
    octets = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    address = ctypes.cast(ctypes.c_char_p(octets), ctypes.c_void_p).value or 0
    described = struct.pack("@HP", len(instructions), address)
    pointer = ctypes.cast(ctypes.c_char_p(described), ctypes.c_void_p)
    call(architecture.numbers["seccomp"], _FILTER, _ALL_THREADS, pointer)


def _if(test: int, operand: int, answer: int) -> list[Instruction]:
    return [(test, 0, 1, operand), (_RETURN, 0, 0, answer)]


def _unless(test: int, operand: int, answer: int) -> list[Instruction]:
    return [(test, 1, 0, operand), (_RETURN, 0, 0, answer)]


def _on(number: int, then: Iterator[Instruction]) -> list[Instruction]:
    """Returns `then`, which always returns, for the call `number` alone."""
    block = list(then)
    return [(_EQUAL, 0, len(block), number), *block]


def _argument(position: int, value: int) -> Iterator[Instruction]:
    """Allows a call whose argument is `value` (32 bits, as the kernel reads a pid_t), kills on any other."""
    yield _LOAD, 0, 0, _ARGUMENTS + 8 * position
    yield from _if(_EQUAL, value, ALLOW)
    yield _RETURN, 0, 0, KILL


def _read_only(position: int) -> Iterator[Instruction]:
    """Allows an open(2) whose flags neither write nor make a file; refuses any other, which an import may try."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | (os.O_TMPFILE & ~os.O_DIRECTORY)
    yield _LOAD, 0, 0, _ARGUMENTS + 8 * position
    yield from _if(_ANY_BIT, writing, REFUSE)
    yield _RETURN, 0, 0, ALLOW


_SET_NO_NEW_PRIVILEGES, _GET_NO_NEW_PRIVILEGES = 38, 39  # linux/prctl.h
_NOT_OFFERED = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.EINVAL})
# Imported by libraries that only a few mails need. They load libraries of the system, which lie outside our own code.
_WITH_SYSTEM_LIBRARIES = ("bz2", "decimal", "lzma", "uuid", "zlib")
_LATE = ("olefile", "tnefparse")  # take 55 ms to import and are needed by two mails in a thousand


def enter() -> dict[str, object]:
    """Confines this process for good and returns what holds, for the fields of `health.findings.Confinement`.

    Each part is tried out before it counts. Raises OSError if the kernel offers a part and setting it up fails.
    """
    sys.dont_write_bytecode = True
    for name in _WITH_SYSTEM_LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    code = tuple(_own_code())
    privileges = _no_new_privileges()
    version = _landlock(code) if privileges else 0
    return {"no_new_privileges": privileges, "landlock": version, "seccomp": privileges and _seccomp()}


def _own_code() -> Iterator[Path]:
    """Yields the folders of this program, of the interpreter's modules and of installed packages."""
    package = find_spec("flaggermail")
    yield from (Path(folder) for folder in (package.submodule_search_locations or () if package else ()))
    yield Path(os.__file__).parent
    yield from (Path(entry) for entry in sys.path if entry.endswith("/lib-dynload"))
    yield from map(Path, site.getsitepackages())
    for name in _LATE:  # a distribution may put packages elsewhere, such as a folder of its own
        found = find_spec(name)
        if found and found.origin:
            yield Path(found.origin).parents[1]


def _no_new_privileges() -> bool:
    try:
        prctl(_SET_NO_NEW_PRIVILEGES, 1)
        return prctl(_GET_NO_NEW_PRIVILEGES, 0) == 1
    except OSError as error:
        _accept_as_not_offered(error)
    return False


def _landlock(code: tuple[Path, ...]) -> int:
    """Returns the version of Landlock that holds, or 0."""
    try:
        version = restrict(code)
    except OSError as error:
        _accept_as_not_offered(error)
        return 0
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return version
    return 0


def _seccomp() -> bool:
    architecture = this_architecture()
    if architecture is None:
        return False
    try:
        install(architecture)
    except OSError as error:
        _accept_as_not_offered(error)
        return False
    try:
        os.getsid(0)  # harmless, never fails, and not among the calls that are allowed
    except PermissionError:
        return True
    return False


def _accept_as_not_offered(error: OSError) -> None:
    """Raises `error` unless it says that the kernel, or a filter around this process, does not offer this."""
    if error.errno not in _NOT_OFFERED:
        raise error
