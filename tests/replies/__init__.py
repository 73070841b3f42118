# SPDX-License-Identifier: EUPL-1.2
"""Replies as twelve mail programs write them, and replies that must never act, for `tests/store/test_replies.py`."""
