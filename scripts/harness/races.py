"""The table of races: which test case shows which of them (scripts/races.tsv)."""

from dataclasses import dataclass

from .failure import Failure
from .paths import RACES

FIXED = "fixed"  # shows on the unpatched kernel, passes with the series
OPEN = "open"    # shows on the unpatched kernel, may still show with the series
KEPT = "kept"    # passes with the series, whatever the unpatched kernel does

SLACK = 60  # seconds that a case may take in the guest beyond those in which it races

COLUMNS = ("race", "program", "case", "claim", "config", "title")


@dataclass(frozen=True)
class Race:
    """One row: a case, and what we claim about it."""
    race: str
    program: str
    case: str
    claim: str
    config: str  # the kernel configuration that it takes to see it, or any
    title: str

    @property
    def name(self):
        """What the case is called in logs."""
        return f"{self.program}:{self.case}"

    def command(self, seconds):
        """What runs it in the guest, for so many seconds."""
        return f"env PCM_RACE_SECONDS={seconds} /tests/{self.program} -r {self.case}"


def select(config, *claims):
    """The races with these claims that this kernel configuration can show."""
    return [race for race in read() if race.claim in claims and race.config in ("any", config)]


def read(path=RACES):
    """All races, in the order of the file."""
    races = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != len(COLUMNS) or fields[3] not in (FIXED, OPEN, KEPT):
            raise Failure(f"{path.name}:{number}: not a row of {', '.join(COLUMNS)}")
        races.append(Race(*fields))
    return races
