"""scripts/send-series: the mails of the series in a folder, made by b4. Nothing is ever sent."""

import argparse
import json
import os
import re
import shlex
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import cli, deps, files, proc
from .failure import Failure
from .paths import LOGS, PATCHES, ROOT
from .progress import say, step
from .series import CHECKPATCH_IGNORED

BRANCH = "params-lock"
COVER = PATCHES / "cover-letter.txt"
CONFIG = ROOT / ".b4-config"
MARKER = "--- b4-submit-tracking ---"  # what b4 finds its cover letter by

EPILOG = f"""\
TREE is left on the branch {BRANCH} with .b4-config in place, from where b4 can send the
series. If anything goes wrong it is left as it was. TREE must be clean; its user.name and
user.email say who sends. With --next, {BRANCH} must be as b4 left it after it had sent the last
version; it is renamed. Nothing is ever sent by this command."""


class Tree:
    """The sender's kernel tree, with the sender's git configuration."""

    def __init__(self, directory):
        self.directory = directory

    def run(self, *command, **options):
        """Run a command in the tree and return its output."""
        return proc.capture(command, cwd=self.directory, **options)

    def git(self, *arguments, **options):
        """Run git in the tree and return its output."""
        return self.run("git", *arguments, **options)

    def setting(self, key):
        """A value of the git configuration, or nothing."""
        return self.git("config", "--get", key, check=False).strip()

    def commit(self, name):
        """The commit of that name."""
        found = self.git("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", check=False)
        if not found:
            raise Failure(f"{name} is no commit in {self.directory}")
        return found.strip()

    def applying(self):
        """Whether a git am, or a rebase by mails, has begun and not ended."""
        state = self.git("rev-parse", "--git-path", "rebase-apply").strip()
        return (self.directory / state).exists()

    def apply(self, mails, *options):
        """git am, which takes no fuzz."""
        try:
            self.git("am", "--quiet", "--keep-non-patch", *options, *mails)
        except Failure as failure:
            self.git("am", "--abort", check=False)
            raise Failure(f"the series does not apply: {failure}") from None


@dataclass
class Sent:
    """The version that was sent last, as b4 remembers it."""
    tracking: dict  # of b4, which has counted up already
    tag: str

    @property
    def version(self):
        """Its number."""
        return self.tracking["revision"] - 1

    @property
    def kept(self):
        """The branch that keeps it."""
        return f"{BRANCH}-v{self.version}"


def _tracking(tree, branch):
    """What b4 keeps at the end of the cover letter."""
    cover = tree.git("log", "-1", "--format=%B", "--fixed-strings", f"--grep={MARKER}", branch)
    found = re.search(r"^\{.*", cover.partition(MARKER)[2], re.MULTILINE | re.DOTALL)
    if not found:
        raise Failure(f"no cover letter of b4 on {branch}")
    return json.loads(found[0])["series"]


def _sent(tree):
    tracking = _tracking(tree, tree.commit(BRANCH))
    sent = Sent(tracking, f"sent/{BRANCH}-v{tracking['revision'] - 1}")
    if not tree.git("tag", "--list", sent.tag).strip():
        raise Failure(f"b4 has not sent {BRANCH} yet: there is no tag {sent.tag}")
    return sent


def _parser():
    parser = argparse.ArgumentParser(prog="send-series", description=__doc__, epilog=EPILOG)
    parser.add_argument("tree", metavar="TREE", type=Path, help="a clean kernel tree under git")
    parser.add_argument("base", metavar="BASE", help="the commit that the series goes on top of")
    parser.add_argument("folder", metavar="FOLDER", type=Path,
                        help="where the mails go; must not exist")
    parser.add_argument("--next", action="store_true",
                        help="the next version of what b4 has sent from this tree")
    parser.add_argument("--skip-checkpatch", action="store_true")
    return parser


def _series():
    found = sorted(PATCHES.glob("*.patch"))
    if not found:
        raise Failure(f"no patches in {PATCHES}")
    return found


def _sender(tree):
    email = tree.setting("user.email")
    if not tree.setting("user.name") or not email:
        raise Failure("tell git who sends: git config user.name, git config user.email")
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
        raise Failure(f"user.email is no address: {email}")
    # As git signs off: without a dot at the end of a name, for one.
    return tree.git("var", "GIT_COMMITTER_IDENT").rpartition(">")[0] + ">"


def _cover(sent):
    text = COVER.read_text(encoding="utf-8").strip()
    open_ends = re.search(r"@[A-Z]+@|EDITME", text)
    if open_ends:
        raise Failure(f"{COVER.name} still has {open_ends[0]}")
    if sent and f"Changes in v{sent.version + 1}" not in text:
        raise Failure(f"{COVER.name} does not say what changes in v{sent.version + 1}")
    return text


def _check_arguments(tree, folder):
    if not (tree.directory / "sound/core/pcm_native.c").exists():
        raise Failure(f"{tree.directory} is not a checked-out kernel tree")
    if folder.exists():
        raise Failure(f"{folder} exists")


def _check_state(tree, sent):
    if tree.git("status", "--porcelain", "--untracked-files=no").strip():
        raise Failure(f"{tree.directory} has uncommitted changes")
    if tree.applying():  # we would abort it
        raise Failure(f"{tree.directory} is in the middle of a git am or a rebase")
    taken = sent.kept if sent else BRANCH
    if tree.git("branch", "--list", taken).strip():
        raise Failure(f"{tree.directory} has a branch {taken} already; rename or delete it")


def _put_back(tree, sent, before):
    """Put the tree back on its branch, and its branches in their place."""
    if tree.applying():
        tree.git("am", "--abort", check=False)
    tree.git("checkout", "--quiet", "--force", "--detach")
    if sent:  # -M fails where nothing was renamed yet, so what was sent is never deleted
        tree.git("branch", "-M", sent.kept, BRANCH, check=False)
    else:
        tree.git("branch", "--quiet", "-D", BRANCH, check=False)
    tree.git("checkout", "--quiet", before)


@contextmanager
def _restored_on_failure(tree, sent):
    """Leave the tree as it was if the block fails."""
    before = tree.git("symbolic-ref", "--quiet", "--short", "HEAD", check=False).strip()
    before = before or tree.commit("HEAD")
    config = tree.directory / CONFIG.name
    old = config.read_bytes() if config.exists() else None
    shutil.copy(CONFIG, config)
    try:
        if sent:
            tree.git("checkout", "--quiet", "--detach")
            tree.git("branch", "-m", BRANCH, sent.kept)
        yield
    except BaseException:
        with cli.undisturbed():
            _put_back(tree, sent, before)
            if old is None:
                config.unlink()
            else:
                config.write_bytes(old)
        raise


def _recipients(tree, series):
    """To: and Cc: lines from get_maintainer.pl, as .b4-config calls it."""
    headers = {}
    for header, key in (("To", "b4.send-auto-to-cmd"), ("Cc", "b4.send-auto-cc-cmd")):
        command = shlex.split(proc.capture(["git", "config", "--file", CONFIG, key]))
        for address in tree.run(*command, *series).splitlines():
            headers.setdefault(address, header)
    if not headers:
        raise Failure("get_maintainer.pl names nobody")
    return [f"{header}: {address}" for address, header in headers.items()]


def _by_sender(path, sender, folder):
    """The patch as the sender's own, signed off."""
    text = path.read_text(encoding="utf-8")
    text, count = re.subn(r"^From: .*$", lambda _: f"From: {sender}", text, count=1,
                          flags=re.MULTILINE)
    if not count:
        raise Failure(f"{path.name} has no From:")
    made = folder / path.name
    made.write_text(text, encoding="utf-8")
    return made


def _b4(tree, *arguments):
    """Run b4, which must neither ask nor look anything up; not even a mail server."""
    environment = {**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0":
                   "sendemail.smtpserver", "GIT_CONFIG_VALUE_0": "localhost"}
    proc.run(["b4", "--offline-mode", "-n", *arguments], cwd=tree.directory, env=environment,
             log=LOGS / "send-b4.log", what=f"b4 {arguments[0]}")


def _make_branch(tree, base, cover, own, sent):
    """The branch as b4 wants it: an empty commit with the cover letter, then the patches."""
    tree.git("checkout", "--quiet", "-b", BRANCH, base)
    _b4(tree, "prep", "-e", base)
    tracking = _tracking(tree, BRANCH)
    if sent:
        tracking = {**sent.tracking, "base-branch": tracking["base-branch"]}
    message = own[0].with_name("cover")
    message.write_text(f"{cover}\n\n{MARKER}\n{json.dumps({'series': tracking}, indent=2)}\n",
                       encoding="utf-8")
    tree.git("commit", "--quiet", "--amend", "--allow-empty", "--cleanup=verbatim", "-F", message)
    tree.apply(own, "--signoff")


def _since(tree, base, own, sent):
    """What has changed since the last version, for below the cover letter."""
    before = re.search(r"^base-commit: (\w+)", tree.git("cat-file", "-p", sent.tag), re.MULTILINE)
    if not before:
        raise Failure(f"{sent.tag} does not tell its base")
    now = _applied(tree, base, own, "--signoff")
    comparison = tree.git("range-diff", "--no-color", f"{before[1]}..{sent.tag}", f"{base}..{now}")
    return f"---\nRange-diff against v{sent.version}:\n{comparison.rstrip()}"


def _write_mails(tree, folder):
    """With -o, b4 send writes them and sends nothing."""
    _b4(tree, "send", "--no-sign", "-o", folder)
    mails = sorted(folder.glob("*.eml"))
    if len(mails) < 2:
        raise Failure(f"b4 wrote {len(mails)} mails")
    return mails


def _checkpatch(tree, mails):
    log = LOGS / "send-checkpatch.log"
    proc.run(["perl", "scripts/checkpatch.pl", "--strict", "--terse", "--no-summary",
              "--color=never", "--ignore", ",".join(CHECKPATCH_IGNORED), *mails],
             cwd=tree.directory, log=log, what="checkpatch")


def unexpected(comparison, sender):
    """The lines of a range-diff that say more than: another author, who signed off."""
    signed = re.escape(f"Signed-off-by: {sender}")
    allowed = re.compile(rf"^ {{4}}([ @].*|[-+]Author: .*|\+\s*|\+\s+{signed})?$")
    pair = re.compile(r"^ *\d+: +[0-9a-f]+ [=!] +\d+: +[0-9a-f]+ ")
    return [line for line in comparison.splitlines()
            if not allowed.match(line) and not pair.match(line)]


def _applied(tree, base, mails, *options):
    """The commit that these mails give on top of the clean base."""
    tree.git("checkout", "--quiet", "--detach", base)
    tree.apply(mails, *options)
    return tree.commit("HEAD")


def _prove(tree, base, series, mails, sender):
    """Apply the patches and the mails afresh, and compare what comes out."""
    ours = _applied(tree, base, series)
    theirs = _applied(tree, base, mails)
    tree.git("checkout", "--quiet", BRANCH)
    comparison = tree.git("range-diff", "--no-color", "--creation-factor=100",
                          f"{base}..{ours}", f"{base}..{theirs}")
    wrong = unexpected(comparison, sender)
    if wrong:
        raise Failure(f"the mails differ from patches/: {wrong[0].strip()}")
    authors = set(tree.git("log", "--format=%an <%ae>", f"{base}..{theirs}").splitlines())
    if authors != {sender}:
        raise Failure(f"the mails are by {min(authors - {sender})} instead of {sender}: "
                      "try a simpler user.name")
    if tree.git("diff", "--stat", ours, theirs).strip():
        raise Failure("the mails give another tree than patches/")


def main():
    """Do what the command line says."""
    args = _parser().parse_args()
    tree, folder = Tree(args.tree.resolve()), args.folder.resolve()
    _check_arguments(tree, folder)
    deps.install(["b4", "git", "perl", "python3-git", "python3-ply"])  # the last are checkpatch's
    series, sender, base = _series(), _sender(tree), tree.commit(args.base)
    sent = _sent(tree) if args.next else None
    cover = _cover(sent)
    _check_state(tree, sent)
    with files.complete(folder) as part, _restored_on_failure(tree, sent), \
            tempfile.TemporaryDirectory() as scratch:
        with step(f"making the branch {BRANCH} with {len(series)} patches of {sender}"):
            tree.git("checkout", "--quiet", "--detach", base)  # get_maintainer.pl of that time
            cover += "\n\n" + "\n".join(_recipients(tree, series))
            own = [_by_sender(path, sender, Path(scratch)) for path in series]
            if sent:
                cover += "\n\n" + _since(tree, base, own, sent)
            _make_branch(tree, base, cover, own, sent)
        with step("writing the mails"):
            mails = _write_mails(tree, part)
        if not args.skip_checkpatch:
            with step("checkpatch"):
                _checkpatch(tree, mails[1:])
        with step("applying them to the clean base"):
            _prove(tree, base, series, mails[1:], sender)
    say(f"{len(mails)} mails in {folder}: the same patches, but for author and sign-off.")
    say(f"Read them; Documentation/sending.md says how to send from {tree.directory}.")
    return 0
