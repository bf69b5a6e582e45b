"""How every command begins and ends: with a status, or one clear line and a non-zero status."""

import errno
import fcntl
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

from . import proc
from .failure import Failure
from .paths import BUILD

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Full or read-only disks, foreign files, a file where a directory is due.
EXPECTED = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EEXIST, errno.ENOTDIR,
            errno.EISDIR)
# What people export who build kernels for other machines; our calls of make say what they need.
FOREIGN = ("ARCH", "CROSS_COMPILE", "KBUILD_OUTPUT", "LLVM", "MAKEFLAGS", "MFLAGS")
QUESTIONS = {"-h", "--help", "--list"}  # are answered also while another run goes on


def _interrupt(_signum, _frame):
    raise KeyboardInterrupt


@contextmanager
def undisturbed():
    """A block that is not cut short, however impatient the user is."""
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _lock_build():
    """Two runs in one build/ would pull the source tree from under each other."""
    BUILD.mkdir(exist_ok=True)
    lock = open(BUILD / "lock", "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failure(f"another run is using {BUILD}") from None
    return lock


def run(main, *, exclusive=True):
    """Call main() as the body of a command and exit with what it returns."""
    name = Path(sys.argv[0]).name
    for variable in FOREIGN:
        os.environ.pop(variable, None)
    for signum in SIGNALS:
        if signal.getsignal(signum) != signal.SIG_IGN:  # as nohup wants it
            signal.signal(signum, _interrupt)
    status, lock = 1, None
    try:
        lock = _lock_build() if exclusive and not QUESTIONS & set(sys.argv) else None
        status = main()
    except Failure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except OSError as error:
        if error.errno not in EXPECTED:
            raise
        print(f"{name}: {error.filename or BUILD}: {error.strerror}", file=sys.stderr)
        status = 2
    finally:
        for signum in SIGNALS:  # who is impatient shall not leave children behind
            signal.signal(signum, signal.SIG_IGN)
        proc.stop_all()
        if lock:
            lock.close()
    sys.stdout.flush()
    sys.exit(status)
