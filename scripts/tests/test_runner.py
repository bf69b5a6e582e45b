"""What becomes of the other cases when one of them fails to run at all."""

import time
import types
import unittest
from functools import partial
from unittest import mock

from harness import runner
from harness.failure import Failure


class RunAll(unittest.TestCase):
    """runner.run_all() without guests."""

    def test_failure_cancels_the_rest(self):
        ran = []

        def job(number):
            ran.append(number)
            if number == 0:
                raise Failure("QEMU is gone")
            time.sleep(0.1)

        booted = types.SimpleNamespace(jobs=lambda: [partial(job, number) for number in range(9)])
        batch = types.SimpleNamespace(kernel=types.SimpleNamespace(image=None), tries=1)
        with mock.patch.object(runner, "_Booted", return_value=booted), \
                mock.patch.object(runner.vm, "settled"), \
                mock.patch.object(runner.deps, "busybox"), \
                mock.patch.object(runner, "BUILD", None), self.assertRaises(Failure):
            runner.run_all([batch], None, 1)
        self.assertLess(len(ran), 9)


if __name__ == "__main__":
    unittest.main()
