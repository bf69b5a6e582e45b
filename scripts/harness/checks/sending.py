"""The check that the series can be sent."""

import re
import tempfile
from pathlib import Path

from .. import deps, proc
from ..paths import BUILD, SCRIPTS
from ..source import environment

NEEDED = ("Documentation", "include", "scripts", "sound", "tools/testing")
# get_maintainer.pl wants to see them, too.
EMPTY = ("arch", "drivers", "fs", "init", "ipc", "kernel", "lib")


def _clone(source, tree):
    """As much of the unpatched kernel as the mails take."""
    env = environment()
    proc.capture(["git", "clone", "--quiet", "--shared", "--no-checkout", source.tree, tree],
                 env=env)
    proc.capture(["git", "sparse-checkout", "set", *NEEDED], cwd=tree, env=env)
    proc.capture(["git", "checkout", "--quiet", "--detach", source.base()], cwd=tree, env=env)
    for name in EMPTY:
        (tree / name).mkdir()
    for key, value in (("user.name", "A Sender"), ("user.email", "sender@example.org")):
        proc.capture(["git", "config", key, value], cwd=tree, env=env)


def series_becomes_mails(context):
    """b4 makes mails of the series, offline, that say what patches/ says"""
    deps.install(["b4", "git", "perl"])
    log, source = context.logs / "send-series.log", context.subject.source
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="mails-") as scratch:
        tree = Path(scratch) / "tree"
        _clone(source, tree)
        proc.run([SCRIPTS / "send-series", "--skip-checkpatch", tree, source.base(),
                  Path(scratch) / "mails"], log=log, what="send-series", env=environment())
    return re.search(r"^\d+ mails", log.read_text(encoding="utf-8"), re.MULTILINE)[0]
