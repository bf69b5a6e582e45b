"""Runs semantic patches on C files, without the annotations that spatch can't parse."""

import re

from . import proc
from .paths import SCRIPTS

RULES = SCRIPTS / "coccinelle"

# Attributes on lines of their own, as the context analysis has them behind a function's arguments.
_ARGUMENTS = r"\((?:[^()]|\([^()]*\))*\)"
_ANNOTATION = re.compile(rf"^\t(?:__\w+(?:{_ARGUMENTS})?[ \t]*)+(?:/\*.*\*/)?(;?)( \\)?$",
                         re.MULTILINE)
_FINDING = re.compile(r"^(\S+?):(\d+):[\d-]+: (.+)$", re.MULTILINE)


def plain(text):
    """C without annotations, each line where it was."""
    return _ANNOTATION.sub(r"\1\2", text)


def findings(rule, sources, options=()):
    """What a rule reports of some files, as (file name, line, message)."""
    said = proc.capture(["spatch", "-D", "report", "--very-quiet", "--no-show-diff",
                         "--cocci-file", rule, "--macro-file", RULES / "kernel.h", *options,
                         *sources])
    return [(name.rpartition("/")[2], int(line), message)
            for name, line, message in _FINDING.findall(said)]
