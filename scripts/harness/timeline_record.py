"""scripts/timeline-record: DRAIN during HW_PARAMS, as the series' snd-pcmtest sees it.

Builds a kernel with nothing but the patches of that driver, and one with the whole series, and
runs scripts/guest/drain-timeline.c on both.
"""

import argparse
import shutil
import time
from pathlib import Path

from . import files, proc, runner, series, timeline, verdict, vm
from .failure import Failure
from .paths import BUILD, LOGS, SCRIPTS, SELFTESTS
from .progress import say
from .subject import Subject

PROGRAM = "drain-timeline"
# The engine ticks every 10 ms instead of 200, and the stream lock is a spinlock.
APPEND = "snd_pcmtest.nonatomic=0 snd_pcmtest.inject_delay=-190"
LIMIT = 60  # seconds


def _parser():
    parser = argparse.ArgumentParser(prog="timeline-record", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", metavar="FOLDER", type=Path,
                        help="where unpatched.log and patched.log go")
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    return parser


def _program(source):
    """The recorder, static."""
    made = BUILD / PROGRAM
    with files.complete(made) as part:
        proc.run(["gcc", "-O2", "-Wall", "-D_GNU_SOURCE", "-static", f"-I{SELFTESTS}",
                  f"-I{source.tree}/tools/testing/selftests", "-o", part,
                  SCRIPTS / "guest" / f"{PROGRAM}.c", SELFTESTS / "pcm-raw.c",
                  SELFTESTS / "text-file.c", "-lpthread"],
                 log=LOGS / f"build-{PROGRAM}.log", what=f"the build of {PROGRAM}")
    return made


def _kernels(subject):
    driver = series.of_test_driver(subject.patches)
    return {"unpatched": subject.builder.kernel(series.apply(subject.source, driver),
                                                "with the test driver only"),
            "patched": subject.kernel("patched")}


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    subject = Subject.get(args.kernel, "debug")
    kernels, program = _kernels(subject), _program(subject.source)
    logs = LOGS / time.strftime("timeline-%Y%m%d-%H%M%S")
    batches = [runner.Batch(which, kernel, [program],
                            [runner.Case(PROGRAM, f"/tests/{PROGRAM}", LIMIT)], logs)
               for which, kernel in kernels.items()]
    results = runner.run_all(batches, vm.Machine(append=APPEND), 1)
    for which, wanted, result in zip(kernels, (verdict.SPLAT, verdict.PASSED), results):
        if result[PROGRAM].status != wanted:
            raise Failure(f"{which}: {result[PROGRAM]} (expected: {wanted}) "
                          f"[{result[PROGRAM].log}]")
        calls = {call.name: call for call in timeline.read(result[PROGRAM].log).calls}
        if calls["DRAIN"].begin > calls["HW_PARAMS"].end:
            raise Failure(f"{which}: DRAIN came too late; try again on a machine with less to do")
    for which, result in zip(kernels, results):
        with files.complete(args.folder / f"{which}.log") as part:
            shutil.copyfile(result[PROGRAM].log, part)
    say(f"{args.folder}: unpatched.log, patched.log")
    return 0
