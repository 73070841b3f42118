# SPDX-License-Identifier: EUPL-1.2
"""The desk at a screen: pages made on the server, each a view of the desk with a template; their forms send commands.

Entry point: `site.add_pages` gives them to the application of the door. `page` says what a page is, `acts` which
commands its forms may send and how their fields are read, `forms` keeps a post to the person and page that it was made
for, `rendering` words and escapes. They show documents of the desk and hold no rule of their own.

May import: the rest of `door`, and what it may.
"""
