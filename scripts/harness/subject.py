"""What is examined: a kernel source, its configuration, the series for it, the selftests."""

from dataclasses import dataclass

from . import deps, programs, runner, series, source, vm
from .kbuild import Builder
from .progress import step

SLACK = 60  # seconds that a case may take in the guest beyond those in which it races
JOBS = 2    # guests at a time


@dataclass
class Subject:
    """One kernel source, unpatched and patched."""
    source: source.Source
    builder: Builder
    patches: list

    @classmethod
    def get(cls, kernel, config):
        """Get the source, and all that is needed to build and boot it."""
        deps.install(deps.BUILD_PACKAGES)
        found = source.get(kernel)
        return cls(found, Builder(found, config), series.patches(found))

    def kernel(self, which):
        """The kernel as it came, or with the series."""
        if which == "unpatched":
            return self.builder.kernel(self.source.base(), which)
        return self.builder.kernel(series.apply(self.source, self.patches), "with the series")

    def run(self, rows, seconds, logs, kernels):
        """Run the cases of these races on the kernels; verdicts by case name for each.

        seconds: how long a case tries to hit its race.
        """
        tests = programs.build(self.source)
        cases = [runner.Case(
            row.name, f"env PCM_RACE_SECONDS={seconds} /tests/{row.program} -r {row.case}",
            seconds + SLACK) for row in rows]
        batches = [runner.Batch(which, self.kernel(which), tests, cases, logs)
                   for which in kernels]
        with step(f"running {len(cases)} cases on {' and '.join(kernels)}"):
            return runner.run_all(batches, vm.Machine(), JOBS)
