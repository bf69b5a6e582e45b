"""scripts/demo: the races on an unpatched kernel, and on the same kernel with the series."""

import argparse
import time

from . import files, kbuild, races, report, stock, verdict
from .arguments import at_least
from .paths import LOGS, RACES, ROOT
from .progress import duration, say
from .subject import Subject

EPILOG = f"""\
exits with 0 only if every race that {RACES.relative_to(ROOT)} claims to be fixed shows on the
unpatched kernel and none of them on the patched one. A kernel older than snd-pcmtest, which
came with 6.5, may skip some; they are named. Everything made lies in build/."""


def _parser():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__, epilog=EPILOG)
    parser.add_argument("--kernel", metavar="DIR|VERSION",
                        help="a kernel tree, which is only read, or a version like 6.12 that "
                        "Debian has as linux-source-6.12 (default: Debian's newest 7.*)")
    parser.add_argument("--config", choices=kbuild.configs(),
                        help="kernel configuration (default: debug)")
    parser.add_argument("--stock", choices=stock.FLAVOURS, nargs="?", const="standard",
                        help=f"build no kernel: take the distribution's own {stock.SERIES}, or "
                        "its PREEMPT_RT flavour, and rebuild its sound modules only")
    parser.add_argument("--seconds", type=at_least(1), default=2,
                        help="how long each case tries on the patched kernel (default: 2)")
    parser.add_argument("--all", action="store_true",
                        help="all cases (default: the first one of each race)")
    return parser


def _arguments():
    parser = _parser()
    args = parser.parse_args()
    if args.stock and (args.kernel or args.config):
        parser.error("--stock takes the distribution's kernel as it is: no --kernel, no --config")
    args.config = args.config or ("stock" if args.stock else "debug")
    return args


def _rows(config, every):
    rows = races.select(config, races.FIXED, races.OPEN)
    first = {row.race: row for row in reversed(rows)}
    return [row for row in rows if every or row is first[row.race]]


def _seconds(result):
    return "" if result.seconds is None else f"{result.seconds:.1f} s"


def _line(row, before, after):
    return (row.race, row.title, before, _seconds(before),
            after if after.status != verdict.PASSED else f"clean: {after.evidence}".rstrip(": "),
            _seconds(after))


def _good(row, before, after):
    return row.claim != races.FIXED or (
        before.shows and after.status == verdict.PASSED)


def main():
    """Do what the command line says."""
    args = _arguments()
    start = time.monotonic()
    subject = (Subject.stock(stock.newest(args.stock)) if args.stock else
               Subject.get(args.kernel, args.config))
    logs = LOGS / time.strftime("demo-%Y%m%d-%H%M%S")
    rows = _rows(args.config, args.all)
    results = subject.run({"unpatched": rows, "patched": rows}, args.seconds, logs)
    before, after = results["unpatched"], results["patched"]
    lines = report.table(
        ("race", "paths", f"{subject.label} unpatched", "shown in", "with the series",
         "ran for"),
        [_line(row, before[row.name], after[row.name]) for row in rows],
        (4, 30, 44, 8, 30, 8))
    say("\n" + "\n".join(lines) + "\n")
    files.write(logs / "table.txt", "\n".join(lines) + "\n")
    skipped = [row for row in rows
               if subject.excused(before[row.name]) and subject.excused(after[row.name])]
    bad = [row for row in rows
           if row not in skipped and not _good(row, before[row.name], after[row.name])]
    for row in bad:
        say(f"NOT SHOWN FIXED: race {row.race} ({row.name})")
    for row in skipped:
        say(f"CANNOT BE SHOWN on {subject.label}: race {row.race} ({row.name})")
    say(f"{len(rows) - len(bad) - len(skipped)} of {len(rows)} as claimed, config {args.config}, "
        f"{duration(time.monotonic() - start)}; console logs: {logs.relative_to(ROOT)}/")
    return 1 if bad or len(skipped) == len(rows) else 0
