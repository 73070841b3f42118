# SPDX-License-Identifier: EUPL-1.2
"""The door: the desk over HTTP on a Unix socket, for persons whom the kernel names. HTTP and nothing else.

Entry points: `application.door_application`, the WSGI application; `serving.Door`, the process that serves it.
`pages.site.add_pages` gives it the pages for people. The names of requests are the words of the command line joined
by `-`; decision 0106 says what else is fixed.

May import: `desk` and every room below it.
"""
