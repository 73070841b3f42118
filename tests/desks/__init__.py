# SPDX-License-Identifier: EUPL-1.2
"""Makes and keeps the desks that prove that later versions can read them; `life` is what happens on each."""
