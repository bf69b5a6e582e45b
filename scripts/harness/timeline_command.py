"""scripts/timeline: what the driver was asked to do, on an unpatched and on a patched kernel."""

import argparse
import sys
from pathlib import Path

from . import timeline, timeline_svg

EPILOG = """\
Each LOG is the console log of a run of scripts/guest/drain-timeline.c or the like on a kernel with
the series' snd-pcmtest. Documentation/timeline/README.md says how to record one."""


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="timeline", description=__doc__, epilog=EPILOG)
    parser.add_argument("unpatched", metavar="LOG_UNPATCHED", type=Path)
    parser.add_argument("patched", metavar="LOG_PATCHED", type=Path)
    args = parser.parse_args()
    sys.stdout.write(timeline_svg.draw([("without the series", timeline.read(args.unpatched)),
                                        ("with the series", timeline.read(args.patched))]))
    return 0
