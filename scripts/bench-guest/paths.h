/* SPDX-License-Identifier: GPL-2.0 */
/* The ways into the PCM core whose cost is measured. */
#ifndef __PATHS_H
#define __PATHS_H

#include "stream.h"

struct path {
	const char *name;
	int direction;			/* SNDRV_PCM_STREAM_* */
	int access;			/* SNDRV_PCM_ACCESS_* */
	int state;			/* SNDRV_PCM_STATE_* before each batch */
	unsigned int calls;		/* of one batch */
	unsigned long frames;		/* of one call */
	bool single;			/* not for linked streams */
	int (*call)(struct group *group, const struct path *path,
		    unsigned int number);
	void (*before)(struct group *group);
	void (*after)(struct group *group);
};

extern const struct path paths[];
extern const unsigned int path_count;

/* A system call that does nothing: its cost is that of measuring. */
extern const struct path idle_path;
void idle_open(void);

#endif /* __PATHS_H */
