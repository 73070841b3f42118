# SPDX-License-Identifier: EUPL-1.2
"""The way of mail through real servers."""
