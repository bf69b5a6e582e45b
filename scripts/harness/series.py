"""The patches: which ones belong to a kernel, and that kernel with them."""

import hashlib

from .failure import Failure
from .paths import PATCHES, ROOT
from .source import git

# What checkpatch need not say about the patches, wherever they go.
CHECKPATCH_IGNORED = {
    "FILE_PATH_CHANGES": "MAINTAINERS has the directories of all new files",
    "ENOSYS": "PAUSE and RESUME have always returned it, so a test has to expect it",
}


def patches(source):
    """The series for this kernel, in order."""
    major, minor, _ = source.version.split(".")
    folder = PATCHES if int(major) >= 7 else PATCHES / f"linux-{major}.{minor}.y"
    found = sorted(folder.glob("*.patch"))
    if not found:
        raise Failure(f"no patches for Linux {source.version} in {folder.relative_to(ROOT)}/")
    return found


def of_test_driver(series):
    """Those for snd-pcmtest: without them there is no driver whose stream lock is a mutex."""
    found = [path for path in series if "-ALSA-pcmtest-" in path.name]
    if not found:
        raise Failure("the series has no patches for the test driver snd-pcmtest")
    return found


def _branch(source, series):
    digest = hashlib.sha256(source.base().encode())
    for path in series:
        digest.update(path.read_bytes())
    return f"refs/heads/series-{digest.hexdigest()[:16]}"


def apply_afresh(source, series):
    """git am, which takes no fuzz, on top of the unpatched kernel."""
    source.checkout(source.base())
    try:
        source.git("am", "--quiet", "--keep-non-patch", *series)
    except Failure as failure:
        number = source.tree / ".git/rebase-apply/next"
        culprit = series[int(number.read_text()) - 1].name if number.exists() else "the series"
        git("am", "--abort", cwd=source.tree, check=False)
        raise Failure(f"{culprit} does not apply to {source.label}: {failure}") from None
    return source.git("rev-parse", "HEAD").strip()


def apply(source, series):
    """The commit of the kernel with these patches; reuses what was applied before."""
    branch = _branch(source, series)
    known = source.git("rev-parse", "--quiet", "--verify", branch, check=False).strip()
    if known:
        return known
    commit = apply_afresh(source, series)
    source.git("update-ref", branch, commit)
    return commit


def commits(source, series):
    """One commit per patch, in order."""
    tip = apply(source, series)
    return source.git("rev-list", "--reverse", f"{source.base()}..{tip}").split()
