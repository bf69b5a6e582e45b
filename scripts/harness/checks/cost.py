"""Checks of what the series costs."""

from .. import bench_cost
from ..bench_pair import Pair
from ..failure import Failure
from ..progress import say


def costs(context):
    """no hot path takes more instructions than without the series"""
    comparisons = bench_cost.compare(bench_cost.measure(Pair(context.kernel), context.logs))
    missed = bench_cost.missed(comparisons)
    for one in missed:
        say(f"   {one}")
    if missed:
        raise Failure(f"{len(missed)} targets missed: {missed[0]}")
    return f"{len(comparisons)} measured, {sum(one.target is not None for one in comparisons)} " \
        "with a target"
