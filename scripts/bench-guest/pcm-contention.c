// SPDX-License-Identifier: GPL-2.0
/*
 * What threads that use PCMs at the same time make each other wait for, by the
 * guest's own clock, on two CPUs.
 *
 *   pcm-contention
 *
 * A line per measurement: its name and its value.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"
#include "text-file.h"

#define DUMMY "Dummy"
#define PCMTEST "PCM-TEST Driver"
#define DELAYS "/sys/kernel/debug/pcmtest/delay_us/"

#define ROUNDS 5		/* the best one counts: the host is busy too */
#define ROUND_US 300000
#define CHUNK 64		/* frames */

static volatile bool stopping;

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void report(const char *what, long long value)
{
	printf("contention\t%s\t%lld\n", what, value);
}

static void run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("pcm-contention needs two CPUs");
		exit(1);
	}
}

struct worker {
	pthread_t thread;
	unsigned int cpu;
	int fd;
	struct group *group;
	unsigned long count;
};

static void start_worker(struct worker *worker, void *(*body)(void *),
			 struct group *group, int fd, unsigned int cpu)
{
	*worker = (struct worker) { .group = group, .fd = fd, .cpu = cpu };
	if (pthread_create(&worker->thread, NULL, body, worker)) {
		fprintf(stderr, "no thread\n");
		exit(1);
	}
}

static void stop_workers(struct worker *workers, unsigned int count)
{
	stopping = true;
	while (count--)
		pthread_join(workers[count].thread, NULL);
	stopping = false;
}

/* Writes, and takes back what it wrote, so that there is always room. */
static void *writer(void *arg)
{
	struct worker *me = arg;
	snd_pcm_uframes_t frames;

	run_on(me->cpu);
	while (!stopping) {
		if (pcm_writei(me->fd, me->group->data, CHUNK) == CHUNK)
			me->count++;
		frames = CHUNK;
		pcm_ioctl(me->fd, SNDRV_PCM_IOCTL_REWIND, &frames);
	}
	return NULL;
}

static void *preparer(void *arg)
{
	struct worker *me = arg;

	run_on(me->cpu);
	while (!stopping)
		demand("PREPARE", pcm_call(me->fd, SNDRV_PCM_IOCTL_PREPARE));
	return NULL;
}

static void *configurer(void *arg)
{
	struct worker *me = arg;

	run_on(me->cpu);
	while (!stopping) {
		pcm_call(me->fd, SNDRV_PCM_IOCTL_HW_FREE);
		pcm_configure(me->fd, &me->group->setup);
		me->count++;
	}
	return NULL;
}

static void open_apart(struct group *groups, unsigned int count)
{
	while (count--)
		group_open(&groups[count], DUMMY, SNDRV_PCM_STREAM_PLAYBACK,
			   SNDRV_PCM_ACCESS_RW_INTERLEAVED, 1);
}

/* Writers on streams of their own: two should do twice as much as one. */
static void measure_scaling(void)
{
	unsigned long writes, best[2] = {};
	struct worker workers[2];
	struct group groups[2];
	unsigned int round, i, count;

	open_apart(groups, 2);
	for (round = 0; round < 2 * ROUNDS; round++) {
		count = 1 + round % 2;
		for (i = 0; i < count; i++)
			start_worker(&workers[i], writer, &groups[i],
				     groups[i].fds[0], i);
		usleep(ROUND_US);
		stop_workers(workers, count);
		writes = 0;
		for (i = 0; i < count; i++)
			writes += workers[i].count;
		if (writes > best[count - 1])
			best[count - 1] = writes;
	}
	for (i = 0; i < 2; i++)
		group_close(&groups[i]);

	report("writes per second, 1 writer", best[0] * 1000000 / ROUND_US);
	report("writes per second, 2 writers", best[1] * 1000000 / ROUND_US);
	report("percent of 1 writer, 2 writers", best[1] * 100 / best[0]);
}

static void set_delay(const char *callback, unsigned int us)
{
	char path[96], text[16];

	snprintf(path, sizeof(path), DELAYS "%s", callback);
	snprintf(text, sizeof(text), "%u", us);
	demand(path, text_file_write(path, text));
}

/* PREPARE of a group while another group's driver takes its time. */
static void measure_groups(void)
{
	long long begin, took, worst = 0, end;
	struct group slow, quick;
	struct worker worker;

	group_open(&slow, PCMTEST, SNDRV_PCM_STREAM_PLAYBACK,
		   SNDRV_PCM_ACCESS_RW_INTERLEAVED, 2);
	group_open(&quick, DUMMY, SNDRV_PCM_STREAM_PLAYBACK,
		   SNDRV_PCM_ACCESS_RW_INTERLEAVED, 2);
	set_delay("prepare", 200000);
	start_worker(&worker, preparer, &slow, slow.fds[0], 1);

	run_on(0);
	end = now_us() + 1000000;
	while (now_us() < end) {
		begin = now_us();
		demand("PREPARE", pcm_call(quick.fds[0],
					   SNDRV_PCM_IOCTL_PREPARE));
		took = now_us() - begin;
		if (took > worst)
			worst = took;
	}
	stop_workers(&worker, 1);
	set_delay("prepare", 0);
	group_close(&slow);
	group_close(&quick);
	report("worst us of a group's PREPARE, other group slow", worst);
}

struct storm {
	unsigned long done, refused;
	long long worst;
};

/* Again until it is not refused, as a program would. */
static void insist(struct storm *storm, int (*call)(struct group *group),
		   struct group *group)
{
	long long begin = now_us(), took;
	int err;

	while ((err = call(group)) == -EBUSY)
		storm->refused++;
	demand("in the storm", err);
	storm->done++;
	took = now_us() - begin;
	if (took > storm->worst)
		storm->worst = took;
}

static int storm_hw_params(struct group *group)
{
	return pcm_hw_params(group->fds[0], &group->setup);
}

static int storm_prepare(struct group *group)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_PREPARE);
}

static void report_storm(const char *call, const struct storm *storm)
{
	char what[64];

	snprintf(what, sizeof(what), "%s in a storm of writers, done", call);
	report(what, storm->done);
	snprintf(what, sizeof(what), "%s in a storm of writers, EBUSY", call);
	report(what, storm->refused);
	snprintf(what, sizeof(what), "%s in a storm of writers, worst us",
		 call);
	report(what, storm->worst);
}

/* Configuring a stream that two threads write to without a pause. */
static void measure_storm(void)
{
	struct storm params = {}, prepare = {};
	struct worker workers[2];
	struct group group;
	long long end;
	unsigned int i;

	open_apart(&group, 1);
	for (i = 0; i < 2; i++)
		start_worker(&workers[i], writer, &group, group.fds[0], i);
	end = now_us() + 2000000;
	while (now_us() < end) {
		insist(&params, storm_hw_params, &group);
		demand("SW_PARAMS", pcm_sw_params(group.fds[0], &group.setup,
						  LONG_MAX, 0));
		insist(&prepare, storm_prepare, &group);
		usleep(100);	/* let them write */
	}
	stop_workers(workers, 2);
	group_close(&group);
	report_storm("HW_PARAMS", &params);
	report_storm("PREPARE", &prepare);
}

static void *configure_once(void *arg)
{
	struct worker *me = arg;

	pcm_hw_params(me->fd, &me->group->setup);
	return NULL;
}

/* SIGKILL for a process whose HW_PARAMS waits for one that takes a second. */
static void measure_kill(void)
{
	struct worker worker;
	struct group group;
	long long begin;
	int status;
	pid_t child;

	group_open(&group, PCMTEST, SNDRV_PCM_STREAM_PLAYBACK,
		   SNDRV_PCM_ACCESS_RW_INTERLEAVED, 1);
	set_delay("hw_params", 1000000);
	start_worker(&worker, configure_once, &group, group.fds[0], 1);
	usleep(100000);
	child = fork();
	if (child < 0) {
		perror("fork");
		exit(1);
	}
	if (!child)
		_exit(-pcm_hw_params(group.fds[0], &group.setup));
	usleep(200000);
	begin = now_us();
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (!WIFSIGNALED(status))
		die("HW_PARAMS did not wait", -EPROTO);
	report("ms until SIGKILL ends a blocked HW_PARAMS",
	       (now_us() - begin) / 1000);
	pthread_join(worker.thread, NULL);
	set_delay("hw_params", 0);
	group_close(&group);
}

/* SYNC_PTR, which must not wait, while another thread reconfigures. */
static void measure_sync_ptr(void)
{
	long long begin, took, worst, end, best = -1;
	struct snd_pcm_sync_ptr sync;
	struct worker worker;
	struct group group;
	unsigned int round;

	open_apart(&group, 1);
	start_worker(&worker, configurer, &group, group.fds[0], 1);
	run_on(0);
	for (round = 0; round < ROUNDS; round++) {
		worst = 0;
		end = now_us() + ROUND_US;
		do {
			memset(&sync, 0, sizeof(sync));
			sync.flags = SNDRV_PCM_SYNC_PTR_APPL |
				     SNDRV_PCM_SYNC_PTR_AVAIL_MIN;
			begin = now_us();
			pcm_ioctl(group.fds[0], SNDRV_PCM_IOCTL_SYNC_PTR,
				  &sync);
			took = now_us() - begin;
			if (took > worst)
				worst = took;
		} while (begin < end);
		if (best < 0 || worst < best)
			best = worst;
	}
	stop_workers(&worker, 1);
	group_close(&group);
	report("worst us of SYNC_PTR during HW_FREE and HW_PARAMS", best);
}

/* The worst deviation of the periods that a sleeper is woken for. */
static long long worst_jitter(struct group *group)
{
	struct pollfd pollfd = { .fd = group->fds[0], .events = POLLIN };
	const long long period = PERIOD * 1000000LL / group->setup.rate;
	long long last, now, jitter, worst = 0;
	unsigned int i;

	group_enter(group, SNDRV_PCM_STATE_RUNNING);
	demand("FORWARD", pcm_forward(group->fds[0], QUEUED));
	last = 0;
	for (i = 0; i < 20; i++) {
		if (poll(&pollfd, 1, 1000) != 1) {
			fprintf(stderr, "no period in a second\n");
			exit(1);
		}
		now = now_us();
		demand("FORWARD", pcm_forward(group->fds[0], PERIOD));
		jitter = llabs(now - last - period);
		if (i > 2 && jitter > worst)
			worst = jitter;
		last = now;
	}
	return worst;
}

static void measure_jitter(void)
{
	long long jitter, best = -1;
	struct group capture, other;
	struct worker worker;
	unsigned int round;

	group_open(&capture, DUMMY, SNDRV_PCM_STREAM_CAPTURE,
		   SNDRV_PCM_ACCESS_RW_INTERLEAVED, 1);
	open_apart(&other, 1);
	start_worker(&worker, configurer, &other, other.fds[0], 1);
	run_on(0);
	for (round = 0; round < ROUNDS; round++) {
		jitter = worst_jitter(&capture);
		if (best < 0 || jitter < best)
			best = jitter;
	}
	stop_workers(&worker, 1);
	group_close(&capture);
	group_close(&other);
	report("worst us of a period's jitter during HW_FREE and HW_PARAMS",
	       best);
}

int main(void)
{
	alarm(100);	/* the unpatched kernel may not come back */
	measure_scaling();
	measure_groups();
	measure_storm();
	measure_sync_ptr();
	measure_jitter();
	measure_kill();
	return 0;
}
