// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers may treat all linked streams in the trigger callback of one of them.
 * What the core wants of a single stream, as in DRAIN, must not become of all.
 * It takes such a driver: snd-pcmtest with group_trigger, or ENS1370 (QEMU's
 * -device ES1370).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "pcm-race-test.h"
#include "pcmtest-control.h"

#define GROUP_TRIGGER	"group_trigger"

#define PERIOD		4096	/* more than a third of a second */
#define POISON		0x5a

/*
 * 64 KiB, one and a half seconds: so long is also the time-out of DRAIN.
 * Not every rate is an exact one for ENS1370.
 */
static const struct pcm_setup slow_stream = {
	.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 11025,
	.period_size = PERIOD,
	.buffer_size = 4 * PERIOD,
};

struct pair {
	struct pcm_dev first, second;
	int fd, other;
	bool suspending;
	int err;			/* of the other thread */
};

/* The driver's streams for @pair, the second one for @stream; or skip. */
static bool find_pair(struct __test_metadata *_metadata, struct pair *pair,
		      int stream, bool pcmtest_only)
{
	const char *driver = PCMTEST_DRIVER;
	unsigned int playbacks = stream == SNDRV_PCM_STREAM_PLAYBACK ? 2 : 1;

	if (pcmtest_set(GROUP_TRIGGER, "Y")) {
		if (pcmtest_only)
			SKIP(return false, "no snd-pcmtest with group_trigger");
		driver = "ENS1370";
	}
	if (!pcmtest_only && getenv("PCM_RACE_PCM"))
		driver = NULL;
	if (!race_device(_metadata, &pair->first, SNDRV_PCM_STREAM_PLAYBACK,
			 playbacks, &slow_stream, 1, driver))
		return false;
	pair->second = pair->first;
	return playbacks == 2 ||
	       race_device(_metadata, &pair->second, stream, 1, &slow_stream,
			   1, driver);
}

static void run_pair(struct __test_metadata *_metadata, int stream,
		     bool pcmtest_only,
		     void (*body)(struct race *race, void *ctx))
{
	struct pair pair = {};

	if (find_pair(_metadata, &pair, stream, pcmtest_only))
		race_test(_metadata, body, &pair);
	pcmtest_set(GROUP_TRIGGER, "N");
}

static void run_suspended_pair(struct __test_metadata *_metadata, int stream,
			       void (*body)(struct race *race, void *ctx))
{
	struct pair pair = {
		.suspending = true,
	};

	if (!pcmtest_can_suspend())
		SKIP(return, "needs root, and snd-pcmtest with suspend in debugfs");
	if (find_pair(_metadata, &pair, stream, true))
		race_test(_metadata, body, &pair);
	pcmtest_set(GROUP_TRIGGER, "N");
}

static bool open_pair(struct race *race, struct pair *pair)
{
	pair->fd = pcm_open(&pair->first, O_NONBLOCK);
	pair->other = pcm_open(&pair->second, O_NONBLOCK);
	if (pair->fd < 0 || pair->other < 0)
		return !race_failed(race, "open", -EBUSY);
	return !race_failed(race, "configure",
			    pcm_configure(pair->fd, &slow_stream)) &&
	       !race_failed(race, "configure",
			    pcm_configure(pair->other, &slow_stream)) &&
	       !race_failed(race, "LINK", pcm_link(pair->fd, pair->other));
}

static void close_pair(struct pair *pair)
{
	close(pair->fd);
	close(pair->other);
}

static bool fill_pair(struct race *race, const struct pair *pair,
		      unsigned long frames, unsigned long other_frames)
{
	return !race_failed(race, "FORWARD", pcm_forward(pair->fd, frames)) &&
	       !race_failed(race, "FORWARD",
			    pcm_forward(pair->other, other_frames));
}

static bool poisoned(const unsigned char *buffer, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (buffer[i] != POISON)
			return false;
	return true;
}

static int suspend_and_resume(struct pair *pair)
{
	int err = pcmtest_suspend();

	return err ? err : pcm_call(pair->fd, SNDRV_PCM_IOCTL_RESUME);
}

/*
 * DRAIN of prepared streams plays what was written.  The linked capture is not
 * started, so its buffer, which could be freed now, must not be written to.
 * Nor is it when both are suspended meanwhile, and resume.
 */
static void drain_prepared(struct race *race, void *ctx)
{
	struct pair *pair = ctx;
	size_t size = slow_stream.buffer_size * 4;
	unsigned char *buffer;
	int err;

	if (!open_pair(race, pair) ||
	    race_failed(race, "FORWARD", pcm_forward(pair->fd, PERIOD)))
		return;
	buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      pair->other, (off_t)SNDRV_PCM_MMAP_OFFSET_DATA);
	if (buffer == MAP_FAILED) {
		race_broken(race, "mmap: %s", strerror(errno));
		return;
	}
	memset(buffer, POISON, size);

	race->rounds++;
	err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_DRAIN);
	if (err != -EAGAIN)
		race_hit(race, "DRAIN: %s", strerror(-err));
	if (pair->suspending)
		race_failed(race, "suspend or RESUME", suspend_and_resume(pair));
	race_sleep_ms(1500);
	if (!poisoned(buffer, size))
		race_hit(race, "%s of a playback has started the linked capture, which is %s",
			 pair->suspending ? "RESUME" : "DRAIN",
			 pcm_state_name(pcm_state(pair->other)));
	if (pcm_state(pair->fd) == SNDRV_PCM_STATE_PREPARED)
		race_broken(race, "DRAIN has not started the playback");

	/* What runs without the core's knowledge is only stopped with others. */
	pcm_call(pair->other, SNDRV_PCM_IOCTL_DROP);
	pcm_call(pair->fd, SNDRV_PCM_IOCTL_DROP);
	munmap(buffer, size);
	close_pair(pair);
}

TEST(drain_starts_no_linked_capture)
{
	run_pair(_metadata, SNDRV_PCM_STREAM_CAPTURE, false, drain_prepared);
}

TEST(resume_starts_no_linked_capture)
{
	run_suspended_pair(_metadata, SNDRV_PCM_STREAM_CAPTURE, drain_prepared);
}

/* DRAIN of running streams stops the capture and plays what is left. */
static void drain_running(struct race *race, void *ctx)
{
	struct pair *pair = ctx;
	int err;

	if (!open_pair(race, pair) ||
	    race_failed(race, "FORWARD", pcm_forward(pair->fd, PERIOD)) ||
	    race_failed(race, "START",
			pcm_call(pair->fd, SNDRV_PCM_IOCTL_START)))
		return;
	pcm_blocking(pair->fd, true);

	race->rounds++;
	err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_DRAIN);
	if (err)
		race_hit(race, "DRAIN of a playback with a linked capture: %s",
			 strerror(-err));
	close_pair(pair);
}

TEST(drain_outlives_stop_of_linked_capture)
{
	run_pair(_metadata, SNDRV_PCM_STREAM_CAPTURE, false, drain_running);
}

/* Both of them play when they are started, whatever was left out before. */
#define TWO_TICKS_MS	500

/* The driver's position is that of before until it is started. */
static unsigned long position(struct race *race, int fd)
{
	struct pcm_pointers now = {};
	int err = pcm_call(fd, SNDRV_PCM_IOCTL_HWSYNC);

	if (err == -EPIPE)	/* it has played all, on a busy machine */
		return ULONG_MAX;
	if (!race_failed(race, "HWSYNC", err))
		race_failed(race, "SYNC_PTR", pcm_pointers(fd, &now));
	return now.hw_ptr;
}

static void start_both(struct race *race, struct pair *pair)
{
	unsigned long first, second;

	if (race_failed(race, "START",
			pcm_call(pair->fd, SNDRV_PCM_IOCTL_START)))
		return;
	first = position(race, pair->fd);
	second = position(race, pair->other);
	race_sleep_ms(TWO_TICKS_MS);
	if (position(race, pair->fd) == first ||
	    position(race, pair->other) == second)
		race_hit(race, "of two streams that were started, one does not play");
}

static void prepare_and_start_both(struct race *race, struct pair *pair)
{
	if (!race_failed(race, "PREPARE",
			 pcm_call(pair->fd, SNDRV_PCM_IOCTL_PREPARE)) &&
	    fill_pair(race, pair, 3 * PERIOD, 3 * PERIOD))
		start_both(race, pair);
}

/* The first stream that is done draining does not take the other one along. */
static void drain_unequal(struct race *race, void *ctx)
{
	struct pair *pair = ctx;
	int err;

	if (!open_pair(race, pair) ||
	    !fill_pair(race, pair, PERIOD, 2 * PERIOD))
		return;
	pcm_blocking(pair->fd, true);

	race->rounds++;
	err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_DRAIN);
	if (err)
		race_hit(race, "DRAIN of two playbacks, one with more data: %s",
			 strerror(-err));
	pcm_blocking(pair->fd, false);
	prepare_and_start_both(race, pair);
	close_pair(pair);
}

TEST(drain_outlives_end_of_linked_playback)
{
	run_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK, true, drain_unequal);
}

/*
 * DROP on one stream stops both, while the timer handler of the driver, which
 * stands for an interrupt, is at one of them.  HW_FREE has to wait for it.  So
 * it is when suspend stops them.
 */
#define FIRST_TICK_MS	200
#define TICK_MS		60

/* Until somewhere in the handler for the one or the other. */
static bool play_into_tick(struct race *race, struct pair *pair)
{
	race_beat(race, 0);
	if (!open_pair(race, pair) ||
	    !fill_pair(race, pair, PERIOD, PERIOD) ||
	    race_failed(race, "START",
			pcm_call(pair->fd, SNDRV_PCM_IOCTL_START)))
		return false;
	race_sleep_ms(FIRST_TICK_MS + race->rounds * 17 % (2 * TICK_MS));
	return true;
}

static bool free_after_drop(struct race *race, struct pair *pair)
{
	int err;

	if (!play_into_tick(race, pair))
		return false;
	err = pair->suspending ? pcmtest_suspend() : 0;
	if (!err)
		err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_DROP);
	if (!err)
		err = pcm_call(pair->other, SNDRV_PCM_IOCTL_HW_FREE);
	if (err)
		race_hit(race, "suspend, DROP, HW_FREE: %s", strerror(-err));
	race->rounds++;
	close_pair(pair);
	return true;
}

static void with_slow_ticks(struct race *race, struct pair *pair,
			    bool (*round)(struct race *race, struct pair *pair))
{
	if (pcmtest_delay("tick", TICK_MS * 1000)) {
		race_skip(race, "snd-pcmtest has no delay_us/tick in debugfs");
		return;
	}
	while (race_on(race) && round(race, pair))
		;
}

static void free_in_tick(struct race *race, void *ctx)
{
	with_slow_ticks(race, ctx, free_after_drop);
}

TEST(hw_free_waits_for_linked_stop)
{
	run_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK, true, free_in_tick);
	pcmtest_delay("tick", 0);
}

TEST(hw_free_waits_for_linked_suspend)
{
	run_suspended_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK, free_in_tick);
	pcmtest_delay("tick", 0);
}

/*
 * Both streams drain, the second one is done first and is freed.  What stops
 * the first one leaves the second one alone: the driver says if it doesn't.
 */
#define FREE_MS		500

static bool drain_second(struct race *race, struct pair *pair)
{
	int err;

	if (!open_pair(race, pair) ||
	    !fill_pair(race, pair, 3 * PERIOD, PERIOD))
		return false;
	err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_DRAIN);
	if (err != -EAGAIN)
		return !race_failed(race, "DRAIN", err ? err : -EPROTO);
	return race_drains_first(race, pair->other, pair->fd);
}

static void *free_other(void *arg)
{
	struct pair *pair = arg;

	pair->err = pcm_call(pair->other, SNDRV_PCM_IOCTL_HW_FREE);
	return NULL;
}

static void stop_beside_hw_free(struct race *race, void *ctx)
{
	struct pair *pair = ctx;
	pthread_t thread;
	bool inside;
	int err;

	if (!drain_second(race, pair) ||
	    race_failed(race, "timeline", pcmtest_forget_calls()) ||
	    race_failed(race, "delay in hw_free",
			pcmtest_delay("hw_free", FREE_MS * 1000)) ||
	    race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, free_other, pair)))
		return;
	inside = pcmtest_wait_inside("hw_free");
	race->rounds++;
	err = pair->suspending ? pcmtest_suspend() :
		pcm_call(pair->fd, SNDRV_PCM_IOCTL_DROP);
	inside = inside && pcmtest_called("hw_free", true);
	pcmtest_delay("hw_free", 0);
	pthread_join(thread, NULL);
	if (!inside)
		race_skip(race, "HW_FREE was never caught inside hw_free");
	if (err || pair->err)
		race_hit(race, "DROP or suspend: %s, HW_FREE: %s",
			 strerror(-err), strerror(-pair->err));
	else if (!pair->suspending &&
		 !race_failed(race, "configure",
			      pcm_configure(pair->other, &slow_stream)))
		prepare_and_start_both(race, pair);
	close_pair(pair);
}

TEST(drop_leaves_out_linked_stream_in_change)
{
	run_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK, true,
		 stop_beside_hw_free);
}

TEST(suspend_leaves_out_linked_stream_in_change)
{
	run_suspended_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK,
			   stop_beside_hw_free);
}

/* Prepared streams are left out when they are suspended, but only then. */
static void suspend_prepared(struct race *race, void *ctx)
{
	struct pair *pair = ctx;

	if (!open_pair(race, pair) ||
	    !fill_pair(race, pair, 3 * PERIOD, 3 * PERIOD) ||
	    race_failed(race, "suspend or RESUME", suspend_and_resume(pair)))
		return;
	race->rounds++;
	start_both(race, pair);
	close_pair(pair);
}

TEST(start_after_suspend_of_prepared)
{
	run_suspended_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK,
			   suspend_prepared);
}

/*
 * Suspend waits for the handler of a stream that it has stopped.  HW_FREE of
 * that stream, from another thread, has to wait for it as well.
 */
static void *suspend_all(void *arg)
{
	struct pair *pair = arg;

	pair->err = pcmtest_suspend();
	return NULL;
}

static bool free_beside_suspend(struct race *race, struct pair *pair)
{
	pthread_t thread;
	unsigned int ms;
	int err;

	if (!play_into_tick(race, pair) ||
	    race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, suspend_all, pair)))
		return false;
	/* it waits with what follows on that */
	for (ms = 0; ms < 100 && pcm_state(pair->other) !=
	     SNDRV_PCM_STATE_SUSPENDED; ms++)
		race_sleep_ms(1);
	race_sleep_ms(2);
	err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_DROP);
	if (!err)
		err = pcm_call(pair->fd, SNDRV_PCM_IOCTL_HW_FREE);
	if (!err)
		err = pcm_call(pair->other, SNDRV_PCM_IOCTL_HW_FREE);
	pthread_join(thread, NULL);
	if (err || pair->err)
		race_hit(race, "suspend: %s, DROP, HW_FREE: %s",
			 strerror(-pair->err), strerror(-err));
	race->rounds++;
	close_pair(pair);
	return true;
}

static void free_in_suspend(struct race *race, void *ctx)
{
	with_slow_ticks(race, ctx, free_beside_suspend);
}

TEST(hw_free_beside_suspend)
{
	run_suspended_pair(_metadata, SNDRV_PCM_STREAM_PLAYBACK,
			   free_in_suspend);
	pcmtest_delay("tick", 0);
}

TEST_HARNESS_MAIN
