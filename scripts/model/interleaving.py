"""A narrated trail as one column per task, in the order in which things happen."""

import re
from collections import namedtuple

GLOBAL = ("link_rwsem", "mmap_lock")
LINE = re.compile(r"@(\d+) (\w[\w ]*?) (\w+(?: callback)?) (\d+)$")

Event = namedtuple("Event", "task verb thing")


def _thing(name, number):
    if name in GLOBAL or number == 255:
        return name
    if name == "group_lock":
        return f"{name}[{number}]"
    return f"{name}[{'ABC'[number]}]"


def events(lines):
    found = []
    for line in lines:
        match = LINE.match(line.strip())
        if match:
            task, verb, name, number = match.groups()
            found.append(Event(int(task), verb, _thing(name, int(number))))
    return found


def _next_of(task, story):
    return next((event for event in story if event.task == task), None)


def _granted(wish, event):
    return bool(event) and event.verb.startswith("takes") and event.thing == wish.thing


def _brief(story, deadlock):
    """Without the wishes that were granted; what was never granted comes last."""
    told, refused = [], []
    for index, event in enumerate(story):
        rest = story[index + 1:]
        if event.verb not in ("wants", "queues for"):
            told.append(event)
            continue
        if event.verb == "queues for" and not _granted(event, rest[0] if rest else None):
            told.append(event)  # from here on new readers wait
        if deadlock and not _granted(event, _next_of(event.task, rest)):
            refused.append(event._replace(verb="waits for ever for"))
    return told + refused


def _sections(story):
    """An empty critical section in one line."""
    told = []
    for event in story:
        last = told[-1] if told else None
        if last and last.verb.startswith("takes") and event == last._replace(verb="drops"):
            told[-1] = last._replace(verb="takes and drops")
        else:
            told.append(event)
    return told


def columns(lines, titles, deadlock):
    cells = [(event.task - 1, f"{event.verb} {event.thing}")
             for event in _sections(_brief(events(lines), deadlock))]
    width = 2 + max(map(len, titles + [text for _, text in cells]))
    rows = ["".join(title.ljust(width) for title in titles).rstrip()]
    return rows + [" " * width * column + text for column, text in cells]
