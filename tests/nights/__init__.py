# SPDX-License-Identifier: EUPL-1.2
"""A simulator of nights: one integer seeds a whole night on the desk, and what must hold is read from outside.

`night` plays, `oracle` says who must have been told what and when, `verdict` compares it with the mails that left.
"""
