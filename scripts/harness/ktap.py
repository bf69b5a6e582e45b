"""Reads KTAP, the tests' own account; believes only a complete one."""

import re
from dataclasses import dataclass, field

_RESULT = re.compile(r"^(ok|not ok)\s+(\d+)(?:\s+-)?\s*(.*)$")
_DIRECTIVE = re.compile(r"^(.*?)\s*#\s*(SKIP|XFAIL|XPASS|TODO|TIMEOUT|error)\b:?\s*(.*)$",
                        re.IGNORECASE)
_PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*SKIP\s*(.*))?")
_TOTALS = re.compile(r"^# Totals: (.+)$")
_VERSION = re.compile(r"^(K?TAP) version \d+")


@dataclass
class Result:
    """One test: passed, failed, skipped or xfail, what it said, and its subtests."""
    name: str
    status: str
    reason: str
    notes: list
    subtests: list = field(default_factory=list)


@dataclass
class Report:
    """All tests of one program, and what is wrong with the account itself."""
    plan: int = None
    results: list = field(default_factory=list)
    totals: dict = None
    problems: list = field(default_factory=list)
    skipped: str = None  # the reason, where the program skipped everything

    def count(self, status):
        """How many tests have this status."""
        return sum(result.status == status for result in self.results)


def present(lines):
    """Whether these lines are KTAP at all."""
    return any(_VERSION.match(line) for line in lines)


def _result(match, notes):
    rest, reason = match[3], ""
    status = "passed" if match[1] == "ok" else "failed"
    directive = _DIRECTIVE.match(rest)
    if directive:
        rest, word, reason = directive.groups()
        word = word.upper()
        if status == "passed" and word in ("SKIP", "XFAIL"):
            status = {"SKIP": "skipped", "XFAIL": "xfail"}[word]
        elif word in ("XPASS", "TODO"):
            status = "failed"
    if not rest and reason:  # ksft_test_result_skip() puts the name behind the directive
        rest = reason
    return Result(rest, status, reason, notes)


def _depth(line):
    return len(line) - len(line.lstrip(" "))


def _parse_level(lines, depth, top):
    """Consume the lines of one nesting level."""
    report, notes, subtests = Report(), [], []
    while lines:
        if _depth(lines[0]) < depth:
            break
        if _depth(lines[0]) >= depth + 4 and _is_nested(lines[0].strip()):
            nested = _parse_level(lines, _depth(lines[0]), False)
            subtests += nested.results
            report.problems += nested.problems
            continue
        line = lines.pop(0)[depth:]
        plan, result, totals = _PLAN.match(line), _RESULT.match(line), _TOTALS.match(line)
        if plan:
            report.plan, report.skipped = int(plan[1]), plan[2]
        elif result:
            report.results.append(_result(result, notes))
            report.results[-1].subtests = subtests
            if int(result[2]) != len(report.results):
                report.problems.append(
                    f"test number {result[2]} where {len(report.results)} was due")
            if any(sub.status == "failed" for sub in subtests) and result[1] == "ok":
                report.problems.append(f"{report.results[-1].name}: ok with a failed subtest")
            notes, subtests = [], []
        elif totals and top:
            report.totals = {key: int(value) for key, value in
                             re.findall(r"(\w+):(\d+)", totals[1])}
        elif line.startswith("Bail out!"):
            report.problems.append(line)
        elif line.startswith("#"):
            notes.append(line[1:].strip())
    _check_plan(report)
    return report


def _is_nested(text):
    return bool(_VERSION.match(text) or _PLAN.match(text) or _RESULT.match(text)
                or text.startswith("# Subtest"))


def _check_plan(report):
    if report.plan is None:
        report.problems.append("no plan")
    elif report.plan != len(report.results):
        report.problems.append(f"{report.plan} tests planned, {len(report.results)} reported")


def parse(lines):
    """Read the output of one program; a report without problems is complete."""
    report = _parse_level(list(lines), 0, True)
    if report.totals is None and report.skipped is None:
        report.problems.append("no closing line")
    elif report.totals and report.totals.get("fail", 0) != report.count("failed"):
        report.problems.append("the closing line counts other failures than were reported")
    return report
