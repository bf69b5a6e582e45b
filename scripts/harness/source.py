"""Kernel sources as git trees under build/source; what the user gives is only read."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from . import apt, files, proc
from .failure import Failure
from .paths import BUILD, DOWNLOADS, LOGS, SOURCES
from .progress import say, step

DEFAULT_MAJOR = 7
BASE = "refs/heads/unpatched"

# What the sound modules are built from, and the tests; all that the series touches.
SOUND = ("Makefile", "MAINTAINERS", "Documentation/sound", "drivers/usb/gadget/function",
         "include/sound", "sound", "tools/testing/selftests/alsa", "tools/testing/selftests/*.h")

_GIT_CONFIG = """\
[user]
name = params_lock series
email = params-lock@localhost
[safe]
directory = *
[core]
compression = 1
hooksPath = /dev/null
[gc]
auto = 0
[commit]
gpgsign = false
[advice]
detachedHead = false
[init]
defaultBranch = main
"""


@dataclass
class Source:
    """A git tree whose branch `unpatched` is the kernel as it came."""
    tree: Path
    name: str
    version: str

    @property
    def label(self):
        """How people call it."""
        return f"Linux {self.version}"

    @property
    def lacks_drivers(self):
        """Whether it is older than snd-pcmtest, which some cases need; these skip themselves."""
        return tuple(map(int, self.version.split("."))) < (6, 5)

    def git(self, *arguments, **options):
        """Run git in the tree and return its output."""
        return git(*arguments, cwd=self.tree, **options)

    def base(self):
        """The commit of the kernel as it came."""
        return self.git("rev-parse", BASE).strip()

    def checkout(self, commit):
        """Put a commit into the work tree; files that do not differ keep their times."""
        self.git("checkout", "--quiet", "--force", "--detach", commit)

    def export(self, commit, directory):
        """Write the files of a commit to a directory."""
        archive = directory / "export.tar"
        self.git("archive", "--output", archive, commit)
        _unpack(archive, directory)
        files.remove(archive)


def environment():
    """An environment in which git does the same for everybody."""
    config = BUILD / "gitconfig"
    if not config.exists():
        files.write(config, _GIT_CONFIG)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**clean, "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}


def git(*arguments, **options):
    """Run git and return its output."""
    return proc.capture(["git", *arguments], env=environment(), **options)


def _version(makefile):
    numbers = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", makefile, re.M))
    if len(numbers) != 3:
        raise Failure("no Linux version in the Makefile")
    return ".".join(numbers[key] for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


def _opened(tree, name):
    makefile = git("show", f"{BASE}:Makefile", cwd=tree)
    return Source(tree, name, _version(makefile))


def _digest(*words):
    return hashlib.sha256("\0".join(map(str, words)).encode()).hexdigest()[:8]


def _unpack(archive, directory, *options):
    proc.run(["tar", "-xf", archive, "-C", directory, *options], log=LOGS / "unpack.log",
             what="unpacking", env={**os.environ, "XZ_DEFAULTS": "-T0"})


def _from_package(package, parts=()):
    """The git tree of a linux-source package, or of these parts of it."""
    name = "-".join([package.stem, *([_digest(*parts)] if parts else [])])
    tree = SOURCES / name
    if not tree.exists():
        need_space(2 if parts else 8)
        with files.complete(tree) as part:
            part.mkdir()
            with step(f"unpacking {package.name}"):
                unpacked = part / "package"
                proc.run(["dpkg-deb", "-x", package, unpacked], log=LOGS / "unpack.log",
                         what="unpacking")
                archive = next(unpacked.glob("usr/src/linux-source-*.tar.xz"))
                top = archive.name.removesuffix(".tar.xz")
                _unpack(archive, part, "--strip-components=1", "--wildcards",
                        "--no-wildcards-match-slash", *(f"{top}/{path}" for path in parts))
                files.remove(unpacked)
            with step("making a git tree of it"):
                git("init", "--quiet", cwd=part)
                _commit_all(part, name)
    return _opened(tree, name)


def _commit_all(tree, name):
    git("add", "--all", "--force", cwd=tree)  # .gitignore names some files that belong there
    git("commit", "--quiet", "-m", name, cwd=tree)
    git("update-ref", BASE, "HEAD", cwd=tree)


def _from_directory(directory):
    """A git tree with the contents of a user's directory, which is not modified."""
    if not all((directory / name).exists() for name in ("Makefile", "sound/core/pcm_native.c")):
        raise Failure(f"{directory} is not a Linux source tree")
    name = f"{re.sub(r'[^A-Za-z0-9._-]', '_', directory.name)}-{_digest(directory)}"
    tree = SOURCES / name
    if not tree.exists():
        need_space(8)
        with files.complete(tree) as part:
            part.mkdir()
            git("init", "--quiet", cwd=part)
    with step(f"reading {directory}"):
        if (directory / ".git").exists():
            git("fetch", "--quiet", "--force", "--no-tags", "--depth=1", directory,
                f"HEAD:{BASE}", cwd=tree)
            if git("--no-optional-locks", "status", "--porcelain", "--untracked-files=no",
                   cwd=directory).strip():
                say(f"   the uncommitted changes in {directory} are left out")
        else:
            _import(directory, tree)
        git("checkout", "--quiet", "--force", "--detach", BASE, cwd=tree)
    return _opened(tree, name)


def _import(directory, tree):
    """Commit an unpacked tree by reading it where it lies."""
    index = ["--git-dir", tree / ".git", "--work-tree", directory]
    environ = {**environment(), "GIT_INDEX_FILE": str(tree / ".git/import-index")}
    proc.capture(["git", *index, "add", "--all"], env=environ)
    contents = proc.capture(["git", *index, "write-tree"], env=environ).strip()
    commit = git("commit-tree", "-m", f"contents of {directory}", contents, cwd=tree).strip()
    git("update-ref", BASE, commit, cwd=tree)


def need_space(gib):
    """Fail early where the disk is too full for what comes."""
    BUILD.mkdir(exist_ok=True)
    status = os.statvfs(BUILD)
    free = status.f_bavail * status.f_frsize
    if free < gib << 30:
        raise Failure(f"{BUILD} needs {gib} GiB of free space, there are {free >> 30}")


def _need_plain_path():
    """The kernel's Makefile refuses to work elsewhere, but only after all has been unpacked."""
    if re.search(r"[\s:]", str(BUILD)):
        raise Failure(f"no kernel can be built in {BUILD}: its name has a space or a colon")


def sound(series, version):
    """Of a version of linux-source-SERIES what the sound modules and the tests are built from."""
    _need_plain_path()
    return _from_package(apt.download(f"linux-source-{series}", DOWNLOADS, version), SOUND)


def get(kernel):
    """The source for what the user asked for: None, a directory or a version like 6.12."""
    _need_plain_path()
    if kernel is None:
        return _from_package(apt.download_newest_kernel(DEFAULT_MAJOR, DOWNLOADS))
    if kernel and Path(kernel).is_dir():
        return _from_directory(Path(kernel).resolve())
    if re.fullmatch(r"\d+\.\d+", kernel):
        return _from_package(apt.download(f"linux-source-{kernel}", DOWNLOADS))
    raise Failure(f"--kernel {kernel}: neither a directory nor a version like 6.12")
