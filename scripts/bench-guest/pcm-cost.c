// SPDX-License-Identifier: GPL-2.0
/*
 * What one call of each path costs, in ticks of the time stamp counter.  Under
 * QEMU's -icount a tick is an instruction.
 *
 *   pcm-cost <driver> <streams>...
 *
 * A line per path: driver, streams, path, calls of one batch, and ticks of a
 * batch: the least, and the median of all batches.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <x86intrin.h>

#include "paths.h"

#define BATCHES 21

static unsigned long long batch(struct group *group, const struct path *path)
{
	unsigned long long begin, end;
	unsigned int i;
	int err = 0;

	group_enter(group, path->state);
	if (path->before)
		path->before(group);

	begin = __rdtsc();
	for (i = 0; i < path->calls && !err; i++)
		err = path->call(group, path, i);
	end = __rdtsc();

	if (err)
		die(path->name, err);
	if (path->after)
		path->after(group);
	return end - begin;
}

static int compare(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(const struct path *path, const char *driver,
		    unsigned int streams)
{
	unsigned long long ticks[BATCHES];
	struct group group;
	unsigned int i;

	group_open(&group, driver, path->direction, path->access, streams);
	batch(&group, path);		/* warms up */
	for (i = 0; i < BATCHES; i++)
		ticks[i] = batch(&group, path);
	group_close(&group);

	qsort(ticks, BATCHES, sizeof(ticks[0]), compare);
	printf("cost\t%s\t%u\t%s\t%u\t%llu\t%llu\n", driver, streams,
	       path->name, path->calls, ticks[0], ticks[BATCHES / 2]);
}

int main(int argc, char **argv)
{
	struct sched_param priority = { .sched_priority = 1 };
	unsigned int i, streams;
	int arg;

	if (argc < 3) {
		fprintf(stderr, "usage: pcm-cost <driver> <streams>...\n");
		return 1;
	}
	/* Only interrupts come between; those the least and the median drop. */
	if (sched_setscheduler(0, SCHED_FIFO, &priority) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE)) {
		perror("pcm-cost needs root");
		return 1;
	}

	idle_open();
	for (arg = 2; arg < argc; arg++) {
		streams = atoi(argv[arg]);
		if (!streams || streams > MAX_STREAMS) {
			fprintf(stderr, "%s: 1 to %d streams\n", argv[arg],
				MAX_STREAMS);
			return 1;
		}
		measure(&idle_path, argv[1], streams);
		for (i = 0; i < path_count; i++)
			if (!paths[i].single || streams == 1)
				measure(&paths[i], argv[1], streams);
	}
	return 0;
}
