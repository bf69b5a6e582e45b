"""What the host must have, installed from Debian when it is missing."""

import os
import shutil
from pathlib import Path

from . import apt, files, proc
from .failure import Failure
from .paths import BUILD, DOWNLOADS, LOGS
from .progress import say

BUILD_PACKAGES = ("bc", "bison", "flex", "gcc", "git", "libc6-dev", "libelf-dev", "make", "perl",
                  "qemu-system-x86", "rsync", "xz-utils")
STOCK_PACKAGES = ("gcc", "git", "libc6-dev", "make", "qemu-system-x86", "xz-utils")
LINT_PACKAGES = ("pycodestyle", "pyflakes3", "shellcheck")
MODEL_PACKAGES = ("gcc", "libc6-dev", "spin")
CHECKPATCH_PACKAGES = ("perl", "python3-git", "python3-ply")
OLDEST_CLANG = 15  # before: KASAN without memcpy, memset and copy_*_iter


def _installed(package):
    return proc.capture(["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
                        check=False) == "installed"


def install(packages):
    """Install those packages that are missing."""
    missing = [package for package in packages if not _installed(package)]
    if not missing:
        return
    command = apt.as_root(["apt-get", "-y", "--no-install-recommends", "install", *missing])
    say(f"-- installing {' '.join(missing)}")
    apt.refresh()
    log, environment = LOGS / "apt-install.log", {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    proc.run([*command, "--download-only"], log=log, what="apt-get install", env=environment)
    # What kills apt-get leaves packages behind that are unpacked and not configured.
    proc.run(command, log=log, append=True, what="apt-get install", whole=True, env=environment)


def compat_packages():
    """What gcc needs for 32-bit programs; gcc-multilib would remove cross compilers."""
    version = proc.capture(["gcc", "-dumpversion"]).strip().partition(".")[0]
    return ("libc6-dev-i386", f"lib32gcc-{version}-dev")


def _llvm_versions():
    found = [(int(path.name.removeprefix("llvm-")), path)
             for path in Path("/usr/lib").glob("llvm-*") if path.name[5:].isdigit()]
    return [(number, path / "bin") for number, path in sorted(found)
            if number >= OLDEST_CLANG and (path / "bin/clang").exists()
            and (path / "bin/ld.lld").exists() and (path / "bin/llvm-ar").exists()]


def llvm():
    """Directory of the newest LLVM that is installed, after installing one if need be."""
    if not _llvm_versions():
        apt.refresh()
        newest = max((int(name[6:]) for name in apt.offers(r"clang-\d+")), default=0)
        if newest < OLDEST_CLANG:
            raise Failure(f"apt offers no clang-{OLDEST_CLANG} or newer")
        install([f"clang-{newest}", f"lld-{newest}", f"llvm-{newest}"])
    return _llvm_versions()[-1][1]


def busybox():
    """A static busybox: unpacked, not installed, because that would remove busybox."""
    binary = BUILD / "busybox"
    if not binary.exists():
        package = apt.download("busybox-static", DOWNLOADS)
        unpacked = BUILD / "busybox-static"
        proc.capture(["dpkg-deb", "-x", package, unpacked])
        found = next(path for path in (unpacked / "bin/busybox", unpacked / "usr/bin/busybox")
                     if path.exists())
        with files.complete(binary) as part:
            shutil.copy(found, part)
        files.remove(unpacked)
    return binary
