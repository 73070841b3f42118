# SPDX-License-Identifier: EUPL-1.2
"""`check --online`: whether the servers around a desk do what it relies on, told step by step.

Entry point: `checking.check`, which yields an outcome for every step; `outcomes` lists the steps and what each may say.

The desk sends itself a few mails, each with a seal that it alone can make, looks how they arrive, and deletes them and
no other mail. A scratch desk proves that a mail is placed, answered, archived and verified; the real record is not
touched.

May import: `intake` and every room below it. Who calls it gives it the means (`checked.CheckMeans`): no adapter is
imported here.
"""
