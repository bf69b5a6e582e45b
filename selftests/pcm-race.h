/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run a race in a process of its own, watched by the test: an unpatched kernel
 * may never give that process back.
 */
#ifndef __PCM_RACE_H
#define __PCM_RACE_H

#include <stdalign.h>
#include <stdbool.h>
#include <sys/types.h>

#include "kselftest.h"

#define RACE_THREADS	16
#define RACE_TEXT	512
#define RACE_DOING	128

/* Shared between the test and the process that races. */
struct race {
	unsigned long rounds;
	unsigned long hits;
	unsigned long long hit_ns;	/* from start to the first hit */
	unsigned long hit_round;
	char evidence[RACE_TEXT];	/* what the first hit saw */
	bool evident;			/* that is complete */
	char doing[RACE_DOING];		/* what a stalled race was at, or "" */
	char skip[RACE_TEXT];		/* why the race can't be run here */
	char broken[RACE_TEXT];		/* what failed before any race */

	unsigned long long start_ns;
	unsigned long long limit_ns;
	int stop;
	/* When each thread last got on; 0: it has nothing to do.  Atomic. */
	alignas(8) unsigned long long beat_ns[RACE_THREADS];
};

/*
 * Two threads meet once per round.  All but @b run in the same thread.
 * @setup: brings the streams into the state that the round starts from.
 * @a, @b: run at the same time, with an offset that sweeps over their overlap.
 * @check: both are done; calls race_hit() if the outcome is impossible.
 * @order: optional, tells from the results who came first, a (< 0) or b (> 0),
 *	 or that this can't be told (0).  The offset then stays near the point
 *	 where the order changes, which is where both overlap most.
 */
struct race_duel_ops {
	bool (*setup)(struct race *race, void *ctx);
	void (*a)(void *ctx);
	void (*b)(void *ctx);
	void (*check)(struct race *race, void *ctx);
	int (*order)(void *ctx);
};

struct race_loop {
	/* Called over and over; false ends this thread's part. */
	bool (*step)(struct race *race, void *ctx, unsigned int thread);
	void *ctx;
};

/*
 * @victim: called over and over.
 * @intrude: sleeps for a random time, then does its part with the victim held
 *	     up somewhere; false ends the race.
 */
struct race_preempt_ops {
	void (*victim)(void *ctx);
	bool (*intrude)(struct race *race, void *ctx);
};

struct race *race_new(void);
void race_free(struct race *race);

/*
 * Run @body in a child and report what happened as KTAP diagnostics.
 * A thread that does not get on, a bug report in the kernel log and a child
 * that dies by a signal are hits, too.
 */
void race_run(struct race *race, void (*body)(struct race *race, void *ctx),
	      void *ctx);

/* Kill who races, in a signal handler, too. */
void race_abort(void);

/* For the body: */
bool race_on(struct race *race);
void race_beat(struct race *race, unsigned int thread);
void race_idle(struct race *race, unsigned int thread);
__printf(2, 3)
void race_hit(struct race *race, const char *fmt, ...);
__printf(2, 3)
void race_skip(struct race *race, const char *fmt, ...);
__printf(2, 3)
void race_broken(struct race *race, const char *fmt, ...);
/* Return: whether @err is an error; the race is broken then. */
bool race_failed(struct race *race, const char *name, int err);

void race_duel(struct race *race, const struct race_duel_ops *ops, void *ctx);
/* The same for a part of the time only. */
void race_duel_for(struct race *race, const struct race_duel_ops *ops,
		   void *ctx, unsigned int ms);
void race_preempt(struct race *race, const struct race_preempt_ops *ops,
		  void *ctx);
/* So do threads that are created from now on. */
void race_stay_on_this_cpu(void);
void race_loops(struct race *race, const struct race_loop *loops,
		unsigned int count);

/* Errors that the loser of a race may see; EFAULT and EINVAL are not. */
bool race_may_lose(long err);

/* Wait until the stream @fd is done, while @other still drains. */
bool race_drains_first(struct race *race, int fd, int other);

/* Return: whether SIGKILL ends @child within @wait_ms. */
bool race_kill(pid_t child, unsigned int wait_ms);

unsigned long long race_now_ns(void);
void race_sleep_ms(unsigned int ms);
void race_sleep_us(unsigned int us);

#endif /* __PCM_RACE_H */
