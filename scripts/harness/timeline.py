"""Reads what snd-pcmtest recorded of its callbacks, and the calls that caused them, from a log."""

import re
from dataclasses import dataclass, field

from . import console
from .failure import Failure

COLUMNS = ("seq time_us cpu pid comm stream callback event value access format channels rate "
           "period_size periods buffer_size state context stream_lock locks").split()
ENGINE = ("tick", "elapsed")  # the device's doing, whatever task it interrupts
STATES = ("OPEN", "SETUP", "PREPARED", "RUNNING", "XRUN", "DRAINING", "PAUSED", "SUSPENDED",
          "DISCONNECTED")

_CALL = re.compile(r"^call (\d+) (\d+) (\d+) (\S+) (\S+) (\d+)$")
_VERSION = re.compile(r"^Linux version (\d+\.\d+(?:\.\d+)?)")


@dataclass
class Call:
    """What one task asked for; times in microseconds."""
    lane: str
    name: str
    begin: int
    end: int
    error: int


@dataclass
class Callback:
    """One call of the driver: what it saw when it was entered and when it was left."""
    lane: str
    begin: int
    enter: dict
    end: int = None
    exit: dict = None
    violations: list = field(default_factory=list)  # (time, kind, other callbacks under way)

    @property
    def name(self):
        """The name in struct snd_pcm_ops, or of the engine's own doing."""
        return self.enter["callback"]


@dataclass
class Timeline:
    """One run."""
    version: str
    calls: list
    callbacks: list

    @property
    def lanes(self):
        """Who did something, in the order of appearance, the engine last."""
        found = dict.fromkeys(item.lane for item in sorted(self.calls + self.callbacks,
                                                           key=lambda item: item.begin))
        return sorted(found, key=lambda lane: lane == "engine")


def _lane(entry):
    return "engine" if entry["callback"] in ENGINE else f"{entry['comm']}:{entry['pid']}"


def _callbacks(entries):
    """Pair enter and exit of each task's callbacks, which nest."""
    done, open_ = [], []
    for entry in entries:
        time, lane = int(entry["time_us"]), _lane(entry)
        if entry["event"] == "enter":
            open_.append(Callback(lane, time, entry))
            continue
        own = [one for one in open_ if one.lane == lane and one.name == entry["callback"]]
        if not own:
            raise Failure(f"the timeline begins in the middle of {entry['callback']}")
        if entry["event"] == "violation":
            others = [one.name for one in open_ if one is not own[-1]]
            own[-1].violations.append((time, entry["value"], others))
        else:
            own[-1].end, own[-1].exit = time, entry
            open_.remove(own[-1])
            done.append(own[-1])
    if open_:
        raise Failure(f"the timeline ends in the middle of {open_[0].name}")
    return sorted(done, key=lambda one: one.begin)


def read(path):
    """The timeline that a console log holds."""
    try:
        boot = console.read(path)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    texts = [line.text for segment in boot.segments for line in segment.output()]
    header = "# " + " ".join(COLUMNS)
    if header not in texts:
        raise Failure(f"{path}: no timeline of snd-pcmtest in it")
    calls = [Call(f"{match[4]}:{match[3]}", match[5], int(match[1]), int(match[2]), int(match[6]))
             for match in map(_CALL.match, texts) if match]
    rows = [text.split() for text in texts[texts.index(header) + 1:]]
    entries = [dict(zip(COLUMNS, row)) for row in rows if len(row) == len(COLUMNS)]
    versions = [match[1] for match in (_VERSION.match(line.text) for line in boot.lines) if match]
    if not calls or not entries:
        raise Failure(f"{path}: its timeline is empty")
    return Timeline(versions[0] if versions else "?", calls, _callbacks(entries))
