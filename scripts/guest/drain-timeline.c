// SPDX-License-Identifier: GPL-2.0
/*
 * Lets DRAIN come while HW_PARAMS is under way on a stream of snd-pcmtest, and prints what both
 * returned and which callbacks they caused: what scripts/timeline draws.  One line per call,
 *
 *   call <begin us> <end us> <pid> <thread> <name> <errno>
 *
 * then the driver's timeline.  Both have the same clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "pcm-raw.h"

#define DEBUGFS		"/sys/kernel/debug/pcmtest/"
#define HW_PARAMS_US	"60000"	/* time enough for DRAIN to come, ... */
#define TRIGGER_US	"60000"	/* ... and for HW_PARAMS to go on while that starts the stream */
#define REST_MS		500	/* for an engine that should not run to show itself */

static const struct pcm_setup before = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 48000,
	.period_size = 4096,
	.buffer_size = 16384,
};

static const struct pcm_setup after = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 1,
	.rate = 8000,
	.period_size = 8192,
	.buffer_size = 16384,
};

static int fd;

static void fail(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(err));
	exit(1);
}

static void put(const char *name, const char *text)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), DEBUGFS "%s", name);
	file = open(path, O_WRONLY);
	if (file < 0 || write(file, text, strlen(text)) < 0)
		fail(path, errno);
	close(file);
}

static FILE *open_timeline(void)
{
	FILE *file = fopen(DEBUGFS "timeline", "r");

	if (!file)
		fail("timeline", errno);
	return file;
}

static void print_timeline(void)
{
	FILE *file = open_timeline();
	char line[512];

	while (fgets(line, sizeof(line), file))
		fputs(line, stdout);
	fclose(file);
}

static void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

static unsigned long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static void report(const char *name, unsigned long long begin, int err)
{
	char thread[16];

	pthread_getname_np(pthread_self(), thread, sizeof(thread));
	printf("call %llu %llu %ld %s %s %d\n", begin, now_us(), syscall(SYS_gettid), thread, name,
	       -err);
}

static void *configure(void *unused)
{
	unsigned long long begin;

	pthread_setname_np(pthread_self(), "configures");
	begin = now_us();
	report("HW_PARAMS", begin, pcm_hw_params(fd, &after));
	return NULL;
}

static bool configuring(void)
{
	char text[4096];
	FILE *file = open_timeline();
	size_t size = fread(text, 1, sizeof(text) - 1, file);

	fclose(file);
	text[size] = '\0';
	return strstr(text, "hw_params enter");
}

static void *drain(void *unused)
{
	unsigned long long begin;

	pthread_setname_np(pthread_self(), "drains");
	while (!configuring())
		sleep_ms(1);
	begin = now_us();
	report("DRAIN", begin, pcm_call(fd, SNDRV_PCM_IOCTL_DRAIN));
	return NULL;
}

static void start(pthread_t *thread, void *(*body)(void *unused))
{
	int err = pthread_create(thread, NULL, body, NULL);

	if (err)
		fail("pthread_create", err);
}

static void race(void)
{
	pthread_t threads[2];

	start(&threads[0], configure);
	start(&threads[1], drain);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

int main(void)
{
	static char silence[16384 * 4];
	struct pcm_dev dev;
	long frames;
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	err = pcm_find(&dev, SNDRV_PCM_STREAM_PLAYBACK, 1, &before, 1, "PCM-TEST Driver");
	if (err)
		fail("snd-pcmtest", -err);
	/* Without O_NONBLOCK, DRAIN would wait for an end that may not come. */
	fd = pcm_open(&dev, O_NONBLOCK);
	if (fd < 0)
		fail("open", -fd);
	err = pcm_configure(fd, &before);
	if (err)
		fail("configure", -err);
	frames = pcm_writei(fd, silence, before.buffer_size);
	if (frames < 0)
		fail("write", -frames);

	put("delay_us/hw_params", HW_PARAMS_US);
	put("delay_us/trigger", TRIGGER_US);
	put("timeline", "0");
	race();
	sleep_ms(REST_MS);
	print_timeline();
	return 0;
}
