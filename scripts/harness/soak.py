"""scripts/soak: hammers and the races of parameters and linked streams at once, for long."""

import argparse
import time
from collections import Counter

from . import console, files, kbuild, programs, report, runner, verdict, vm
from .arguments import at_least
from .paths import GUEST_SOAK, LOGS, ROOT
from .progress import say, step
from .subject import Subject

EPILOG = """\
exits with 0 only if the kernel with the series got through it without any complaint. What the
unpatched kernel (--both) has to say until it is stuck or has crashed stands beside it."""
GRACE = 300  # seconds that the guest may take longer


def _parser():
    parser = argparse.ArgumentParser(prog="soak", description=__doc__, epilog=EPILOG)
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("--config", choices=kbuild.configs(), default="debug",
                        help="kernel configuration (default: debug)")
    parser.add_argument("--minutes", type=at_least(1), default=30, help="default: 30")
    parser.add_argument("--both", action="store_true", help="run the unpatched kernel as well")
    return parser


def _complaints(batch, result):
    """Table rows: what this kernel printed, how often."""
    lines = console.read(result.log).lines
    counts = Counter(map(str, console.splats(lines)))
    return [(batch.label, f"{len(counts)} different complaints, {result}",
             "" if result.seconds is None else f"{result.seconds:.0f} s", "")] + [
            ("", complaint, "", count) for complaint, count in counts.most_common()]


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    subject = Subject.get(args.kernel, args.config)
    tests = [*programs.build(subject.source), GUEST_SOAK]
    seconds = args.minutes * 60
    case = runner.Case("soak", f"/tests/{GUEST_SOAK.name} {seconds}", seconds + GRACE)
    logs = LOGS / time.strftime("soak-%Y%m%d-%H%M%S")
    batches = [runner.Batch(which, subject.kernel(which), tests, [case], logs)
               for which in (("patched", "unpatched") if args.both else ("patched",))]
    with step(f"soaking for {args.minutes} min"):
        results = [result[case.name]
                   for result in runner.run_all(batches, vm.Machine(), len(batches))]
    rows = [row for batch, result in zip(batches, results) for row in _complaints(batch, result)]
    lines = report.table(("kernel", f"{subject.source.label}, config {args.config}", "ran for",
                          "times"), rows, (9, 70, 7, 5))
    say("\n" + "\n".join(lines))
    files.write(logs / "table.txt", "\n".join(lines) + "\n")
    say(f"console logs: {logs.relative_to(ROOT)}/")
    return 0 if results[0].status == verdict.PASSED else 1
