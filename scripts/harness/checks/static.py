"""Checks of our own scripts and tables; they need no kernel."""

import re
import sys

from .. import deps, proc, races
from ..failure import Failure
from ..paths import ROOT, SCRIPTS, SELFTESTS
from ..source import environment

LINE_LENGTH = 100

_SHELL = re.compile(r"#!.*\b(sh|bash)$")
_PYTHON = re.compile(r"#!.*\bpython3$")
_TEST = re.compile(r"^(?:TEST|TEST_SIGNAL)\((\w+)|^(?:TEST_F\w*)\((\w+),\s*(\w+)", re.MULTILINE)


def _scripts(shebang, suffix):
    found = []
    for top in (SCRIPTS, SELFTESTS, ROOT / ".ci"):
        for path in sorted(top.rglob("*")):
            if path.is_file() and path.suffix in ("", suffix) and path.suffix != ".config":
                with open(path, encoding="utf-8", errors="replace") as script:
                    first = script.readline().strip()
                if shebang.match(first) or (suffix and path.suffix == suffix):
                    found.append(path)
    return found


def _lint(command, files, context, name):
    deps.install(deps.LINT_PACKAGES)
    log = context.logs / f"{name}.log"
    proc.run([*command, *files], log=log, what=command[0], cwd=ROOT)
    return f"{len(files)} files"


def shell_lint(context):
    """shellcheck on every shell script"""
    return _lint(["shellcheck"], _scripts(_SHELL, ".sh"), context, "shell-lint")


def python_lint(context):
    """pyflakes and pycodestyle on every Python file"""
    files = _scripts(_PYTHON, ".py")
    _lint(["pycodestyle", f"--max-line-length={LINE_LENGTH}"], files, context, "pycodestyle")
    return _lint(["pyflakes3"], files, context, "pyflakes")


def unit_tests(context):
    """the scripts' parsers on saved logs"""
    deps.install(["b4", "git"])
    log = context.logs / "unit-tests.log"
    proc.run([sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."],
             log=log, what="unittest", cwd=SCRIPTS, env=environment())
    ran = re.search(r"^Ran (\d+) tests", log.read_text(encoding="utf-8"), re.MULTILINE)
    if not ran or ran[1] == "0":
        raise Failure(f"no unit test ran ({log})")
    return f"{ran[1]} tests"


def _cases_in(program):
    """Names of the test cases in a C file; variants do not count."""
    text = (SELFTESTS / f"{program}.c").read_text(encoding="utf-8")
    return {f"global.{plain}" if plain else f"{fixture}.{name}"
            for plain, fixture, name in _TEST.findall(text)}


def races_listed(_context):
    """races.tsv names every test case, and none that does not exist"""
    listed = {}
    for row in races.read():
        words = row.case.split(".")
        program = row.program.removesuffix("-32")  # the same built for 32 bits
        listed.setdefault(program, set()).add(f"{words[0]}.{words[-1]}")
    programs = [path.stem for path in SELFTESTS.glob("*.c") if _cases_in(path.stem)]
    for program in sorted({*programs, *listed}):
        exist = _cases_in(program) if program in programs else set()
        for case in sorted(exist ^ listed.get(program, set())):
            missing = "not in races.tsv" if case in exist else "not in selftests/"
            raise Failure(f"{program}:{case} is {missing}")
    return f"{sum(map(len, listed.values()))} cases"


def model(context):
    """spin finds the known deadlocks in today's protocol and none in that of the series"""
    deps.install(deps.MODEL_PACKAGES)
    log = context.logs / "model.log"
    proc.run([sys.executable, SCRIPTS / "model/check"], log=log, what="model/check")
    return log.read_text(encoding="utf-8").splitlines()[-1]
