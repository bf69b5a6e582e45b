"""One way to end for every command: a status, or one clear line and a non-zero status."""

import errno
import fcntl
import os
import signal
import sys
from pathlib import Path

from . import proc
from .failure import Failure
from .paths import BUILD


def _interrupt(_signum, _frame):
    raise KeyboardInterrupt


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
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _interrupt)
    status = 1
    try:
        lock = _lock_build() if exclusive else None
        status = main()
        if lock:
            lock.close()
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
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT):
            raise
        print(f"{name}: {error.filename or BUILD}: {error.strerror}", file=sys.stderr)
        status = 2
    finally:
        proc.stop_all()
    sys.stdout.flush()
    sys.exit(status)
