"""Checks of what must not change."""

from .. import answers
from ..bench_pair import Pair
from ..failure import Failure
from ..progress import say

FIRST, SEEDS = 1, 30


def same_answers(context):
    """random calls by one thread get the same answers with the series, but for what is meant"""
    found, count = answers.measure(Pair(context.kernel), context.logs, FIRST, SEEDS)
    wrong = answers.wrong(found)
    for player, one in wrong:
        say(f"{player[0]}, {one}")
    if wrong:
        raise Failure(f"{len(wrong)} of {count} sequences differ (see scripts/answers)")
    if not found:
        raise Failure("not one of the changes that are meant was seen: what else was not?")
    return f"{count - len(found)} sequences the same, {len(found)} as meant"
