"""scripts/real-programs: sound programs that people use, on both kernels."""

import argparse
import re
import time

from . import console, files, ktap, report, runner, userland, verdict, vm
from .failure import Failure
from .paths import GUEST_REAL_PROGRAMS, LOGS, ROOT
from .progress import say, step
from .subject import Subject

EPILOG = """\
The guest has Debian's programs, alsa-lib's own tests and those of the unpatched kernel.
exits with 0 only if every program does the same on both kernels and the one with the series
does not complain."""

CONFIG = "debug+programs"
FACT = "= "  # begins a line that must be the same on every kernel
NOT_STARTED = re.compile(r": (?:status )?12[67]\b")  # the shell's status
# A device of each way to transfer, and no more streams than pcm-test has time for.
MACHINE = vm.Machine(mem="2G", boot_limit=240,
                     append="snd_dummy.pcm_devs=4 snd_dummy.pcm_substreams=1 "
                     "snd_aloop.pcm_substreams=2")

CASES = (  # what the guest's script is called with, seconds, title
    ("dummy", 180, "aplay, arecord: RW, mmap, non-interleaved, O_NONBLOCK"),
    ("loopback", 240, "aplay into snd-aloop, arecord from it, 8 formats"),
    ("wav", 60, "a wav through snd-aloop"),
    ("killed", 180, "aplay, arecord killed midway"),
    ("speaker_test", 120, "speaker-test"),
    ("alsaloop_bridge", 90, "alsaloop"),
    ("mixer", 60, "alsactl, amixer"),
    ("mixed", 120, "dmix, dsnoop (O_APPEND)"),
    ("multi_thread -D hw:Dummy,0", 180, "alsa-lib's pcm-multi-thread, snd-dummy"),
    ("multi_thread -D hw:Loopback,0", 180, "alsa-lib's pcm-multi-thread, snd-aloop"),
    ("transfer_methods", 90, "alsa-lib's pcm, all methods"),
    ("linked_latency", 90, "alsa-lib's latency, linked"),
    ("oss", 150, "OSS: sox, cat, dd, aumix"),
    ("jack", 120, "jackd, jack_simple_client"),
    ("pulse", 120, "pulseaudio, pacat"),
    ("kselftest mixer-test", 600, "kselftest mixer-test"),
    ("kselftest pcm-test", 900, "kselftest pcm-test"),
    ("kselftest test-pcmtest-driver", 120, "kselftest test-pcmtest-driver"),
    ("kselftest utimer-test", 120, "kselftest utimer-test"),
)


def _word(call):
    """What a case is called on the command line."""
    words = call.split()
    return words[-1] if words[0] == "kselftest" else words[0]


def _cases(chosen):
    """As the runner knows them: no blanks in names."""
    return [runner.Case("-".join(call.split()), f"/tests/{GUEST_REAL_PROGRAMS.name} {call}", limit)
            for call, limit, _ in chosen]


def _parser():
    words = ", ".join(dict.fromkeys(_word(call) for call, _, _ in CASES))
    parser = argparse.ArgumentParser(prog="real-programs", description=__doc__, epilog=EPILOG)
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("case", nargs="*", help=f"some of: {words} (default: all)")
    return parser


def _chosen(words):
    """The cases with these names; all if there are none."""
    unknown = set(words) - {_word(call) for call, _, _ in CASES}
    if unknown:
        raise Failure(f"no case is called {min(unknown)}")
    return [case for case in CASES if not words or _word(case[0]) in words]


def facts(segment):
    """What a case found out: its facts, or the result of each test where it speaks KTAP."""
    lines = [line.text for line in segment.output()]
    if ktap.present(lines):
        account = ktap.parse(lines)
        # Threads report in any order.
        return sorted(f"{result.name}: {result.status}" for result in account.results) + [
            f"account: {problem}" for problem in account.problems]
    return [line[len(FACT):] for line in lines if line.startswith(FACT)]


def _facts(name, result):
    return next((facts(segment) for segment in console.read(result.log).segments
                 if segment.name == name), [])


def differences(before, after):
    """Facts of one kernel that are not those of the other, as two lists."""
    return ([fact for fact in before if fact not in after],
            [fact for fact in after if fact not in before])


def agree(before, after, before_facts, after_facts):
    """Whether a program did the same on both kernels, the patched one without complaint."""
    # Failed: the program's own opinion, which may be the same of both.
    return (after.status in (verdict.PASSED, verdict.FAILED, verdict.SKIPPED)
            and (after.status == before.status or before.status in verdict.FAULTS)
            and bool(after_facts) and before_facts == after_facts
            and not any(map(NOT_STARTED.search, after_facts)))


def _row(title, before, after, before_facts, after_facts):
    old, new = differences(before_facts, after_facts)
    same = agree(before, after, before_facts, after_facts)
    told = {False: [f"{len(before_facts)} facts", *old], True: [f"{len(before_facts)} facts"]}
    complaint = [str(before)] if before.status not in (verdict.PASSED, verdict.FAILED,
                                                       verdict.SKIPPED) else []
    return (title, "; ".join(told[same] + complaint),
            "the same" if same else "; ".join(new) or str(after))


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    chosen = _chosen(args.case)
    subject = Subject.get(args.kernel, CONFIG)
    tree = userland.build(subject.builder)
    logs = LOGS / time.strftime("real-programs-%Y%m%d-%H%M%S")
    cases = _cases(chosen)
    batches = [runner.Batch(which, subject.kernel(which), [GUEST_REAL_PROGRAMS], cases, logs,
                            tree=tree) for which in ("unpatched", "patched")]
    with step(f"{len(cases)} cases on each kernel"):
        results = runner.run_all(batches, MACHINE, len(batches))
    rows, apart = [], []
    for case, (_, _, title) in zip(cases, chosen):
        pair = [result[case.name] for result in results]
        found = [_facts(case.name, one) for one in pair]
        rows.append(_row(title, *pair, *found))
        if not agree(*pair, *found):
            apart.append(case.name)
    lines = report.table(("program", f"{subject.source.label} unpatched", "with the series"),
                         rows, (38, 52, 38))
    say("\n" + "\n".join(lines) + "\n")
    files.write(logs / "table.txt", "\n".join(lines) + "\n")
    for name in apart:
        say(f"NOT THE SAME: {name}")
    say(f"{len(chosen) - len(apart)} of {len(chosen)} the same, console logs: "
        f"{logs.relative_to(ROOT)}/")
    return 1 if apart else 0
