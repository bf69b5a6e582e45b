"""Child processes: in groups of their own, none of them survives us."""

import os
import signal
import subprocess
import threading

from .failure import Failure
from .progress import Pulse, say

GRACE = 5  # seconds between asking and killing; make removes half-made targets when asked

_children = {}  # what each one is, if it must not be cut short, or None
_guard = threading.Lock()
_stopping = False


def start(command, *, whole=None, **options):
    """Start a child with an empty stdin (unless told otherwise) and remember it.

    whole: what it is, if it has to finish however we end.
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("start_new_session", True)
    with _guard:
        if _stopping:
            raise Failure("stopped")
        try:
            child = subprocess.Popen([str(word) for word in command], **options)
        except (FileNotFoundError, NotADirectoryError):
            directory = options.get("cwd") or "."
            raise Failure(f"{command[0]}: no such program" if os.path.isdir(directory) else
                          f"{directory} is not a directory") from None
        _children[child] = whole
    return child


def _signal(child, signum):
    try:
        os.killpg(child.pid, signum)
    except ProcessLookupError:
        child.send_signal(signum)  # one that shares our group, and our terminal
    except PermissionError:
        pass


def _end(children):
    hurried = [child for child in children if not _children.get(child)]
    for child in hurried:
        _signal(child, signal.SIGTERM)
    for child in hurried:
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
        _signal(child, signal.SIGKILL)
    for child in children:
        if child not in hurried and child.poll() is None:
            say(f"   waiting for {_children[child]} to finish: it must not be cut short")
        child.wait()
        _children.pop(child, None)


def stop(child):
    """End one child with all of its group, or let it finish, and forget it."""
    _end([child])


def stop_all():
    """End every child, and let no thread start another."""
    global _stopping
    with _guard:
        _stopping = True
        children = list(_children)
    _end(children)


def _last_line(path):
    with open(path, "rb") as log:
        log.seek(max(0, os.path.getsize(path) - 500))
        lines = log.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip(" #\t")), "")


def _telling_line(path):
    """The line of a log that says most about why a command failed."""
    lines = path.read_text(errors="replace").splitlines()
    for mark in ("No space left on device", "error:", "fatal:", "E: ", "*** ",
                 ": ERROR:", ": WARNING:", ": CHECK:"):
        for line in lines:
            if mark in line:
                return line.strip()
    return _last_line(path)


def run(command, *, log, what, append=False, whole=False, **options):
    """Run a command with all its output in a file; a Failure tells its most telling line.

    whole: whether it has to finish however we end.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    pulse = Pulse()
    with open(log, "ab" if append else "wb") as output:
        child = start(command, whole=what if whole else None, stdout=output,
                      stderr=subprocess.STDOUT, **options)
        try:
            while True:
                try:
                    status = child.wait(1)
                    break
                except subprocess.TimeoutExpired:
                    pulse.beat(_last_line(log))
        finally:
            pulse.end()
            stop(child)
    if status:
        raise Failure(f"{what} failed: {_telling_line(log)} (all of it: {log})")


def capture(command, *, check=True, **options):
    """Run a short command and return its output; a Failure tells its error output."""
    child = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                  text=True, errors="replace", **options)
    try:
        output, errors = child.communicate()
    finally:
        stop(child)
    if check and child.returncode:
        lines = (errors.strip() or output.strip() or f"status {child.returncode}").splitlines()
        raise Failure(f"{command[0]}: {lines[0]}")
    return output
