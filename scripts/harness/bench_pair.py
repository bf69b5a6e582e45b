"""The two kernels that are compared, in a configuration as distributions build it."""

from . import console, runner, series, verdict
from .failure import Failure
from .subject import Subject

CONFIG = "production"
BEFORE, AFTER = "unpatched", "patched"


class Pair:
    """A kernel without and with the series; both have the series' test driver."""

    def __init__(self, kernel):
        self.subject = Subject.get(kernel, CONFIG)
        source, patches = self.subject.source, self.subject.patches
        self.commits = {BEFORE: series.apply(source, series.of_test_driver(patches)),
                        AFTER: series.apply(source, patches)}

    def kernel(self, which):
        """One of them, built unless there is one already."""
        return self.subject.builder.kernel(self.commits[which], f"{which}, to be measured")

    def run(self, programs, cases, machine, logs, jobs=2, complaints=()):
        """Run cases on both; the lines that each printed, by kernel and case name.

        complaints: kernels that may have some, as long as the case comes to its end.
        """
        batches = [runner.Batch(which, self.kernel(which), programs, cases, logs)
                   for which in (BEFORE, AFTER)]
        verdicts = runner.run_all(batches, machine, jobs)
        return {batch.label: {case.name: _output(case, decided[case.name],
                                                 batch.label in complaints) for case in cases}
                for batch, decided in zip(batches, verdicts)}


def _output(case, one, complaints):
    if one.status != verdict.PASSED and not (complaints and one.status == verdict.SPLAT):
        raise Failure(f"{case.name}: {one} ({one.log})")
    return [line.text for segment in console.read(one.log).segments if segment.name == case.name
            for line in segment.output()]
