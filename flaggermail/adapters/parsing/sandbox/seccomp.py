# SPDX-License-Identifier: EUPL-1.2
"""A seccomp filter (seccomp(2), Linux 3.17) for a process that computes, and reads and writes its open pipes.

Three answers. What a parser needs is allowed. What only an attack asks for (another program, another process, the
network, other processes' memory, signals or limits) ends the process, so that the mail waits in the quarantine and a
person sees it. Everything else fails with EPERM, so that a call of a library or interpreter yet unknown to us costs no
mail.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator

from flaggermail.adapters.parsing.sandbox.system_calls import Architecture, call

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
