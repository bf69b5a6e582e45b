"""Checks by compilers and analysers other than the one that builds the kernel.

Each of them looks at the unpatched tree as well and says what it found there.
"""

import re

from .. import coccinelle, deps, files, newer, proc
from ..failure import Failure
from ..objects import ANALYSIS, Objects
from .patches import warnings

COCCINELLE_PACKAGES = ("coccinelle",)
SPHINX_PACKAGES = ("python3-sphinx",)
OLDEST_CONTEXT_ANALYSIS = 23  # the clang that has all of it
CONTEXT_OBJECTS = [f"sound/core/{name}.o" for name in
                   ("pcm", "pcm_lib", "pcm_memory", "pcm_misc", "pcm_native", "pcm_timer")]
INCLUDED = ("sound/core/pcm_compat.c",)  # compiled as part of another file

CONTEXT_WARNING = re.compile(r"(?:warning|error): (.*\[-W(?:error,-W)?thread-safety\S*\])$",
                             re.MULTILINE)


def touched(context, commit, *suffixes):
    """Kernel files that the series touches and that this commit has."""
    git = context.subject.source.git
    names = git("diff", "--name-only", context.subject.source.base(), context.commits[-1], "--",
                ":!tools").split()
    there = set(git("ls-tree", "-r", "--name-only", commit, "--", *names).split())
    return [name for name in names if name in there and name.endswith(suffixes)]


def both(context):
    """What is compared: the kernel as it came and the one with the series."""
    return {"unpatched": context.subject.source.base(), "patched": context.commits[-1]}


def compare(found):
    """Fail if the series adds findings; say how many there are on both sides."""
    new = sorted(found["patched"] - found["unpatched"])
    if new:
        raise Failure(f"{len(new)} new: {new[0]}")
    return ", ".join(f"{len(found[which])} on {which}" for which in found)


def c_objects(names):
    """Objects of C files, as make calls them."""
    return [name.removesuffix(".c") + ".o" for name in names if name not in INCLUDED]


def _text(path):
    return path.read_text(encoding="utf-8", errors="replace")


def gcc_and_sparse(context):
    """gcc W=1 and sparse have nothing new to say about the files of the series"""
    source = context.subject.source
    builder = Objects(source, "gcc", "CC=gcc", f"CHECK={newer.sparse()}")
    found, count = {}, 0
    for which, commit in both(context).items():
        source.checkout(commit)
        builder.configure()
        objects = c_objects(touched(context, commit, ".c"))
        log = context.logs / f"gcc-{which}.log"
        builder.make("W=1", "C=2", *objects, log=log)
        checked = set(re.findall(r"^  CHECK +(\S+)", _text(log), re.MULTILINE))
        if len(checked) < len(objects):
            raise Failure(f"sparse has seen {len(checked)} of {len(objects)} files ({log})")
        found[which], count = warnings(log), len(objects)
    return f"{count} files: {compare(found)}"


def context_analysis(context):
    """clang proves which function holds which lock, and notices what is broken on purpose"""
    source = context.subject.source
    builder = Objects(source, "context", "LLVM=1", "HOSTCC=clang",
                      f"CC={newer.clang(OLDEST_CONTEXT_ANALYSIS)}")

    def analyse(name, objects, *arguments):
        """Lines of the analysis for one state of the tree, and whether it built."""
        log = context.logs / f"context-{name}.log"
        for path in objects:
            files.remove(builder.objects / path)
        try:
            builder.make(*arguments, *objects, log=log)
        except Failure:
            return CONTEXT_WARNING.findall(_text(log)), False
        return CONTEXT_WARNING.findall(_text(log)), True

    source.checkout(source.base())
    builder.configure()
    if not builder.has("WARN_CONTEXT_ANALYSIS"):
        raise Failure(f"{source.label} has no context analysis for this compiler")
    before, _ = analyse("unpatched", CONTEXT_OBJECTS, "-k", "CONTEXT_ANALYSIS=y")
    source.checkout(context.commits[-1])
    after, built = analyse("patched", CONTEXT_OBJECTS, "W=e")
    if after or not built:
        raise Failure(f"with the series: {after[0] if after else 'does not build'}")
    patches = sorted((ANALYSIS / "broken").glob("*.patch"))
    for patch in patches:
        source.git("apply", patch)
        try:
            changed = source.git("diff", "--name-only").split()
            seen, built = analyse(patch.stem, c_objects(changed), "W=e")
        finally:
            source.git("checkout", "--quiet", "--force", "HEAD")
        if not seen or built:
            raise Failure(f"{patch.name} builds: the analysis does not notice it")
    return (f"{len(before)} warnings on unpatched with the analysis switched on, none with the "
            f"series; {len(patches)} broken handlers do not build")


def plain_copies(context, which, commit, names):
    """Copies that spatch can parse, in a directory of their own."""
    directory = context.logs / f"plain-{which}"
    for name in names:
        text = context.subject.source.git("show", f"{commit}:{name}")
        files.write(directory / name.replace("/", "-"), coccinelle.plain(text))
    return sorted(directory.iterdir())


def _stoppers(context, commit):
    """Drivers that stop a stream."""
    listed = context.subject.source.git("grep", "-lw", "snd_pcm_stop", commit, "--",
                                        "sound/*.c", "drivers/*.c")
    return [line.partition(":")[2] for line in listed.splitlines()]


def semantic_patches(context):
    """our semantic patches flag what they must, nothing that they must not, nothing of ours"""
    deps.install(COCCINELLE_PACKAGES)
    rules = sorted(coccinelle.RULES.glob("*.cocci"))
    copies = {}
    for which, commit in both(context).items():
        names = {*touched(context, commit, ".c", ".h"), *_stoppers(context, commit)}
        copies[which] = plain_copies(context, which, commit, names)
    counts = {which: 0 for which in copies}
    for rule in rules:
        if not coccinelle.findings(rule, [rule.with_suffix(".flagged.c")]):
            raise Failure(f"{rule.name} does not flag {rule.stem}.flagged.c")
        if coccinelle.findings(rule, [rule.with_suffix(".accepted.c")]):
            raise Failure(f"{rule.name} flags {rule.stem}.accepted.c")
        for which, sources in copies.items():
            found = coccinelle.findings(rule, sources)
            counts[which] += len(found)
            if found and which == "patched":
                raise Failure(f"{rule.stem}: {found[0][0]}:{found[0][1]}: {found[0][2]}")
    return (f"{len(rules)} rules: " +
            ", ".join(f"{counts[which]} findings on {which}" for which in counts))


def _kernel_doc(source, names, log):
    proc.run(["sh", "-c", 'scripts/kernel-doc -Wall -none "$@" || :', "kernel-doc", *names],
             cwd=source.tree, log=log, what="kernel-doc")
    return {re.sub(r":\d+", "", line) for line in _text(log).splitlines()}


def kernel_doc(context):
    """the kernel-doc comments of the touched files have no new defect"""
    source = context.subject.source
    wrong = context.logs / "wrong.c"
    files.write(wrong, "/**\n * half - Half of it\n */\nint half(int all)\n{\n"
                       "\treturn all / 2;\n}\n")
    if not _kernel_doc(source, [wrong], context.logs / "kernel-doc-wrong.log"):
        raise Failure("kernel-doc accepts a comment without its parameter")
    found, count = {}, 0
    for which, commit in both(context).items():
        source.checkout(commit)
        names = touched(context, commit, ".c", ".h")
        found[which] = _kernel_doc(source, names, context.logs / f"kernel-doc-{which}.log")
        count = len(names)
    return f"{count} files: {compare(found)}"


def _exports(text):
    return set(re.findall(r"^\+EXPORT_SYMBOL(?:_GPL)?\((\w+)\)", text, re.MULTILINE))


def exports_have_users(context):
    """each symbol that the series exports is used by another file"""
    git = context.subject.source.git
    base, tip = both(context).values()
    added = (_exports(git("diff", base, tip, "--", "*.c")) -
             _exports(git("diff", tip, base, "--", "*.c")))
    for symbol in sorted(added):
        using = git("grep", "-lw", symbol, tip, "--", "*.c", check=False).split()
        if len(using) < 2:
            raise Failure(f"nobody uses {symbol}")
    return f"{len(added)} new exports"


def _sphinx(context, which, commit):
    """Complaints of sphinx about Documentation/sound, read without the kernel's extensions."""
    directory = context.logs / f"documentation-{which}"
    names = context.subject.source.git("ls-tree", "-r", "--name-only", commit, "--",
                                       "Documentation/sound").split()
    for name in names:
        if name.endswith(".rst"):
            files.write(directory / name.removeprefix("Documentation/sound/"),
                        context.subject.source.git("show", f"{commit}:{name}"))
    files.write(directory / "conf.py", "project = 'sound'\n")
    log = context.logs / f"documentation-{which}.log"
    proc.run(["sphinx-build", "-q", "-b", "dummy", directory, directory / "out"],
             log=log, what="sphinx-build")
    return {re.sub(r":\d+", "", line.replace(str(directory), ""))
            for line in _text(log).splitlines() if re.search(r"WARNING|ERROR", line)}


def documentation(context):
    """sphinx has nothing new to say about the documentation of sound"""
    deps.install(SPHINX_PACKAGES)
    found = {which: _sphinx(context, which, commit) for which, commit in both(context).items()}
    names = touched(context, context.commits[-1], ".rst")
    return f"{len(names)} files touched: {compare(found)}"
