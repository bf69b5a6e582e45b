// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that meet.  Their offset is not left to chance: the duration of
 * both sides is measured and the start of one is shifted so that, over the
 * rounds, every alignment of the two comes up.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcm-race.h"

#define CALIBRATE_SPINS	200000U
#define SPINS_PER_YIELD	2000U
#define UNSHIFTED_EVERY	8
#define SWEEP_EVERY	4
#define NEARBY		16

struct side {
	unsigned int arrived;
	long long average_ns;
	unsigned long long begin_ns;
	unsigned long long end_ns;
	unsigned long long delay_ns;
};

struct duel {
	struct race *race;
	const struct race_duel_ops *ops;
	void *ctx;
	struct side a, b;
	double spins_per_ns;
	long long turning_ns;		/* offset at which the order changes */
	unsigned int seed;
	int over;
};

static void spin(unsigned long long count)
{
	while (count--)
		__asm__ __volatile__("" ::: "memory");
}

static double calibrate(void)
{
	unsigned long long begin = race_now_ns();

	spin(CALIBRATE_SPINS);
	return (double)CALIBRATE_SPINS / (race_now_ns() - begin + 1);
}

static bool called_off(struct duel *duel)
{
	return __atomic_load_n(&duel->over, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&duel->race->stop, __ATOMIC_ACQUIRE);
}

/* Return: false if the duel was called off while the other was missing. */
static bool meet(struct duel *duel, struct side *self, struct side *other)
{
	unsigned int turn = self->arrived + 1;
	unsigned int spins = 0;

	__atomic_store_n(&self->arrived, turn, __ATOMIC_RELEASE);
	while ((int)(__atomic_load_n(&other->arrived, __ATOMIC_ACQUIRE) -
		     turn) < 0) {
		if (++spins % SPINS_PER_YIELD)
			continue;
		if (called_off(duel))
			return false;
		sched_yield();
	}
	return true;
}

static void take_part(struct duel *duel, struct side *side,
		      void (*part)(void *ctx))
{
	spin(side->delay_ns * duel->spins_per_ns);
	side->begin_ns = race_now_ns();
	part(duel->ctx);
	side->end_ns = race_now_ns();
}

/* Slow outliers say more about the machine than about the code. */
static void learn(struct side *side)
{
	long long taken = side->end_ns - side->begin_ns;

	if (!side->average_ns)
		side->average_ns = taken;
	else if (taken < 8 * side->average_ns)
		side->average_ns += (taken - side->average_ns) / 8;
	else
		side->average_ns += side->average_ns / 8;
}

static long long range_of(const struct duel *duel)
{
	return duel->a.average_ns + duel->b.average_ns;
}

static long long anywhere_in(struct duel *duel, long long range)
{
	return (double)rand_r(&duel->seed) / RAND_MAX * range;
}

/* Let b begin anywhere from its own length before a to a's length after. */
static void choose_offset(struct duel *duel)
{
	long long range = range_of(duel);
	long long offset = 0;

	if (duel->ops->order && rand_r(&duel->seed) % SWEEP_EVERY)
		offset = duel->turning_ns - range / NEARBY +
			 anywhere_in(duel, 2 * range / NEARBY);
	else if (rand_r(&duel->seed) % UNSHIFTED_EVERY)
		offset = anywhere_in(duel, range) - duel->b.average_ns;
	duel->a.delay_ns = offset < 0 ? -offset : 0;
	duel->b.delay_ns = offset > 0 ? offset : 0;
}

/* If b came too late for a, it begins earlier next time, and vice versa. */
static void approach_turning(struct duel *duel)
{
	long long range = range_of(duel);
	int order = duel->ops->order ? duel->ops->order(duel->ctx) : 0;

	if (order < 0)
		duel->turning_ns -= range / NEARBY / 4;
	else if (order > 0)
		duel->turning_ns += range / NEARBY / 4;
	if (duel->turning_ns > duel->a.average_ns)
		duel->turning_ns = duel->a.average_ns;
	if (duel->turning_ns < -duel->b.average_ns)
		duel->turning_ns = -duel->b.average_ns;
}

static void pin_to_cpu(unsigned int index)
{
	cpu_set_t allowed, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) ||
	    CPU_COUNT(&allowed) < 2)
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || index--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static void *run_b(void *arg)
{
	struct duel *duel = arg;

	pin_to_cpu(1);
	while (meet(duel, &duel->b, &duel->a)) {
		take_part(duel, &duel->b, duel->ops->b);
		if (!meet(duel, &duel->b, &duel->a))
			break;
	}
	return NULL;
}

static bool round_of(struct duel *duel)
{
	struct race *race = duel->race;

	race_beat(race, 0);
	if (duel->ops->setup && !duel->ops->setup(race, duel->ctx))
		return false;
	choose_offset(duel);
	if (!meet(duel, &duel->a, &duel->b))
		return false;
	take_part(duel, &duel->a, duel->ops->a);
	if (!meet(duel, &duel->a, &duel->b))
		return false;
	learn(&duel->a);
	learn(&duel->b);
	approach_turning(duel);
	race->rounds++;
	duel->ops->check(race, duel->ctx);
	return true;
}

void race_duel_for(struct race *race, const struct race_duel_ops *ops,
		   void *ctx, unsigned int ms)
{
	unsigned long long end = race_now_ns() + ms * 1000000ULL;
	struct duel duel = {
		.race = race,
		.ops = ops,
		.ctx = ctx,
		.seed = race->start_ns,
	};
	cpu_set_t saved;
	pthread_t thread;
	int err;

	sched_getaffinity(0, sizeof(saved), &saved);
	err = pthread_create(&thread, NULL, run_b, &duel);
	if (err) {
		race_broken(race, "pthread_create: %s", strerror(err));
		return;
	}
	pin_to_cpu(0);
	duel.spins_per_ns = calibrate();
	while (race_on(race) && (!ms || race_now_ns() < end) &&
	       round_of(&duel))
		;
	__atomic_store_n(&duel.over, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	sched_setaffinity(0, sizeof(saved), &saved);
	race_idle(race, 0);
}

void race_duel(struct race *race, const struct race_duel_ops *ops, void *ctx)
{
	race_duel_for(race, ops, ctx, 0);
}
