// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "kmsg-watch.h"
#include "pcm-race.h"
#include "pcm-raw.h"
#include "pcmtest-control.h"
#include "stuck-task.h"

#define MS_NS		1000000ULL
#define WATCH_MS	20
#define KILL_MS		1000
#define DEFAULT_SECONDS	3
#define STUCK_TURNS	(2000 / WATCH_MS)
#define LOST_TURNS	(8000 / WATCH_MS)

unsigned long long race_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void race_sleep_us(unsigned int us)
{
	struct timespec ts = {
		.tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000L,
	};

	nanosleep(&ts, NULL);
}

void race_sleep_ms(unsigned int ms)
{
	race_sleep_us(ms * 1000);
}

/* Who races for this process, for race_abort(). */
static pid_t racing;

void race_abort(void)
{
	pid_t child = __atomic_load_n(&racing, __ATOMIC_RELAXED);

	if (child > 0)
		kill(child, SIGKILL);
}

/* Before anything else is done or said. */
__attribute__((constructor)) static void warn(void)
{
	unsigned int card, device;

	fprintf(stderr, "# a kernel without the fixes may hang or crash in these tests\n");
	if (pcm_chosen(&card, &device) < 0) {
		fprintf(stderr, "PCM_RACE_PCM=%s is not CARD,DEVICE\n",
			getenv("PCM_RACE_PCM"));
		exit(KSFT_FAIL);
	}
}

static unsigned int seconds_per_race(void)
{
	const char *text = getenv("PCM_RACE_SECONDS");
	int value = text ? atoi(text) : 0;

	return value > 0 ? value : DEFAULT_SECONDS;
}

struct race *race_new(void)
{
	struct race *race;

	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return race == MAP_FAILED ? NULL : race;
}

void race_free(struct race *race)
{
	munmap(race, sizeof(*race));
}

bool race_may_lose(long err)
{
	return err == -EBUSY || err == -EBADFD || err == -EAGAIN ||
	       err == -EPIPE || err == -EINTR;
}

static bool stopped(struct race *race)
{
	return __atomic_load_n(&race->stop, __ATOMIC_ACQUIRE);
}

static void stop(struct race *race)
{
	__atomic_store_n(&race->stop, 1, __ATOMIC_RELEASE);
}

bool race_on(struct race *race)
{
	return !stopped(race) &&
	       race_now_ns() - race->start_ns < race->limit_ns;
}

void race_beat(struct race *race, unsigned int thread)
{
	__atomic_store_n(&race->beat_ns[thread], race_now_ns(),
			 __ATOMIC_RELAXED);
}

void race_idle(struct race *race, unsigned int thread)
{
	__atomic_store_n(&race->beat_ns[thread], 0, __ATOMIC_RELAXED);
}

void race_hit(struct race *race, const char *fmt, ...)
{
	va_list args;

	if (__atomic_fetch_add(&race->hits, 1, __ATOMIC_RELAXED) == 0) {
		race->hit_ns = race_now_ns() - race->start_ns;
		race->hit_round = race->rounds;
		va_start(args, fmt);
		vsnprintf(race->evidence, sizeof(race->evidence), fmt, args);
		va_end(args);
		__atomic_store_n(&race->evident, true, __ATOMIC_RELEASE);
	}
	stop(race);
}

void race_skip(struct race *race, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(race->skip, sizeof(race->skip), fmt, args);
	va_end(args);
	stop(race);
}

void race_broken(struct race *race, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(race->broken, sizeof(race->broken), fmt, args);
	va_end(args);
	stop(race);
}

bool race_failed(struct race *race, const char *name, int err)
{
	if (err < 0)
		race_broken(race, "%s: %s", name, strerror(-err));
	return err < 0;
}

/* When the slowest busy thread last got on; 0 if all are idle. */
static unsigned long long slowest_beat(const struct race *race)
{
	unsigned long long oldest = 0, beat;
	unsigned int i;

	for (i = 0; i < RACE_THREADS; i++) {
		beat = __atomic_load_n(&race->beat_ns[i], __ATOMIC_RELAXED);
		if (beat && (!oldest || beat < oldest))
			oldest = beat;
	}
	return oldest;
}

bool race_drains_first(struct race *race, int fd, int other)
{
	int state;

	do {
		race_sleep_ms(5);
		race_beat(race, 0);
		state = pcm_state(fd);
	} while (race_on(race) && state == SNDRV_PCM_STATE_DRAINING);
	if (state == SNDRV_PCM_STATE_SETUP &&
	    pcm_state(other) == SNDRV_PCM_STATE_DRAINING)
		return true;
	race_broken(race, "the long stream is not the last to drain");
	return false;
}

bool race_kill(pid_t child, unsigned int wait_ms)
{
	unsigned int waited;

	kill(child, SIGKILL);
	for (waited = 0; waited <= wait_ms; waited += WATCH_MS) {
		if (waitpid(child, NULL, WNOHANG) == child)
			return true;
		race_sleep_ms(WATCH_MS);
	}
	return false;
}

static void report_stall(struct race *race, pid_t child, unsigned long long last_beat)
{
	char where[RACE_TEXT];
	unsigned int stuck;
	bool killed;

	stuck = describe_tasks(child, "D", where, sizeof(where));
	if (!stuck)
		stuck = describe_tasks(child, "RS", where, sizeof(where));
	killed = race_kill(child, KILL_MS);
	if (!killed)
		ksft_print_msg("%u task(s) of process %d can't be killed and are left behind\n",
			       stuck, child);
	race_hit(race, "%s%s%s: %s", killed ? "threads wait for ever" :
		 "unkillable deadlock", race->doing[0] ? " in " : "",
		 race->doing, where);
	if (race->hits == 1 && last_beat)
		race->hit_ns = last_beat - race->start_ns;
}

/* Tell at once: after a hit the machine may not live long enough. */
static bool tell_hit(const struct race *race)
{
	if (!__atomic_load_n(&race->evident, __ATOMIC_ACQUIRE))
		return false;
	ksft_print_msg("hit after %lu rounds, %llu ms: %s\n", race->hit_round,
		       race->hit_ns / MS_NS, race->evidence);
	fflush(stdout);
	return true;
}

static bool any_task_stuck(pid_t child)
{
	char where[RACE_TEXT];

	return describe_tasks(child, "D", where, sizeof(where)) > 0;
}

/*
 * Follow the child until it is gone or stuck.  Time is counted in turns of this
 * loop, so that a machine that stands still does not look like a stuck thread.
 */
static void watch(struct race *race, pid_t child, int kmsg)
{
	unsigned int violations = pcmtest_violations(NULL, 0);
	unsigned int idle_turns = 0;
	bool told = false, record;
	unsigned long long last = 0, now;
	char title[RACE_TEXT];
	struct pollfd pfd = {
		.fd = kmsg,
		.events = POLLIN,
	};
	int status;

	for (;;) {
		record = poll(&pfd, 1, WATCH_MS) > 0;
		if (record && kmsg_watch_splat(kmsg, title, sizeof(title)))
			race_hit(race, "kernel log: %s", title);
		told = told || tell_hit(race);
		if (record)		/* it has made the turn shorter */
			race_sleep_ms(WATCH_MS);

		if (waitpid(child, &status, WNOHANG) == child) {
			if (WIFSIGNALED(status))
				race_hit(race, "process died of signal %d",
					 WTERMSIG(status));
			break;
		}

		now = slowest_beat(race);
		idle_turns = now == last ? idle_turns + 1 : 0;
		last = now;
		if (idle_turns >= LOST_TURNS ||
		    (idle_turns >= STUCK_TURNS && any_task_stuck(child))) {
			report_stall(race, child, last);
			break;
		}
	}
	if (kmsg >= 0 && kmsg_watch_splat(kmsg, title, sizeof(title)))
		race_hit(race, "kernel log: %s", title);
	pcmtest_calm();
	if (pcmtest_violations(title, sizeof(title)) > violations)
		race_hit(race, "callbacks of snd-pcmtest, counted: %s", title);
	if (!told && !tell_hit(race) && !race->hits && !race->skip[0] &&
	    !race->broken[0])
		ksft_print_msg("no hit in %lu rounds, %llu ms\n", race->rounds,
			       (race_now_ns() - race->start_ns) / MS_NS);
}

void race_run(struct race *race, void (*body)(struct race *race, void *ctx),
	      void *ctx)
{
	pid_t child;
	int kmsg;

	kmsg = kmsg_watch_open();
	if (kmsg < 0)
		ksft_print_msg("kernel log not readable (%s), reports there are missed\n",
			       strerror(-kmsg));

	race->limit_ns = 1000 * MS_NS *
		seconds_per_race();
	race->start_ns = race_now_ns();
	race_beat(race, 0);

	fflush(stdout);
	/*
	 * Ctrl-C ends the harness only, this is another process group.  With
	 * TEST_F() one in between lives on, and so does the case, to its end.
	 */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	child = fork();
	if (child < 0) {
		race_broken(race, "fork: %s", strerror(errno));
		goto out;
	}
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body(race, ctx);
		_exit(0);
	}

	__atomic_store_n(&racing, child, __ATOMIC_RELAXED);
	watch(race, child, kmsg);
	__atomic_store_n(&racing, 0, __ATOMIC_RELAXED);
out:
	if (kmsg >= 0)
		close(kmsg);
}
