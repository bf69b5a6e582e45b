"""scripts/mutate: takes each fix out of the series, one at a time, and says which test notices."""

import argparse
import time

from . import files, kbuild, mutation, races, report, series, verdict
from .failure import Failure
from .paths import LOGS, MUTATIONS, ROOT
from .progress import duration, say
from .subject import Subject

EPILOG = f"""\
The mutations are the patches in {MUTATIONS.relative_to(ROOT)}/. Exits with 0 only if the kernel
without a mutation passes, and each mutation that is not stated to survive is noticed."""


def _parser():
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__, epilog=EPILOG)
    parser.add_argument("--list", action="store_true", help="list the mutations")
    parser.add_argument("--all-cases", action="store_true",
                        help="run every case on each, not only those that should notice")
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("--config", choices=kbuild.configs(), default="debug",
                        help="kernel configuration (default: debug)")
    parser.add_argument("mutations", nargs="*", metavar="MUTATION", help="only these")
    return parser


def _select(names):
    known = {one.name: one for one in mutation.read()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Failure(f"no such mutation: {unknown[0]} (see --list)")
    return [known[name] for name in names] if names else list(known.values())


def row(one, results):
    """What the table says about a mutation: who noticed, how, after how long."""
    found = mutation.noticed(results) or mutation.undecided(results)
    if not found:
        why = one.survives or "a test is missing"
        return (one.name, one.title, "-", f"survives: {why}", "")
    name, result = found
    seconds = "" if result.seconds is None else f"{result.seconds:.1f} s"
    return (one.name, one.title, name.replace(":global.", ": "), str(result), seconds)


def _unexpected(one, results):
    if mutation.noticed(results):
        return "is noticed, though stated to survive" if one.survives else None
    if mutation.undecided(results):
        return "has got no verdict"
    return None if one.survives else "is noticed by no test"


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    chosen = _select(args.mutations)
    if args.list:
        for one in chosen:
            say(f"{one.name:34} {one.title}")
        return 0
    start = time.monotonic()
    logs = LOGS / time.strftime("mutate-%Y%m%d-%H%M%S")
    every = [race.name for race in races.select(args.config, races.FIXED, races.KEPT)]

    def cases(one):
        return every if args.all_cases else one.cases

    subject = Subject.get(args.kernel, args.config)
    nursery = mutation.Nursery(subject.builder, series.apply(subject.source, subject.patches))
    examined = mutation.examine(nursery, [one for one in chosen if cases(one)], cases, logs)
    bad = [f"without a mutation: {name}: {result}"
           for name, result in examined[None].items() if result.status != verdict.PASSED]
    bad += [f"{one.name} {_unexpected(one, examined.get(one, {}))}" for one in chosen
            if _unexpected(one, examined.get(one, {}))]
    rows = [row(one, examined.get(one, {})) for one in chosen]
    header = ("mutation", "what it takes out", "noticed by", "how", "after")
    say("\n" + "\n".join(report.table(header, rows, (24, 32, 30, 44, 7))) + "\n")
    files.write(logs / "table.tsv", "".join("\t".join(cells) + "\n" for cells in rows))
    for text in bad:
        say(f"NOT AS STATED: {text}")
    say(f"{len(chosen)} mutations on {subject.source.label} with the series, config "
        f"{args.config}, {duration(time.monotonic() - start)}; logs: {logs.relative_to(ROOT)}/")
    return 1 if bad else 0
