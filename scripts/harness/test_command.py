"""Runs checks, one line each; the last line counts them."""

import argparse
import time
import traceback

from . import kbuild
from .checks import CHECKS
from .checks.context import Context
from .failure import Failure
from .progress import duration, say

EPILOG = "the last line reads `N passed, N failed`; exits with 0 only if none failed."


def _name(check):
    return check.__name__.replace("_", "-")


def _parser(name):
    parser = argparse.ArgumentParser(prog=name, description=__doc__, epilog=EPILOG)
    parser.add_argument("--list", action="store_true", help="list the checks")
    parser.add_argument("--kernel", metavar="DIR|VERSION", help="as of scripts/demo")
    parser.add_argument("--config", choices=kbuild.configs(), default="debug")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="only these checks")
    return parser


def _perform(check, context):
    """Run one check, print its line, return whether it passed."""
    start = time.monotonic()
    try:
        word, said = "PASS", check(context)
    except Failure as failure:
        word, said = "FAIL", failure
    except Exception as error:  # our own fault, most likely; the other checks are not to blame
        traceback.print_exc()
        word, said = "FAIL", f"{type(error).__name__}: {error}"
    say(f"{word} {_name(check)}: {said} [{duration(time.monotonic() - start)}]")
    return word == "PASS"


def main(checks=CHECKS, name="test"):
    """Do what the command line says."""
    args = _parser(name).parse_args()
    if args.list:
        for check in checks:
            say(f"{_name(check):24} {check.__doc__}")
        return 0
    unknown = set(args.checks) - {_name(check) for check in checks}
    if unknown:
        raise Failure(f"no such check: {', '.join(sorted(unknown))} (see --list)")
    context = Context(args.kernel, args.config)
    wanted = [check for check in checks if not args.checks or _name(check) in args.checks]
    passed = sum(_perform(check, context) for check in wanted)
    say(f"{passed} passed, {len(wanted) - passed} failed")
    return 0 if passed == len(wanted) else 1
