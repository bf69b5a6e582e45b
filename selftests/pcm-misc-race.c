// SPDX-License-Identifier: GPL-2.0
/*
 * What is not a PCM ioctl but gets at a stream: driver unbind, files in
 * /proc/asound, the PCM timer, asynchronous notification.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "pcm-race-test.h"
#include "pcmtest-control.h"
#include "slow-page.h"
#include "text-file.h"

static const struct pcm_setup stereo = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 48000,
	.period_size = 256,
	.buffer_size = 4096,
};

static const struct pcm_setup stereo_large = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 48000,
	.period_size = 4096,
	.buffer_size = 16384,
};

struct target {
	struct pcm_dev dev;
	int fd;
	int file;
	int err_a, err_b;
	unsigned int turn;
};

static bool start_playing(struct race *race, int fd,
			  const struct pcm_setup *setup)
{
	return !race_failed(race, "configure", pcm_configure(fd, setup)) &&
	       !race_failed(race, "FORWARD",
			    pcm_forward(fd, setup->buffer_size)) &&
	       !race_failed(race, "START", pcm_call(fd, SNDRV_PCM_IOCTL_START));
}

/*
 * A card goes away while one of its streams is linked with another card's.
 * DROP on the other card must not bring the dead stream back to life.
 */
struct unplugged {
	struct pcm_dev stays, goes;
	char device[64];
	char unbind[PATH_MAX];
	char bind[PATH_MAX];
	bool playing;
	const struct change *change;
	int fd;
	int err;
};

static bool sysfs_paths(struct unplugged *unplugged)
{
	char link[64], target[PATH_MAX], driver[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/sys/class/sound/card%u/device",
		 unplugged->goes.card);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	snprintf(unplugged->device, sizeof(unplugged->device), "%.60s",
		 basename(target));

	snprintf(link, sizeof(link), "/sys/class/sound/card%u/device/driver",
		 unplugged->goes.card);
	if (!realpath(link, driver))
		return false;
	snprintf(unplugged->unbind, PATH_MAX, "%.4000s/unbind", driver);
	snprintf(unplugged->bind, PATH_MAX, "%.4000s/bind", driver);
	return true;
}

/* Comes back when the last file of the card is closed. */
static void *unbind_card(void *arg)
{
	struct unplugged *unplugged = arg;

	unplugged->err = text_file_write(unplugged->unbind, unplugged->device);
	return NULL;
}

/* The page that tells a stream's state though its card is gone; or skip. */
static const struct snd_pcm_mmap_status *map_status(struct race *race, int fd)
{
	void *map;

	map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd,
		   (off_t)SNDRV_PCM_MMAP_OFFSET_STATUS);
	if (map != MAP_FAILED)
		return map;
	race_skip(race, "mmap of the status page: %s", strerror(errno));
	return NULL;
}

static void unmap_status(const struct snd_pcm_mmap_status *status)
{
	munmap((void *)status, sysconf(_SC_PAGESIZE));
}

static int mapped_state(const struct snd_pcm_mmap_status *status)
{
	return __atomic_load_n(&status->state, __ATOMIC_RELAXED);
}

static bool wait_for_state(const struct snd_pcm_mmap_status *status,
			   int wanted)
{
	unsigned int ms;

	for (ms = 0; ms < 2000; ms++) {
		if (mapped_state(status) == wanted)
			return true;
		race_sleep_ms(1);
	}
	return false;
}

static void drop_after_unbind(struct race *race, int stays,
			      const struct snd_pcm_mmap_status *status)
{
	int err = pcm_call(stays, SNDRV_PCM_IOCTL_DROP);

	if (err && !race_may_lose(err))
		race_hit(race, "DROP: %s", strerror(-err));
	if (mapped_state(status) != SNDRV_PCM_STATE_DISCONNECTED)
		race_hit(race, "DROP on a linked stream turned one of a removed card to %s",
			 pcm_state_name(mapped_state(status)));
}

/* What stopped with the stream of the other card is not gone with it. */
static void look_after_unbind(struct race *race, int stays)
{
	int state = pcm_state(stays);

	if (state != SNDRV_PCM_STATE_SETUP)
		race_hit(race, "a running stream is %s after the card of a linked one went away",
			 state < 0 ? strerror(-state) : pcm_state_name(state));
}

/* However long the unbind takes, they don't run dry. */
static int play_for_ever(int fd)
{
	struct snd_pcm_sw_params params = {
		.period_step = 1,
		.avail_min = stereo.period_size,
		.start_threshold = LONG_MAX,
		.stop_threshold = LONG_MAX,
	};
	int err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_SW_PARAMS, &params);

	return err ? err : pcm_forward(fd, stereo.buffer_size);
}

static bool play_if_wanted(struct race *race, const struct unplugged *unplugged,
			   int stays, int goes)
{
	return !unplugged->playing ||
	       (!race_failed(race, "SW_PARAMS or FORWARD",
			     play_for_ever(stays)) &&
		!race_failed(race, "SW_PARAMS or FORWARD",
			     play_for_ever(goes)) &&
		!race_failed(race, "START",
			     pcm_call(stays, SNDRV_PCM_IOCTL_START)));
}

static void unbind_linked(struct race *race, void *ctx)
{
	struct unplugged *unplugged = ctx;
	const struct snd_pcm_mmap_status *status;
	int stays, goes;
	pthread_t thread;

	stays = pcm_open(&unplugged->stays, O_NONBLOCK);
	goes = pcm_open(&unplugged->goes, O_NONBLOCK);
	if (race_failed(race, "open", stays) ||
	    race_failed(race, "open", goes) ||
	    race_failed(race, "configure", pcm_configure(stays, &stereo)) ||
	    race_failed(race, "configure", pcm_configure(goes, &stereo)))
		return;
	status = map_status(race, goes);
	if (!status ||
	    race_failed(race, "LINK", pcm_link(stays, goes)) ||
	    !play_if_wanted(race, unplugged, stays, goes) ||
	    race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, unbind_card, unplugged)))
		return;
	race->rounds++;
	if (!wait_for_state(status, SNDRV_PCM_STATE_DISCONNECTED))
		race_broken(race, "unbind: %s", strerror(-unplugged->err));
	else if (unplugged->playing)
		look_after_unbind(race, stays);
	else
		drop_after_unbind(race, stays, status);

	/* The unbind waits until nothing refers to the card any more. */
	unmap_status(status);
	close(goes);
	close(stays);
	pthread_join(thread, NULL);
}

/* The unbind ends a little after the files were closed. */
static void bind_again(struct __test_metadata *_metadata,
		       struct unplugged *unplugged)
{
	unsigned int ms;
	int err;

	for (ms = 0; ms < 3000; ms += 100) {
		err = text_file_write(unplugged->bind, unplugged->device);
		if (!err || err == -EBUSY)
			break;
		race_sleep_ms(100);
	}
	EXPECT_EQ(0, err) {
		TH_LOG("card %u does not come back: %s", unplugged->goes.card,
		       strerror(-err));
	}
}

/* Find the card that goes, of which it takes root to dispose; or skip. */
static bool find_unbindable(struct __test_metadata *_metadata,
			    struct unplugged *unplugged,
			    const struct pcm_setup *setup, const char *driver)
{
	if (geteuid())
		SKIP(return false, "needs root");
	if (!race_device(_metadata, &unplugged->goes, SNDRV_PCM_STREAM_PLAYBACK,
			 1, setup, 1, driver))
		return false;
	if (!sysfs_paths(unplugged))
		SKIP(return false, "card %u has no driver to unbind from",
		     unplugged->goes.card);
	return true;
}

static void run_unbind_linked(struct __test_metadata *_metadata, bool playing)
{
	struct unplugged unplugged = {
		.playing = playing,
	};

	if (!find_unbindable(_metadata, &unplugged, &stereo, "Loopback") ||
	    !race_device(_metadata, &unplugged.stays, SNDRV_PCM_STREAM_PLAYBACK,
			 1, &stereo, 1, "Dummy"))
		return;
	if (race_test(_metadata, unbind_linked, &unplugged))
		bind_again(_metadata, &unplugged);
}

TEST(unbind_with_linked_stream)
{
	run_unbind_linked(_metadata, false);
}

TEST(unbind_with_running_linked_stream)
{
	run_unbind_linked(_metadata, true);
}

static void run_unbind_pcmtest(struct __test_metadata *_metadata,
			       struct unplugged *unplugged,
			       void (*body)(struct race *race, void *ctx))
{
	if (!find_unbindable(_metadata, unplugged, &pcm_slow_setup,
			     PCMTEST_DRIVER))
		return;
	if (!pcmtest_can_delay())
		SKIP(return, "needs snd-pcmtest with delay_us in debugfs");
	if (race_test(_metadata, body, unplugged))
		bind_again(_metadata, unplugged);
}

/*
 * A stream may be paused when its card goes away.  Like a running one it has to
 * be stopped, or it is closed with its engine still set up.
 */
#define TRIGGER_STOP	0	/* SNDRV_PCM_TRIGGER_STOP */

static void unbind_paused(struct race *race, void *ctx)
{
	struct unplugged *unplugged = ctx;
	const struct snd_pcm_mmap_status *status;
	pthread_t thread;
	int fd, err;

	fd = pcm_open(&unplugged->goes, O_NONBLOCK);
	if (race_failed(race, "open", fd) ||
	    !start_playing(race, fd, &pcm_slow_setup) ||
	    race_failed(race, "PAUSE", pcm_ioctl(fd, SNDRV_PCM_IOCTL_PAUSE,
						 (void *)1L)))
		return;
	status = map_status(race, fd);
	if (!status)
		return;
	pcmtest_forget_calls();
	err = -pthread_create(&thread, NULL, unbind_card, unplugged);
	if (race_failed(race, "pthread_create", err))
		return;
	race->rounds++;
	if (!wait_for_state(status, SNDRV_PCM_STATE_DISCONNECTED))
		race_broken(race, "unbind: %s", strerror(-unplugged->err));

	unmap_status(status);
	close(fd);
	pthread_join(thread, NULL);
	if (!pcmtest_triggered(TRIGGER_STOP))
		race_hit(race, "a paused stream of a removed card was closed without a stop");
}

TEST(unbind_with_paused_stream)
{
	struct unplugged unplugged = {};

	run_unbind_pcmtest(_metadata, &unplugged, unbind_paused);
}

/*
 * A stream is being changed when its card goes away.  Its last state must not
 * give way to the one that the change leads to.
 */
#define SLOW_US		1000000

struct change {
	const char *name, *callback;
	int (*call)(int fd);
};

static int call_prepare(int fd)
{
	return pcm_call(fd, SNDRV_PCM_IOCTL_PREPARE);
}

static int call_hw_params(int fd)
{
	return pcm_hw_params(fd, &pcm_slow_setup);
}

static void *run_change(void *arg)
{
	struct unplugged *unplugged = arg;

	unplugged->change->call(unplugged->fd);
	return NULL;
}

static void unbind_in_change(struct race *race, void *ctx)
{
	struct unplugged *unplugged = ctx;
	const struct change *change = unplugged->change;
	const struct snd_pcm_mmap_status *status;
	pthread_t changing, unbinding;
	bool inside;
	int err;

	unplugged->fd = pcm_open(&unplugged->goes, O_NONBLOCK);
	if (race_failed(race, "open", unplugged->fd) ||
	    race_failed(race, "configure",
			pcm_configure(unplugged->fd, &pcm_slow_setup)))
		return;
	status = map_status(race, unplugged->fd);
	if (!status)
		return;
	pcmtest_forget_calls();
	pcmtest_delay(change->callback, SLOW_US);
	err = -pthread_create(&changing, NULL, run_change, unplugged);
	inside = !err && pcmtest_wait_inside(change->callback);
	pcmtest_delay(change->callback, 0);
	if (!err)
		err = -pthread_create(&unbinding, NULL, unbind_card, unplugged);
	if (race_failed(race, "pthread_create", err))
		return;
	race->rounds++;
	inside = inside &&
		 wait_for_state(status, SNDRV_PCM_STATE_DISCONNECTED) &&
		 pcmtest_called(change->callback, true);
	pthread_join(changing, NULL);

	if (!inside)
		race_skip(race, "the card did not go while %s was going on",
			  change->name);
	else if (mapped_state(status) != SNDRV_PCM_STATE_DISCONNECTED)
		race_hit(race, "%s turned a stream of a removed card to %s",
			 change->name, pcm_state_name(mapped_state(status)));
	unmap_status(status);
	close(unplugged->fd);
	pthread_join(unbinding, NULL);
}

TEST(unbind_while_preparing)
{
	static const struct change change = {
		"PREPARE", "prepare", call_prepare,
	};
	struct unplugged unplugged = {
		.change = &change,
	};

	run_unbind_pcmtest(_metadata, &unplugged, unbind_in_change);
}

TEST(unbind_while_configuring)
{
	static const struct change change = {
		"HW_PARAMS", "hw_params", call_hw_params,
	};
	struct unplugged unplugged = {
		.change = &change,
	};

	run_unbind_pcmtest(_metadata, &unplugged, unbind_in_change);
}

/*
 * To ask for the position of a stream whose buffer has to be synced is no
 * reason to refuse to prepare it.
 */
static bool hwsync_step(struct race *race, void *ctx, unsigned int thread)
{
	int err = pcm_call(*(int *)ctx, SNDRV_PCM_IOCTL_HWSYNC);

	if (err && !race_may_lose(err))
		race_hit(race, "HWSYNC: %s", strerror(-err));
	return true;
}

static bool prepare_step(struct race *race, void *ctx, unsigned int thread)
{
	int err = pcm_call(*(int *)ctx, SNDRV_PCM_IOCTL_PREPARE);

	if (err)
		race_hit(race, "PREPARE while another thread asks for the position: %s",
			 strerror(-err));
	return true;
}

static void prepare_against_hwsync(struct race *race, void *ctx)
{
	int fd = pcm_open(ctx, 0);
	const struct race_loop loops[] = {
		{ hwsync_step, &fd },
		{ prepare_step, &fd },
	};

	if (!race_failed(race, "open", fd) &&
	    !race_failed(race, "configure", pcm_configure(fd, &pcm_slow_setup)))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(prepare_vs_hwsync)
{
	struct pcm_dev dev;

	if (!pcmtest_can_delay())
		SKIP(return, "needs root, and snd-pcmtest with explicit_sync");
	ASSERT_EQ(0, pcmtest_remake(true));
	if (race_device(_metadata, &dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			&pcm_slow_setup, 1, PCMTEST_DRIVER))
		race_test(_metadata, prepare_against_hwsync, &dev);
	pcmtest_restore();
}

/*
 * Who provokes an xrun through /proc must not find the stream half closed.  The
 * file acts on what was written when it is closed itself.
 */
static bool setup_injection(struct race *race, void *ctx)
{
	struct target *target = ctx;

	target->fd = pcm_open(&target->dev, O_NONBLOCK);
	if (race_failed(race, "open", target->fd))
		return false;
	target->file = pcm_proc_open(&target->dev, pcm_subdevice(target->fd),
				     "xrun_injection", O_WRONLY);
	if (target->file < 0) {
		race_skip(race, "xrun_injection (CONFIG_SND_PCM_XRUN_DEBUG): %s",
			  strerror(-target->file));
		return false;
	}
	return !race_failed(race, "write",
			    write(target->file, "1", 1) < 0 ? -errno : 0);
}

static void close_file(void *ctx)
{
	struct target *target = ctx;

	target->err_a = close(target->file) ? -errno : 0;
}

static void close_stream(void *ctx)
{
	struct target *target = ctx;

	target->err_b = close(target->fd) ? -errno : 0;
}

static void check_closed(struct race *race, void *ctx)
{
	struct target *target = ctx;

	if (target->err_a || target->err_b)
		race_hit(race, "close: %s, %s", strerror(-target->err_a),
			 strerror(-target->err_b));
}

static void injection_against_close(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_injection,
		.a = close_file,
		.b = close_stream,
		.check = check_closed,
	};

	race_duel(race, &ops, ctx);
}

static void run_on_target(struct __test_metadata *_metadata,
			  void (*body)(struct race *race, void *ctx))
{
	const struct pcm_setup setups[] = { stereo, stereo_large };
	struct target target = {};

	if (race_device(_metadata, &target.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			setups, ARRAY_SIZE(setups), NULL))
		race_test(_metadata, body, &target);
}

TEST(xrun_injection_vs_close)
{
	ksft_print_msg("without KASAN only a crash shows the bug\n");
	if (geteuid())
		SKIP(return, "needs root");
	run_on_target(_metadata, injection_against_close);
}

/*
 * The preallocated buffer may only be changed while the stream is closed, so
 * that nobody who has it open ever fails to get one or uses another.
 */
static bool prealloc_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;
	const char *kib = target->turn++ % 2 ? "64\n" : "0\n";

	return !race_failed(race, "prealloc",
			    pcm_proc_write(&target->dev, 0, "prealloc", kib));
}

static bool open_close_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;
	int fd, err;

	fd = pcm_open(&target->dev, O_NONBLOCK);
	if (race_failed(race, "open", fd))
		return false;
	err = pcm_configure(fd, &stereo);
	if (!err)
		err = pcm_configure(fd, &stereo_large);
	if (err)
		race_hit(race, "undisturbed HW_PARAMS or PREPARE: %s",
			 strerror(-err));
	close(fd);
	return true;
}

static void prealloc_against_open(struct race *race, void *ctx)
{
	struct target *target = ctx;
	const struct race_loop loops[] = {
		{ prealloc_step, target },
		{ open_close_step, target },
	};
	char before[32];
	int file, err;

	file = pcm_proc_open(&target->dev, 0, "prealloc", O_RDONLY);
	if (file < 0 || pcm_proc_read(file, before, sizeof(before)) < 0) {
		race_skip(race, "no prealloc in /proc/asound");
		return;
	}
	close(file);
	race_loops(race, loops, ARRAY_SIZE(loops));
	err = pcm_proc_write(&target->dev, 0, "prealloc", before);
	if (err)
		ksft_print_msg("prealloc is not restored: %s\n",
			       strerror(-err));
}

TEST(prealloc_vs_open)
{
	if (geteuid())
		SKIP(return, "needs root");
	run_on_target(_metadata, prealloc_against_open);
}

/*
 * Where the answer of PCM_INFO goes is up to the caller, who may let the kernel
 * wait there.  Nobody else should have to.
 */
struct asker {
	struct target target;
	struct slow_page slow;
	struct snd_pcm_info *info;	/* its end is in the slow page */
	int ctl;
	int err;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;

	asker->err = pcm_ioctl(asker->ctl, SNDRV_CTL_IOCTL_PCM_INFO,
			       asker->info);
	return NULL;
}

/* Return: whether the stream could be opened while the answer was under way. */
static bool open_meanwhile(struct race *race, struct asker *asker)
{
	pthread_t thread;
	bool in_time;
	int device = -1, fd;

	race_beat(race, 0);
	memset(asker->info, 0, offsetof(struct snd_pcm_info, id));
	asker->info->device = asker->target.dev.device;
	asker->info->stream = asker->target.dev.stream;
	slow_page_arm(&asker->slow);
	if (race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, ask, asker)))
		return false;
	if (!slow_page_wait(&asker->slow, 2000))
		race_broken(race, "PCM_INFO did not write its answer");
	pcm_ioctl(asker->ctl, SNDRV_CTL_IOCTL_PCM_NEXT_DEVICE, &device);
	fd = pcm_open(&asker->target.dev, O_NONBLOCK);
	in_time = slow_page_release(&asker->slow);
	pthread_join(thread, NULL);
	if (!race_failed(race, "open", fd))
		close(fd);
	race_failed(race, "PCM_INFO", asker->err);
	race->rounds++;
	return in_time;
}

static void open_against_info(struct race *race, void *ctx)
{
	struct asker *asker = ctx;
	bool ever = false;

	if (!slow_page_init(race, &asker->slow))
		return;
	asker->info = (void *)((char *)asker->slow.page -
			       offsetof(struct snd_pcm_info, id));
	asker->ctl = pcm_prefer_subdevice(asker->target.dev.card, 0);
	if (race_failed(race, "open of the control device", asker->ctl))
		return;
	while (!ever && race->rounds < 3 && !race->broken[0])
		ever = open_meanwhile(race, asker);
	if (!ever)
		race_hit(race, "open() waits for who takes the answer of PCM_INFO");
}

TEST(pcm_info_to_slow_memory)
{
	struct asker asker = {};

	if (race_device(_metadata, &asker.target.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, &stereo, 1, NULL))
		race_test(_metadata, open_against_info, &asker);
}

/* The PCM's timer looks at the stream, which comes and goes. */
static bool timer_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;
	struct snd_timer_select select = {
		.id = {
			.dev_class = SNDRV_TIMER_CLASS_PCM,
			.card = target->dev.card,
			.device = target->dev.device,
			.subdevice = target->dev.stream,
		},
	};
	struct snd_timer_params params = {
		.ticks = 1,
		.queue_size = 32,
	};
	struct snd_timer_status status;
	struct snd_timer_info info;
	int fd;

	fd = open("/dev/snd/timer", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		race_skip(race, "/dev/snd/timer: %s", strerror(errno));
		return false;
	}
	if (!pcm_ioctl(fd, SNDRV_TIMER_IOCTL_SELECT, &select)) {
		pcm_ioctl(fd, SNDRV_TIMER_IOCTL_INFO, &info);
		pcm_ioctl(fd, SNDRV_TIMER_IOCTL_PARAMS, &params);
		pcm_call(fd, SNDRV_TIMER_IOCTL_START);
		pcm_ioctl(fd, SNDRV_TIMER_IOCTL_STATUS, &status);
		pcm_call(fd, SNDRV_TIMER_IOCTL_STOP);
	}
	close(fd);
	return true;
}

static bool play_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;
	int fd;

	fd = pcm_open(&target->dev, O_NONBLOCK);
	if (!race_failed(race, "open", fd))
		start_playing(race, fd, &stereo);
	close(fd);
	return true;
}

static void timer_against_close(struct race *race, void *ctx)
{
	const struct race_loop loops[] = {
		{ timer_step, ctx },
		{ play_step, ctx },
	};

	race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(pcm_timer_vs_close)
{
	ksft_print_msg("without KASAN only a crash shows a bug\n");
	run_on_target(_metadata, timer_against_close);
}

/* SIGIO is asked for and not, while periods elapse and the stream restarts. */
static bool async_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;
	int flags = fcntl(target->fd, F_GETFL);

	if (fcntl(target->fd, F_SETFL, flags ^ O_ASYNC) < 0)
		race_hit(race, "F_SETFL: %s", strerror(errno));
	return true;
}

static bool restart_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;

	pcm_call(target->fd, SNDRV_PCM_IOCTL_DROP);
	start_playing(race, target->fd, &stereo);
	return true;
}

static void async_against_restart(struct race *race, void *ctx)
{
	struct target *target = ctx;
	const struct race_loop loops[] = {
		{ async_step, target },
		{ restart_step, target },
	};

	signal(SIGIO, SIG_IGN);
	target->fd = pcm_open(&target->dev, O_NONBLOCK);
	if (race_failed(race, "open", target->fd))
		return;
	if (fcntl(target->fd, F_SETOWN, getpid()) < 0) {
		race_broken(race, "F_SETOWN: %s", strerror(errno));
		return;
	}
	race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(fasync_vs_restart)
{
	run_on_target(_metadata, async_against_restart);
}

TEST_HARNESS_MAIN
