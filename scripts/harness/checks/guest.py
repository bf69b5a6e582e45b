"""Checks that boot kernels."""

from .. import races, verdict
from ..failure import Failure


def _demand(context, rows, which, wanted):
    """Fail with each case whose verdict is not wanted."""
    results = context.verdicts[which]
    skipped = [row for row in rows if context.subject.excused(results[row.name])]
    left = [row for row in rows if row not in skipped]
    if not left:
        raise Failure("races.tsv has nothing to run")
    bad = [f"{row.name}: {results[row.name]}" for row in left
           if not wanted(results[row.name])]
    if bad:
        raise Failure(f"{len(bad)} of {len(left)} do not: " + "; ".join(bad))
    return f"{len(left)} cases" + (f", {len(skipped)} skipped" if skipped else "")


def races_show_unpatched(context):
    """the unpatched kernel fails the case of every race that we repair"""
    return _demand(context, context.rows(races.FIXED), "unpatched",
                   lambda result: result.shows)


def kselftests_pass_patched(context):
    """the kernel with the series passes, and has nothing to complain about"""
    return _demand(context, context.rows(races.FIXED, races.KEPT), "patched",
                   lambda result: result.status == verdict.PASSED)
