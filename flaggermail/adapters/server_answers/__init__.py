# SPDX-License-Identifier: EUPL-1.2
"""What mail servers and token endpoints answer when the desk is set up wrongly, and what each of the answers means.

Entry point: `recognise.explain(step, answer, reader)`, which returns the cause in words, or None. An answer is known by
the step of the protocol, its code and, where several causes share those, a fixed phrase. The table is `answers.yaml`.

May import: `wording`, `settings.yaml_files`.
"""
