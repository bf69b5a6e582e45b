"""Says what goes on: one line per step, a sign of life in between."""

import sys
import time
from contextlib import contextmanager

EVERY = 20  # seconds between signs of life where the output is not a terminal
BEGIN = time.monotonic()
TAKEN = []  # what each step that has ended was, and how many seconds it took


def duration(seconds):
    """A duration as people write it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def say(text):
    """Print one line at once."""
    print(text, flush=True)


@contextmanager
def step(text):
    """Announce a step, and how long it took when it has ended well."""
    say(f"-- {text}")
    start = time.monotonic()
    yield
    TAKEN.append((text, time.monotonic() - start))
    say(f"   {duration(TAKEN[-1][1])}: {text}")


class Pulse:
    """Shows what a long step is doing now."""

    def __init__(self):
        self.start = self.last = time.monotonic()
        self.tty = sys.stdout.isatty()

    def beat(self, text):
        """Call often; prints seldom unless on a terminal."""
        now = time.monotonic()
        if now - self.last < (1 if self.tty else EVERY):
            return
        self.last = now
        line = f"   {duration(now - self.start)} ... {text}"[:100]
        if self.tty:
            print(f"\r\x1b[K{line}", end="", flush=True)
        else:
            say(line)

    def end(self):
        """Leave a clean line behind."""
        if self.tty:
            print("\r\x1b[K", end="", flush=True)
