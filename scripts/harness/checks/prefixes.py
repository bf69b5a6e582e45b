"""What the kernel does in each state between two patches of the series."""

from .. import mutation, programs, runner, verdict
from ..bench_cost import MACHINE
from ..failure import Failure
from ..progress import say

CHUNK = 12  # sets of modules that one guest holds
LIMIT = 120  # seconds that the program may take
PROGRAM = "pcm-cost"  # every path of one stream, and of two that are linked, one call at a time


def _case(name):
    command = f"/tests/{PROGRAM} Dummy 1 2"
    return runner.Case(name, mutation.with_modules(name, command), LIMIT)


def _bad(results):
    return [f"{name}: {result} ({result.log})" for name, result in results.items()
            if result.status != verdict.PASSED]


def every_patch_works(context):
    """after each patch the sound modules load, and no call fails or makes the kernel complain"""
    nursery = mutation.Nursery(context.subject.builder, context.commits[-1])
    tests = programs.bench(context.subject.source)
    prefixes = [(f"patch-{number:02}", commit) for number, commit in enumerate(context.commits, 1)]
    for start in range(0, len(prefixes), CHUNK):
        chunk = prefixes[start:start + CHUNK]
        for name, commit in chunk:
            say(f"   building the modules of {name} of {len(prefixes)}")
            nursery.grow(name, commit)
        # on a clock of instructions, or streams run dry when the machine is busy
        results = nursery.run([_case(name) for name, _ in chunk], tests,
                              context.logs / f"from-{chunk[0][0]}", MACHINE)
        for name, _ in chunk:
            nursery.discard(name)
        bad = _bad(results)
        if bad:
            raise Failure("; ".join(bad))
    return f"{len(prefixes)} patches"
