"""How commands end."""

import contextlib
import errno
import io
import os
import signal
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from harness import cli
from harness.failure import Failure


class Run(unittest.TestCase):
    """cli.run() of a command that does nothing, in a build/ of its own."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.build = Path(scratch.name) / "build"
        for patch in (mock.patch.object(cli, "BUILD", self.build),
                      mock.patch.object(cli.proc, "stop_all"), mock.patch.dict(os.environ)):
            patch.start()
            self.addCleanup(patch.stop)
        for signum in cli.SIGNALS:
            self.addCleanup(signal.signal, signum, signal.getsignal(signum))

    def _end(self, main, *arguments):
        """Status and error output."""
        said = io.StringIO()
        with mock.patch("sys.argv", ["/a/command", *arguments]), \
                contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as end:
            cli.run(main)
        return end.exception.code, said.getvalue()

    def test_endings(self):
        for raised, status, line in ((Failure("no such thing"), 2, "command: no such thing\n"),
                                     (KeyboardInterrupt(), 130, "command: interrupted\n"),
                                     (IsADirectoryError(errno.EISDIR, "Is a directory", "/etc"),
                                      2, "command: /etc: Is a directory\n")):
            with self.subTest(raised):
                self.assertEqual(self._end(mock.Mock(side_effect=raised)), (status, line))

    def test_build_is_a_file(self):
        self.build.write_text("", encoding="ascii")
        self.assertEqual(self._end(mock.Mock()), (2, f"command: {self.build}: File exists\n"))

    def test_one_run_at_a_time(self):
        """but questions are answered"""
        main = mock.Mock(return_value=0)
        with mock.patch.object(cli, "_lock_build", side_effect=Failure("another run")):
            self.assertEqual(self._end(main)[0], 2)
            main.assert_not_called()
            self.assertEqual(self._end(main, "--help")[0], 0)

    def test_environment_for_other_kernels(self):
        os.environ["ARCH"] = "arm64"
        seen = mock.Mock(side_effect=lambda: int("ARCH" in os.environ))
        self.assertEqual(self._end(seen)[0], 0)

    def test_signals(self):
        """SIGHUP counts unless nohup has switched it off; none of them disturbs the end"""
        def send():
            os.kill(os.getpid(), signal.SIGHUP)
            return 0

        self.assertEqual(self._end(send)[0], 130)
        for signum in cli.SIGNALS:
            self.assertEqual(signal.getsignal(signum), signal.SIG_IGN)
        self.assertEqual(self._end(send)[0], 0)


if __name__ == "__main__":
    unittest.main()
