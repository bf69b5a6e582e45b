"""Debian's sound programs, alsa-lib's tests and the kernel's own, as a tree for the guest."""

import hashlib
import re
from pathlib import Path

from . import apt, deps, files, proc
from .paths import LOGS, USERLAND
from .progress import step

PACKAGES = ("alsa-utils", "aumix", "jackd2", "libsox-fmt-oss", "pulseaudio", "pulseaudio-utils",
            "sox")
ALSA_LIB_TESTS = ("latency", "pcm", "pcm-multi-thread")
KSELFTESTS = ("mixer-test", "pcm-test", "test-pcmtest-driver", "utimer-test", "global-timer")
# What none of them needs: documents, other languages, and alsa-lib's plugins for sound servers,
# whose configuration would load them into every program.
SUPERFLUOUS = ("etc/alsa", "usr/share/alsa/alsa.conf.d", "usr/lib/*/alsa-lib", "usr/lib/file",
               "usr/lib/python*", "usr/lib/*/perl*", "usr/lib/*/gconv", "usr/lib/*/mfx",
               *(f"usr/share/{name}" for name in ("bug", "doc", "icons", "info", "lintian",
                                                  "locale", "man", "mime", "perl*", "python*")))


def _compile(arguments):
    proc.run(["gcc", "-O2", "-w", *arguments], log=LOGS / "build-userland.log", append=True,
             what="the build of the programs for the guest")


def _add_alsa_lib_tests(root):
    """alsa-lib's own tests, which Debian does not package, in /opt/alsa-lib."""
    unpacked = root / "alsa-lib"
    apt.unpack_source("alsa-lib", unpacked)
    files.write(unpacked / "include/asoundlib.h", "#include <alsa/asoundlib.h>\n")
    target = root / "opt/alsa-lib"
    target.mkdir(parents=True)
    for name in ALSA_LIB_TESTS:
        _compile([unpacked / f"test/{name}.c", "-o", target / name, "-lasound", "-lm", "-lpthread"])
    files.remove(unpacked)


def _add_kselftests(root, builder):
    """The tests of sound that the unpatched kernel has, in /opt/kselftest."""
    source = builder.source
    source.checkout(source.base())
    headers = root / "headers"
    builder.make("headers_install", f"INSTALL_HDR_PATH={headers}")
    tests = source.tree / "tools/testing/selftests"
    target = root / "opt/kselftest"
    target.mkdir(parents=True)
    flags = ["-D_GNU_SOURCE", "-I", tests, "-isystem", headers / "include"]
    _compile([*flags, "-shared", "-fPIC", tests / "alsa/conf.c", "-o", target / "libatest.so",
              "-lasound"])
    for name in KSELFTESTS:
        _compile([*flags, tests / f"alsa/{name}.c", "-o", target / name, f"-L{target}", "-latest",
                  "-Wl,-rpath,/opt/kselftest", "-lasound", "-lpthread"])
    proc.capture(["cp", "-r", tests / "alsa/pcm-test.conf", tests / "alsa/conf.d", target])
    files.remove(headers)


def _needed(paths):
    """The names of the libraries that these files need."""
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", proc.capture(
        ["readelf", "--dynamic", "--wide", *paths], check=False)))


def _prune(root):
    """Remove what is superfluous, and then the libraries that nothing needs any more."""
    for pattern in SUPERFLUOUS:
        for path in root.glob(pattern):
            files.remove(path)
    while True:
        needed = _needed([path for path in root.rglob("*") if path.is_file()
                          and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF"])
        needed |= {path.resolve().name for directory in ("lib", "usr/lib")
                   for path in root.glob(f"{directory}/*/*.so.*") if path.name in needed}
        unused = [path for directory in ("lib", "usr/lib")
                  for path in root.glob(f"{directory}/*-linux-gnu/*.so.*")
                  if path.name not in needed]
        if not unused:
            return
        for path in unused:
            files.remove(path)


def build(builder):
    """The tree, made unless there is one of the same packages and kernel already."""
    deps.install(["binutils", "gcc", "libasound2-dev", "libc6-dev", "rsync"])
    recipe = Path(__file__).read_text(encoding="utf-8")
    key = "\0".join([*apt.with_libraries(PACKAGES), builder.source.base(), recipe])
    kept = USERLAND / hashlib.sha256(key.encode()).hexdigest()[:16]
    if kept.exists():
        return kept
    with step("unpacking and building the programs for the guest"), files.complete(kept) as part:
        apt.unpack(PACKAGES, part)
        if not (part / "lib64").exists():  # a Debian whose packages have everything in /usr
            (part / "lib64").symlink_to("usr/lib64")
        _add_alsa_lib_tests(part)
        _add_kselftests(part, builder)
        _prune(part)
    return kept
