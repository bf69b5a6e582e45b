// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that each repeat one thing, unsynchronised.
 */
#include <pthread.h>
#include <string.h>

#include "pcm-race.h"

struct looper {
	struct race *race;
	const struct race_loop *loop;
	unsigned int thread;
	pthread_t id;
};

static void *run_loop(void *arg)
{
	struct looper *looper = arg;
	struct race *race = looper->race;

	do {
		race_beat(race, looper->thread);
		__atomic_fetch_add(&race->rounds, 1, __ATOMIC_RELAXED);
	} while (race_on(race) &&
		 looper->loop->step(race, looper->loop->ctx, looper->thread));
	race_idle(race, looper->thread);
	return NULL;
}

void race_loops(struct race *race, const struct race_loop *loops,
		unsigned int count)
{
	struct looper loopers[RACE_THREADS];
	unsigned int i, started = 0;
	int err;

	for (i = 0; i < count; i++) {
		loopers[i] = (struct looper) {
			.race = race,
			.loop = &loops[i],
			.thread = i,
		};
		err = pthread_create(&loopers[i].id, NULL, run_loop,
				     &loopers[i]);
		if (err) {
			race_broken(race, "pthread_create: %s", strerror(err));
			break;
		}
		started++;
	}
	for (i = 0; i < started; i++)
		pthread_join(loopers[i].id, NULL);
}
