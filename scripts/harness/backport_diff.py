"""scripts/backport-diff: how a backported series differs from another one, patch by patch."""

import argparse

from . import proc, series, source
from .progress import say

CREATION = 90  # per cent that a patch may have changed and still be taken for the same one


def _parser():
    parser = argparse.ArgumentParser(
        prog="backport-diff", description=__doc__,
        epilog="The kernels come from Debian, or from a directory, as for scripts/demo.")
    parser.add_argument("kernel", metavar="VERSION|DIR", help="the older kernel, like 6.12")
    parser.add_argument("--against", metavar="VERSION|DIR",
                        help="the kernel to compare with (default: Debian's newest 7.*)")
    parser.add_argument("--short", action="store_true",
                        help="one line per patch: = same, ! adapted, < dropped, > added")
    return parser


def _range(tree):
    return f"{tree.base()}..{series.apply(tree, series.patches(tree))}"


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    ours, theirs = source.get(args.kernel), source.get(args.against)
    ranges = [_range(theirs), _range(ours)]
    # Each tree keeps its own objects; git may look into both.
    environ = {**source.environment(),
               "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(theirs.tree / ".git/objects")}
    shown = proc.capture(["git", "range-diff", "--no-color", f"--creation-factor={CREATION}",
                          *(["--no-patch"] if args.short else []), *ranges],
                         cwd=ours.tree, env=environ)
    say(f"-- from the series for {theirs.label} to the one for {ours.label}\n{shown.rstrip()}")
    return 0
