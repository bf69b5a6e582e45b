"""Reads console logs: which test ran when, and what the kernel had to say meanwhile.

The guest's init writes its marks and the tests' output to /dev/kmsg, so every
line of a log is whole, in order, and has the kernel's time stamp.
"""

import re
from dataclasses import dataclass, field

MARK = "harness: "
TEST = "test: "

_STAMP = re.compile(r"^(?:<\d+>)?\[\s*(\d+\.\d+)\](?:\[[^\]]*\])? ?(.*)$")

# What a kernel prints when something is wrong: kind, and a pattern whose group is the
# title. The first pattern that matches a line counts, so special ones come first. None begins
# within a word: "DEBUG: " is no "BUG: ".
SPLATS = [(kind, re.compile(rf"(?<![A-Za-z]){pattern}")) for kind, pattern in (
    ("panic", r"Kernel panic - not syncing: (.+)"),
    ("KASAN", r"BUG: KASAN: (.+)"),
    ("KCSAN", r"BUG: KCSAN: (data-race in .*snd_.*)"),
    ("KFENCE", r"BUG: KFENCE: (.+)"),
    ("UBSAN", r"UBSAN: (.+)"),
    ("kmemleak", r"kmemleak: (\d+ new suspected memory leaks.*)"),
    ("lockdep off", r"(INFO: lockdep is turned off)"),
    ("lockdep off", r"(turning off the locking correctness validator)"),
    ("lockdep off", r"BUG: (MAX_LOCK\w+ too (?:low|small).*)"),
    ("lockdep off", r"BUG: (MAX_STACK_TRACE_ENTRIES too low.*)"),
    ("lockdep off", r"(?:BUG: )?(looking up invalid subclass.*)"),
    ("lockdep off", r"(DEBUG_LOCKS_WARN_ON\(.+\))"),
    ("lockdep off", r"INFO: (trying to register non-static key)"),
    ("lockdep", r"WARNING: (possible (?:circular|recursive) locking.*)"),
    ("lockdep", r"WARNING: (possible irq lock inversion.*)"),
    ("lockdep", r"WARNING: (.*-safe -> .*-unsafe lock order detected.*)"),
    ("lockdep", r"WARNING: (inconsistent lock state)"),
    ("lockdep", r"WARNING: (bad unlock balance.*|bad contention.*)"),
    ("lockdep", r"WARNING: (held lock freed.*|lock held when returning to user space.*)"),
    ("lockdep", r"WARNING: (nested lock was not taken.*|Nested lock was not taken.*)"),
    ("lockdep", r"WARNING: (suspicious RCU usage)"),
    ("lockdep", r"BUG: (Invalid wait context)"),
    ("atomic sleep", r"BUG: (sleeping function called from invalid context.*)"),
    ("atomic sleep", r"BUG: (scheduling while atomic.*)"),
    ("hung task", r"INFO: task (\S+:\d+ blocked for more than \d+ seconds)"),
    ("hung task", r"INFO: task (\S+:\d+ is blocked on .+)"),
    ("lockup", r"watchdog: (BUG: soft lockup.*|Watchdog detected hard LOCKUP.*)"),
    ("RCU stall", r"rcu: INFO: (\w+ .*detected.*stall.*)"),
    ("oops", r"BUG: (kernel NULL pointer dereference.*)"),
    ("oops", r"BUG: (unable to handle .+)"),
    ("oops", r"Oops: (.+)"),
    ("oops", r"((?:Oops: )?general protection fault.*)"),
    ("BUG", r"kernel BUG at (.+)"),
    ("list corruption", r"(list_(?:add|del)\S* corruption.*)"),
    ("WARN", r"WARNING: (?:CPU: \d+ PID: \d+ at )?(.+)"),
    ("BUG", r"BUG: (?!KCSAN: )(.+)"),  # KCSAN also finds what is no business of ours
)]

_TASK = re.compile(r"task:(\S+)\s+state:(\S+) .*?pid:(\d+)")
_FRAME = re.compile(r"^ +(\w[\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+")
# Frames that say how a task sleeps, not why.
_SLEEPING = re.compile(r"^_*(schedule|mutex_|rwsem_|down_|rt_mutex_|rtlock_|context_switch|"
                       r"(do_)?wait_for_com)")


@dataclass
class Line:
    """One console line; time is the kernel's, or None where it gave none."""
    time: float
    text: str


@dataclass
class Splat:
    """One complaint of the kernel."""
    kind: str
    title: str
    time: float

    def __str__(self):
        return f"{self.kind}: {self.title}"


@dataclass
class Segment:
    """What was printed while one case ran; ended is None where the log has no end mark."""
    name: str
    start: float
    end: float = None
    ended: str = None
    lines: list = field(default_factory=list)

    def output(self):
        """The lines that the test itself printed."""
        return [Line(line.time, line.text[len(TEST):])
                for line in self.lines if line.text.startswith(TEST)]

    def kernel(self):
        """The lines that the kernel printed."""
        return [line for line in self.lines if not line.text.startswith(TEST)]


@dataclass
class Boot:
    """One console log, taken apart."""
    lines: list
    before: list
    segments: list
    ready: bool
    closed: str  # the closing mark: why the guest ended; None where there is none


def read_lines(text):
    """Split a log into lines with time stamps."""
    lines = []
    for raw in text.replace("\r", "").split("\n"):
        stamped = _STAMP.match(raw)
        if stamped:
            lines.append(Line(float(stamped[1]), stamped[2]))
        elif raw.strip():
            lines.append(Line(lines[-1].time if lines else None, raw))
    return lines


def parse(text):
    """Take a console log apart at the marks of the guest's init."""
    boot = Boot(read_lines(text), [], [], False, None)
    current = None
    for line in boot.lines:
        if not line.text.startswith(MARK):
            (current.lines if current else boot.before).append(line)
            continue
        word, _, rest = line.text[len(MARK):].partition(" ")
        if word == "ready":
            boot.ready = True
        elif word == "start":
            current = Segment(rest, line.time)
            boot.segments.append(current)
        elif word == "end" and current:
            name, _, how = rest.partition(" ")
            if name == current.name:
                current.end, current.ended = line.time, how
        elif word == "closed":
            boot.closed = rest
    return boot


def read(path):
    """The console log in a file, taken apart."""
    return parse(path.read_text(encoding="utf-8", errors="replace"))


def splats(lines):
    """Every complaint in these lines, in order."""
    found = []
    for line in lines:
        for kind, pattern in SPLATS:
            match = pattern.search(line.text)
            if match:
                found.append(Splat(kind, match[1].strip(" ]!"), line.time))
                break
    return found


def stuck_tasks(lines):
    """The tasks that sysrq-w showed: (name:pid, function in which it waits)."""
    tasks = {}
    current = None
    for line in lines:
        task = _TASK.search(line.text)
        frame = _FRAME.match(line.text)
        if task:
            current = f"{task[1]}:{task[3]}"
            tasks[current] = None
        elif frame and current and not tasks[current] and not _SLEEPING.match(frame[1]):
            tasks[current] = frame[1]
    return sorted(tasks.items())
