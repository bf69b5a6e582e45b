// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

void die(const char *what, long err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(1);
}

void demand(const char *what, long err)
{
	if (err < 0)
		die(what, err);
}

static char *make_data(size_t size)
{
	char *data = malloc(size);

	if (!data) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}
	return memset(data, 0, size);
}

void group_open(struct group *group, const char *driver, int direction,
		int access, unsigned int count)
{
	size_t plane = BUFFER * 2;
	unsigned int i;

	memset(group, 0, sizeof(*group));
	group->setup = (struct pcm_setup) {
		.access = access,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = CHANNELS,
		.rate = 48000,
		.period_size = PERIOD,
		.buffer_size = BUFFER,
	};
	demand("no suitable PCM", pcm_find(&group->dev, direction, count,
					   &group->setup, 1, driver));
	group->count = count;
	group->data = make_data(CHANNELS * plane);
	for (i = 0; i < CHANNELS; i++)
		group->planes[i] = group->data + i * plane;

	for (i = 0; i < count; i++) {
		group->fds[i] = pcm_open(&group->dev, 0);
		demand("open", group->fds[i]);
		demand("configure", pcm_configure(group->fds[i],
						  &group->setup));
		if (i)
			demand("LINK", pcm_link(group->fds[0], group->fds[i]));
	}
}

void group_close(struct group *group)
{
	unsigned int i;

	for (i = 0; i < group->count; i++)
		close(group->fds[i]);
	free(group->data);
}

static void fill(struct group *group)
{
	unsigned int i;

	for (i = 0; i < group->count; i++)
		demand("FORWARD", pcm_forward(group->fds[i], QUEUED));
}

/* Until as much is recorded as the calls of one batch may read. */
static void record(struct group *group)
{
	struct snd_pcm_status status;

	for (;;) {
		memset(&status, 0, sizeof(status));
		demand("STATUS", pcm_ioctl(group->fds[0],
					   SNDRV_PCM_IOCTL_STATUS, &status));
		if (status.avail >= QUEUED)
			return;
		usleep(10000);
	}
}

void group_enter(struct group *group, int state)
{
	bool playback = group->dev.stream == SNDRV_PCM_STREAM_PLAYBACK;
	unsigned int i;

	for (i = 0; i < group->count; i++)
		if (pcm_state(group->fds[i]) == SNDRV_PCM_STATE_OPEN)
			demand("configure", pcm_configure(group->fds[i],
							  &group->setup));
	demand("DROP", pcm_call(group->fds[0], SNDRV_PCM_IOCTL_DROP));
	if (state == SNDRV_PCM_STATE_SETUP)
		return;

	demand("PREPARE", pcm_call(group->fds[0], SNDRV_PCM_IOCTL_PREPARE));
	if (playback)
		fill(group);
	if (state == SNDRV_PCM_STATE_PREPARED)
		return;

	demand("START", pcm_call(group->fds[0], SNDRV_PCM_IOCTL_START));
	if (!playback)
		record(group);
}
