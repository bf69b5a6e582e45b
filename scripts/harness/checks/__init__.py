"""The checks of scripts/test, cheap ones first."""

from . import analysis, answers, cost, guest, jobs, mutation, patches, sending, static, turnaround

CHECKS = (
    static.shell_lint,
    static.python_lint,
    static.unit_tests,
    static.races_listed,
    static.model,
    jobs.fragment_takes_effect,
    patches.series_applies,
    patches.checkpatch,
    patches.selftests_identical,
    mutation.mutations_fit,
    sending.series_becomes_mails,
    analysis.exports_have_users,
    analysis.kernel_doc,
    analysis.semantic_patches,
    analysis.context_analysis,
    patches.every_patch_builds,
    cost.costs,
    answers.same_answers,
    guest.races_show_unpatched,
    guest.kselftests_pass_patched,
    mutation.mutation_sample,
    jobs.ktap_is_readable,
    turnaround.turn_around,
)
