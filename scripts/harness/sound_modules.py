"""scripts/sound-modules: all sound modules of a Debian kernel, with the series."""

import argparse
from pathlib import Path

from . import series, stock
from .failure import Failure
from .progress import say
from .subject import Subject

EPILOG = f"""\
writes DIR/lib/modules/RELEASE/{stock.UPDATES}/; installs nothing. Documentation/stock.md says
how to install it on a real machine, how to sign it, and how to go back."""


def _parser():
    parser = argparse.ArgumentParser(prog="sound-modules", description=__doc__, epilog=EPILOG)
    parser.add_argument("--release", help="which kernel, as of `uname -r` "
                        f"(default: the newest {stock.SERIES} that apt offers)")
    parser.add_argument("directory", type=Path, metavar="DIR", help="must not exist yet")
    return parser


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    directory = args.directory.absolute()
    if directory.exists():
        raise Failure(f"{directory} exists already")
    release = stock.named(args.release) if args.release else stock.newest("standard")
    subject = Subject.stock(release)
    subject.builder.install(series.apply(subject.source, subject.patches), directory)
    count = sum(1 for path in directory.rglob("*.ko*"))
    say(f"{count} modules for {release.name} in {directory}")
    return 0
