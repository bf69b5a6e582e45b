"""scripts/detection: how soon each race shows, and whether a repaired kernel is ever accused."""

import argparse
import math
import statistics
import time

from . import files, kbuild, programs, races, report, runner, subject, verdict
from .arguments import at_least
from .failure import Failure
from .paths import LOGS, ROOT
from .progress import duration, say, step

LIMIT = 5  # seconds within which a race has to show, as the median of all boots
EPILOG = f"""\
exits with 0 only if each race shows on the unpatched kernel within {LIMIT} seconds, as the median
of all boots, and no case ever fails with the series."""


def _parser():
    parser = argparse.ArgumentParser(prog="detection", description=__doc__, epilog=EPILOG)
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("--config", choices=kbuild.configs(), default="plain",
                        help="kernel configuration (default: plain, which has no debug option)")
    parser.add_argument("--unpatched-boots", type=at_least(0), default=5, metavar="N",
                        help="default: 5")
    parser.add_argument("--patched-boots", type=at_least(0), default=20, metavar="N",
                        help="default: 20")
    parser.add_argument("--seconds", type=at_least(1), default=1,
                        help="how long each case tries on the patched kernel (default: 1)")
    return parser


def _batches(which, boots, one, cases, logs):
    """As many boots of a kernel, each of which runs all cases."""
    if not boots:
        return []
    tests, kernel = programs.build(one.source), one.kernel(which)
    # Each race from the boot, as the unpatched kernel does not survive it; once.
    tries = 1 if which == "unpatched" else 0
    return [runner.Batch(f"{which}-{number}", kernel, tests, cases, logs, tries)
            for number in range(1, boots + 1)]


def row(name, results):
    """What the table says about a case, and whether its race shows soon enough."""
    times = [result.seconds if result.shows else math.inf for result in results]
    shown = sum(map(math.isfinite, times))
    median = statistics.median(times)

    def cell(value):
        return f"{value:.1f}" if math.isfinite(value) else "-"

    return (name, f"{shown} of {len(times)}", cell(median), cell(max(times))), median <= LIMIT


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    if not args.unpatched_boots and not args.patched_boots:
        raise Failure("no boots of either kernel: nothing to do")
    start = time.monotonic()
    one = subject.Subject.get(args.kernel, args.config)
    logs = LOGS / time.strftime("detection-%Y%m%d-%H%M%S")
    fixed = races.select(args.config, races.FIXED)
    every = races.select(args.config, races.FIXED, races.KEPT)
    batches = (_batches("unpatched", args.unpatched_boots, one,
                        [subject.case(race, subject.PATIENCE) for race in fixed], logs) +
               _batches("patched", args.patched_boots, one,
                        [subject.case(race, args.seconds) for race in every], logs))
    with step(f"{args.unpatched_boots} + {args.patched_boots} boots"):
        results = runner.run_all(batches, one.machine, subject.JOBS)
    before, after = results[:args.unpatched_boots], results[args.unpatched_boots:]
    rows = [row(race.name, [boot[race.name] for boot in before]) for race in fixed if before]
    lines = report.table(("case", "shown in boots", "median, s", "slowest, s"),
                         [cells for cells, _ in rows], (60, 14, 9, 10))
    late = [cells[0] for cells, soon in rows if not soon]
    alarms = [f"boot {number}: {name}: {result}" for number, boot in enumerate(after, 1)
              for name, result in boot.items()
              if result.status != verdict.PASSED and not one.excused(result)]
    lines += [f"NOT WITHIN {LIMIT} s: {name}" for name in late]
    lines += [f"FALSE ALARM: {alarm}" for alarm in alarms]
    lines.append(f"{one.source.label}, config {args.config}: {len(late)} of {len(rows)} cases are "
                 f"late in {len(before)} boots; {len(alarms)} false alarms of {len(every)} cases "
                 f"in {len(after)} boots; {duration(time.monotonic() - start)}")
    say("\n" + "\n".join(lines))
    files.write(logs / "table.txt", "\n".join(lines) + "\n")
    say(f"console logs: {logs.relative_to(ROOT)}/")
    return 1 if late or alarms else 0
