"""Checks of what must not change."""

from .. import answers
from ..bench_pair import Pair
from ..failure import Failure
from ..progress import say

FIRST, SEEDS = 1, 30  # with them, each change that is meant is met


def same_answers(context):
    """random calls by one thread get the same answers with the series, but for what is meant"""
    found, count = answers.measure(Pair(context.kernel), context.logs, FIRST, SEEDS)
    wrong = [one for _, one in found if not one.meant]
    for one in wrong:
        say(str(one))
    if wrong:
        raise Failure(f"{len(wrong)} of {count} sequences differ (see scripts/answers)")
    seen = {one.meant for _, one in found}
    if len(seen) < len(answers.MEANT):
        raise Failure("not all the changes that are meant were seen: what else was not?")
    return f"{count - len(found)} sequences the same, {len(found)} as meant"
