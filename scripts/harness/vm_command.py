"""scripts/vm: run static programs on any kernel by hand, or get a shell there."""

import argparse
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

from . import deps, initramfs, runner, verdict, vm
from .arguments import at_least
from .failure import Failure
from .kbuild import Kernel
from .paths import LOGS

EPILOG = """\
`run` copies PROGRAM and every --add FILE into the guest's /tests and runs the program there;
it exits with 0 only if the program passed, its account is complete and the kernel did not
complain. In `shell`, the programs are in /tests, and C-a x ends the guest."""


class _Given(Kernel):
    """A kernel image of the user's, with modules from elsewhere."""

    def __init__(self, image, modules):
        super().__init__(modules or Path(os.devnull))
        self.given = image

    @property
    def image(self):
        return self.given


def _file(text):
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is not a file")
    return path.resolve()


def _directory(text):
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a directory")
    return path.resolve()


def _parser():
    parser = argparse.ArgumentParser(usage="vm run|shell --kernel IMAGE [options] "
                                     "[-- PROGRAM ARGUMENT...]", description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("run", "shell"))
    parser.add_argument("--kernel", type=_file, required=True, help="bzImage")
    parser.add_argument("--modules", type=_directory, metavar="DIR",
                        help="load the *.ko in this directory, in the order of their names")
    parser.add_argument("--add", type=_file, metavar="FILE", action="append", default=[])
    parser.add_argument("--timeout", type=at_least(1), default=120, metavar="SECONDS")
    parser.add_argument("--smp", type=at_least(1), default=2)
    parser.add_argument("--mem", default="1G")
    parser.add_argument("--cpu", default=vm.CPU, help="as of qemu -cpu")
    parser.add_argument("--append", default="", help="more of the kernel's command line")
    parser.add_argument("--icount", help="as of qemu -icount; implies tcg")
    parser.add_argument("--accel", choices=("kvm", "tcg"), help="default: kvm where it works")
    parser.add_argument("--device", action="append", default=[], help="as of qemu -device")
    return parser


def _parse(words):
    """Options, and what stands behind --."""
    split = words.index("--") if "--" in words else len(words)
    args = _parser().parse_args(words[:split])
    args.command = words[split + 1:]
    return args


def _echo(text):
    sys.stdout.write(text.replace("\r", ""))
    sys.stdout.flush()


def _run(machine, kernel, args):
    if not args.command:
        raise Failure("run needs a program after --")
    program = Path(args.command[0]).resolve()
    if not program.is_file():
        raise Failure(f"{args.command[0]} is not a file")
    name = program.name
    command = shlex.join([f"/tests/{name}", *args.command[1:]])
    logs = LOGS / time.strftime(f"vm-%Y%m%d-%H%M%S-{os.getpid()}")
    batch = runner.Batch("vm", kernel, [program, *args.add],
                         [runner.Case(name, command, args.timeout)], logs)
    result = runner.run_all([batch], machine, 1, _echo)[0][name]
    return 0 if result.status == verdict.PASSED else 1


def main():
    """Do what the command line says."""
    args = _parse(sys.argv[1:])
    deps.install(["qemu-system-x86"])
    machine = vm.Machine(smp=args.smp, mem=args.mem, cpu=args.cpu, append=args.append,
                         icount=args.icount, accel=args.accel, devices=tuple(args.device))
    kernel = _Given(args.kernel, args.modules)
    if args.action == "run":
        return _run(machine, kernel, args)
    with tempfile.TemporaryDirectory() as scratch:
        initrd = Path(scratch) / "initrd"
        initramfs.build(initrd, programs=args.add, modules=kernel.modules)
        return vm.shell(vm.Guest(vm.settled(machine, kernel.image), kernel.image, initrd))
