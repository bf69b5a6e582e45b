"""Runs cases on a kernel, in as few boots as their behaviour allows."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import console, deps, files, initramfs, proc, verdict, vm
from .paths import BUILD
from .progress import say


@dataclass(frozen=True)
class Case:
    """One process in the guest."""
    name: str
    command: str
    limit: int  # seconds


@dataclass
class Batch:
    """Cases to run on one kernel, and where the logs of its boots go."""
    label: str
    kernel: object
    programs: list
    cases: list
    logs: object


def judge(text, cases, log):
    """Verdicts by case name for the cases that this boot decides; never empty."""
    boot = console.parse(text)
    wrong = verdict.of_boot(boot)
    last = boot.lines[-1].text if boot.lines else ""
    decided = {}
    for segment in boot.segments:
        decided[segment.name] = verdict.of_segment(segment, last)
    if wrong and not decided:
        decided = {case.name: wrong for case in cases}
    elif wrong and decided[boot.segments[-1].name].status != verdict.PANIC:
        decided[boot.segments[-1].name] = wrong
    for one in decided.values():
        one.log = log
    return decided


def run(batch, machine, echo=None):
    """Run all cases of a batch, booting again after each case that spoils the kernel."""
    decided, number = {}, 0
    left = list(batch.cases)
    while left:
        number += 1
        log = batch.logs / f"{batch.label}-boot{number}.log"
        initrd = log.with_suffix(".initrd")
        initramfs.build(initrd, programs=batch.programs, modules=batch.kernel.modules,
                        cases=[(case.limit, case.name, case.command) for case in left])
        try:
            text = vm.boot(machine, batch.kernel.image, initrd, log,
                           {case.name: case.limit for case in left}, echo)
        finally:
            files.remove(initrd)
        news = judge(text, left, log)
        for name, one in news.items():
            say(f"   {batch.label}: {name}: {one} [{log.relative_to(BUILD.parent)}]")
        decided.update(news)
        left = [case for case in left if case.name not in decided]
    return decided


def run_all(batches, machine, jobs):
    """Run batches side by side; a list of verdicts by case name, one per batch."""
    machine = vm.settled(machine, batches[0].kernel.image)
    deps.busybox()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            futures = [pool.submit(run, batch, machine) for batch in batches]
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            proc.stop_all()
            raise
