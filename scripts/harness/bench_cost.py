"""Instructions per call of each path into the PCM core, unpatched and patched.

QEMU's -icount lets the guest's clock count instructions: the same on a busy machine.
"""

import re
import shlex
from dataclasses import dataclass

from . import programs, report, runner, vm
from .bench_pair import AFTER, BEFORE
from .failure import Failure

MACHINE = vm.Machine(smp=1, icount="shift=0,sleep=off")
DRIVERS = {"Dummy": "atomic", "PCM-TEST Driver": "non-atomic"}
STREAMS = (1, 2, 8)
LIMIT = 600  # seconds for one driver
IDLE = "idle"  # the path that is subtracted from the others

# How much a path may cost in proportion to the unpatched kernel.
TARGETS = tuple((re.compile(pattern), limit) for pattern, limit in (
    (r"SYNC_PTR|HWSYNC|STATUS|DELAY|poll|mmap-period", 1.00),
    (r"WRITE|READ|write", 1.00),
    (r"PREPARE|START", 1.00),
    (r"HW_PARAMS|SW_PARAMS", 1.02),
))


@dataclass(frozen=True)
class Key:
    """What was measured."""
    driver: str
    streams: int
    path: str


@dataclass(frozen=True)
class Cost:
    """Instructions of one batch: the least, and the median of all batches."""
    calls: int
    least: int
    median: int


@dataclass(frozen=True)
class Comparison:
    """One path on both kernels, in instructions per call."""
    key: Key
    before: float
    after: float

    @property
    def ratio(self):
        """Above 1 if the series makes the path slower."""
        return self.after / self.before

    @property
    def target(self):
        """What the ratio may be, or None."""
        return next((limit for pattern, limit in TARGETS if pattern.match(self.key.path)), None)

    @property
    def missed(self):
        """Whether the path costs more than it may."""
        return self.target is not None and self.ratio > self.target


def parse(lines):
    """The costs in the output of pcm-cost, by key."""
    costs = {}
    for line in lines:
        fields = line.split("\t")
        if fields[0] != "cost":
            continue
        if len(fields) != 7 or not all(field.isdigit() for field in (fields[2], *fields[4:])):
            raise Failure(f"not a line of pcm-cost: {line}")
        costs[Key(fields[1], int(fields[2]), fields[3])] = Cost(*map(int, fields[4:]))
    if not costs:
        raise Failure("pcm-cost printed no costs")
    return costs


def per_call(costs):
    """Instructions of one call of each path, less those of measuring it."""
    net = {}
    for key, cost in costs.items():
        if key.path != IDLE:
            idle = costs[Key(key.driver, key.streams, IDLE)]
            net[key] = cost.least / cost.calls - idle.least / idle.calls
    return net


def compare(costs):
    """The costs of both kernels side by side."""
    if costs[BEFORE].keys() != costs[AFTER].keys():
        raise Failure("the two kernels were not measured alike")
    before, after = per_call(costs[BEFORE]), per_call(costs[AFTER])
    return [Comparison(key, before[key], after[key]) for key in before]


def missed(comparisons):
    """What is slower than it may be."""
    return [f"{one.key.path}, {DRIVERS[one.key.driver]}, {one.key.streams} linked: "
            f"{one.ratio:.3f} of unpatched, {one.target:.2f} is allowed"
            for one in comparisons if one.missed]


def measure(pair, logs, streams=STREAMS):
    """Boot both kernels; the costs of each, by key."""
    tests = programs.bench(pair.subject.source)
    cases = [runner.Case(f"pcm-cost:{kind}",
                         shlex.join(["/tests/pcm-cost", driver, *map(str, streams)]), LIMIT)
             for driver, kind in DRIVERS.items()]
    outputs = pair.run(tests, cases, MACHINE, logs)
    return {which: parse(line for lines in outputs[which].values() for line in lines)
            for which in (BEFORE, AFTER)}


def _row(path, found, streams):
    target = found[0].target
    cells = [path, "" if target is None else f"{target:.2f}"]
    by_streams = {one.key.streams: one for one in found}
    for count in streams:
        one = by_streams.get(count)
        cells += [f"{one.before:.0f}", f"{one.after:.0f}",
                  f"{one.ratio:.3f}{' !' if one.missed else ''}"] if one else ["", "", ""]
    return cells


def tables(comparisons):
    """Lines: a table per driver, a row per path, three columns per number of streams."""
    lines = []
    streams = sorted({one.key.streams for one in comparisons})
    for driver, kind in DRIVERS.items():
        mine = [one for one in comparisons if one.key.driver == driver]
        paths = dict.fromkeys(one.key.path for one in mine)
        header = ["path", "limit"]
        for count in streams:
            header += [f"{count}: unpatched", "patched", "ratio"]
        rows = [_row(path, [one for one in mine if one.key.path == path], streams)
                for path in paths]
        lines += [f"{kind} ({driver}), instructions per call, linked streams: "
                  f"{', '.join(map(str, streams))}", ""]
        lines += report.table(header, rows, [0] * len(header)) + [""]
    return lines


def record(costs, comparisons):
    """The same for machines."""
    return [{"driver": one.key.driver, "streams": one.key.streams, "path": one.key.path,
             "unpatched": round(one.before, 2), "patched": round(one.after, 2),
             "ratio": round(one.ratio, 4), "target": one.target, "missed": one.missed,
             "batches": {which: vars(costs[which][one.key]) for which in (BEFORE, AFTER)}}
            for one in comparisons]
