"""How child processes are started and ended."""

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


if __name__ == "__main__":
    unittest.main()
