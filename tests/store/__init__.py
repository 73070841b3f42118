# SPDX-License-Identifier: EUPL-1.2
"""The store and the archive, on real databases and files."""
