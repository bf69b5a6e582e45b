"""Checks of what others need who test kernels: a configuration, and output that they can read."""

import re
import sys

from .. import console, ktap, proc
from ..failure import Failure
from ..kbuild import Builder
from ..paths import SCRIPTS, SELFTESTS

SAVED = SCRIPTS / "tests" / "logs"

_COUNTS = re.compile(r"Testing complete\. Ran (\d+) tests: (.*)$", re.MULTILINE)
_WORDS = ("passed", "failed", "skipped")


def _accounts(folders):
    """(where, lines, our own reading) of every complete account of a test program in the logs."""
    for path in sorted(path for folder in folders for path in folder.glob("*.log")):
        for segment in console.read(path).segments:
            lines = [line.text for line in segment.output()]
            if (segment.ended or "").startswith("exit") and ktap.present(lines):
                report = ktap.parse(lines)
                if not report.problems:
                    yield f"{path.name}: {segment.name}", lines, report


def _by_kunit(tree, lines, scratch):
    """How many tests passed, failed and were skipped in the eyes of the kernel's own parser."""
    scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = proc.capture([sys.executable, tree / "tools/testing/kunit/kunit.py", "parse", scratch],
                        check=False)
    counts = _COUNTS.search(said)
    if not counts:
        raise Failure(f"kunit.py parse said: {said.strip().splitlines()[-1:]}")
    return dict(re.findall(r"(\w+): (\d+)", counts[2]))


def ktap_is_readable(context):
    """kunit.py of the kernel reads the tests' output as we do, in saved logs and in this run's"""
    tree, total = context.subject.source.tree, dict.fromkeys(_WORDS, 0)
    scratch = context.logs / "ktap"
    for where, lines, report in _accounts((SAVED, context.logs)):
        ours = {word: str(report.count(word)) for word in _WORDS if report.count(word)}
        theirs = _by_kunit(tree, lines, scratch)
        if ours != theirs:
            raise Failure(f"{where}: we read {ours}, kunit.py parse {theirs}")
        for word in ours:
            total[word] += report.count(word)
    scratch.unlink(missing_ok=True)
    missing = [word for word, count in total.items() if not count]
    if missing:
        raise Failure(f"no log has a test that {missing[0]}")
    return ", ".join(f"{count} {word}" for word, count in total.items())


def fragment_takes_effect(context):
    """selftests/config, merged over the smallest configuration, sets all that it names"""
    source, fragment = context.subject.source, SELFTESTS / "config"
    source.checkout(context.commits[-1])
    have = Builder(source, "plain", "fragment").merge([fragment])
    wanted = [line for line in fragment.read_text(encoding="utf-8").splitlines()
              if line.startswith("CONFIG_")]
    lost = [line for line in wanted if line not in have]
    if lost:
        raise Failure(f"selftests/config: {', '.join(lost)} has no effect")
    return f"{len(wanted)} options"
