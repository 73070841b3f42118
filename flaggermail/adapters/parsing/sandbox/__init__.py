# SPDX-License-Identifier: EUPL-1.2
"""What the kernel takes from the parsing process before it reads a stranger's mail (decisions.md 36).

Entry point: `confine.enter`: Landlock limits files, network and signals, seccomp limits system calls.

May import: `mail`.
"""
