# SPDX-License-Identifier: EUPL-1.2
"""Files: the archive of raw mail, templates, credentials, status file, free space.

Entry points: `blob_store.FileBlobStore`, `templates.FileTemplates`.

May import: `ports`, `errors`.
"""
