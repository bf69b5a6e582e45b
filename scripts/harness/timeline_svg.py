"""Draws timelines side by side: a lane per task, time downwards, calls around callbacks."""

import errno
from html import escape

from .timeline import STATES

LANE = 190       # widths and heights in SVG's pixels
GUTTER = 58
GAP = 26         # between two timelines
TOP = 118        # of the first row
LINE = 17        # of text
STEP = 8         # between any two moments
HEAD = 26        # from a call's upper edge to what it contains, and back at its lower edge
SCALE = 0.9      # pixels per millisecond that passes, ...
LONGEST = 60     # ... but not more than this at once

TRIGGERS = {"0": "STOP", "1": "START", "3": "PAUSE_PUSH", "4": "PAUSE_RELEASE", "5": "SUSPEND",
            "6": "RESUME", "7": "DRAIN"}
UNTOLD = ("ioctl",)  # questions of the core before the callback that matters

STYLE = """\
text { font: 13px sans-serif; fill: #1b1f24; }
.page { fill: #ffffff; } .lane { fill: #f3f5f8; }
.call { fill: #dfe8f5; stroke: #57739c; } .back { fill: #ffffff; stroke: #57739c; }
.bad { fill: #ffefed; stroke: #c4281c; stroke-width: 2; }
.big { font-size: 19px; font-weight: bold; } .head { font-size: 15px; font-weight: bold; }
.name { font-weight: bold; } .small, .time { fill: #56606b; font-size: 12px; }
.wrong { fill: #b3170c; font-size: 12px; font-weight: bold; } .tick { stroke: #b9c1cb; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .page { fill: #0d1117; } .lane { fill: #171d26; }
.call { fill: #22334d; stroke: #7f9cc9; } .back { fill: #0d1117; stroke: #7f9cc9; }
.bad { fill: #3a1512; stroke: #ff7b6e; } .small, .time { fill: #a5b0bd; }
.wrong { fill: #ff9186; } .tick { stroke: #414b57; }
}"""


def _text(x, y, text, css="", anchor="start"):
    return (f'<text x="{x}" y="{y:.0f}" class="{css}" text-anchor="{anchor}">'
            f"{escape(str(text))}</text>")


def _box(x, top, width, bottom, css):
    return (f'<rect x="{x}" y="{top:.0f}" width="{width}" height="{bottom - top:.0f}" rx="5" '
            f'class="{css}"/>')


def _parameters(entry):
    if entry["rate"] == "-":
        return ["no parameters"]
    return [f"{entry['rate']} Hz, {entry['channels']} channel{'s'[:entry['channels'] != '1']}",
            f"{entry['periods']} × {entry['period_size']} frames"]


def _locks(entry):
    """What the callback may rely on; lockdep's marks that are no locks are left out."""
    names = [name.rpartition("->")[2].lstrip("&") for name in entry["locks"].split(",")
             if name not in ("none", "-", "rcu_read_lock") and not name.startswith("(")]
    if entry["stream_lock"] == "held":  # a single stream's is that of its group of one
        names = ["stream lock" if name == "lock" else name for name in names]
    return f"holds {', '.join(names)}" if names else "holds no lock"


def _complaint(callback, kind, others):
    if kind == "overlap":
        return f"overlaps {', '.join(dict.fromkeys(others)) or 'another'}"
    if kind == "running":
        return "its buffer changed" if callback.lane == "engine" else "engine is running"
    return {"mixed": "setup in change", "context": "wrong context", "unlocked": "no stream lock",
            "locked": "stream lock held", "closed": "stream is closed",
            "disconnected": "device is gone"}.get(kind, kind)


def _title(callback):
    if callback.name == "trigger":
        command = callback.enter["value"]
        return f"trigger {TRIGGERS.get(command, command)}"
    return callback.name


def _lines(callback):
    """What a callback's box says at its upper edge, and at its lower one."""
    enter, leave = callback.enter, callback.exit
    above = [*_parameters(enter), f"state {STATES[int(enter['state'])]}",
             "may sleep" if enter["context"] == "sleep" else "atomic", _locks(enter)]
    below = []
    if leave["value"].startswith("-"):
        below.append(f"returns {_error(-int(leave['value']))}")
    if leave["rate"] != enter["rate"] or leave["channels"] != enter["channels"]:
        below += _parameters(leave)
    if leave["state"] != enter["state"]:
        below.append(f"at the end {STATES[int(leave['state'])]}")
    return above, below


def _error(number):
    return errno.errorcode.get(number, number) if number else "0"


class _Panel:
    """One timeline, with the height of every moment in it."""

    def __init__(self, timeline):
        self.timeline = timeline
        self.callbacks = [one for one in timeline.callbacks if one.name not in UNTOLD]
        self.lanes = timeline.lanes
        self.width = GUTTER + LANE * len(self.lanes)
        self.start = min(call.begin for call in timeline.calls)
        self.rows = self._rows()
        self.bottom = max(self.rows.values()) + 14

    def _moments(self):
        """(time, lane, space above it in that lane, moment below which it must stay and how far)"""
        for call in self.timeline.calls:
            yield call.begin, call.lane, STEP, None, 0
            yield call.end, call.lane, HEAD, call.begin, 2 * HEAD
        for one in self.callbacks:
            above, below = _lines(one)
            yield one.begin, one.lane, HEAD, None, 0
            need = LINE * (len(above) + 1) + 6
            for index, (time, _, _) in enumerate(one.violations):
                yield time, one.lane, 0, one.begin, need + LINE * (index + 1)
            yield (one.end, one.lane, LINE, one.begin,
                   need + 6 + LINE * (len(one.violations) + len(below)))

    def _rows(self):
        rows, last, previous, y = {}, {}, None, TOP
        for time, lane, space, anchor, distance in sorted(self._moments(), key=lambda m: m[0]):
            if previous is not None:
                y += max(min((time - previous) / 1000 * SCALE, LONGEST), STEP)
            y = max(y, last.get(lane, 0) + space, rows[anchor] + distance if anchor else 0)
            rows[time], last[lane], previous = y, y, time
        return rows

    def _x(self, lane):
        return GUTTER + LANE * self.lanes.index(lane)

    def draw(self, label, bottom):
        """The elements, with the panel's left edge at 0 and its lanes down to bottom."""
        yield _text(GUTTER, 60, f"{label} (Linux {self.timeline.version})", "head")
        for lane in self.lanes:
            yield _box(self._x(lane) + 4, 72, LANE - 8, bottom, "lane")
            name = "the engine" if lane == "engine" else f"task {lane.partition(':')[0]}"
            yield _text(self._x(lane) + LANE / 2, 94, name, "name", "middle")
        yield from self._times()
        for call in self.timeline.calls:
            yield from self._draw_call(call)
        for callback in self.callbacks:
            yield from self._draw_callback(callback)

    def _times(self):
        shown = 0
        for time, y in sorted(self.rows.items()):
            if y - shown >= 15:
                yield _text(GUTTER - 10, y + 4, f"{(time - self.start) / 1000:.1f}", "time", "end")
                yield f'<path d="M{GUTTER - 7} {y:.0f}H{GUTTER + 3}" class="tick"/>'
                shown = y

    def _draw_call(self, call):
        x, top, bottom = self._x(call.lane) + 8, self.rows[call.begin], self.rows[call.end]
        yield _box(x, top, LANE - 16, bottom, "call")
        yield _text(x + 8, top + 18, call.name, "name")
        yield _text(x + 8, bottom - 8, f"returns {_error(call.error)}", "name")

    def _draw_callback(self, one):
        x, top, bottom = self._x(one.lane) + 15, self.rows[one.begin], self.rows[one.end]
        above, below = _lines(one)
        yield _box(x, top, LANE - 30, bottom, "bad" if one.violations else "back")
        yield _text(x + 7, top + 17, _title(one), "name")
        for index, line in enumerate(above):
            yield _text(x + 7, top + 17 + LINE * (index + 1), line)
        for time, kind, others in one.violations:
            yield _text(x + 7, self.rows[time] + 4, _complaint(one, kind, others), "wrong")
        for index, line in enumerate(reversed(below)):
            yield _text(x + 7, bottom - 7 - LINE * index, line)


def draw(labelled):
    """An SVG of (label, timeline) pairs, from left to right."""
    panels = [(label, _Panel(timeline)) for label, timeline in labelled]
    width = sum(panel.width for _, panel in panels) + GAP * (len(panels) - 1) + 20
    bottom = max(panel.bottom for _, panel in panels)
    height = bottom + 52
    names = " against ".join(dict.fromkeys(
        call.name for call in sorted(labelled[0][1].calls, key=lambda call: call.begin)))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" '
           f'width="{width}" height="{height:.0f}" role="img">',
           f"<title>{escape(names)}: {escape(' and '.join(label for label, _ in labelled))}"
           "</title>", f"<style>{STYLE}</style>",
           f'<rect width="{width}" height="{height:.0f}" class="page"/>',
           _text(12, 30, f"{names} on one stream", "big")]
    left = 0
    for label, panel in panels:
        out += [f'<g transform="translate({left} 0)">', *panel.draw(label, bottom), "</g>"]
        left += panel.width + GAP
    out += [_text(12, height - 28, "Time runs downwards, in milliseconds, not to scale. Blue: an "
                  "ioctl. Inside: callbacks of the driver (snd-pcmtest), what they saw when they "
                  "were entered and, at the lower edge, left.", "small"),
            _text(12, height - 11, "Red: what the driver's own checks complain about.", "small"),
            "</svg>", ""]
    return "\n".join(out)
