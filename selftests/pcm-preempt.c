// SPDX-License-Identifier: GPL-2.0
/*
 * One thread preempts another on the same CPU, at a random point, and does its
 * part while that one stands still.  This opens windows of a few instructions
 * wide enough for a whole system call.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "pcm-race.h"

struct preempt {
	struct race *race;
	const struct race_preempt_ops *ops;
	void *ctx;
	int over;
};

void race_stay_on_this_cpu(void)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	if (cpu < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *run_victim(void *arg)
{
	struct preempt *preempt = arg;

	while (!__atomic_load_n(&preempt->over, __ATOMIC_ACQUIRE))
		preempt->ops->victim(preempt->ctx);
	return NULL;
}

void race_preempt(struct race *race, const struct race_preempt_ops *ops,
		  void *ctx)
{
	const struct sched_param realtime = { .sched_priority = 1 };
	const struct sched_param normal = {};
	struct preempt preempt = {
		.race = race,
		.ops = ops,
		.ctx = ctx,
	};
	pthread_t victim;
	cpu_set_t saved;
	int err;

	sched_getaffinity(0, sizeof(saved), &saved);
	race_stay_on_this_cpu();
	err = pthread_create(&victim, NULL, run_victim, &preempt);
	if (err) {
		race_broken(race, "pthread_create: %s", strerror(err));
		return;
	}

	/* Without the permission the wake-up preempts most of the time, too. */
	sched_setscheduler(0, SCHED_FIFO, &realtime);
	while (race_on(race)) {
		race_beat(race, 0);
		race->rounds++;
		if (!ops->intrude(race, ctx))
			break;
	}
	__atomic_store_n(&preempt.over, 1, __ATOMIC_RELEASE);
	sched_setscheduler(0, SCHED_OTHER, &normal);
	pthread_join(victim, NULL);
	sched_setaffinity(0, sizeof(saved), &saved);
	race_idle(race, 0);
}
