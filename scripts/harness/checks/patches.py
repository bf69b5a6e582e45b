"""Checks of the series itself."""

import re

from .. import deps, proc, series
from ..failure import Failure
from ..kbuild import Builder
from ..paths import SELFTESTS
from ..progress import say

IN_TREE = "tools/testing/selftests/alsa"
OURS_ALONE = ("Makefile",)  # builds outside of a kernel tree
OLDER = "older"  # only in series for kernels that need it

# What checkpatch need not say as long as they are not sent.
IGNORED = {
    **series.CHECKPATCH_IGNORED,
    "MISSING_SIGN_OFF": "whoever sends the series signs it off",
    "NO_AUTHOR_SIGN_OFF": "the same",
    "UNKNOWN_COMMIT_ID": "the tree that is made of Debian's source has no history",
}


def series_applies(context):
    """git am takes every patch onto a fresh tree; it knows no fuzz"""
    subject = context.subject
    commit = series.apply_afresh(subject.source, subject.patches)
    same = subject.source.git("diff", "--stat", commit,
                              series.apply(subject.source, subject.patches))
    if same:
        raise Failure("applying the series twice gives different trees")
    return f"{len(subject.patches)} patches on {subject.source.label}"


def checkpatch(context):
    """checkpatch --strict"""
    deps.install(deps.CHECKPATCH_PACKAGES)
    subject = context.subject
    subject.source.checkout(subject.source.base())
    log = context.logs / "checkpatch.log"
    proc.run(["perl", "scripts/checkpatch.pl", "--strict", "--show-types", "--terse",
              "--no-summary", "--color=never", "--ignore", ",".join(IGNORED), *subject.patches],
             cwd=subject.source.tree, log=log, what="checkpatch")
    return f"{len(subject.patches)} patches"


def selftests_identical(context):
    """selftests/ is what the series puts into the kernel tree"""
    git = context.subject.source.git
    base, tip = context.subject.source.base(), context.commits[-1]
    added = set(git("diff", "--name-only", "--diff-filter=A", base, tip, "--",
                    IN_TREE).split())
    blobs = {}
    for line in git("ls-tree", "-r", tip, "--", IN_TREE).splitlines():
        meta, _, name = line.partition("\t")
        blobs[name] = meta.split()[2]
    ours = {f"{IN_TREE}/{path.relative_to(SELFTESTS)}": path
            for path in SELFTESTS.rglob("*") if path.is_file() and path.name not in OURS_ALONE}
    for name in sorted(added | set(ours)):
        if name not in ours:
            raise Failure(f"{name} is in the series but not in selftests/")
        if name not in blobs and ours[name].parent.name == OLDER:
            continue
        if name not in blobs:
            raise Failure(f"{ours[name].name} is in selftests/ but not in the series")
        if git("hash-object", "--no-filters", ours[name]).strip() != blobs[name]:
            raise Failure(f"{ours[name].name} differs between selftests/ and the series")
    return f"{len(ours)} files"


def warnings(log):
    """Warnings of a build, without the line numbers that a patch may shift."""
    text = log.read_text(encoding="utf-8", errors="replace")
    found = re.findall(r"^(?:\.\./)*(\S+?):[\d:]+ (warning: .+)$", text, re.MULTILINE)
    return {f"{name}: {warning}" for name, warning in found}


def build_each_patch(context, builder, name, targets):
    """Make targets(commit) with W=1, before the series and after each patch of it.

    A warning that is not there before the series is a failure.
    """
    source = context.subject.source
    known = None
    for number, commit in enumerate([source.base(), *context.commits]):
        wanted = targets(commit)
        if not wanted:
            continue
        log = context.logs / f"{name}-{number:04}.log"
        source.checkout(commit)
        if known is None:
            builder.configure()
        title = source.git("log", "-1", "--format=%s", commit).strip()
        say(f"   W=1 {number}/{len(context.commits)}: {title}")
        try:
            builder.make("W=1", *wanted, log=log)
        except Failure as failure:
            raise Failure(f"patch {number}: {failure}") from None
        if known is None:
            known = warnings(log)
        new = sorted(warnings(log) - known)
        if new:
            raise Failure(f"patch {number}: {new[0]} ({log})")
    return f"{len(context.commits)} patches, {len(known)} warnings before them"


def every_patch_builds(context):
    """sound/ builds after each patch with W=1, without a new warning"""
    builder = Builder(context.subject.source, context.config, "w1")
    return build_each_patch(context, builder, "w1", lambda commit: ["sound/"])
