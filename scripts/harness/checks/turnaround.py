"""Checks how long people wait for a verdict."""

import re
import time

from .. import progress
from ..failure import Failure
from ..progress import duration

TEST = 50 * 60  # scripts/test, from a fresh clone
DEMO = 13 * 60  # scripts/demo, which has two minutes more for the races
# Steps that scripts/demo does as well; the kernels that are measured are others.
_SHARED = re.compile(r"unpacking linux-source|making a git tree|building selftests/"
                     r"|building Linux \S+ (unpatched|with the series), config")


def shared(taken):
    """Seconds of those steps that scripts/demo does as well."""
    return sum(seconds for text, seconds in taken if _SHARED.match(text))


def turn_around(_context):
    """both commands of the README keep within the time that it promises"""
    demo = shared(progress.TAKEN)
    test = time.monotonic() - progress.BEGIN
    said = f"until here {duration(test)}, of that {duration(demo)} what scripts/demo builds, too"
    if test > TEST or demo > DEMO:
        raise Failure(f"{said}; the limits are {duration(TEST)} and {duration(DEMO)}")
    return said
