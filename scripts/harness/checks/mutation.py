"""The checks that the tests can fail: they notice what is taken out of the series."""

import random
import time

from .. import mutation, verdict
from ..failure import Failure

SAMPLE = 2  # mutations per run; scripts/mutate does all


def mutations_fit(context):
    """each mutation takes something out of the series as it is"""
    source = context.subject.source
    subjects = source.git("log", "--format=%s", f"{source.base()}..{context.commits[-1]}")
    source.checkout(context.commits[-1])
    mutations = mutation.read()
    for one in mutations:
        if one.undoes not in subjects.splitlines():
            raise Failure(f"{one.path.name}: no patch is called {one.undoes}")
        one.apply(source, "--check")
    return f"{len(mutations)} mutations"


def mutation_sample(context):
    """two mutations, others every day, are noticed by the cases named for them"""
    able = [one for one in mutation.read() if one.noticed]
    chosen = random.Random(time.strftime("%Y-%m-%d")).sample(able, SAMPLE)
    nursery = mutation.Nursery(context.subject.builder, context.commits[-1])
    examined = mutation.examine(nursery, chosen, lambda one: one.cases, context.logs)
    for name, result in examined[None].items():
        if result.status != verdict.PASSED:
            raise Failure(f"without a mutation: {name}: {result}")
    missed = [one.name for one in chosen if not mutation.noticed(examined[one])]
    if missed:
        raise Failure(f"not noticed: {', '.join(missed)}")
    return ", ".join(f"{one.name} by {mutation.noticed(examined[one])[0]}" for one in chosen)
