"""How child processes are started and ended."""

import contextlib
import io
import signal
import unittest

from harness import proc
from harness.failure import Failure


class Start(unittest.TestCase):
    """What cannot be started, and why."""

    def test_missing_program(self):
        with self.assertRaisesRegex(Failure, "^no-such-program: no such program$"):
            proc.capture(["no-such-program"])

    def test_missing_directory(self):
        """is not to be blamed on the program"""
        for directory in ("/no/such", "/etc/passwd"):
            with self.assertRaisesRegex(Failure, f"^{directory} is not a directory$"):
                proc.capture(["true"], cwd=directory)


class Stop(unittest.TestCase):
    """A child ends, whether it has a process group of its own or shares ours."""

    def test_groups(self):
        for own in (True, False):
            child = proc.start(["sleep", "60"], start_new_session=own)
            proc.stop(child)
            self.assertEqual(child.returncode, -signal.SIGTERM)

    def test_whole(self):
        """one that must not be cut short ends by itself; the user is told, and only then"""
        for seconds, said in (("0.5", "   waiting for the work to finish: it must not be cut "
                               "short\n"), ("0", "")):
            child = proc.start(["sh", "-c", f"sleep {seconds}; exit 3"], whole="the work")
            if not said:
                child.wait()
            with contextlib.redirect_stdout(io.StringIO()) as output:
                proc.stop(child)
            self.assertEqual((child.returncode, output.getvalue()), (3, said))


if __name__ == "__main__":
    unittest.main()
