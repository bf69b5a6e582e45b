"""Decides what a case showed, from what was printed while it ran."""

import re
from dataclasses import dataclass

from . import console, ktap

PASSED, FAILED, SKIPPED, SPLAT, STUCK, PANIC = (
    "passed", "failed", "skipped", "splat", "stuck", "panic")
# These prove nothing, neither that a race is there nor that it is gone.
TIMEOUT, CUT_OFF, NO_BOOT, NO_OUTPUT, SPOILT = (
    "timeout", "cut off", "did not boot", "no output", "spoilt boot")

_HIT = re.compile(r"^hit after \d+ rounds, (\d+) ms: ")
_CLEAN = re.compile(r"^no hit in \d+ rounds, | is refused: ")
_LOGGED = re.compile(r"^\S+\.[ch]:\d+:\w+:(.*)$")
_NOISE = re.compile(r"^(RUN|OK|FAIL)\s|^(Starting|PASSED:|FAILED:) ")

FAULTS = (FAILED, SPLAT, STUCK, PANIC)


@dataclass
class Verdict:
    """What one case showed: evidence in one line, seconds until then (or of the whole case)."""
    status: str
    evidence: str = ""
    seconds: float = None
    log: str = None

    def __str__(self):
        return f"{self.status}: {self.evidence}" if self.evidence else self.status

    @property
    def shows(self):
        """Whether the test saw its race, or the kernel complained: not if the test broke down."""
        return self.status in FAULTS and (self.status != FAILED or bool(_HIT.match(self.evidence)))


def _stuck(segment):
    tasks = console.stuck_tasks(segment.kernel())
    names = ", ".join(f"{name} in {function or '?'}" for name, function in tasks)
    return f"{len(tasks)} task{'s'[:len(tasks) != 1]} stuck for ever: {names}"


def _said(report, status):
    """What the tests with this status said themselves, rather than the harness."""
    notes = [note for result in report.results if result.status == status
             for note in result.notes if not _NOISE.match(note)]
    hits = [note for note in notes if _HIT.match(note)]
    logged = [_LOGGED.match(note)[1] for note in notes if _LOGGED.match(note)]
    own = [message for message in logged if not message.startswith("Expected ")]
    clean = [note for note in notes if _CLEAN.search(note)]
    return "; ".join(dict.fromkeys(hits or own or logged or clean or notes))


def _account(segment):
    """The verdict by the test's own words and its exit status."""
    output = segment.output()
    texts = [line.text for line in output]
    status = segment.ended.partition(" ")[2]
    if not ktap.present(texts):
        if status == "0":
            return PASSED, "exit status 0", None
        return FAILED, f"exit status {status}: {texts[-1] if texts else ''}", None
    report = ktap.parse(texts)
    if report.problems:
        return CUT_OFF, f"incomplete account: {report.problems[0]}", None
    if report.count("failed") or status not in ("0", "2", "4"):
        when = next((line.time for line in output if line.text.startswith("not ok")), None)
        return FAILED, _said(report, "failed") or f"exit status {status}", when
    if not report.count("passed"):
        reasons = [result.reason for result in report.results if result.status == "skipped"]
        return SKIPPED, report.skipped or "; ".join(reasons) or "ran no test", None
    return PASSED, _said(report, "passed"), None


def _seconds(segment, status, when):
    """Until the race showed: by the test's own clock where it saw the race itself."""
    if status in (FAILED, STUCK):
        for line in segment.output():
            hit = _HIT.match(line.text.removeprefix("# "))
            if hit:
                return int(hit[1]) / 1000
    return when - segment.start if when else None


def of_segment(segment, last_line=""):
    """The verdict on a case that was started."""
    splats = console.splats(segment.kernel())
    panics = [splat for splat in splats if splat.kind == "panic"]
    when = splats[0].time if splats else None
    if panics:
        status = PANIC
        evidence = " -> ".join(dict.fromkeys([str(splats[0]), str(panics[0])]))
    elif segment.ended == "stuck":
        status, evidence, when = STUCK, _stuck(segment), segment.end
    elif splats:
        status, evidence = SPLAT, str(splats[0])
    elif segment.ended == "timeout":
        status, evidence = TIMEOUT, "did not end in its time"
    elif segment.ended is None:
        status, evidence = CUT_OFF, f"the log ends in the test: {last_line}"
    else:
        status, evidence, when = _account(segment)
    return Verdict(status, evidence, _seconds(segment, status, when or segment.end))


def of_boot(boot):
    """What went wrong outside the cases, or None."""
    if not boot.lines:
        return Verdict(NO_OUTPUT, "the kernel printed nothing")
    splats = console.splats(boot.before)
    if splats:
        return Verdict(SPOILT, f"before any test: {splats[0]}")
    if not boot.ready:
        return Verdict(NO_BOOT, f"hangs after: {boot.lines[-1].text}")
    if boot.closed is None and (not boot.segments or boot.segments[-1].ended is not None):
        return Verdict(CUT_OFF, f"no closing line; the log ends with: {boot.lines[-1].text}")
    return None
