"""scripts/bench: what the series costs, unpatched against patched, on this machine."""

import argparse
import json
import time

from . import bench_contention, bench_cost, bench_static, files, proc
from .bench_pair import CONFIG, Pair
from .paths import LOGS, RESULTS, ROOT
from .progress import duration, say, step
from .vm import QEMU

EPILOG = """\
cost: instructions per call of each path, on one CPU. contention: waits, on two CPUs.
static: size of code and data, structures, stack.
Exits with 0 only if no target is missed. The results are in build/bench/ as well, for people
(.txt) and for machines (.json)."""


def _cost(pair, logs):
    with step("measuring the cost of each path"):
        costs = bench_cost.measure(pair, logs)
    comparisons = bench_cost.compare(costs)
    return (bench_cost.tables(comparisons), bench_cost.record(costs, comparisons),
            bench_cost.missed(comparisons))


def _contention(pair, logs):
    with step("measuring contention"):
        found = bench_contention.measure(pair, logs)
    return bench_contention.tables(found), found, bench_contention.missed(found)


def _static(pair, _logs):
    found = bench_static.measure(pair)
    return bench_static.tables(found), found, []


PARTS = {"cost": _cost, "contention": _contention, "static": _static}


def _parser():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"only these: {', '.join(PARTS)} (default: all)")
    return parser


def _about(pair):
    """What the numbers depend on."""
    builder = pair.subject.builder
    return {"kernel": pair.subject.source.label, "config": CONFIG,
            "compiler": proc.capture([*builder.compiler.split(), "--version"],
                                     env=builder.environment).splitlines()[0],
            "qemu": proc.capture([QEMU, "--version"]).splitlines()[0],
            "patches": len(pair.subject.patches),
            "date": time.strftime("%Y-%m-%d")}


def _publish(name, about, lines, results):
    """Print the lines; keep them and the results."""
    say("\n" + "\n".join(lines) + "\n")
    head = [f"{key}: {value}" for key, value in about.items()]
    files.write(RESULTS / f"{name}.txt", "\n".join([*head, "", *lines]) + "\n")
    files.write(RESULTS / f"{name}.json",
                json.dumps({**about, "results": results}, indent=1) + "\n")


def main():
    """Do what the command line says."""
    parser = _parser()
    args = parser.parse_args()
    unknown = set(args.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    start = time.monotonic()
    pair = Pair(args.kernel)
    about = _about(pair)
    logs = LOGS / time.strftime("bench-%Y%m%d-%H%M%S")
    missed = []
    for name, part in PARTS.items():
        if not args.parts or name in args.parts:
            lines, results, bad = part(pair, logs)
            _publish(name, about, lines, results)
            missed += bad
    for one in missed:
        say(f"TARGET MISSED: {one}")
    say(f"{len(missed)} targets missed, {duration(time.monotonic() - start)}; "
        f"results: {RESULTS.relative_to(ROOT)}/")
    return 1 if missed else 0
