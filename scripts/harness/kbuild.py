"""Configures and builds kernels; keeps each one under a key of all that went into it."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import deps, files, proc
from .failure import Failure
from .paths import KCONFIG, KERNELS, LOGS
from .progress import say, step


@dataclass
class Kernel:
    """A built kernel: its image, its modules, its configuration."""
    directory: Path

    @property
    def image(self):
        """What QEMU boots."""
        return self.directory / "bzImage"

    @property
    def modules(self):
        """What the guest loads."""
        return sorted(self.directory.glob("*.ko"))


def configs():
    """Names that --config takes: base.config alone, or with the fragment of that name."""
    return ["plain"] + sorted(path.stem for path in KCONFIG.glob("*.config")
                              if path.stem != "base")


def _fragments(config):
    """Files for a name, or for several joined by a plus sign."""
    return [KCONFIG / f"{name}.config" for name in ("base", *config.split("+"))
            if name != "plain"]


def _wanted(fragments):
    """The last line about each symbol in these fragments, and where it stands."""
    wanted = {}
    for path in fragments:
        for line in path.read_text(encoding="utf-8").splitlines():
            symbol = re.match(r"(?:# )?CONFIG_(\w+)[= ]", line)
            if symbol:
                wanted[symbol[1]] = line, path
    return wanted


class Builder:
    """Builds one source in one configuration, in one object directory."""

    def __init__(self, source, config, variant="kernel"):
        self.source, self.config = source, config
        self.label, self.append = source.label, ""
        # Inside the tree, so that file names in splats stay short.
        self.objects = source.tree / f"objects-{config}-{variant}"
        self.log = LOGS / f"build-{source.name}-{config}-{variant}.log"
        self.compiler = os.environ.get("CC", "clang")
        self.tools = ["LLVM=1", f"CC={self.compiler}"]
        self.llvm = deps.llvm()
        self.environment = {**os.environ, "PATH": f"{self.llvm}:{os.environ['PATH']}",
                            "KBUILD_BUILD_TIMESTAMP": "1", "KBUILD_BUILD_USER": "build",
                            "KBUILD_BUILD_HOST": "localhost", "LC_ALL": "C"}

    def make(self, *arguments, log=None):
        """Run make on whatever the work tree holds."""
        proc.run(["make", f"O={self.objects}", *self.tools, f"-j{os.cpu_count()}", *arguments],
                 cwd=self.source.tree, env=self.environment, log=log or self.log,
                 what="the kernel build")

    def key(self, commit):
        """Names everything that a kernel depends on."""
        tree = self.source.git("rev-parse", f"{commit}^{{tree}}").strip()
        compiler = proc.capture([*self.compiler.split(), "--version"], env=self.environment)
        fragments = "".join(path.read_text(encoding="utf-8") for path in _fragments(self.config))
        return hashlib.sha256("\0".join((tree, compiler, fragments)).encode()).hexdigest()[:16]

    def merge(self, fragments):
        """Write .config: the smallest one, and what these fragments ask for; return its lines."""
        self.objects.mkdir(parents=True, exist_ok=True)
        dotconfig = self.objects / ".config"
        self.make("tinyconfig")
        proc.run(["scripts/kconfig/merge_config.sh", "-m", "-O", self.objects, dotconfig,
                  *fragments], cwd=self.source.tree, env=self.environment,
                 log=self.log, what="merge_config.sh")
        self.make("olddefconfig")
        return set(dotconfig.read_text(encoding="utf-8").splitlines())

    def configure(self):
        """Write .config, and make sure that it has all that was asked for."""
        fragments = _fragments(self.config)
        have = self.merge(fragments)
        for symbol, (line, path) in _wanted(fragments).items():
            if not line.startswith("#") and line not in have:
                self._missing(symbol, line, path)

    def _missing(self, symbol, line, path):
        """A symbol that this kernel does not know is no harm; one it refuses is."""
        known = self.source.git("grep", "-lwE", f"^\\s*(menu)?config {symbol}", "--",
                                "*Kconfig*", check=False)
        if known:
            raise Failure(f"{path.name}: {line} does not take effect in {self.source.label}")
        say(f"   {self.source.label} has no CONFIG_{symbol}")

    def kernel(self, commit, what):
        """The kernel of a commit, built unless there is one already."""
        kept = Kernel(KERNELS / self.key(commit))
        if kept.directory.exists():
            return kept
        about = f"{self.source.label} {what}, config {self.config}"
        with step(f"building {about}"):
            self.source.checkout(commit)
            self.configure()
            self.make("bzImage", "modules")
            with files.complete(kept.directory) as part:
                part.mkdir()
                for path in (self.objects / "arch/x86/boot/bzImage", self.objects / ".config",
                             self.objects / "System.map", *self.objects.glob("sound/**/*.ko")):
                    shutil.copy(path, part / path.name.lstrip("."))
                (part / "about").write_text(about + "\n", encoding="utf-8")
        return kept
