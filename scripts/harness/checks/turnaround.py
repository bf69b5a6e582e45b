"""Checks how long people wait for a verdict."""

import time

from .. import progress
from ..failure import Failure
from ..progress import duration

TEST = 50 * 60  # scripts/test, from a fresh clone
DEMO = 13 * 60  # scripts/demo, which has two minutes more for the races
# Steps that scripts/demo does as well, unless that has been done before.
SHARED = ("unpacking linux-source", "making a git tree", "building Linux", "building selftests")


def turn_around(_context):
    """both commands of the README keep within the time that it promises"""
    demo = sum(seconds for text, seconds in progress.TAKEN if text.startswith(SHARED))
    test = time.monotonic() - progress.BEGIN
    said = f"until here {duration(test)}, of that {duration(demo)} what scripts/demo builds, too"
    if test > TEST or demo > DEMO:
        raise Failure(f"{said}; the limits are {duration(TEST)} and {duration(DEMO)}")
    return said
