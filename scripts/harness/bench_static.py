"""What the PCM core occupies, unpatched and patched: code, data, structures, stack.

Only sound/core is built for it, with debugging information and the stack use of each function.
"""

import re

from . import deps, proc, report
from .bench_pair import AFTER, BEFORE, CONFIG
from .failure import Failure
from .kbuild import Builder
from .progress import step

PACKAGES = ("dwarves",)
OBJECTS = "sound/core"
FLAGS = "-g -fstack-usage"
STRUCTS = ("snd_pcm_substream", "snd_pcm_runtime")
CACHE_LINE = 64
DEEPEST = 12  # functions in the table of stack use

_MEMBER = re.compile(r"\s(\w+)(?:\[[^\]]*\])*;\s*/\*\s*(\d+)\s+(\d+)\s*\*/$")
_SIZE = re.compile(r"/\* size: (\d+)[,.]")


def parse_size(text):
    """Sums of text and data (with bss) in the output of size."""
    rows = [line.split() for line in text.splitlines()[1:] if line.strip()]
    if not rows:
        raise Failure("size printed no sizes")
    return {"text": sum(int(row[0]) for row in rows),
            "data": sum(int(row[1]) + int(row[2]) for row in rows)}


def parse_struct(text):
    """Size of a structure, and the offset of each of its members, from pahole."""
    size = _SIZE.search(text)
    if not size:
        raise Failure(f"pahole: {text.strip() or 'no such structure'}")
    lines = [line for line in text.splitlines() if line.startswith("\t") and line[1:2] != "\t"]
    members = {}
    for line in lines:
        member = _MEMBER.search(line)
        if member:
            members[member[1]] = int(member[2])
    return {"size": int(size[1]), "members": members}


def parse_stack(text):
    """Bytes of stack by function, from -fstack-usage."""
    used = {}
    for line in text.splitlines():
        place, size, _ = line.split("\t")
        used[place.rpartition(":")[2]] = int(size)
    return used


def _parts(source):
    """The objects that snd-pcm is made of."""
    makefile = (source.tree / OBJECTS / "Makefile").read_text(encoding="utf-8")
    names = re.findall(r"^snd-pcm-(?:y|\$\(\w+\)) [:+]= (.+)$", makefile.replace("\\\n", ""),
                       re.MULTILINE)
    return [name for line in names for name in line.split() if name.endswith(".o")]


def _measure(builder, commit):
    builder.source.checkout(commit)
    builder.configure()
    builder.make(f"KCFLAGS={FLAGS}", f"{OBJECTS}/")
    directory = builder.objects / OBJECTS
    objects = [directory / name for name in _parts(builder.source)
               if (directory / name).exists()]
    structs = {name: parse_struct(proc.capture(["pahole", "-C", name, directory / "pcm_native.o"]))
               for name in STRUCTS}
    stack = {}
    for path in objects:
        stack.update(parse_stack(path.with_suffix(".su").read_text(encoding="utf-8")))
    return {"size": parse_size(proc.capture([builder.llvm / "llvm-size", *objects])),
            "structs": structs, "stack": stack}


def measure(pair):
    """Build the PCM core of both kernels and take its measures."""
    deps.install(PACKAGES)
    builder = Builder(pair.subject.source, CONFIG, "static")
    found = {}
    for which in (BEFORE, AFTER):
        with step(f"building {OBJECTS} {which}, with debugging information"):
            found[which] = _measure(builder, pair.commits[which])
    return found


def moved(before, after):
    """Members that are in another cache line than before."""
    return {name: (offset // CACHE_LINE, after[name] // CACHE_LINE)
            for name, offset in before.items()
            if name in after and offset // CACHE_LINE != after[name] // CACHE_LINE}


def tables(found):
    """Lines for people."""
    before, after = found[BEFORE], found[AFTER]
    rows = [(f"snd-pcm, {what}", before["size"][what], after["size"][what],
             after["size"][what] - before["size"][what]) for what in ("text", "data")]
    rows += [(f"struct {name}", before["structs"][name]["size"], after["structs"][name]["size"],
              after["structs"][name]["size"] - before["structs"][name]["size"])
             for name in STRUCTS]
    lines = report.table(("bytes", BEFORE, AFTER, "change"), rows, (0, 0, 0, 0)) + [""]
    for name in STRUCTS:
        lines.append(f"struct {name}, members in another cache line: " + (", ".join(
            f"{member} {old}->{new}" for member, (old, new) in moved(
                before["structs"][name]["members"],
                after["structs"][name]["members"]).items()) or "none"))
    both = before["stack"].keys() & after["stack"].keys()
    deepest = sorted(both, key=lambda name: -max(before["stack"][name], after["stack"][name]))
    changed = [name for name in deepest if before["stack"][name] != after["stack"][name]]
    rows = [(name, before["stack"][name], after["stack"][name])
            for name in deepest if name in deepest[:DEEPEST] or name in changed]
    lines += ["", f"stack, the {DEEPEST} deepest functions and those that changed:", ""]
    lines += report.table(("function", BEFORE, AFTER), rows, (0, 0, 0))
    new = {name: size for name, size in after["stack"].items() if name not in both}
    lines += ["", "new functions: " + ", ".join(
        f"{name} {size}" for name, size in sorted(new.items(), key=lambda item: -item[1]))]
    return lines
