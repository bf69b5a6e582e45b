"""Runs cases on kernels: boots each kernel once, and goes on from there as often as needed."""

import itertools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import console, deps, initramfs, proc, verdict, vm
from .paths import BUILD
from .progress import say


COMPLAINT = "after a complaint of the kernel"  # what the guest's init says of it


@dataclass(frozen=True)
class Case:
    """One process in the guest."""
    name: str
    command: str
    limit: int  # seconds


@dataclass
class Batch:
    """Cases to run on one kernel, and where the logs go."""
    label: str
    kernel: object
    programs: list
    cases: list
    logs: object
    tries: int = 0  # each case alone, from the boot, until it has passed so often; 0: all in a row
    tree: object = None  # directory of more files for the guest


def judge(text, cases, log):
    """Verdicts by case name for the cases that this boot decides; never empty."""
    boot = console.parse(text)
    wrong = verdict.of_boot(boot)
    last = boot.lines[-1].text if boot.lines else ""
    decided = {segment.name: verdict.of_segment(segment, last) for segment in boot.segments}
    if not decided and not wrong:
        wrong = verdict.Verdict(verdict.CUT_OFF, "the guest ran no case")
    if wrong and (not decided or wrong.status == verdict.SPOILT):
        decided = {name: wrong for name in (*decided, *(case.name for case in cases))}
    elif wrong or boot.closed == COMPLAINT:
        ended = decided[boot.segments[-1].name]
        if wrong and ended.status != verdict.PANIC:
            decided[boot.segments[-1].name] = wrong
        elif ended.status in (verdict.PASSED, verdict.SKIPPED):
            ended.status = verdict.SPLAT
            ended.evidence = "the kernel is tainted or lockdep is off, in words not known here"
    for one in decided.values():
        one.log = log
    return decided


class _Booted:
    """The kernel of a batch, booted and saved; runs cases from there."""

    def __init__(self, batch, machine, scratch, echo):
        self.batch, self.echo = batch, echo
        self.log = batch.logs / f"{batch.label}-boot.log"
        self.saved = scratch / f"{batch.label}.saved"
        self.guest = vm.Guest(machine, batch.kernel.image, scratch / f"{batch.label}.initrd")
        self.runs = itertools.count(1)
        initramfs.build(self.guest.initrd, programs=batch.programs,
                        modules=batch.kernel.modules, tree=batch.tree)
        self.ready = vm.boot(self.guest, self.log, self.saved, echo)

    def run(self, cases):
        """Run cases one after another, from the boot again after one that spoils the kernel."""
        decided = {}
        left = list(cases)
        while left:
            if self.ready:
                log = self.log.with_name(f"{self.batch.label}-run{next(self.runs)}.log")
                text = vm.resume(self.guest, self.saved, self.log, log,
                                 [(case.limit, case.name, case.command) for case in left],
                                 self.echo)
            else:
                log = self.log
                text = log.read_text(encoding="utf-8", errors="replace")
            news = judge(text, left, log)
            for name, one in news.items():
                say(f"   {self.batch.label}: {name}: {one} [{log.relative_to(BUILD.parent)}]")
            decided.update(news)
            left = [case for case in left if case.name not in decided]
        return decided

    def insist(self, case):
        """Run a case from the boot, again if it has passed: a narrow window takes luck."""
        for _ in range(self.batch.tries):
            decided = self.run([case])
            if decided[case.name].status != verdict.PASSED:
                break
        return decided

    def jobs(self):
        """What can be run side by side, as functions that return verdicts by case name."""
        if self.batch.tries:
            return [partial(self.insist, case) for case in self.batch.cases]
        return [partial(self.run, self.batch.cases)]


def run_all(batches, machine, jobs, echo=None):
    """Run batches side by side; a list of verdicts by case name, one per batch."""
    machine = vm.settled(machine, batches[0].kernel.image)
    deps.busybox()
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="guests-") as scratch, \
            ThreadPoolExecutor(jobs) as pool:
        try:
            boots = [pool.submit(_Booted, batch, machine, Path(scratch), echo)
                     for batch in batches]
            booted = [boot.result() for boot in boots]
            # What takes longest first.
            runs = [(number, pool.submit(job))
                    for number in sorted(range(len(batches)), key=lambda n: batches[n].tries)
                    for job in booted[number].jobs()]
            results = [{} for _ in batches]
            for number, run in runs:
                results[number].update(run.result())
            return results
        except KeyboardInterrupt:
            proc.stop_all()
            raise
        except BaseException:  # to be told when what runs has ended, not after all the rest
            pool.shutdown(wait=False, cancel_futures=True)
            raise
