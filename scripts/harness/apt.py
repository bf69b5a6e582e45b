"""Debian's archive through apt: the configured suites, and newer ones in lists of our own."""

import os
import re
import shutil
import time
from pathlib import Path

from . import files, proc
from .failure import Failure
from .paths import BUILD, LOGS
from .progress import say

NEWER_SUITES = ("trixie-backports", "sid")  # where kernels newer than this Debian's are
FRESH = 24 * 3600  # seconds for which downloaded package lists are good enough

PRIVATE = BUILD / "apt"

_refreshed = False


def as_root(command):
    """How this user can run a command that takes root."""
    if not os.geteuid():
        return command
    if not shutil.which("sudo"):
        raise Failure(f"run as root first: {' '.join(command)}")
    return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", *command]


def refresh():
    """apt-get update for the system, once per run."""
    global _refreshed
    if _refreshed:
        return
    proc.run(as_root(["apt-get", "update"]), log=LOGS / "apt-update.log", what="apt-get update")
    _refreshed = True


def _mirror():
    """Site, suite and keyring of the Debian archive, as apt is configured here."""
    targets = proc.capture(["apt-get", "indextargets", "--format",
                            "$(SITE)\t$(CODENAME)\t$(SOURCESENTRY)",
                            "Created-By: Packages", "Origin: Debian"])
    entries = [line.split("\t") for line in targets.splitlines() if line]
    main = [entry for entry in entries if "-" not in entry[1]] or entries
    if not main and not _refreshed:
        refresh()
        return _mirror()
    if not main:
        raise Failure("apt has no lists of Debian; run apt-get update, or give --kernel DIR")
    site, suite, entry = main[0]
    path = Path(entry.rpartition(":")[0])
    keyring = re.search(r"signed-by[=:]\s*([^\s\]]+)", path.read_text(encoding="utf-8"),
                        re.IGNORECASE)
    return site, suite, keyring[1] if keyring else None


def _entry(kind, site, keyring, suite):
    signed = f"[signed-by={keyring}] " if keyring else ""
    return f"{kind} {signed}{site} {suite} main\n"


def _private_options():
    sources = PRIVATE / "sources.list"
    if not sources.exists():
        site, _, keyring = _mirror()
        files.write(sources, "".join(_entry("deb", site, keyring, suite)
                                     for suite in NEWER_SUITES))
    for name in ("lists", "cache"):
        (PRIVATE / name / "partial").mkdir(parents=True, exist_ok=True)
    return ["-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", f"Dir::State::lists={PRIVATE / 'lists'}",
            "-o", f"Dir::Cache={PRIVATE / 'cache'}", "-o", "APT::Sandbox::User="]


def _refresh_private():
    """Update our own lists unless they are fresh; old ones serve where there is no network."""
    options, stamp = _private_options(), PRIVATE / "updated"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < FRESH:
        return options
    try:
        proc.run(["apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update"],
                 log=LOGS / "apt-update-newer.log", what="apt-get update")
        files.write(stamp, "")
    except Failure as failure:
        if not stamp.exists():
            raise
        say(f"   using old package lists: {failure}")
    return options


def _kept(package, version, directory):
    return directory / f"{package}_{version.replace(':', '%3a')}.deb"


def _download(package, version, directory, options):
    """The package's file in directory, downloaded if it is not there yet."""
    kept = _kept(package, version, directory)
    if not kept.exists():
        with files.complete(directory / f"{package}.download") as part:
            part.mkdir()
            proc.run(["apt-get", *options, "-o", "APT::Sandbox::User=",
                      "download", f"{package}={version}"],
                     cwd=part, log=LOGS / "apt-download.log", what=f"download of {package}")
            next(part.glob("*.deb")).rename(kept)
        files.remove(directory / f"{package}.download")
    return kept


def _offers(pattern, options):
    """Versions on offer by package for those whose name matches, the preferred one first."""
    prefix = re.match(r"[\w-]*", pattern)[0]
    names = proc.capture(["apt-cache", *options, "pkgnames", prefix]).split()
    names = [name for name in names if re.fullmatch(pattern, name)]
    table = proc.capture(["apt-cache", *options, "madison", *names]) if names else ""
    found = {}
    for line in table.splitlines():
        name, version, _ = map(str.strip, line.split("|"))
        found.setdefault(name, []).append(version)
    return found


def offers(pattern):
    """Versions by package in the configured suites, the preferred one first."""
    found = _offers(pattern, [])
    if not found:
        refresh()
        found = _offers(pattern, [])
    return found


def download(package, directory, version=None):
    """A package of the configured suites, as apt prefers it or in this version."""
    if version and _kept(package, version, directory).exists():
        return _kept(package, version, directory)
    versions = offers(re.escape(package)).get(package, [])
    if not versions:
        raise Failure(f"apt offers no {package}")
    if version and version not in versions:
        raise Failure(f"apt offers {package} {', '.join(versions)}, but not {version}")
    return _download(package, version or versions[0], directory, [])


def download_newest_kernel(major, directory):
    """The newest linux-source-MAJOR.* that Debian has."""
    options = _refresh_private()
    offered = _offers(rf"linux-source-{major}\.\d+", options)
    if not offered:
        raise Failure(f"Debian offers no linux-source-{major}.*; give --kernel DIR")
    package = max(offered, key=lambda name: int(name.rpartition(".")[2]))
    return _download(package, offered[package][0], directory, options)


def newer(pattern):
    """Packages of the newer suites whose name matches, with the version on offer."""
    offered = _offers(pattern, _refresh_private())
    return {name: versions[0] for name, versions in offered.items()}


def with_libraries(packages, options=()):
    """The packages and the libraries that they need, as NAME=VERSION; no headers, no tools."""
    nothing = PRIVATE / "nothing-installed"
    files.write(nothing, "")
    plan = proc.capture(["apt-get", *options, "-o", f"Dir::State::status={nothing}",
                         "-o", "APT::Install-Recommends=false", "-o", "Debug::NoLocking=true",
                         "-s", "install", *packages])
    found = re.findall(r"^Inst (\S+) \((\S+) ", plan, re.MULTILINE)
    return [f"{name}={version}" for name, version in found
            if name in packages or re.match(r"z?lib(?!.*-dev$)", name)]


def unpack(packages, directory, options=()):
    """Unpack packages, with the libraries that they need, below directory."""
    with files.complete(directory) as part:
        archives = part / "archives"
        archives.mkdir(parents=True)
        proc.run(["apt-get", *options, "-o", "APT::Sandbox::User=", "download",
                  *with_libraries(packages, options)],
                 cwd=archives, log=LOGS / "apt-download.log", what=f"download of {packages[0]}")
        for archive in sorted(archives.glob("*.deb")):
            proc.run(["dpkg-deb", "-x", archive, part], log=LOGS / "unpack.log", what="unpacking")
        files.remove(archives)


def unpack_newer(packages, directory):
    """The same, of the newer suites."""
    unpack(packages, directory, _refresh_private())


def unpack_source(package, directory):
    """Unpack the source of a package of this Debian's below directory."""
    site, suite, keyring = _mirror()
    lists = PRIVATE / "sources"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    source_list = PRIVATE / "deb-src.list"
    files.write(source_list, _entry("deb-src", site, keyring, suite))
    options = ["-o", f"Dir::Etc::sourcelist={source_list}", "-o", "Dir::Etc::sourceparts=/dev/null",
               "-o", f"Dir::State::lists={lists}", "-o", "APT::Sandbox::User="]
    proc.run(["apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update"],
             log=LOGS / "apt-update-source.log", what="apt-get update")
    with files.complete(directory) as part:
        part.mkdir()
        proc.run(["apt-get", *options, "--download-only", "source", package], cwd=part,
                 log=LOGS / "apt-download.log", what=f"download of {package}'s source")
        archive = next(part.glob("*.orig.tar.*[!c]"))
        proc.run(["tar", "-xf", archive, "--strip-components=1", "-C", part],
                 log=LOGS / "unpack.log", what="unpacking")
