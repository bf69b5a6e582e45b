"""The checks of scripts/test, cheap ones first."""

from . import guest, patches, static

CHECKS = (
    static.shell_lint,
    static.python_lint,
    static.unit_tests,
    static.races_listed,
    static.model,
    patches.series_applies,
    patches.checkpatch,
    patches.selftests_identical,
    patches.every_patch_builds,
    guest.races_show_unpatched,
    guest.kselftests_pass_patched,
)
