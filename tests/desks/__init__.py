# SPDX-License-Identifier: EUPL-1.2
"""Desks that earlier versions wrote, kept to prove that later versions read them; `life` is what happened on each."""
