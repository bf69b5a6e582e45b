"""What the checks share: one source tree, one pair of kernels."""

import time
from functools import cached_property

from .. import races, series
from ..paths import LOGS
from ..subject import Subject


SECONDS = 3  # that a case tries to hit its race on the patched kernel


class Context:
    """Made once per run; each part when the first check asks for it."""

    def __init__(self, kernel, config):
        self.kernel, self.config = kernel, config
        self.logs = LOGS / time.strftime("test-%Y%m%d-%H%M%S")
        self.logs.mkdir(parents=True)

    @cached_property
    def subject(self):
        """The kernel source and what is needed to build it."""
        return Subject.get(self.kernel, self.config)

    @cached_property
    def commits(self):
        """One commit per patch."""
        return series.commits(self.subject.source, self.subject.patches)

    def rows(self, *claims):
        """The races with these claims that this configuration can show."""
        return races.select(self.config, *claims)

    @cached_property
    def verdicts(self):
        """What the cases showed on both kernels, which run side by side."""
        return self.subject.run({"unpatched": self.rows(races.FIXED),
                                 "patched": self.rows(races.FIXED, races.KEPT)},
                                SECONDS, self.logs)
