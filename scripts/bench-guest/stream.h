/* SPDX-License-Identifier: GPL-2.0 */
/* Groups of linked streams, brought into a state that a measurement needs. */
#ifndef __STREAM_H
#define __STREAM_H

#include "pcm-raw.h"

#define MAX_STREAMS 8
#define PERIOD 1024
#define BUFFER (8 * PERIOD)
#define QUEUED (3 * PERIOD)	/* what a stream can give, or must still play */
#define CHANNELS 2

struct group {
	struct pcm_dev dev;
	struct pcm_setup setup;
	unsigned int count;
	int fds[MAX_STREAMS];	/* all calls are made on the first one */
	char *data;
	void *planes[CHANNELS];
};

void die(const char *what, long err) __attribute__((noreturn));
void demand(const char *what, long err);

void group_open(struct group *group, const char *driver, int direction,
		int access, unsigned int count);
void group_close(struct group *group);

/* Bring all streams of the group from any state to SETUP, PREPARED, RUNNING. */
void group_enter(struct group *group, int state);

#endif /* __STREAM_H */
