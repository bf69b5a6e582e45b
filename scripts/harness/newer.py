"""Programs newer than this Debian's: unpacked below build/, run with libraries of their own."""

import shlex

from . import apt, files
from .failure import Failure
from .paths import BUILD
from .progress import step

NEWER = BUILD / "newer"
LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def _root(packages, version):
    """Where these packages are unpacked."""
    root = NEWER / f"{packages[0]}_{version.replace(':', '%3a')}"
    if not root.exists():
        with step(f"unpacking {packages[0]} {version}"):
            apt.unpack_newer(packages, root)
    return root


def _wrapper(root, program, arguments=()):
    """A script that runs a program of root as if that were installed."""
    script = root / "bin" / program.rpartition("/")[2]
    if not script.exists():
        command = [root / LOADER, "--library-path", root / LIBRARIES, root / program, *arguments]
        with files.complete(script) as part:
            part.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n',
                            encoding="utf-8")
            part.chmod(0o755)
    return script


def clang(oldest):
    """The newest clang on offer, which must not be older than this major version."""
    offers = {int(name[6:]): version for name, version in apt.newer(r"clang-\d+").items()}
    number = max(offers, default=0)
    if number < oldest:
        raise Failure(f"Debian offers no clang-{oldest} or newer")
    root = _root((f"clang-{number}", f"libclang-common-{number}-dev"), offers[number])
    llvm = f"usr/lib/llvm-{number}"
    return _wrapper(root, f"{llvm}/bin/clang",
                    ("-resource-dir", root / llvm / f"lib/clang/{number}"))


def sparse():
    """The newest sparse on offer."""
    version = apt.newer("sparse")["sparse"]
    return _wrapper(_root(("sparse",), version), "usr/bin/sparse")
