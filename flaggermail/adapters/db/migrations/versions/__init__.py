# SPDX-License-Identifier: EUPL-1.2
"""One file per revision, numbered in order."""
