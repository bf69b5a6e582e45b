"""Boots a kernel in QEMU, on KVM where that is proved to work, and keeps the console log."""

import os
import time
from dataclasses import dataclass, replace

from . import console, files, initramfs, proc
from .failure import Failure
from .paths import BUILD
from .progress import say

QEMU = "qemu-system-x86_64"
POLL = 0.1  # seconds between looks at the console
PROBE = 15  # seconds in which a working KVM has long booted this far

# No devices that take long to make and that nobody needs; several substreams to link, buffers
# that are really allocated, and with the series a PCM whose stream lock is a mutex.
APPEND = ("console=ttyS0 ignore_loglevel printk.time=1 printk.devkmsg=on panic=-1 "
          "pty.legacy_count=0 8250.nr_uarts=1 "
          "snd_dummy.pcm_devs=2 snd_dummy.pcm_substreams=8 snd_dummy.fake_buffer=0 "
          "snd_aloop.pcm_substreams=8 "
          "snd_pcmtest.substreams=8 snd_pcmtest.nonatomic=1")


# With 5-level paging a timer interrupt while the kernel identifies the boot CPU, and has
# cleared its list of features for a moment, makes KASAN report a wild access: seen now and then.
CPU = "max,la57=off"


@dataclass
class Machine:
    """What the guest gets."""
    smp: int = 2
    mem: str = "1G"
    cpu: str = CPU
    append: str = ""
    icount: str = None
    accel: str = None  # None: KVM if it works
    devices: tuple = ()
    boot_limit: int = 120  # seconds until init must run


def _command(machine, kernel, initrd):
    if machine.accel == "tcg":
        options = ["-accel", "tcg" if machine.icount else "tcg,thread=multi",
                   "-cpu", machine.cpu]
    else:
        options = ["-accel", "kvm", "-cpu", "host" if machine.cpu == CPU else machine.cpu]
    if machine.icount:
        options += ["-icount", machine.icount]
    for device in machine.devices:
        options += ["-device", device]
    return [QEMU, "-nodefaults", "-display", "none", "-no-reboot", "-m", machine.mem,
            "-smp", str(machine.smp), *options,
            "-kernel", str(kernel), "-initrd", str(initrd),
            "-append", f"{APPEND} {machine.append}".strip()]


class _Watch:
    """Knows until when the guest has to show its next mark."""

    def __init__(self, boot_limit, limits):
        self.limits = limits
        self.until = time.monotonic() + boot_limit
        self.rest = ""

    def see(self, text):
        """Take the next piece of the console into account."""
        *lines, self.rest = (self.rest + text).split("\n")
        for line in console.read_lines("\n".join(lines)):
            if line.text.startswith(console.MARK + "start "):
                limit = self.limits.get(line.text.split(" ", 2)[2], 0)
                self.until = time.monotonic() + limit + 60
            elif line.text.startswith(console.MARK):
                self.until = time.monotonic() + 60


def boot(machine, kernel, initrd, log, limits=None, echo=None):
    """Run one guest to its end, or until it is overdue; returns the text of the console log.

    limits: seconds that a case may take, by its name. echo: called with each piece of the log.
    """
    command = _command(machine, kernel, initrd)
    with files.complete(log) as part:
        with open(part, "wb"), open(part, encoding="utf-8", errors="replace",
                                    newline="\n") as seen:
            errors = log.with_suffix(".qemu")
            with open(errors, "wb") as output:
                guest = proc.start([*command, "-serial", f"file:{part}"],
                                   stdout=output, stderr=output)
            watch = _Watch(machine.boot_limit, limits or {})
            try:
                running = True
                while running and time.monotonic() < watch.until:
                    running = guest.poll() is None
                    text = seen.read()
                    watch.see(text)
                    if echo:
                        echo(text)
                    time.sleep(POLL)
            finally:
                proc.stop(guest)
                complaint = errors.read_text(errors="replace").strip()
                files.remove(errors)
        text = part.read_text(encoding="utf-8", errors="replace")
    if guest.returncode > 0:
        raise Failure(f"{QEMU}: {(complaint or 'no reason given').splitlines()[-1]}")
    return text


def _kvm_works(kernel):
    """Whether a guest really runs on KVM; /dev/kvm may open and the guest never start."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
        answer = BUILD / f"kvm-{boot_id.read().strip()}"
    if not answer.exists():
        log, initrd = answer.with_suffix(".log"), answer.with_suffix(".initrd")
        initramfs.build(initrd, cases=())
        try:
            text = boot(Machine(accel="kvm", boot_limit=PROBE), kernel, initrd, log)
            works = console.parse(text).closed == "complete"
        except Failure:
            works = False
        say(f"   KVM {'works' if works else 'does not work'} here (remembered in {answer})")
        files.write(answer, "works\n" if works else "does not work\n")
        files.remove(initrd)
    return answer.read_text(encoding="ascii") == "works\n"


def settled(machine, kernel):
    """The same machine with its accelerator chosen."""
    if machine.accel:
        return machine
    return replace(machine, accel="kvm" if not machine.icount and _kvm_works(kernel) else "tcg")


def shell(machine, kernel, initrd):
    """Give the user's terminal to the guest; C-a x ends it."""
    command = _command(settled(machine, kernel), kernel, initrd)
    guest = proc.start([*command, "-serial", "mon:stdio"], stdin=None, start_new_session=False)
    return guest.wait()
