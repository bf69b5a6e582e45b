"""Boots a kernel in QEMU, on KVM where that is proved to work, and keeps the console log.

A guest boots once, up to where its init waits for cases, and is saved there. Each run goes on
from the saved guest, as a boot under TCG takes much longer than most cases.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace

from . import console, files, initramfs, proc
from .failure import Failure
from .paths import BUILD
from .progress import say

QEMU = "qemu-system-x86_64"
POLL = 0.1  # seconds between looks at the console
PROBE = 15  # seconds in which a working KVM has long booted this far
# Seconds that a case gets to end after a complaint of the kernel, which then may hang for good.
AFTER_COMPLAINT = 30

# No devices that take long to make and that nobody needs; several substreams to link, buffers
# that are really allocated, and with the series a PCM whose stream lock is a mutex.
APPEND = ("console=ttyS0 ignore_loglevel printk.time=1 printk.devkmsg=on panic=-1 "
          "pty.legacy_count=0 8250.nr_uarts=2 no_timer_check "
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


@dataclass(frozen=True)
class Guest:
    """What a machine boots."""
    machine: Machine
    kernel: object
    initrd: object

    def command(self, *more, init=""):
        """How QEMU is called for it; a saved guest needs the same words to go on."""
        machine = self.machine
        if machine.accel == "tcg":
            options = ["-accel", "tcg" if machine.icount else "tcg,thread=multi",
                       "-cpu", machine.cpu]
        else:
            options = ["-accel", "kvm", "-cpu", "host" if machine.cpu == CPU else machine.cpu]
        if machine.icount:
            options += ["-icount", machine.icount]
        for device in machine.devices:
            options += ["-device", device]
        append = f"{APPEND} {machine.append} {init}".strip()
        return [QEMU, "-nodefaults", "-display", "none", "-no-reboot", "-m", machine.mem,
                "-smp", str(machine.smp), *options, "-kernel", str(self.kernel),
                "-initrd", str(self.initrd), "-append", append, *more]


class _Watch:
    """Knows until when the guest has to show its next mark."""

    def __init__(self, limit, limits, ready):
        self.limits = limits
        self.until = time.monotonic() + limit
        self.rest = ""
        self.ready = ready  # waits for cases

    def see(self, text):
        """Take the next piece of the console into account."""
        *lines, self.rest = (self.rest + text).split("\n")
        lines = console.read_lines("\n".join(lines))
        if any(splat.kind != "KCSAN" for splat in console.splats(lines)):
            self.until = min(self.until, time.monotonic() + AFTER_COMPLAINT)
        for line in lines:
            if line.text.startswith(console.MARK + "start "):
                limit = self.limits.get(line.text.split(" ", 2)[2], 0)
                self.until = time.monotonic() + limit + 60
            elif line.text.startswith(console.MARK):
                self.until = time.monotonic() + 60
            self.ready |= line.text == console.MARK + "ready"


def _reason(status, complaint):
    """Why QEMU ended, in one line."""
    last = (complaint.splitlines() or ["no reason given"])[-1]
    if status > 0:
        return last
    return f"ended by signal {-status} ({signal.strsignal(-status)}): {last}"


def _watched(command, log, watch, echo, words):
    """Run QEMU until it ends or is overdue, the console log goes on in a file.

    words: written to QEMU's standard input when the guest waits for cases.
    """
    errors = log.with_suffix(".qemu")
    with open(log, encoding="utf-8", errors="replace", newline="\n") as seen:
        seen.seek(0, os.SEEK_END)
        with open(errors, "wb") as output:
            qemu = proc.start(command, stdin=subprocess.PIPE, stdout=output, stderr=output)
        try:
            running = True
            while running and time.monotonic() < watch.until:
                running = qemu.poll() is None
                text = seen.read()
                watch.see(text)
                if echo:
                    echo(text)
                if watch.ready and words:
                    with contextlib.suppress(BrokenPipeError):  # it has ended: see below
                        qemu.stdin.write(words.encode())
                        qemu.stdin.flush()
                    words = None
                time.sleep(POLL)
        finally:
            ended = qemu.poll()  # by itself, or by somebody else
            proc.stop(qemu)
            with contextlib.suppress(BrokenPipeError):  # of what it has not taken
                qemu.stdin.close()
            complaint = errors.read_text(errors="replace").strip()
            files.remove(errors)
    if ended or qemu.returncode > 0:
        raise Failure(f"{QEMU}: {_reason(qemu.returncode, complaint)}")


def _console(log):
    return ["-chardev", f"file,id=console,path={log},append=on", "-serial", "chardev:console"]


def boot(guest, log, saved, echo=None):
    """Boot a guest and save it where it waits for cases; returns whether it got there.

    echo: called with each piece of the console log.
    """
    save = (f'migrate_set_parameter max-bandwidth 100g\n'
            f'migrate "exec:cat >{shlex.quote(str(saved))}"\nquit\n')
    watch = _Watch(guest.machine.boot_limit, {}, ready=False)
    with files.complete(log) as part:
        part.touch()
        _watched(guest.command(*_console(part), "-serial", "null", "-monitor", "stdio"),
                 part, watch, echo, save)
    if watch.ready and not saved.exists():
        raise Failure(f"{QEMU} did not save the guest that booted in {log}")
    return watch.ready


def resume(guest, saved, boot_log, log, cases, echo=None):
    """Let a saved guest run cases to its end, or until it is overdue; returns the console log.

    cases: (seconds, name, shell command) each.
    """
    # The serial port takes one byte before its saved state is loaded, and then forgets it.
    words = "\n" + "".join(f"{limit}\t{name}\t{command}\n"
                           for limit, name, command in cases) + ".\n"
    watch = _Watch(60, {name: limit for limit, name, _ in cases}, ready=True)
    with files.complete(log) as part:
        shutil.copyfile(boot_log, part)
        _watched(guest.command(*_console(part), "-chardev", "stdio,id=cases,signal=off",
                               "-serial", "chardev:cases", "-monitor", "none",
                               "-incoming", f"exec:cat {shlex.quote(str(saved))}"),
                 part, watch, echo, words)
    return log.read_text(encoding="utf-8", errors="replace")


def _kvm_works(kernel):
    """Whether a guest really runs on KVM; /dev/kvm may open and the guest never start."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
        answer = BUILD / f"kvm-{boot_id.read().strip()}"
    if not answer.exists():
        log, initrd, saved = map(answer.with_suffix, (".log", ".initrd", ".saved"))
        initramfs.build(initrd)
        guest = Guest(Machine(accel="kvm", boot_limit=PROBE), kernel, initrd)
        try:
            text = boot(guest, log, saved) and resume(guest, saved, log, log, ())
            works = bool(text) and console.parse(text).closed == "complete"
        except Failure:  # QEMU gave up, be it for the kernel: nothing to remember
            return False
        finally:
            files.remove(initrd)
            files.remove(saved)
        say(f"   KVM {'works' if works else 'does not work'} here (remembered in {answer})")
        files.write(answer, "works\n" if works else "does not work\n")
    return answer.read_text(encoding="ascii") == "works\n"


def settled(machine, kernel):
    """The same machine with its accelerator chosen."""
    if machine.accel:
        return machine
    return replace(machine, accel="kvm" if not machine.icount and _kvm_works(kernel) else "tcg")


def shell(guest):
    """Give the user's terminal to the guest; C-a x ends it."""
    qemu = proc.start(guest.command("-serial", "mon:stdio", init="-- shell"), stdin=None,
                      start_new_session=False)
    return qemu.wait()
