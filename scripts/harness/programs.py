"""The selftests and other C programs, static for the guest."""

import hashlib
import os

from . import deps, files, proc
from .failure import Failure
from .paths import BENCH_GUEST, LOGS, PROGRAMS, ROOT, SELFTESTS
from .progress import step


def _key(source, directories):
    digest = hashlib.sha256(source.base().encode())
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(directory)).encode() + b"\0"
                              + path.read_bytes())
    return digest.hexdigest()[:16]


def build(source, directory=SELFTESTS, shared=(), targets=("all", "compat")):
    """Static programs made of a directory's files against this kernel's headers.

    shared: other directories that the programs take files from.
    targets: what to make; the selftests are built as 32-bit programs, too.
    """
    kept = PROGRAMS / _key(source, (directory, *shared))
    name = directory.relative_to(ROOT)
    if not kept.exists():
        if "compat" in targets:
            deps.install(deps.compat_packages())
        with step(f"building {name}/"), files.complete(kept) as part:
            part.mkdir()
            proc.run(["make", "-C", directory, f"KSRC={source.tree}", f"OUT={part}",
                      "STATIC=1", f"-j{os.cpu_count()}", *targets],
                     log=LOGS / f"build-{directory.name}.log", what=f"the build of {name}/")
    found = [path for path in sorted(kept.iterdir())
             if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        raise Failure(f"{name}/ builds no program")
    return found


def bench(source):
    """The programs that go through all paths in turn; they share files with the selftests."""
    return build(source, BENCH_GUEST, (SELFTESTS,), ("all",))
