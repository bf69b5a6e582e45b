"""The selftests as static programs for the guest."""

import hashlib
import os

from . import deps, files, proc
from .failure import Failure
from .paths import LOGS, PROGRAMS, ROOT, SELFTESTS
from .progress import step


def _key(source):
    digest = hashlib.sha256(source.base().encode())
    for path in sorted(SELFTESTS.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(SELFTESTS)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def build(source):
    """Static programs made of selftests/ against this kernel's headers, also as 32-bit ones."""
    kept = PROGRAMS / _key(source)
    if not kept.exists():
        deps.install(deps.compat_packages())
        with step("building the selftests"), files.complete(kept) as part:
            part.mkdir()
            proc.run(["make", "-C", SELFTESTS, f"KSRC={source.tree}", f"OUT={part}",
                      "STATIC=1", f"-j{os.cpu_count()}", "all", "compat"],
                     log=LOGS / "build-selftests.log", what="the build of the selftests")
    found = [path for path in sorted(kept.iterdir())
             if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        raise Failure(f"{SELFTESTS.relative_to(ROOT)}/ builds no program")
    return found
