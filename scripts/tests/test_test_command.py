"""What becomes of the other checks when one of them breaks down."""

import contextlib
import io
import unittest
from unittest import mock

from harness import test_command
from harness.failure import Failure


def passes(_context):
    """a check that passes"""
    return "all well"


def fails(_context):
    """a check that fails"""
    raise Failure("not well")


def breaks_down(_context):
    """a check with a mistake in it"""
    return {}["missing"]


def interrupted(_context):
    """a check during which the user has enough"""
    raise KeyboardInterrupt


class Main(unittest.TestCase):
    """test_command.main() with checks of our own."""

    def _main(self, *checks):
        """Status, the lines on standard output, and what is on standard error."""
        errors = io.StringIO()
        with mock.patch("sys.argv", ["test"]), mock.patch.object(test_command, "Context"), \
                contextlib.redirect_stdout(io.StringIO()) as output, \
                contextlib.redirect_stderr(errors):
            status = test_command.main(checks)
        return status, output.getvalue().splitlines(), errors.getvalue()

    def test_all_pass(self):
        self.assertEqual(self._main(passes),
                         (0, ["PASS passes: all well [0 s]", "1 passed, 0 failed"], ""))

    def test_an_unexpected_exception_is_one_failed_check(self):
        status, lines, errors = self._main(fails, breaks_down, passes)
        self.assertEqual((status, lines), (1, [
            "FAIL fails: not well [0 s]", "FAIL breaks-down: KeyError: 'missing' [0 s]",
            "PASS passes: all well [0 s]", "1 passed, 2 failed"]))
        self.assertIn('{}["missing"]', errors)

    def test_interrupted(self):
        with self.assertRaises(KeyboardInterrupt):
            self._main(interrupted, passes)


if __name__ == "__main__":
    unittest.main()
