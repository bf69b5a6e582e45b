"""Spin and its verifier: one scenario in, one verdict out."""

import re
import shutil
import time
from collections import namedtuple
from pathlib import Path

from harness import proc
from harness.failure import Failure

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
MEGABYTES = 2048
# No trail is cut off silently: verdict() refuses a search that was not exhaustive.
DEPTH = 1000000

Result = namedtuple("Result", "verdict states seconds")


def require_tools():
    for tool, package in (("spin", "spin"), ("cc", "gcc"), ("gcc", "gcc")):
        if not shutil.which(tool):
            raise Failure(f"{tool} is missing: apt-get install {package}")


def scenario_names():
    return sorted(path.stem for path in SCENARIOS.glob("*.pml"))


def _path(scenario):
    path = SCENARIOS / f"{scenario}.pml"
    if not path.exists():
        raise Failure(f"no such scenario: {scenario}")
    return path


def _switch(protocol):
    return [] if protocol == "series" else [f"-D{protocol.upper()}"]


def verdict(output):
    """What the verifier found: none, deadlock, or the name of a broken expectation."""
    if "pan:1: invalid end state" in output:
        return "deadlock"
    broken = re.search(r"^pan:1: assertion violated +!\((\w+)\)", output, re.MULTILINE)
    if broken:
        return broken[1]
    error = re.search(r"^(pan:1: .*|error: .*|.*max search depth too small.*|"
                      r"Warning: Search not completed|pan: .*memory.*)", output, re.MULTILINE)
    if error:
        raise Failure(f"search not exhaustive: {error[1].strip()}")
    if "errors: 0" not in output:
        raise Failure("the verifier did not say that it found no error")
    return "none"


def search(scenario, protocol, directory, *, shortest=False):
    """Search every interleaving; `shortest` also leaves the trail to narrate."""
    defines = _switch(protocol) + (["-DNARRATE"] if shortest else [])
    proc.capture(["spin", "-a", *defines, _path(scenario)], cwd=directory)
    proc.capture(["cc", "-w", "-DSAFETY", f"-DMEMLIM={MEGABYTES}",
                  *(["-DBFS"] if shortest else []), "-o", "pan", "pan.c"], cwd=directory)
    start = time.monotonic()
    output = proc.capture(["./pan", "-w22", f"-m{DEPTH}"], cwd=directory, check=False)
    seconds = time.monotonic() - start
    states = re.search(r"^\s*(\d+) states, stored", output, re.MULTILINE)
    if not states:
        raise Failure(f"{scenario}: no statistics from the verifier")
    return Result(verdict(output), int(states[1]), seconds)


def replay(scenario, protocol, directory):
    """The lines that the model's narration prints along the trail of search()."""
    trail = f"{directory}/{scenario}.pml.trail"
    return proc.capture(["spin", "-t", "-T", "-k", trail, "-DNARRATE", *_switch(protocol),
                         _path(scenario)], cwd=directory).splitlines()


def actors(scenario):
    """Titles of the tasks in the order of their process numbers, from 1."""
    line = re.search(r"^#define ACTORS (.*)$", _path(scenario).read_text(), re.MULTILINE)
    if not line:
        raise Failure(f"{scenario}: no ACTORS")
    return [f"{name}({'ABC'[int(stream)]})"
            for name, stream in re.findall(r"run (\w+)\((\d)", line[1])]
