"""The checks of scripts/analyse: what takes too long for every run of scripts/test."""

import re

from .. import coccinelle, deps, files
from ..objects import Objects
from ..progress import say
from .analysis import (COCCINELLE_PACKAGES, both, c_objects, compare, documentation,
                       gcc_and_sparse, plain_copies, touched, warnings)
from .patches import build_each_patch
from .prefixes import every_patch_works

I386 = ("ARCH=i386", "CC=gcc")
CROSS_PACKAGES = ("gcc-powerpc64-linux-gnu", "libc6-dev")


def _options(rule):
    """The options that a semantic patch of the kernel asks for."""
    asked = re.search(r"^// ?Options?: *(.+)$", rule, re.MULTILINE)
    return asked[1].split() if asked else []


def coccicheck(context):
    """the kernel's own semantic patches find nothing new in the files of the series"""
    deps.install(COCCINELLE_PACKAGES)
    git = context.subject.source.git
    base, tip = both(context).values()
    sources = {which: plain_copies(context, which, commit, touched(context, commit, ".c", ".h"))
               for which, commit in both(context).items()}
    found, rules = {which: set() for which in sources}, 0
    for name in git("ls-tree", "-r", "--name-only", base, "--", "scripts/coccinelle").split():
        text = git("show", f"{base}:{name}") if name.endswith(".cocci") else ""
        if not re.search(r"^virtual .*report", text, re.MULTILINE):
            continue
        if ":ocaml" in text:  # would need a compiler of that language
            say(f"   skipped: {name}")
            continue
        rules += 1
        say(f"   {name}")
        rule = context.logs / "coccicheck" / name.replace("/", "-")
        files.write(rule, text)
        for which, paths in sources.items():
            found[which] |= {f"{file}: {rule.name}: " + re.sub(r"line \d+", "line", message)
                             for file, _, message
                             in coccinelle.findings(rule, paths, _options(text))}
    return f"{rules} rules of {tip[:12]}: {compare(found)}"


def _cross(context, name, *tools):
    """Warnings of both kernels for another architecture."""
    source = context.subject.source
    builder = Objects(source, name, *tools)
    found, count = {}, 0
    for which, commit in both(context).items():
        source.checkout(commit)
        builder.configure()
        objects = c_objects(touched(context, commit, ".c"))
        log = context.logs / f"{name}-{which}.log"
        builder.make("W=1", *objects, log=log)
        found[which], count = warnings(log), len(objects)
    return f"{count} files: {compare(found)}"


def builds_32_bit(context):
    """gcc for i386 has nothing new to say about the series"""
    return _cross(context, "i386", *I386)


def builds_big_endian(context):
    """gcc for big-endian PowerPC has nothing new to say about the series"""
    deps.install(CROSS_PACKAGES)
    return _cross(context, "powerpc", "ARCH=powerpc", "CROSS_COMPILE=powerpc64-linux-gnu-")


def each_object_builds(context):
    """gcc for i386 builds what each patch changes, of any driver, with no new warning"""
    source = context.subject.source

    def changed(commit):
        if commit == source.base():
            return c_objects(touched(context, commit, ".c"))
        return c_objects(source.git("diff", "--name-only", f"{commit}^", commit, "--",
                                    "sound/*.c", "drivers/*.c").split())

    builder = Objects(source, "i386", *I386)
    return build_each_patch(context, builder, "objects", changed)


def allmodconfig(context):
    """all of sound/, and who else has PCM streams, builds in allmodconfig with the series"""
    source, tip = context.subject.source, context.commits[-1]
    source.checkout(tip)
    elsewhere = source.git("grep", "--name-only", "--extended-regexp",
                           "snd_pcm_(substream|runtime)", tip, "--", "drivers/*.c")
    objects = c_objects(line.partition(":")[2] for line in elsewhere.splitlines())
    builder = Objects(source, "allmodconfig", "LLVM=1")
    builder.make("allmodconfig")
    builder.make("sound/", *objects, log=context.logs / "allmodconfig.log")
    built = len(list((builder.objects / "sound").rglob("*.o")))
    return f"{built} objects of sound/, {len(objects)} elsewhere"


CHECKS = (gcc_and_sparse, documentation, each_object_builds, every_patch_works, coccicheck,
          builds_32_bit, builds_big_endian, allmodconfig)
