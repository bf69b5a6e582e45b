/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between pcm-race.h and the harness, for the one file that has the tests.
 */
#ifndef __PCM_RACE_TEST_H
#define __PCM_RACE_TEST_H

#include "kselftest_harness.h"
#include "pcm-race.h"
#include "pcm-raw.h"

/* race_run() ends what hangs; PCM_RACE_SECONDS may be as large as one likes. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT (24 * 3600)

/* Find a device or skip the test. */
static inline bool race_device(struct __test_metadata *_metadata,
			       struct pcm_dev *dev, int stream,
			       unsigned int subdevices,
			       const struct pcm_setup *setups,
			       unsigned int count, const char *driver)
{
	char name[64];

	if (pcm_find(dev, stream, subdevices, setups, count, driver)) {
		SKIP(return false,
		     "no %s PCM with %u free substream(s) has the parameters this needs",
		     driver ? driver : "virtual (or PCM_RACE_PCM)",
		     subdevices);
	}
	pcm_describe(dev, name, sizeof(name));
	ksft_print_msg("on %s\n", name);
	return true;
}

/* Return: whether a round was begun. */
static inline bool race_test(struct __test_metadata *_metadata,
			     void (*body)(struct race *race, void *ctx),
			     void *ctx)
{
	struct race *race = race_new();
	bool begun;

	ASSERT_TRUE(!!race);
	race_run(race, body, ctx);

	EXPECT_EQ(0UL, race->hits) {
		TH_LOG("%s", race->evidence);
	}
	EXPECT_STREQ("", race->broken);
	if (!race->hits && !race->broken[0] && race->skip[0])
		SKIP(goto out, "%s", race->skip);
	EXPECT_NE(0UL, race->rounds);
out:
	begun = race->rounds;
	race_free(race);
	return begun;
}

#endif /* __PCM_RACE_TEST_H */
