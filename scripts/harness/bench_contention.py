"""What threads that use PCMs at the same time make each other wait for.

Two CPUs and the guest's own clock, so another load on this machine shows in the worst times.
"""

from . import programs, report, runner, vm
from .bench_pair import AFTER, BEFORE
from .failure import Failure

MACHINE = vm.Machine(smp=2, accel="tcg")
LIMIT = 120  # seconds
NAME = "pcm-contention"

# What is demanded of a measurement: in words, and as a test of both values.
DEMANDS = {
    "percent of 1 writer, 2 writers":
        ("scales as before, within 15 %", lambda before, after: after >= 0.85 * before),
    "worst us of a group's PREPARE, other group slow":
        ("does not wait for its 200 ms", lambda _, after: after < 100000),
    "HW_PARAMS in a storm of writers, done": ("goes on", lambda _, after: after > 0),
    "HW_PARAMS in a storm of writers, worst us": ("below 1 s", lambda _, after: after < 1000000),
    "PREPARE in a storm of writers, done": ("goes on", lambda _, after: after > 0),
    "PREPARE in a storm of writers, worst us": ("below 1 s", lambda _, after: after < 1000000),
    "worst us of SYNC_PTR during HW_FREE and HW_PARAMS":
        ("within 2 ms of before", lambda before, after: after < before + 2000),
    "worst us of a period's jitter during HW_FREE and HW_PARAMS":
        ("within 2 ms of before", lambda before, after: after < before + 2000),
    "ms until SIGKILL ends a blocked HW_PARAMS": ("below 200", lambda _, after: after < 200),
}


def parse(lines):
    """Values by name, from the output of pcm-contention."""
    found = {}
    for line in lines:
        fields = line.split("\t")
        if fields[0] == "contention":
            if len(fields) != 3 or not fields[2].isdigit():
                raise Failure(f"not a line of {NAME}: {line}")
            found[fields[1]] = int(fields[2])
    missing = DEMANDS.keys() - found.keys()
    if missing:
        raise Failure(f"{NAME} did not measure: {', '.join(sorted(missing))}")
    return found


def measure(pair, logs):
    """Boot both kernels, one after the other; the values of each, by name."""
    tests = programs.bench(pair.subject.source)
    outputs = pair.run(tests, [runner.Case(NAME, f"/tests/{NAME}", LIMIT)], MACHINE, logs, jobs=1)
    return {which: parse(outputs[which][NAME]) for which in (BEFORE, AFTER)}


def missed(found):
    """The demands that the patched kernel does not meet."""
    return [f"{name}: {found[AFTER][name]} (unpatched {found[BEFORE][name]}), {words}"
            for name, (words, met) in DEMANDS.items()
            if not met(found[BEFORE][name], found[AFTER][name])]


def tables(found):
    """Lines for people."""
    rows = [(name, found[BEFORE][name], found[AFTER][name], DEMANDS.get(name, ("",))[0])
            for name in found[AFTER]]
    return report.table(("two CPUs", BEFORE, AFTER, "demanded"), rows, (0, 0, 0, 0))
