"""Checks that boot kernels."""

from .. import races, verdict
from ..failure import Failure


def _demand(rows, results, wanted):
    """Fail with each case that did not end as wanted."""
    if not rows:
        raise Failure("races.tsv has nothing to run")
    bad = [f"{row.name}: {results[row.name]}" for row in rows
           if results[row.name].status not in wanted]
    if bad:
        raise Failure(f"{len(bad)} of {len(rows)} do not: " + "; ".join(bad))
    return f"{len(rows)} cases"


def races_show_unpatched(context):
    """the unpatched kernel fails the case of every race that we repair"""
    return _demand(context.rows(races.FIXED), context.verdicts["unpatched"], verdict.SHOWN)


def kselftests_pass_patched(context):
    """the kernel with the series passes, and has nothing to complain about"""
    return _demand(context.rows(races.FIXED, races.KEPT), context.verdicts["patched"],
                   (verdict.PASSED,))
