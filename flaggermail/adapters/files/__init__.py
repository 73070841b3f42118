# SPDX-License-Identifier: EUPL-1.2
"""Files: the archive of raw octets, templates, credentials, free space.

Ways in: `blob_store.FileBlobStore`, `templates.FileTemplates`.

May import: `ports`, `errors`.
"""
