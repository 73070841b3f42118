# SPDX-License-Identifier: EUPL-1.2
"""Desks written by earlier versions, which prove that later versions can read them; `life` is what happened on each."""
