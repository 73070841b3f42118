# SPDX-License-Identifier: EUPL-1.2
"""A simulator of nights: one seed determines a whole night on the desk, and the promises are checked from outside.

`night` plays, `oracle` says which reminders are due, and `verdict` compares that with the mails sent.
"""
