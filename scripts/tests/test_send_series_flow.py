"""Two versions of a small series through b4, which hands its mails to a program of ours."""

import contextlib
import io
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from harness import send_series
from harness.failure import Failure

SENDER = "A Sender <sender@example.org>"
BASE = {
    ".gitignore": ".*\n",
    "sound/core/pcm_native.c": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n",
    "scripts/get_maintainer.pl": "#!/bin/sh\necho maintainer@example.org\n",
    "MAINTAINERS": "nobody\n",
}
COVER = "ALSA: pcm: A small series\n\nIt changes a word.\n"
SENDMAIL = """#!/bin/sh
cat >>"$0.mails"
"""


class Flow(unittest.TestCase):
    """send_series.main() on a tree of its own, with two patches."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.top = Path(scratch.name)
        self.tree = self.top / "tree"
        for name, text in BASE.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (self.tree / "scripts/get_maintainer.pl").chmod(0o755)
        sendmail = self.top / "sendmail"
        sendmail.write_text(SENDMAIL, encoding="utf-8")
        sendmail.chmod(0o755)
        self._git("init", "--quiet", "--initial-branch=main")
        for key, value in (("user.name", "A Sender"), ("user.email", "sender@example.org"),
                           ("sendemail.smtpserver", sendmail)):
            self._git("config", key, value)
        self._commit("Base")
        self._git("tag", "base")
        self._patches("TWO", "FIVE")
        for attribute, value in (("PATCHES", self.top / "patches"),
                                 ("COVER", self.top / "patches/cover-letter.txt"),
                                 ("LOGS", self.top / "logs")):
            patch = mock.patch.object(send_series, attribute, value)
            patch.start()
            self.addCleanup(patch.stop)

    def _run(self, *command, **options):
        return subprocess.run(command, cwd=self.tree, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options).stdout

    def _git(self, *arguments):
        return self._run("git", *arguments)

    def _commit(self, subject):
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", f"{subject}\n\nWhy it is done.")

    def _patches(self, *words):
        """patches/ as our project has it: not by the sender, without a sign-off."""
        folder = self.top / "patches"
        self._git("checkout", "--quiet", "--detach", "base")
        for word in words:
            path = self.tree / "sound/core/pcm_native.c"
            path.write_text(path.read_text(encoding="utf-8").replace(word[:4].lower(), word),
                            encoding="utf-8")
            self._commit(f"ALSA: pcm: Say {word}")
        for old in folder.glob("*.patch"):
            old.unlink()
        self._git("format-patch", "--quiet", "--zero-commit", "-o", folder, "base")
        self._git("checkout", "--quiet", "main")
        for path in folder.glob("*.patch"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(SENDER, "Series <series@localhost>"), encoding="utf-8")
        (folder / "cover-letter.txt").write_text(COVER, encoding="utf-8")

    def _changes(self, number):
        (self.top / "patches/cover-letter.txt").write_text(
            f"{COVER}\nChanges in v{number}: a word.\n", encoding="utf-8")

    def _make(self, folder, *options):
        """Run the command; the mails, the cover letter first."""
        arguments = ["send-series", *options, "--skip-checkpatch", str(self.tree), "base",
                     str(self.top / folder)]
        with mock.patch("sys.argv", arguments), contextlib.redirect_stdout(io.StringIO()), \
                mock.patch("harness.deps.install"):
            send_series.main()
        return [path.read_text(encoding="utf-8")
                for path in sorted((self.top / folder).glob("*.eml"))]

    @staticmethod
    def _change_id(mail):
        return re.search(r"^change-id: \S+", mail, re.MULTILINE)[0]

    def _send(self):
        """What the sender does: b4 send, and Enter."""
        self._run("b4", "--offline-mode", "-n", "send", "--no-sign", input="\n")
        return (self.top / "sendmail.mails").read_text(encoding="utf-8")

    def test_first_version(self):
        """a cover letter and a mail per patch, by the sender, to the maintainers and the lists"""
        cover, first, second = self._make("v1")
        self.assertIn("Subject: [PATCH 0/2] ALSA: pcm: A small series", cover)
        self.assertIn("Subject: [PATCH 1/2] ALSA: pcm: Say TWO", first)
        self.assertIn("Subject: [PATCH 2/2] ALSA: pcm: Say FIVE", second)
        for mail in (cover, first, second):
            self.assertIn(f"From: {SENDER}", mail)
            self.assertIn("maintainer@example.org", mail)
            self.assertIn("linux-sound@vger.kernel.org", mail)
        self.assertIn(f"Signed-off-by: {SENDER}", first)
        self.assertFalse((self.top / "sendmail.mails").exists(), "something was sent")

    def test_next_version(self):
        """v2 has the range-diff against what was sent, and refers to it"""
        first_cover = self._make("v1")[0]
        self.assertIn("[PATCH 1/2]", self._send())
        self._patches("TWO", "FIVER")
        with self.assertRaisesRegex(Failure, "does not say what changes in v2"):
            self._make("v2", "--next")
        self._changes(2)
        cover, first, second = self._make("v2", "--next")
        self.assertIn("Subject: [PATCH v2 0/2] ALSA: pcm: A small series", cover)
        self.assertIn("Subject: [PATCH v2 1/2] ALSA: pcm: Say TWO", first)
        self.assertIn("Subject: [PATCH v2 2/2] ALSA: pcm: Say FIVER", second)
        self.assertIn("Range-diff against v1:", cover)
        self.assertRegex(cover, r"1:  \w+ = 1:  \w+ ALSA: pcm: Say TWO")
        self.assertRegex(cover, r"2:  \w+ ! 2:  \w+ ALSA: pcm: Say FIVE")
        self.assertEqual(self._change_id(cover), self._change_id(first_cover))
        self._send()
        self._changes(3)
        cover = self._make("v3", "--next")[0]
        self.assertIn("[PATCH v3 0/2]", cover)
        self.assertIn("Range-diff against v2:", cover)
        self.assertEqual(self._git("branch", "--list", "params-lock-v*").split(),
                         ["params-lock-v1", "params-lock-v2"])

    def test_next_of_nothing(self):
        """--next before anything was sent, which must leave the tree as it was"""
        with self.assertRaisesRegex(Failure, "params-lock is no commit"):
            self._make("v2", "--next")
        self._make("v1")
        with self.assertRaisesRegex(Failure, "no tag sent/params-lock-v0"):
            self._make("v2", "--next")
        self.assertEqual(self._git("branch", "--show-current").strip(), "params-lock")

    def test_name_with_a_dot_at_its_end(self):
        """which git takes off, in the author as in the sign-off"""
        self._git("config", "user.name", "A. Sender, Jr.")
        mail = self._make("v1")[1]
        self.assertIn('From: "A. Sender, Jr" <sender@example.org>', mail)
        self.assertIn("Signed-off-by: A. Sender, Jr <sender@example.org>", mail)

    def test_name_that_mails_lose(self):
        """patches that would come out as somebody else's"""
        self._git("config", "user.name", 'A "Great" Sender')
        with self.assertRaisesRegex(Failure, "the mails are by A Great Sender"):
            self._make("v1")
        self._git("config", "user.email", "sender")
        with self.assertRaisesRegex(Failure, "no address"):
            self._make("v1")

    def test_interrupted_before_the_branch_is_renamed(self):
        """what was sent is still there, though the user is impatient"""
        self._make("v1")
        self._send()
        self._changes(2)
        before, git = self._git("for-each-ref"), send_series.Tree.git

        def interrupted(tree, *arguments, **options):
            if arguments[:2] == ("branch", "-m"):
                raise KeyboardInterrupt
            if arguments[:3] == ("checkout", "--quiet", "--force"):
                os.kill(os.getpid(), signal.SIGINT)
            return git(tree, *arguments, **options)

        with mock.patch.object(send_series.Tree, "git", interrupted), \
                self.assertRaises(KeyboardInterrupt):
            self._make("v2", "--next")
        self.assertEqual(self._git("for-each-ref"), before)
        self.assertEqual(self._git("branch", "--show-current").strip(), "params-lock")

    def test_unfinished_am(self):
        """of the sender's own is left alone, though the tree is clean"""
        patch = sorted((self.top / "patches").glob("0002*"))[0]
        own = self.top / "own.patch"
        own.write_text(patch.read_text(encoding="utf-8").replace("-five", "-fife"),
                       encoding="utf-8")
        with self.assertRaises(subprocess.CalledProcessError):
            self._git("am", "--quiet", own)
        with self.assertRaisesRegex(Failure, "in the middle of a git am"):
            self._make("v1")
        self._git("am", "--abort")

    def test_failure_restores_the_tree(self):
        """a series that no longer applies: branches and folder are as before"""
        self._make("v1")
        self._send()
        before = self._git("for-each-ref")
        broken = sorted((self.top / "patches").glob("0002*"))[0]
        broken.write_text(broken.read_text(encoding="utf-8").replace("-five", "-fife"),
                          encoding="utf-8")
        self._changes(2)
        with self.assertRaisesRegex(Failure, "does not apply"):
            self._make("v2", "--next")
        self.assertEqual(self._git("for-each-ref"), before)
        self.assertEqual(self._git("branch", "--show-current").strip(), "params-lock")
        self.assertFalse((self.top / "v2").exists())


if __name__ == "__main__":
    unittest.main()
