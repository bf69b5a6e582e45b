// SPDX-License-Identifier: GPL-2.0
/*
 * Races whose window is held open: a callback of snd-pcmtest is delayed for as
 * long as it takes to do something else with the stream.  No luck is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "pcm-race-test.h"
#include "pcmtest-control.h"

#define WINDOW_US	30000
#define LONG_WINDOW_US	300000
#define ROUNDS		5
#define CHUNK		2048
#define TICK_MS		200	/* how often snd-pcmtest plays something */

#define TRIGGER_STOP	0	/* SNDRV_PCM_TRIGGER_STOP */

/* It takes a short time to go round this buffer. */
static const struct pcm_setup short_setup = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 8000,
	.period_size = 1024,
	.buffer_size = 4096,
};

struct intrusion;

struct window {
	struct pcm_dev dev;
	struct pcm_dev other;		/* of another card */
	unsigned long long dropped_ns;	/* when DROP was done */
	const struct intrusion *intrusion;
	int (*attempt)(struct window *window);
	int fd;
	int linked, third;
	int held;			/* what the call that is held up returns */
	int result;
	bool done;
};

/*
 * @callback: where the stream is held up, which @request leads to.
 * @intrude: what is done meanwhile; has to return one of @refused.
 */
struct intrusion {
	const char *name;
	const char *callback;
	int (*hold)(struct window *window);
	int (*intrude)(struct window *window);
	int refused;
};

/* Prepared, with data to play. */
static bool bring_forward(struct race *race, int fd)
{
	int err;

	pcm_call(fd, SNDRV_PCM_IOCTL_DROP);
	if (race_failed(race, "configure", pcm_configure(fd, &pcm_slow_setup)))
		return false;
	err = pcm_forward(fd, pcm_slow_setup.buffer_size / 2);
	/* a capture has nothing yet that could be skipped */
	return err == -ENOSPC || !race_failed(race, "FORWARD", err);
}

static int call_prepare(struct window *window)
{
	return pcm_call(window->fd, SNDRV_PCM_IOCTL_PREPARE);
}

static int call_hw_params(struct window *window)
{
	return pcm_hw_params(window->fd, &pcm_slow_setup);
}

static int call_hw_refine(struct window *window)
{
	struct snd_pcm_hw_params params;

	pcm_params_any(&params);
	return pcm_ioctl(window->fd, SNDRV_PCM_IOCTL_HW_REFINE, &params);
}

static int call_linked_prepare(struct window *window)
{
	return pcm_call(window->linked, SNDRV_PCM_IOCTL_PREPARE);
}

/* All that wait for a change, the first one whose answer is not EAGAIN tells. */
static int call_changes(struct window *window)
{
	static const unsigned long requests[] = {
		SNDRV_PCM_IOCTL_HW_FREE, SNDRV_PCM_IOCTL_PREPARE,
		SNDRV_PCM_IOCTL_RESET,
	};
	int err = call_hw_params(window);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests) && err == -EAGAIN; i++)
		err = pcm_call(window->fd, requests[i]);
	return err;
}

static int call_looks(struct window *window)
{
	struct snd_pcm_channel_info info = {};
	int err = call_hw_refine(window);

	return err != -EAGAIN ? err :
	       pcm_ioctl(window->fd, SNDRV_PCM_IOCTL_CHANNEL_INFO, &info);
}

static int call_hwsync(struct window *window)
{
	return pcm_call(window->fd, SNDRV_PCM_IOCTL_HWSYNC);
}

/* Make the driver refuse what it is called for. */
static int call_failing(struct window *window, const char *failure,
			int (*call)(struct window *window))
{
	int err;

	pcmtest_set(failure, "Y");
	err = call(window);
	pcmtest_set(failure, "N");
	return err;
}

/* The driver is left to free what it has got already. */
static int call_failing_hw_params(struct window *window)
{
	return call_failing(window, PCMTEST_FAILING_HW_PARAMS, call_hw_params);
}

static int call_start(struct window *window)
{
	return pcm_call(window->fd, SNDRV_PCM_IOCTL_START);
}

static int call_drop(struct window *window)
{
	return pcm_call(window->fd, SNDRV_PCM_IOCTL_DROP);
}

static int call_drain(struct window *window)
{
	return pcm_call(window->fd, SNDRV_PCM_IOCTL_DRAIN);
}

static int call_writei(struct window *window)
{
	static const short samples[2 * CHUNK];

	return pcm_writei(window->fd, samples, CHUNK);
}

static int call_resume(struct window *window)
{
	return pcm_call(window->fd, SNDRV_PCM_IOCTL_RESUME);
}

static int suspend_and_resume(struct window *window)
{
	int err = pcmtest_suspend();

	return err ? err : call_resume(window);
}

static int map_buffer(struct window *window)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *map;

	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, window->fd,
		   (off_t)SNDRV_PCM_MMAP_OFFSET_DATA);
	if (map == MAP_FAILED)
		return -errno;
	munmap(map, page);
	return 0;
}

/* What others are made from, once the boundary is known. */
static int plain_sw_params(int fd, const struct pcm_setup *setup,
			   struct snd_pcm_sw_params *params)
{
	*params = (struct snd_pcm_sw_params) {
		.period_step = 1,
		.avail_min = setup->period_size,
		.start_threshold = setup->buffer_size,
		.stop_threshold = setup->buffer_size,
	};
	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_SW_PARAMS, params);
}

static int set_appl_ptr(int fd, unsigned long appl_ptr)
{
	struct snd_pcm_sync_ptr sync = {
		.flags = SNDRV_PCM_SYNC_PTR_AVAIL_MIN,
		.c.control.appl_ptr = appl_ptr,
	};

	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

static int move_appl_ptr(struct window *window)
{
	return set_appl_ptr(window->fd, CHUNK);
}

static void *run_hold(void *arg)
{
	struct window *window = arg;

	window->held = window->intrusion->hold(window);
	return NULL;
}

static void judge_intrusion(struct race *race, const struct window *window)
{
	const struct intrusion *intrusion = window->intrusion;

	if (window->result != intrusion->refused)
		race_hit(race, "%s while the driver is in %s: %s instead of %s",
			 intrusion->name, intrusion->callback,
			 strerror(-window->result),
			 strerror(-intrusion->refused));
}

static bool intrude_once(struct race *race, struct window *window)
{
	const struct intrusion *intrusion = window->intrusion;
	pthread_t thread;
	bool inside;

	race_beat(race, 0);
	if (!bring_forward(race, window->fd))
		return false;
	pcmtest_forget_calls();
	pcmtest_delay(intrusion->callback, WINDOW_US);
	if (race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, run_hold, window)))
		return false;
	inside = pcmtest_wait_inside(intrusion->callback);
	window->result = intrusion->intrude(window);
	inside = inside && pcmtest_called(intrusion->callback, true);
	pcmtest_delay(intrusion->callback, 0);
	pthread_join(thread, NULL);

	/* On a busy machine the window may have been closed too early. */
	if (!inside)
		return true;
	race->rounds++;
	judge_intrusion(race, window);
	if (window->held && !race_may_lose(window->held))
		race_hit(race, "the call that led to %s: %s",
			 intrusion->callback, strerror(-window->held));
	return true;
}

static bool open_stream(struct race *race, struct window *window)
{
	window->fd = pcm_open(&window->dev, O_NONBLOCK);
	return !race_failed(race, "open", window->fd);
}

static void skip_without_round(struct race *race, const char *name,
			       const char *callback)
{
	if (!race->rounds)
		race_skip(race, "%s was never caught inside %s", name,
			  callback);
}

static void intrude(struct race *race, void *ctx)
{
	struct window *window = ctx;

	if (!open_stream(race, window))
		return;
	while (race_on(race) && race->rounds < ROUNDS &&
	       intrude_once(race, window))
		;
	skip_without_round(race, window->intrusion->name,
			   window->intrusion->callback);
}

FIXTURE(window)
{
	struct window window;
};

FIXTURE_VARIANT(window)
{
	bool nonatomic;
};

FIXTURE_VARIANT_ADD(window, atomic)
{
};

FIXTURE_VARIANT_ADD(window, nonatomic)
{
	.nonatomic = true,
};

FIXTURE_SETUP(window)
{
	if (geteuid())
		SKIP(return, "needs root");
	if (!pcmtest_can_delay())
		SKIP(return, "needs snd-pcmtest with delay_us in debugfs");
	ASSERT_EQ(0, pcmtest_remake(variant->nonatomic));
}

FIXTURE_TEARDOWN(window)
{
	pcmtest_restore();
}

static void run_streams(struct __test_metadata *_metadata, int stream,
			unsigned int count, struct window *window,
			void (*body)(struct race *race, void *ctx))
{
	if (race_device(_metadata, &window->dev, stream, count,
			&pcm_slow_setup, 1, PCMTEST_DRIVER))
		race_test(_metadata, body, window);
}

static void run_window(struct __test_metadata *_metadata,
		       struct window *window,
		       void (*body)(struct race *race, void *ctx))
{
	run_streams(_metadata, SNDRV_PCM_STREAM_PLAYBACK, 2, window, body);
}

static void run_suspending(struct __test_metadata *_metadata,
			   struct window *window,
			   void (*body)(struct race *race, void *ctx))
{
	if (!pcmtest_can_suspend())
		SKIP(return, "needs CONFIG_PM");
	run_window(_metadata, window, body);
}

static void run_intrusion(struct __test_metadata *_metadata,
			  struct window *window,
			  const struct intrusion *intrusion)
{
	window->intrusion = intrusion;
	run_window(_metadata, window, intrude);
}

TEST_F(window, start_while_preparing)
{
	static const struct intrusion intrusion = {
		"START", "prepare", call_prepare, call_start, -EBADFD,
	};

	run_intrusion(_metadata, &self->window, &intrusion);
}

TEST_F(window, drain_while_preparing)
{
	static const struct intrusion intrusion = {
		"DRAIN", "prepare", call_prepare, call_drain, -EBADFD,
	};

	run_intrusion(_metadata, &self->window, &intrusion);
}

TEST_F(window, resume_while_preparing)
{
	static const struct intrusion intrusion = {
		"RESUME", "prepare", call_prepare, suspend_and_resume, -EBADFD,
	};

	if (!pcmtest_can_suspend())
		SKIP(return, "needs CONFIG_PM");
	run_intrusion(_metadata, &self->window, &intrusion);
}

TEST_F(window, write_while_preparing)
{
	static const struct intrusion intrusion = {
		"WRITEI", "prepare", call_prepare, call_writei, -EBUSY,
	};

	run_intrusion(_metadata, &self->window, &intrusion);
}

TEST_F(window, mmap_while_configuring)
{
	static const struct intrusion intrusion = {
		"mmap()", "hw_params", call_hw_params, map_buffer, -EBUSY,
	};

	run_intrusion(_metadata, &self->window, &intrusion);
}

TEST_F(window, ack_while_configuring)
{
	static const struct intrusion intrusion = {
		"SYNC_PTR", "hw_params", call_hw_params, move_appl_ptr, -EBUSY,
	};

	run_intrusion(_metadata, &self->window, &intrusion);
}

/* The pointer can be moved without a setup, but the driver must not look. */
static void ack_without_buffer(struct race *race, void *ctx)
{
	struct window *window = ctx;
	int err;

	if (!open_stream(race, window) ||
	    race_failed(race, "configure",
			pcm_configure(window->fd, &pcm_slow_setup)) ||
	    race_failed(race, "HW_FREE",
			pcm_call(window->fd, SNDRV_PCM_IOCTL_HW_FREE)))
		return;
	pcmtest_forget_calls();
	race->rounds++;
	err = move_appl_ptr(window);
	if (err && err != -EBADFD)
		race_hit(race, "SYNC_PTR without a setup: %s", strerror(-err));
	if (pcmtest_called("ack", false))
		race_hit(race, "the driver's ack is called without a buffer");
}

TEST_F(window, ack_without_setup)
{
	run_window(_metadata, &self->window, ack_without_buffer);
}

/* A sync reads the buffer object that HW_FREE frees. */
static bool setup_sync(struct race *race, void *ctx)
{
	struct window *window = ctx;

	return !race_failed(race, "configure",
			    pcm_configure(window->fd, &pcm_slow_setup));
}

static void sync_buffer(void *ctx)
{
	struct window *window = ctx;

	set_appl_ptr(window->fd, 0);
}

static void free_buffer(void *ctx)
{
	struct window *window = ctx;

	window->result = pcm_call(window->fd, SNDRV_PCM_IOCTL_HW_FREE);
}

static void check_free(struct race *race, void *ctx)
{
	struct window *window = ctx;

	if (window->result && !race_may_lose(window->result))
		race_hit(race, "HW_FREE: %s", strerror(-window->result));
}

static void sync_against_free(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_sync,
		.a = sync_buffer,
		.b = free_buffer,
		.check = check_free,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST_F(window, dma_sync_vs_hw_free)
{
	ksft_print_msg("without KASAN only a crash shows the bug\n");
	run_window(_metadata, &self->window, sync_against_free);
}

/*
 * As dmix has it: what was played is silenced at once, with the stream lock
 * held, and synced for the device.
 */
static int silence_what_was_played(struct window *window)
{
	struct snd_pcm_sw_params params;
	int err = plain_sw_params(window->fd, &pcm_slow_setup, &params);

	params.stop_threshold = params.boundary;
	params.silence_size = params.boundary;
	return err ? err : pcm_ioctl(window->fd, SNDRV_PCM_IOCTL_SW_PARAMS,
				     &params);
}

static int tell_position(struct window *window)
{
	race_sleep_ms(TICK_MS + TICK_MS / 2);
	return call_hwsync(window);
}

static bool play_silence(struct race *race, struct window *window)
{
	race_beat(race, 0);
	race->rounds++;
	return bring_forward(race, window->fd) &&
	       !race_failed(race, "SW_PARAMS", silence_what_was_played(window)) &&
	       !race_failed(race, "START", call_start(window)) &&
	       !race_failed(race, "SW_PARAMS", silence_what_was_played(window)) &&
	       !race_failed(race, "HWSYNC", tell_position(window)) &&
	       !race_failed(race, "RESET",
			    pcm_call(window->fd, SNDRV_PCM_IOCTL_RESET));
}

static void sync_silence(struct race *race, void *ctx)
{
	struct window *window = ctx;

	if (!open_stream(race, window))
		return;
	while (race_on(race) && race->rounds < ROUNDS &&
	       play_silence(race, window))
		;
}

TEST_F(window, dma_sync_of_silence)
{
	run_window(_metadata, &self->window, sync_silence);
}

/*
 * Somebody changes the stream and takes his time.  @in_time makes an attempt
 * meanwhile and tells whether that ended as it should; on a busy machine it may
 * fail now and then, on a wrong kernel it never does.
 */
static const struct intrusion slow_prepare = {
	.callback = "prepare",
	.hold = call_prepare,
};

static const struct intrusion slow_hw_params = {
	.callback = "hw_params",
	.hold = call_hw_params,
};

static void attempt_meanwhile(struct race *race, struct window *window,
			      const struct intrusion *slow,
			      bool (*in_time)(struct window *window),
			      const char *verdict)
{
	bool ever = false, caught = false;
	pthread_t thread;

	window->intrusion = slow;
	while (!ever && race->rounds < ROUNDS) {
		race_beat(race, 0);
		if (!bring_forward(race, window->fd))
			return;
		pcmtest_forget_calls();
		pcmtest_delay(slow->callback, LONG_WINDOW_US);
		if (race_failed(race, "pthread_create",
				-pthread_create(&thread, NULL, run_hold,
						window)))
			return;
		if (pcmtest_wait_inside(slow->callback)) {
			caught = true;
			ever = in_time(window);
		}
		pcmtest_delay(slow->callback, 0);
		pthread_join(thread, NULL);
		race->rounds++;
	}
	if (!caught)
		race_skip(race, "nobody was ever caught inside %s",
			  slow->callback);
	else if (!ever)
		race_hit(race, "%s", verdict);
}

static bool is_refused(struct window *window)
{
	return window->attempt(window) == -EAGAIN;
}

static void refuse_nonblocking(struct race *race, void *ctx)
{
	if (open_stream(race, ctx))
		attempt_meanwhile(race, ctx, &slow_prepare, is_refused,
				  "a call with O_NONBLOCK waits for another thread's PREPARE");
}

TEST_F(window, nonblocking_hw_params_refused)
{
	self->window.attempt = call_changes;
	run_window(_metadata, &self->window, refuse_nonblocking);
}

TEST_F(window, nonblocking_hw_refine_refused)
{
	self->window.attempt = call_looks;
	run_window(_metadata, &self->window, refuse_nonblocking);
}

static bool is_held(struct window *window)
{
	return pcmtest_called(window->intrusion->callback, true);
}

/* Until the driver has freed everything, the stream is in change. */
static bool is_busy(struct window *window)
{
	return move_appl_ptr(window) == -EBUSY;
}

static void move_while_failing(struct race *race, void *ctx)
{
	static const struct intrusion slow_failure = {
		.callback = "hw_free",
		.hold = call_failing_hw_params,
	};

	if (open_stream(race, ctx))
		attempt_meanwhile(race, ctx, &slow_failure, is_busy,
				  "a HW_PARAMS that fails is over while the driver is in hw_free");
}

TEST_F(window, failing_hw_params_frees)
{
	run_window(_metadata, &self->window, move_while_failing);
}

/* A descriptor of its own, as blocking or not belongs to the open file. */
static bool dies_in_time(struct window *window)
{
	int status;
	pid_t child;
	bool dead;

	pcm_blocking(window->fd, true);
	child = fork();
	if (child < 0)
		return false;
	if (!child)
		_exit(window->attempt(window) ? 1 : 0);
	race_sleep_us(LONG_WINDOW_US / 6);
	kill(child, SIGKILL);
	do {
		race_sleep_ms(1);
		dead = waitpid(child, &status, WNOHANG) == child;
	} while (!dead && is_held(window));
	dead = dead && WIFSIGNALED(status) && is_held(window);
	if (!dead)
		waitpid(child, &status, 0);
	return dead;
}

static void kill_waiter(struct race *race, void *ctx)
{
	if (open_stream(race, ctx))
		attempt_meanwhile(race, ctx, &slow_prepare, dies_in_time,
				  "SIGKILL does not end a call that waits for another thread's PREPARE");
}

TEST_F(window, waiting_hw_params_killed)
{
	self->window.attempt = call_hw_params;
	run_window(_metadata, &self->window, kill_waiter);
}

TEST_F(window, waiting_hw_refine_killed)
{
	self->window.attempt = call_hw_refine;
	run_window(_metadata, &self->window, kill_waiter);
}

/* The caller has mmap_lock, which others in the process need. */
static bool map_is_refused(struct window *window)
{
	return map_buffer(window) == -EBUSY && is_held(window);
}

static void map_while_configuring(struct race *race, void *ctx)
{
	if (open_stream(race, ctx))
		attempt_meanwhile(race, ctx, &slow_hw_params, map_is_refused,
				  "mmap() waits for another thread's HW_PARAMS");
}

TEST_F(window, mmap_refused_in_time)
{
	run_window(_metadata, &self->window, map_while_configuring);
}

/* There is nothing to sync before the stream is prepared. */
static bool syncs_in_time(struct window *window)
{
	return !call_hwsync(window) && is_held(window);
}

static void sync_while_preparing(struct race *race, void *ctx)
{
	if (open_stream(race, ctx))
		attempt_meanwhile(race, ctx, &slow_prepare, syncs_in_time,
				  "HWSYNC waits for another thread's PREPARE");
}

TEST_F(window, hwsync_while_preparing)
{
	run_window(_metadata, &self->window, sync_while_preparing);
}

/*
 * A write starts again when somebody else has moved the pointer.  Who goes on
 * moving it must not keep the writer from being killed.
 */
static void *keep_moving(void *arg)
{
	struct window *window = arg;

	while (!__atomic_load_n(&window->done, __ATOMIC_ACQUIRE)) {
		pcm_forward(window->fd, 1);
		race_sleep_ms(1);
	}
	return NULL;
}

static bool writer_dies(struct window *window)
{
	pid_t child = fork();

	if (child < 0)
		return false;
	if (!child)
		_exit(call_writei(window) < 0);
	race_sleep_us(3 * WINDOW_US);
	if (race_kill(child, 3 * LONG_WINDOW_US / 1000))
		return true;
	__atomic_store_n(&window->done, true, __ATOMIC_RELEASE);
	waitpid(child, NULL, 0);
	return false;
}

static void kill_writer(struct race *race, void *ctx)
{
	struct window *window = ctx;
	pthread_t thread;

	if (!open_stream(race, window) ||
	    race_failed(race, "configure",
			pcm_configure(window->fd, &pcm_slow_setup)) ||
	    race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, keep_moving, window)))
		return;
	pcmtest_delay("copy", LONG_WINDOW_US);
	race->rounds++;
	if (!writer_dies(window))
		race_hit(race, "SIGKILL does not end a WRITEI whose stream is moved on");
	pcmtest_delay("copy", 0);
	__atomic_store_n(&window->done, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
}

TEST_F(window, restarting_write_killed)
{
	run_window(_metadata, &self->window, kill_writer);
}

/*
 * A stream that is paused is stopped before it is prepared, also when it is
 * paused just then.
 */
static bool setup_playing(struct race *race, void *ctx)
{
	struct window *window = ctx;

	return bring_forward(race, window->fd) &&
	       !race_failed(race, "START", call_start(window)) &&
	       !race_failed(race, "timeline", pcmtest_forget_calls());
}

static void prepare_playing(void *ctx)
{
	struct window *window = ctx;

	window->result = call_prepare(window);
}

static void pause_playing(void *ctx)
{
	struct window *window = ctx;

	window->held = pcm_ioctl(window->fd, SNDRV_PCM_IOCTL_PAUSE, (void *)1L);
}

static void check_stopped(struct race *race, void *ctx)
{
	struct window *window = ctx;

	if ((window->result && !race_may_lose(window->result)) ||
	    (window->held && !race_may_lose(window->held)))
		race_hit(race, "PREPARE: %s, PAUSE: %s",
			 strerror(-window->result), strerror(-window->held));
	else if (!window->result && !pcmtest_triggered(TRIGGER_STOP))
		race_hit(race, "a running stream was prepared without a stop");
}

/* PAUSE came first if PREPARE was not refused. */
static int prepare_or_pause(void *ctx)
{
	struct window *window = ctx;

	return window->result ? -1 : 1;
}

static void prepare_against_pause(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_playing,
		.a = prepare_playing,
		.b = pause_playing,
		.check = check_stopped,
		.order = prepare_or_pause,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST_F(window, prepare_vs_pause)
{
	run_window(_metadata, &self->window, prepare_against_pause);
}

static bool open_linked(struct race *race, struct window *window)
{
	if (!open_stream(race, window) ||
	    !bring_forward(race, window->fd))
		return false;
	window->linked = pcm_open(&window->dev, O_NONBLOCK);
	return !race_failed(race, "open", window->linked) &&
	       bring_forward(race, window->linked) &&
	       !race_failed(race, "LINK",
			    pcm_link(window->fd, window->linked));
}

/* The stream that is being changed is not the first of the group. */
static void refuse_nonblocking_group(struct race *race, void *ctx)
{
	struct window *window = ctx;

	window->attempt = call_linked_prepare;
	if (open_linked(race, window))
		attempt_meanwhile(race, window, &slow_hw_params, is_refused,
				  "PREPARE with O_NONBLOCK waits for HW_PARAMS of a linked stream");
}

TEST_F(window, nonblocking_linked_prepare_refused)
{
	run_window(_metadata, &self->window, refuse_nonblocking_group);
}

/*
 * Close of a linked stream stops it, then waits for its turn to leave the
 * group, which a PREPARE that takes its time delays.  START of the group in
 * between starts the stream once more.  Captures need no data for that.
 */
static void *close_linked(void *arg)
{
	struct window *window = arg;

	close(window->linked);
	return NULL;
}

static void *start_soon(void *arg)
{
	struct window *window = arg;
	unsigned long long end = race_now_ns() + 4ULL * WINDOW_US * 1000;

	while (call_start(window) && race_now_ns() < end)
		;
	return NULL;
}

static void start_against_close(struct race *race, void *ctx)
{
	struct window *window = ctx;
	pthread_t preparing, closing, starting;
	bool inside;

	window->intrusion = &slow_prepare;
	while (race_on(race) && race->rounds < 4 * ROUNDS) {
		race_beat(race, 0);
		if (!open_linked(race, window))
			return;
		pcmtest_forget_calls();
		pcmtest_delay("prepare", WINDOW_US);
		if (race_failed(race, "pthread_create",
				-pthread_create(&preparing, NULL, run_hold,
						window)))
			return;
		inside = pcmtest_wait_inside("prepare");
		pcmtest_delay("prepare", 0);
		if (race_failed(race, "pthread_create",
				-pthread_create(&starting, NULL, start_soon,
						window)) ||
		    race_failed(race, "pthread_create",
				-pthread_create(&closing, NULL, close_linked,
						window)))
			return;
		pthread_join(preparing, NULL);
		pthread_join(closing, NULL);
		pthread_join(starting, NULL);
		close(window->fd);
		if (inside)
			race->rounds++;
	}
	skip_without_round(race, "PREPARE", "prepare");
}

TEST_F(window, close_vs_start_of_group)
{
	run_streams(_metadata, SNDRV_PCM_STREAM_CAPTURE, 2, &self->window,
		    start_against_close);
}

/*
 * Close of a linked stream has stopped it, and is about to unlink it.  Another
 * thread starts the group just then and dissolves it.
 */
static void link_and_close(void *ctx)
{
	struct window *window = ctx;

	window->linked = pcm_open(&window->dev, O_NONBLOCK);
	if (window->linked < 0)
		return;
	if (!pcm_hw_params(window->linked, &pcm_slow_setup))
		pcm_link(window->fd, window->linked);
	close(window->linked);
}

static bool start_and_unlink(struct race *race, void *ctx)
{
	struct window *window = ctx;

	race_sleep_us(100 + rand() % 8000);
	if (!call_prepare(window) && !call_start(window))
		pcm_call(window->fd, SNDRV_PCM_IOCTL_UNLINK);
	pcm_call(window->fd, SNDRV_PCM_IOCTL_DROP);
	race_sleep_us(300);
	return true;
}

static void unlink_against_close(struct race *race, void *ctx)
{
	static const struct race_preempt_ops ops = {
		.victim = link_and_close,
		.intrude = start_and_unlink,
	};
	struct window *window = ctx;

	if (open_stream(race, window) &&
	    !race_failed(race, "HW_PARAMS", call_hw_params(window)))
		race_preempt(race, &ops, window);
}

TEST_F(window, close_vs_start_and_unlink)
{
	run_streams(_metadata, SNDRV_PCM_STREAM_CAPTURE, 2, &self->window,
		    unlink_against_close);
}

/*
 * RESET of linked captures that run takes them one by one, with a period of the
 * first one while the second one takes its time.  Periods that nobody reads
 * don't stop them; a position that is behind the reader's does.
 */
static int tolerate_overrun(int fd)
{
	struct snd_pcm_sw_params params;
	int err = plain_sw_params(fd, &short_setup, &params);

	params.stop_threshold = params.boundary / 2;
	return err ? err : pcm_ioctl(fd, SNDRV_PCM_IOCTL_SW_PARAMS, &params);
}

/* Return: how much was captured, or -errno. */
static long read_all(int fd)
{
	struct pcm_pointers pointers;
	int err = pcm_pointers(fd, &pointers);

	if (!err)
		err = set_appl_ptr(fd, pointers.hw_ptr);
	return err ? err : (long)pointers.hw_ptr;
}

static bool read_past_end(struct race *race, int fd)
{
	long frames;

	do {
		race_beat(race, 0);
		race_sleep_ms(10);
		frames = read_all(fd);
	} while (race_on(race) && frames >= 0 &&
		 frames < (long)short_setup.buffer_size + CHUNK);
	return !race_failed(race, "SYNC_PTR", frames);
}

static void judge_reset(struct race *race, int fd)
{
	int state = pcm_state(fd);

	if (state != SNDRV_PCM_STATE_RUNNING)
		race_hit(race, "a capture that was RUNNING is %s after RESET",
			 pcm_state_name(state));
}

/* Its buffer has gone round more than once since the driver was called. */
#define ROUND_US	700000

static void judge_progress(struct race *race, int fd)
{
	struct pcm_pointers before, after;

	if (race_failed(race, "SYNC_PTR", pcm_pointers(fd, &before)))
		return;
	race_sleep_ms(3 * TICK_MS);
	pcm_call(fd, SNDRV_PCM_IOCTL_HWSYNC);
	if (race_failed(race, "SYNC_PTR", pcm_pointers(fd, &after)))
		return;
	if (after.hw_ptr <= before.hw_ptr)
		race_hit(race, "a capture does not get on after RESET: position %lu, then %lu",
			 before.hw_ptr, after.hw_ptr);
}

static void reset_running(struct race *race, void *ctx)
{
	struct window *window = ctx;
	int err;

	if (!open_stream(race, window))
		return;
	window->linked = pcm_open(&window->dev, O_NONBLOCK);
	if (race_failed(race, "open", window->linked) ||
	    race_failed(race, "configure",
			pcm_configure(window->fd, &short_setup)) ||
	    race_failed(race, "configure",
			pcm_configure(window->linked, &short_setup)) ||
	    race_failed(race, "SW_PARAMS", tolerate_overrun(window->fd)) ||
	    race_failed(race, "SW_PARAMS", tolerate_overrun(window->linked)) ||
	    race_failed(race, "LINK",
			pcm_link(window->fd, window->linked)) ||
	    race_failed(race, "START", call_start(window)) ||
	    !read_past_end(race, window->fd) ||
	    !read_past_end(race, window->linked))
		return;

	race->rounds++;
	pcmtest_delay("reset", ROUND_US);
	err = pcm_call(window->fd, SNDRV_PCM_IOCTL_RESET);
	pcmtest_delay("reset", 0);
	if (err)
		race_hit(race, "RESET: %s", strerror(-err));
	judge_reset(race, window->fd);
	judge_reset(race, window->linked);
	judge_progress(race, window->fd);
	judge_progress(race, window->linked);
}

TEST_F(window, reset_of_running_captures)
{
	run_streams(_metadata, SNDRV_PCM_STREAM_CAPTURE, 2, &self->window,
		    reset_running);
}

/* Leave a part of what was to be played. */
static bool shorten(struct race *race, int fd)
{
	unsigned long frames = pcm_slow_setup.buffer_size / 2 - CHUNK / 2;

	return !race_failed(race, "REWIND",
			    pcm_ioctl(fd, SNDRV_PCM_IOCTL_REWIND, &frames));
}

static bool begin_drain(struct race *race, struct window *window)
{
	int err = call_drain(window);

	if (err != -EAGAIN)
		race_broken(race, "DRAIN: %s", strerror(-err));
	return err == -EAGAIN;
}

/* DRAIN, and catch the driver where it stops the shorter stream at its end. */
static bool hold_end_of_drain(struct race *race, struct window *window)
{
	bool inside;

	if (!shorten(race, window->linked) || !begin_drain(race, window))
		return false;
	pcmtest_forget_calls();
	pcmtest_delay("trigger", LONG_WINDOW_US);
	inside = pcmtest_wait_inside("trigger");
	pcmtest_delay("trigger", 0);
	if (!inside)
		race_broken(race, "no stream was caught inside trigger");
	return inside;
}

static bool open_three_linked(struct race *race, struct window *window)
{
	if (!open_linked(race, window))
		return false;
	window->third = pcm_open(&window->dev, O_NONBLOCK);
	return !race_failed(race, "open", window->third) &&
	       bring_forward(race, window->third) &&
	       !race_failed(race, "LINK",
			    pcm_link(window->fd, window->third));
}

/*
 * One stream of a group is done draining.  In the trigger callback, drivers may
 * walk the group, so nobody may leave it.  There is a third stream, as a group
 * of two would be dissolved, which takes the locks of both.
 */
static void unlink_in_trigger(struct race *race, void *ctx)
{
	struct window *window = ctx;
	int err;

	if (!open_three_linked(race, window) ||
	    !hold_end_of_drain(race, window))
		return;
	race->rounds++;
	err = pcm_call(window->third, SNDRV_PCM_IOCTL_UNLINK);
	if (err)
		race_hit(race, "UNLINK: %s", strerror(-err));
	if (pcmtest_called("trigger", true))
		race_hit(race, "UNLINK has not waited for the trigger callback of a linked stream");
}

TEST_F(window, unlink_vs_end_of_drain)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a trigger callback that can sleep");
	run_streams(_metadata, SNDRV_PCM_STREAM_PLAYBACK, 3, &self->window,
		    unlink_in_trigger);
}

/*
 * PAUSE through one stream has the lock of the group and waits for the next
 * stream, whose position is being asked for.  DROP and DRAIN of the last one
 * have looked whether it is paused, and wait for the group.
 */
static void *ask_position(void *arg)
{
	struct window *window = arg;

	pcm_call(window->third, SNDRV_PCM_IOCTL_HWSYNC);
	return NULL;
}

static void *pause_group(void *arg)
{
	struct window *window = arg;

	window->held = pcm_ioctl(window->linked, SNDRV_PCM_IOCTL_PAUSE,
				 (void *)1L);
	return NULL;
}

static bool stop_while_pausing(struct race *race, struct window *window)
{
	pthread_t asking, pausing;
	bool inside;

	race_beat(race, 0);
	if (!open_three_linked(race, window) ||
	    race_failed(race, "START", call_start(window)))
		return false;
	pcmtest_forget_calls();
	pcmtest_delay("pointer", 4 * WINDOW_US);
	if (race_failed(race, "pthread_create",
			-pthread_create(&asking, NULL, ask_position, window)))
		return false;
	inside = pcmtest_wait_inside("pointer");
	pcmtest_delay("pointer", 0);
	if (race_failed(race, "pthread_create",
			-pthread_create(&pausing, NULL, pause_group, window)))
		return false;
	race_sleep_us(WINDOW_US);
	window->result = window->attempt(window);
	pthread_join(asking, NULL);
	pthread_join(pausing, NULL);
	if (inside)
		race->rounds++;
	return true;
}

static void close_three(struct window *window)
{
	close(window->third);
	close(window->linked);
	close(window->fd);
}

static void drop_against_pause(struct race *race, void *ctx)
{
	struct window *window = ctx;

	while (race_on(race) && race->rounds < ROUNDS &&
	       stop_while_pausing(race, window)) {
		if (window->result || !pcmtest_triggered(TRIGGER_STOP))
			race_hit(race, "DROP, while the group is paused: %s, trigger(STOP) %s",
				 strerror(-window->result),
				 pcmtest_triggered(TRIGGER_STOP) ? "called" :
				 "not called");
		close_three(window);
	}
	skip_without_round(race, "HWSYNC", "pointer");
}

static void drain_against_pause(struct race *race, void *ctx)
{
	struct window *window = ctx;

	while (race_on(race) && race->rounds < ROUNDS &&
	       stop_while_pausing(race, window)) {
		if (window->result != -EAGAIN ||
		    pcm_state(window->fd) != SNDRV_PCM_STATE_DRAINING)
			race_hit(race, "DRAIN, while the group is paused: %s, and the stream is %s",
				 strerror(-window->result),
				 pcm_state_name(pcm_state(window->fd)));
		close_three(window);
	}
	skip_without_round(race, "HWSYNC", "pointer");
}

TEST_F(window, drop_vs_pause_of_group)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a group lock that can be waited for");
	self->window.attempt = call_drop;
	run_streams(_metadata, SNDRV_PCM_STREAM_PLAYBACK, 3, &self->window,
		    drop_against_pause);
}

TEST_F(window, drain_vs_pause_of_group)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a group lock that can be waited for");
	self->window.attempt = call_drain;
	run_streams(_metadata, SNDRV_PCM_STREAM_PLAYBACK, 3, &self->window,
		    drain_against_pause);
}

/*
 * PREPARE of a paused group releases the pause and stops.  Who waits to pause
 * it again has a higher priority and comes as soon as he can.
 */
static void be_realtime(struct window *window)
{
	static const struct sched_param realtime = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &realtime))
		window->result = -errno;
}

static void *pause_without_a_break(void *arg)
{
	struct window *window = arg;

	be_realtime(window);
	if (pcmtest_wait_inside("trigger"))
		pause_group(window);
	return NULL;
}

static bool prepare_paused(struct race *race, struct window *window)
{
	pthread_t pausing;
	int err;

	race_beat(race, 0);
	window->result = 0;
	if (!open_linked(race, window) ||
	    race_failed(race, "START", call_start(window)) ||
	    race_failed(race, "PAUSE", (pause_group(window), window->held)))
		return false;
	pcmtest_forget_calls();
	pcmtest_delay("trigger", WINDOW_US);
	if (race_failed(race, "pthread_create",
			-pthread_create(&pausing, NULL, pause_without_a_break,
					window)))
		return false;
	race_sleep_us(WINDOW_US);
	err = call_prepare(window);
	pcmtest_delay("trigger", 0);
	pthread_join(pausing, NULL);
	race->rounds++;
	if (window->result)
		race_skip(race, "SCHED_FIFO: %s", strerror(-window->result));
	if (!err && !pcmtest_triggered(TRIGGER_STOP))
		race_hit(race, "a paused stream was prepared without a stop, PAUSE in between: %s",
			 strerror(-window->held));
	else if (err && !race_may_lose(err))
		race_hit(race, "PREPARE: %s", strerror(-err));
	close(window->linked);
	close(window->fd);
	return !window->result;
}

static void prepare_against_pause_of_group(struct race *race, void *ctx)
{
	race_stay_on_this_cpu();
	while (race_on(race) && race->rounds < ROUNDS &&
	       prepare_paused(race, ctx))
		;
}

TEST_F(window, prepare_vs_pause_of_group)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a group lock that can be waited for");
	run_window(_metadata, &self->window, prepare_against_pause_of_group);
}

/*
 * Close and an xrun both wait for the group, in this order.  When it is free,
 * close goes through to its end before the other can run: both are on one CPU.
 */
static void *close_without_a_break(void *arg)
{
	struct window *window = arg;

	be_realtime(window);
	close(window->fd);
	return NULL;
}

static void xrun_behind_close(struct race *race, void *ctx)
{
	struct window *window = ctx;
	pthread_t thread;
	int subdevice, err;

	race_stay_on_this_cpu();
	if (!open_linked(race, window))
		return;
	subdevice = pcm_subdevice(window->fd);
	if (!hold_end_of_drain(race, window) ||
	    race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, close_without_a_break,
					window)))
		return;
	race_sleep_us(WINDOW_US);
	err = pcm_proc_write(&window->dev, subdevice, "xrun_injection", "1");
	pthread_join(thread, NULL);
	close(window->linked);
	race->rounds++;
	if (err)
		race_skip(race, "xrun_injection (CONFIG_SND_PCM_XRUN_DEBUG): %s",
			  strerror(-err));
	if (window->result)
		race_skip(race, "SCHED_FIFO: %s", strerror(-window->result));
}

static void xruns_behind_close(struct race *race, void *ctx)
{
	while (race_on(race) && race->rounds < ROUNDS && !race->broken[0]) {
		race_beat(race, 0);
		xrun_behind_close(race, ctx);
	}
}

TEST_F(window, late_xrun_vs_close)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a group lock that can be waited for");
	run_window(_metadata, &self->window, xruns_behind_close);
}

/*
 * The same with one who drops the stream, prepares it and has it drain once
 * more, before the xrun comes, which has seen it drain before.
 */
static void *restart_without_a_break(void *arg)
{
	struct window *window = arg;

	be_realtime(window);
	window->held = call_drop(window);
	window->dropped_ns = race_now_ns();
	if (!window->held)
		window->held = call_prepare(window);
	if (!window->held)
		window->held = pcm_forward(window->fd, CHUNK);
	if (!window->held)
		window->held = call_drain(window);
	return NULL;
}

static void judge_restart(struct race *race, struct window *window, int err)
{
	int state = pcm_state(window->fd);

	race->rounds++;
	if (window->result)
		race_skip(race, "SCHED_FIFO: %s", strerror(-window->result));
	else if (err)
		race_skip(race, "xrun_injection (CONFIG_SND_PCM_XRUN_DEBUG): %s",
			  strerror(-err));
	else if (window->held != -EAGAIN)
		race_broken(race, "DROP, PREPARE, FORWARD, DRAIN: %s",
			    strerror(-window->held));
	else if (state != SNDRV_PCM_STATE_DRAINING)
		race_hit(race, "a stream that was prepared anew is %s instead of DRAINING",
			 pcm_state_name(state));
}

static void xrun_behind_restart(struct race *race, struct window *window)
{
	unsigned long long injected_ns;
	pthread_t thread;
	int err;

	window->result = 0;
	if (!open_linked(race, window) || !hold_end_of_drain(race, window) ||
	    race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, restart_without_a_break,
					window)))
		return;
	race_sleep_us(WINDOW_US);
	injected_ns = race_now_ns();
	err = pcm_proc_write(&window->dev, pcm_subdevice(window->fd),
			     "xrun_injection", "1");
	pthread_join(thread, NULL);
	/* On a busy machine he may not have waited for the group any more. */
	if (window->dropped_ns >= injected_ns + WINDOW_US * 1000ULL)
		judge_restart(race, window, err);
	close(window->linked);
	close(window->fd);
}

static void xruns_behind_restart(struct race *race, void *ctx)
{
	race_stay_on_this_cpu();
	while (race_on(race) && race->rounds < ROUNDS && !race->broken[0]) {
		race_beat(race, 0);
		xrun_behind_restart(race, ctx);
	}
	skip_without_round(race, "DROP", "trigger");
}

TEST_F(window, late_xrun_vs_restart)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a group lock that can be waited for");
	run_window(_metadata, &self->window, xruns_behind_restart);
}

static int drop_and_free(struct window *window)
{
	int err = call_drop(window);

	if (!err)
		err = pcm_call(window->linked, SNDRV_PCM_IOCTL_HW_FREE);
	if (!err)
		err = pcm_call(window->fd, SNDRV_PCM_IOCTL_HW_FREE);
	return err;
}

static void resume_unequal(struct race *race, struct window *window)
{
	int err, state;

	err = call_resume(window);
	if (err)
		race_hit(race, "RESUME of a stream while a linked one is done: %s",
			 strerror(-err));
	state = pcm_state(window->fd);
	if (state != SNDRV_PCM_STATE_DRAINING)
		race_hit(race, "a stream is %s after RESUME because a linked one is done",
			 pcm_state_name(state));
	state = pcm_state(window->linked);
	if (state != SNDRV_PCM_STATE_SETUP)
		race_hit(race, "a stream that was done is %s after RESUME",
			 pcm_state_name(state));
	err = call_resume(window);
	if (err != -EBADFD)
		race_hit(race, "RESUME of a stream that is not suspended: %s",
			 strerror(-err));
	/* snd-pcmtest complains if that one is playing. */
	err = drop_and_free(window);
	if (err)
		race_hit(race, "DROP, HW_FREE: %s", strerror(-err));
}

/*
 * Both streams drain, the second one is done first.  It has nothing to suspend
 * then, which is no reason to leave the first one running, nor to resume, though
 * it has been suspended before.
 */
static bool suspend_unequal(struct race *race, struct window *window)
{
	int err, state;

	if (!open_linked(race, window) || !shorten(race, window->linked) ||
	    !begin_drain(race, window) ||
	    race_failed(race, "suspend, RESUME", suspend_and_resume(window)) ||
	    !race_drains_first(race, window->linked, window->fd))
		return false;

	race->rounds++;
	err = pcmtest_suspend();
	if (err)
		race_hit(race, "suspend: %s", strerror(-err));
	state = pcm_state(window->fd);
	if (state != SNDRV_PCM_STATE_SUSPENDED)
		race_hit(race, "a stream is %s after suspend because a linked one is done",
			 pcm_state_name(state));
	state = pcm_state(window->linked);
	if (state != SNDRV_PCM_STATE_SETUP)
		race_hit(race, "a stream that was done is %s after suspend",
			 pcm_state_name(state));
	return !race->hits;
}

static void suspend_and_resume_unequal(struct race *race, void *ctx)
{
	if (suspend_unequal(race, ctx))
		resume_unequal(race, ctx);
}

TEST_F(window, suspend_with_idle_member)
{
	run_suspending(_metadata, &self->window, suspend_and_resume_unequal);
}

/* The driver may have prepared the other one before it refused. */
static void suspend_and_refuse_unequal(struct race *race, void *ctx)
{
	struct window *window = ctx;
	int err, state;

	if (!suspend_unequal(race, window))
		return;
	err = call_failing(window, PCMTEST_FAILING_PREPARE, call_linked_prepare);
	if (!err)
		race_broken(race, "the driver did not refuse PREPARE");
	state = pcm_state(window->fd);
	if (state != SNDRV_PCM_STATE_SETUP)
		race_hit(race, "a suspended stream is %s after a failed PREPARE of a linked one",
			 pcm_state_name(state));
	err = call_resume(window);
	if (err != -EBADFD)
		race_hit(race, "RESUME of a stream that may be prepared: %s",
			 strerror(-err));
}

TEST_F(window, refused_prepare_ends_suspend)
{
	run_suspending(_metadata, &self->window, suspend_and_refuse_unequal);
}

/* What fcntl() has set holds from the next PREPARE on, also if that fails. */
static void refuse_and_write(struct race *race, void *ctx)
{
	struct window *window = ctx;
	short frame[2] = {};
	long result;
	int err;

	if (!open_stream(race, window))
		return;
	pcm_blocking(window->fd, true);
	if (race_failed(race, "configure",
			pcm_configure(window->fd, &pcm_slow_setup)) ||
	    race_failed(race, "FORWARD",
			pcm_forward(window->fd, pcm_slow_setup.buffer_size)))
		return;
	pcm_blocking(window->fd, false);

	race->rounds++;
	err = call_failing(window, PCMTEST_FAILING_PREPARE, call_prepare);
	if (!err)
		race_broken(race, "the driver did not refuse PREPARE");
	result = pcm_writei(window->fd, frame, 1);
	if (result != -EAGAIN)
		race_hit(race, "WRITEI into a full buffer with O_NONBLOCK: %ld",
			 result);
}

TEST_F(window, refused_prepare_takes_flags)
{
	run_window(_metadata, &self->window, refuse_and_write);
}

/*
 * The stream that is done belongs to the card that is suspended, the one that
 * still drains to another card.
 */
static void suspend_idle(struct race *race, void *ctx)
{
	struct window *window = ctx;
	int err, state;

	if (!open_stream(race, window) ||
	    race_failed(race, "configure",
			pcm_configure(window->fd, &pcm_slow_setup)) ||
	    race_failed(race, "FORWARD", pcm_forward(window->fd, CHUNK)))
		return;
	window->linked = pcm_open(&window->other, O_NONBLOCK);
	if (race_failed(race, "open", window->linked) ||
	    !bring_forward(race, window->linked) ||
	    race_failed(race, "LINK",
			pcm_link(window->fd, window->linked)) ||
	    !begin_drain(race, window) ||
	    !race_drains_first(race, window->fd, window->linked))
		return;

	race->rounds++;
	err = pcmtest_suspend();
	if (err)
		race_hit(race, "suspend: %s", strerror(-err));
	state = pcm_state(window->linked);
	if (state != SNDRV_PCM_STATE_DRAINING)
		race_hit(race, "a stream of another card is %s after suspend",
			 pcm_state_name(state));
}

TEST_F(window, suspend_of_idle_stream)
{
	if (variant->nonatomic)
		SKIP(return, "streams of the loopback have a spinlock");
	if (!pcmtest_can_suspend())
		SKIP(return, "needs CONFIG_PM");
	if (race_device(_metadata, &self->window.other,
			SNDRV_PCM_STREAM_PLAYBACK, 1, &pcm_slow_setup, 1,
			"Loopback"))
		run_window(_metadata, &self->window, suspend_idle);
}

/*
 * One stream of a group refuses to resume.  Those that have resumed before must
 * not run on, as nobody stops a stream that is SUSPENDED.
 */
static void resume_halfway(struct race *race, void *ctx)
{
	static const struct intrusion resume = { .hold = call_resume };
	struct window *window = ctx;
	pthread_t resuming;
	int err;

	window->intrusion = &resume;
	if (!open_linked(race, window) ||
	    race_failed(race, "START", call_start(window)) ||
	    race_failed(race, "suspend", pcmtest_suspend()))
		return;
	pcmtest_forget_calls();
	pcmtest_delay("trigger", LONG_WINDOW_US);
	if (race_failed(race, "pthread_create",
			-pthread_create(&resuming, NULL, run_hold, window)))
		return;
	/* The first stream has resumed, the second one is about to. */
	if (!pcmtest_wait_return("trigger"))
		race_broken(race, "no stream has resumed");
	pcmtest_set(PCMTEST_FAILING_TRIGGER, "Y");
	pthread_join(resuming, NULL);
	pcmtest_set(PCMTEST_FAILING_TRIGGER, "N");
	pcmtest_delay("trigger", 0);

	race->rounds++;
	if (window->held != -EINVAL) {
		race_broken(race, "RESUME that the driver refuses: %s",
			    strerror(-window->held));
		return;
	}
	err = drop_and_free(window);
	if (err)
		race_hit(race, "DROP, HW_FREE: %s", strerror(-err));
}

TEST_F(window, resume_of_group_undone)
{
	if (!variant->nonatomic)
		SKIP(return, "needs a trigger callback that can sleep");
	run_suspending(_metadata, &self->window, resume_halfway);
}

/*
 * Who provokes an xrun through /proc looks at the stream with its lock held.
 * The close that is under way has to wait for him before it frees the stream.
 * He can be caught there as a mutex does not keep from being preempted.
 */
static void provoke_xrun(void *ctx)
{
	struct window *window = ctx;

	pcm_proc_write(&window->dev, 0, "xrun_injection", "1");
}

static bool close_slowly(struct race *race, void *ctx)
{
	if (!open_stream(race, ctx))
		return false;
	close(((struct window *)ctx)->fd);
	return true;
}

static void xrun_against_close(struct race *race, void *ctx)
{
	static const struct race_preempt_ops ops = {
		.victim = provoke_xrun,
		.intrude = close_slowly,
	};
	struct window *window = ctx;
	int file;

	file = pcm_proc_open(&window->dev, 0, "xrun_injection", O_WRONLY);
	if (file < 0) {
		race_skip(race, "xrun_injection (CONFIG_SND_PCM_XRUN_DEBUG): %s",
			  strerror(-file));
		return;
	}
	close(file);
	pcmtest_delay("close", 300);
	race_preempt(race, &ops, window);
	pcmtest_delay("close", 0);
}

TEST_F(window, xrun_injection_vs_close)
{
	ksft_print_msg("without KASAN only a crash shows the bug\n");
	if (!variant->nonatomic)
		SKIP(return, "needs a stream lock that can be preempted");
	run_window(_metadata, &self->window, xrun_against_close);
}

TEST_HARNESS_MAIN
