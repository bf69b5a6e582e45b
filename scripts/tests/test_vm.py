"""What is told about a QEMU that ends before its time."""

import tempfile
import time
import unittest
from pathlib import Path

from harness import vm
from harness.failure import Failure


class Watched(unittest.TestCase):
    """A shell in the place of QEMU."""

    def _watched(self, script, limit=20):
        """Run it; words is more than a pipe's buffer holds."""
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch, "console.log")
            log.touch()
            vm._watched(["sh", "-c", script], log, vm._Watch(limit, {}, ready=True), None,
                        "x" * 100000)

    def test_it_does_not_take_the_cases(self):
        """the broken pipe is not one of ours"""
        with self.assertRaisesRegex(Failure, f"^{vm.QEMU}: no such accelerator$"):
            self._watched("exec <&-; sleep 0.3; echo no such accelerator >&2; exit 1")

    def test_it_is_killed(self):
        """as when the memory is all used up"""
        with self.assertRaisesRegex(Failure, r"ended by signal 9 \(Killed\): no reason given$"):
            self._watched("exec <&-; sleep 0.3; kill -KILL $$")

    def test_it_is_overdue(self):
        """what we end ourselves is no failure"""
        start = time.monotonic()
        self._watched("cat >/dev/null; exec sleep 60", limit=0.5)
        self.assertLess(time.monotonic() - start, 20)


if __name__ == "__main__":
    unittest.main()
