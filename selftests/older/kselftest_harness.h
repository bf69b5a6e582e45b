/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What older kernels lack in kselftest_harness.h: -r NAME runs one test alone, and
 * no line gets lost in a buffer.
 */
#ifndef __OLDER_KSELFTEST_HARNESS_H
#define __OLDER_KSELFTEST_HARNESS_H

#include_next "kselftest_harness.h"

static bool older_named(const char *name, const struct __fixture_metadata *f,
			const struct __fixture_variant_metadata *v,
			const struct __test_metadata *t)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s%s.%s", f->name, v ? "." : "",
		 v ? v->name : "", t->name);
	return !strcmp(full, name);
}

/* Leave nothing in the lists but this test. */
static bool older_select(const char *name)
{
	struct __fixture_variant_metadata *v;
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next) {
		v = f->variant;
		do {
			for (t = f->tests; t; t = t->next) {
				if (!older_named(name, f, v, t))
					continue;
				__fixture_list = f;
				f->next = NULL;
				f->variant = v;
				if (v)
					v->next = NULL;
				f->tests = t;
				t->next = NULL;
				return true;
			}
			v = v ? v->next : NULL;
		} while (v);
	}
	return false;
}

static int older_harness_run(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-r")) {
		if (!older_select(argv[2])) {
			fprintf(stderr, "%s: no test %s\n", argv[0], argv[2]);
			return KSFT_FAIL;
		}
	} else if (argc > 1) {
		fprintf(stderr, "Usage: %s [-r name]\n", argv[0]);
		return KSFT_FAIL;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return test_harness_run(argc, argv);
}

#define test_harness_run older_harness_run

#endif /* __OLDER_KSELFTEST_HARNESS_H */
