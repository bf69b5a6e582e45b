"""Checks that boot kernels."""

from .. import races, verdict
from ..failure import Failure

SECONDS = 5  # that a case tries to hit its race


def _run(context, rows, which):
    if not rows:
        raise Failure("races.tsv has nothing to run")
    return context.subject.run(rows, SECONDS, context.logs, [which])[0]


def _rows(context, *claims):
    return [row for row in races.read()
            if row.claim in claims and row.config in ("any", context.config)]


def races_show_unpatched(context):
    """the unpatched kernel fails the case of every race that we repair"""
    rows = _rows(context, races.FIXED)
    results = _run(context, rows, "unpatched")
    hidden = [row for row in rows if results[row.name].status not in verdict.SHOWN]
    if hidden:
        raise Failure(f"{len(hidden)} of {len(rows)} do not show: {hidden[0].name}: "
                      f"{results[hidden[0].name]}")
    return f"{len(rows)} of {len(rows)} races show"


def kselftests_pass_patched(context):
    """the kernel with the series passes, and has nothing to complain about"""
    rows = _rows(context, races.FIXED, races.KEPT)
    results = _run(context, rows, "patched")
    bad = [row for row in rows if results[row.name].status != verdict.PASSED]
    if bad:
        raise Failure(f"{len(bad)} of {len(rows)} fail: {bad[0].name}: {results[bad[0].name]}")
    return f"{len(rows)} of {len(rows)} cases pass"
