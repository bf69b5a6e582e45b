"""When scripts/answers says that one thread gets the same answers."""

import unittest

from harness import answers
from harness.failure import Failure

START = "A START = 0 | RUNNING:64 SETUP:0"
FULL = "A TRANSFER 64 = EAGAIN | RUNNING:64 SETUP:0"
SHORT = "A TRANSFER 64 = 7 | RUNNING:71 SETUP:0"


def accounts(*each):
    """One seed with these accounts, as a program prints them."""
    return answers.parse([line for account in each for line in ("account 5", *account)])


class Accounts(unittest.TestCase):
    """The lines of a program."""

    def test_several_of_one_seed(self):
        self.assertEqual(accounts([START], [START, FULL]), {5: [[START], [START, FULL]]})

    def test_remarks_do_not_count(self):
        self.assertEqual(answers.parse(["# a remark", "account 5", START]), {5: [[START]]})

    def test_what_is_before_the_first_is_no_account(self):
        with self.assertRaises(Failure):
            answers.parse(["no suitable PCM: No such device"])


class Comparing(unittest.TestCase):
    """Without and with the series."""

    def test_the_same(self):
        self.assertEqual(answers.compare(accounts([START, FULL]), accounts([START, FULL])), [])

    def test_one_account_in_common_is_enough(self):
        self.assertEqual(answers.compare(accounts([START, FULL], [START, SHORT]),
                                         accounts([START, SHORT])), [])

    def test_another_answer(self):
        found, = answers.compare(accounts([START, FULL]), accounts([START, SHORT]))
        self.assertEqual(found, answers.Difference(5, [START], FULL, SHORT))
        self.assertIsNone(found.meant)

    def test_the_accounts_that_agree_longest_tell(self):
        found, = answers.compare(accounts([FULL], [START, FULL]), accounts([START, SHORT]))
        self.assertEqual(found.same, [START])

    def test_a_program_that_ends_early(self):
        found, = answers.compare(accounts([START, FULL]), accounts([START]))
        self.assertEqual(found, answers.Difference(5, [START], FULL, ""))

    def test_other_seeds(self):
        with self.assertRaises(Failure):
            answers.compare(accounts([START]), {})


class Meant(unittest.TestCase):
    """What the cover letter says."""

    @staticmethod
    def meant(before, after):
        """Which change explains these two lines."""
        return answers.Difference(1, [], before, after).meant

    def test_drop_with_a_member_without_setup(self):
        self.assertTrue(self.meant("B DROP = 0 | OPEN:0 PREPARED:0 PREPARED:0 hw_params 1",
                                   "B DROP = 0 | OPEN:0 SETUP:0 SETUP:0 hw_params 1"))

    def test_drop_of_a_group_that_is_set_up(self):
        self.assertIsNone(self.meant("B DROP = 0 | SETUP:0 PREPARED:0 hw_params 1",
                                     "B DROP = 0 | SETUP:0 SETUP:0 hw_params 1"))

    def test_another_result_is_never_meant(self):
        self.assertIsNone(self.meant("B DROP = 0 | OPEN:0 PREPARED:0 hw_params 1",
                                     "B DROP = EBADFD | OPEN:0 SETUP:0 hw_params 1"))

    def test_positions_are_not_meant_to_change(self):
        self.assertIsNone(self.meant("B DROP = 0 | OPEN:0 PREPARED:64 hw_params 1",
                                     "B DROP = 0 | OPEN:0 SETUP:4096 hw_params 1"))

    def test_the_stream_without_setup_stays_so(self):
        self.assertIsNone(self.meant("B DROP = 0 | OPEN:0 PREPARED:0 hw_params 1",
                                     "B DROP = 0 | SETUP:0 PREPARED:0 hw_params 1"))
        self.assertIsNone(self.meant("A SUSPEND = 0 | SETUP:0 RUNNING:0 hw_params 1",
                                     "A SUSPEND = 0 | SUSPENDED:0 RUNNING:0 hw_params 1"))

    def test_no_stream_is_lost(self):
        self.assertIsNone(self.meant("A CLOSE = 0 | closed OPEN:0 PREPARED:5",
                                     "A CLOSE = 0 | closed OPEN:0 -"))

    def test_suspend_beside_a_stream_that_is_done(self):
        self.assertTrue(self.meant("A SUSPEND = 0 | SETUP:0 PREPARED:0 hw_params 1",
                                   "A SUSPEND = 0 | SETUP:0 SUSPENDED:0 hw_params 1"))

    def test_suspend_of_less_than_before_is_not_meant(self):
        self.assertIsNone(self.meant("A SUSPEND = 0 | SETUP:0 SUSPENDED:0 hw_params 1",
                                     "A SUSPEND = 0 | SETUP:0 PREPARED:0 hw_params 1"))

    def test_drain_on_a_driver_that_triggers_groups(self):
        lines = "A SLEEP = 0 | DRAINING:0 SETUP:0", "A SLEEP = 0 | SETUP:0 SETUP:0"
        self.assertIsNone(answers.Difference(1, ["begin with"], *lines).meant)
        self.assertTrue(answers.Difference(1, ["group_trigger, begin with"], *lines).meant)

    def test_oss_mmap(self):
        self.assertTrue(self.meant(" OSS_MMAP = EIO | playback hw_params 1 capture",
                                   " OSS_MMAP = 0 | playback hw_params 2 capture"))
        self.assertIsNone(self.meant(" OSS_MMAP = 0 | playback hw_params 1 capture",
                                     " OSS_MMAP = EIO | playback hw_params 1 capture"))


if __name__ == "__main__":
    unittest.main()
