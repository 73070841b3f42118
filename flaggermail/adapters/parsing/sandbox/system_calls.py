# SPDX-License-Identifier: EUPL-1.2
"""System calls by number, for what the standard library does not offer.

Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux. They never change.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass

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
