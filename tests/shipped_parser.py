# SPDX-License-Identifier: EUPL-1.2
"""The shipped vocabulary and the parser that reads mail with it, made once for all tests of a process."""

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.shipped import shipped

LANGUAGE = read_language(shipped("rules"))
PARSER = StandardParser(LANGUAGE)
