"""The distribution's own kernel, unpacked, never installed; its sound modules with the series."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass

from . import apt, deps, files, kmodules, proc
from .failure import Failure
from .kbuild import Kernel
from .paths import DOWNLOADS, LOGS, STOCK
from .progress import step

SERIES = "6.12"
FLAVOURS = {"standard": "amd64", "rt": "rt-amd64"}

# What the guest loads, and which of it the series changes or is compiled with what it changes.
WANTED = ("snd_dummy", "snd_aloop", "snd_mixer_oss", "snd_pcm_oss", "snd_hrtimer")
REBUILT = ("core/snd.ko", "core/snd-timer.ko", "core/snd-hrtimer.ko", "core/snd-pcm.ko",
           "core/oss/snd-mixer-oss.ko", "core/oss/snd-pcm-oss.ko",
           "drivers/snd-dummy.ko", "drivers/snd-aloop.ko")

# A test that opens its window by preempting a system call has to be able to; by default
# Debian's standard flavour does not preempt in the kernel.
APPEND = "preempt=full"

UPDATES = "updates/params-lock"  # below /lib/modules/RELEASE, where modprobe looks first

_NOT_NEEDED = re.compile(r"linux-(base|image-\S+)|pahole")  # for modules without BTF


@dataclass(frozen=True)
class Release:
    """A kernel of the distribution: what `uname -r` says, and the version of its packages."""
    name: str
    version: str

    def package(self, kind):
        """The file of a package that belongs to this kernel."""
        return apt.download(f"linux-{kind}-{self.name}", DOWNLOADS, self.version)

    @property
    def directory(self):
        """Where what is unpacked of it lies."""
        return STOCK / f"{self.name}_{self.version.replace(':', '%3a')}"


def _newest(pattern, what):
    offers = apt.offers(f"linux-image-{pattern}")
    if not offers:
        raise Failure(f"apt offers no linux-image-{what}; is the suite that has it "
                      "(like bookworm-security) in apt's sources?")
    package = max(offers, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    return Release(package.removeprefix("linux-image-"), offers[package][0])


def newest(flavour):
    """The newest kernel of the series that the configured suites have."""
    architecture = FLAVOURS[flavour]
    return _newest(rf"{re.escape(SERIES)}\.[^-]+-{architecture}", f"{SERIES}.*-{architecture}")


def named(name):
    """The kernel for which `uname -r` says this."""
    if not name.startswith(f"{SERIES}."):
        raise Failure(f"{name} is not a kernel of the {SERIES} series")
    return _newest(re.escape(name), name)


def _unpack(package, directory):
    proc.run(["dpkg-deb", "-x", package, directory], log=LOGS / "unpack.log",
             what=f"unpacking {package.name}")


def _kernel(release):
    """The kernel as it comes."""
    kept = Kernel(release.directory / "image")
    if not kept.directory.exists():
        package = release.package("image")
        with step(f"unpacking {package.name}"), files.complete(kept.directory) as part:
            part.mkdir(parents=True)
            unpacked = part / "package"
            _unpack(package, unpacked)
            shutil.move(unpacked / f"boot/vmlinuz-{release.name}", part / kept.image.name)
            kmodules.collect(WANTED, unpacked.rglob("*.ko*"), part)
            files.remove(unpacked)
    return kept


def depends(package):
    """Names of the packages that a package needs, the first one of each choice."""
    words = proc.capture(["dpkg-deb", "-f", package, "Depends"]).strip()
    return [re.match(r"[\w.+-]+", word.strip())[0] for word in words.split(",") if word.strip()]


def _headers(release):
    """The directory that modules for this kernel are built against."""
    kept = release.directory / "headers"
    build = kept / f"usr/src/linux-headers-{release.name}"
    first = release.package("headers")
    waiting, packages, tools = depends(first), [first], set()
    while waiting:
        name = waiting.pop()
        if re.match(r"linux-(headers|kbuild)-", name):
            packages.append(apt.download(name, DOWNLOADS, release.version))
            waiting += depends(packages[-1])
        elif not _NOT_NEEDED.fullmatch(name):
            tools.add(name)
    deps.install(sorted(tools))
    if not kept.exists():
        with files.complete(kept) as part:
            part.mkdir(parents=True)
            for package in packages:
                _unpack(package, part)
            makefile = part / build.relative_to(kept) / "Makefile"
            files.write(makefile, makefile.read_text(encoding="utf-8").replace("/usr/src", ".."))
    return build


class Builder:
    """Gives the kernel as it comes, and the same one with sound modules of another commit."""

    def __init__(self, source, release):
        self.source, self.release = source, release
        self.label, self.append = f"Debian's {release.name}", APPEND

    def _key(self, commit):
        tree = self.source.git("rev-parse", f"{commit}^{{tree}}").strip()
        return hashlib.sha256("\0".join((tree, *WANTED, *REBUILT)).encode()).hexdigest()[:16]

    def _make(self, tree, *targets):
        """Build the modules of a source tree against the headers of this kernel."""
        proc.run(["make", "-C", _headers(self.release), f"-j{os.cpu_count()}",
                  f"M={tree / 'sound'}",
                  f"NOSTDINC_FLAGS=-nostdinc -I{tree / 'include'}",  # before the kernel's own
                  "CONFIG_DEBUG_INFO=", "CONFIG_DEBUG_INFO_BTF_MODULES=", *targets],
                 env={**os.environ, "LC_ALL": "C"},
                 log=LOGS / f"build-sound-{self.release.name}.log",
                 what="the build of the sound modules")

    def kernel(self, commit, what):
        """The unmodified kernel, with its own sound modules or with those of this commit."""
        stock = _kernel(self.release)
        if commit == self.source.base():
            return stock
        kept = Kernel(self.release.directory / f"modules-{self._key(commit)}")
        if kept.directory.exists():
            return kept
        with step(f"building the sound modules of {self.release.name} {what}"), \
                files.complete(kept.directory) as part:
            tree = part / "tree"
            tree.mkdir(parents=True)
            self.source.export(commit, tree)
            self._make(tree, *REBUILT)
            kmodules.collect(WANTED, [*stock.modules, *tree.rglob("*.ko")], part)
            shutil.copy(stock.image, part / kept.image.name)
            files.remove(tree)
        return kept

    def install(self, commit, directory):
        """Build every sound module that this kernel has, and put them into updates/ below."""
        with step(f"building all sound modules of {self.release.name}"), \
                files.complete(directory) as part:
            tree, root = part / "tree", part / "root"
            tree.mkdir(parents=True)
            self.source.export(commit, tree)
            self._make(tree, "modules")
            self._make(tree, "modules_install", f"INSTALL_MOD_PATH={root}",
                       f"INSTALL_MOD_DIR={UPDATES}", "DEPMOD=true")
            files.remove(tree)
            for path in root.iterdir():
                path.rename(part / path.name)
            root.rmdir()
