# SPDX-License-Identifier: EUPL-1.2
"""Files: the archive of raw mail, old mail to take in, templates, credentials, status file, free space.

Entry points: `blob_store.FileBlobStore`, `templates.FileTemplates`, `old_mail.MailFiles`.

May import: `ports`, `errors`.
"""
