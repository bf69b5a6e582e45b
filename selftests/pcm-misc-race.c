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

/* What snd-pcmtest can play, more than a second. */
static const struct pcm_setup long_stream = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 8000,
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

static bool failed(struct race *race, const char *name, int err)
{
	if (err < 0)
		race_broken(race, "%s: %s", name, strerror(-err));
	return err < 0;
}

static int write_file(const char *path, const char *text)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static bool start_playing(struct race *race, int fd,
			  const struct pcm_setup *setup)
{
	unsigned long frames = setup->buffer_size;

	return !failed(race, "configure", pcm_configure(fd, setup)) &&
	       !failed(race, "FORWARD",
		       pcm_ioctl(fd, SNDRV_PCM_IOCTL_FORWARD, &frames)) &&
	       !failed(race, "START", pcm_call(fd, SNDRV_PCM_IOCTL_START));
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

	unplugged->err = write_file(unplugged->unbind, unplugged->device);
	return NULL;
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

static void drop_after_unbind(struct race *race, struct unplugged *unplugged,
			      int stays,
			      const struct snd_pcm_mmap_status *status)
{
	int err;

	if (!wait_for_state(status, SNDRV_PCM_STATE_DISCONNECTED)) {
		race_broken(race, "unbind: %s",
			    strerror(-unplugged->err));
		return;
	}

	race->rounds++;
	err = pcm_call(stays, SNDRV_PCM_IOCTL_DROP);
	if (err && !race_may_lose(err))
		race_hit(race, "DROP: %s", strerror(-err));
	if (mapped_state(status) != SNDRV_PCM_STATE_DISCONNECTED)
		race_hit(race, "DROP on a linked stream turned one of a removed card to %s",
			 pcm_state_name(mapped_state(status)));
}

static void unbind_linked(struct race *race, void *ctx)
{
	struct unplugged *unplugged = ctx;
	size_t page = sysconf(_SC_PAGESIZE);
	int stays, goes, err;
	pthread_t thread;
	void *map;

	stays = pcm_open(&unplugged->stays, O_NONBLOCK);
	goes = pcm_open(&unplugged->goes, O_NONBLOCK);
	if (failed(race, "open", stays) || failed(race, "open", goes) ||
	    failed(race, "configure", pcm_configure(stays, &stereo)) ||
	    failed(race, "configure", pcm_configure(goes, &stereo)))
		return;
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, goes,
		   (off_t)SNDRV_PCM_MMAP_OFFSET_STATUS);
	if (map == MAP_FAILED) {
		race_skip(race, "mmap of the status page: %s", strerror(errno));
		return;
	}
	err = pcm_ioctl(stays, SNDRV_PCM_IOCTL_LINK, (void *)(long)goes);
	if (!err)
		err = -pthread_create(&thread, NULL, unbind_card, unplugged);
	if (failed(race, "LINK or pthread_create", err))
		return;
	drop_after_unbind(race, unplugged, stays, map);

	/* The unbind waits until nothing refers to the card any more. */
	munmap(map, page);
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
		err = write_file(unplugged->bind, unplugged->device);
		if (!err || err == -EBUSY)
			break;
		race_sleep_ms(100);
	}
	EXPECT_EQ(0, err) {
		TH_LOG("card %u does not come back: %s", unplugged->goes.card,
		       strerror(-err));
	}
}

static void run_unbind(struct __test_metadata *_metadata, struct unplugged *unplugged,
		       void (*body)(struct race *race, void *ctx))
{
	if (!sysfs_paths(unplugged))
		SKIP(return, "card %u has no driver to unbind from",
		     unplugged->goes.card);

	race_test(_metadata, body, unplugged);
	bind_again(_metadata, unplugged);
}

TEST(unbind_with_linked_stream)
{
	struct unplugged unplugged = {};

	if (geteuid())
		SKIP(return, "needs root");
	if (!race_device(_metadata, &unplugged.stays, SNDRV_PCM_STREAM_PLAYBACK,
			 1, &stereo, 1, "Dummy") ||
	    !race_device(_metadata, &unplugged.goes, SNDRV_PCM_STREAM_PLAYBACK,
			 1, &stereo, 1, "Loopback"))
		return;
	run_unbind(_metadata, &unplugged, unbind_linked);
}

/*
 * A stream may be paused when its card goes away.  Like a running one it has to
 * be stopped, or it is closed with its engine still set up.
 */
#define TIMELINE	"/sys/kernel/debug/pcmtest/timeline"
#define TRIGGER_STOP	0	/* SNDRV_PCM_TRIGGER_STOP */

/* Whether snd-pcmtest's timeline has a trigger callback with @cmd. */
static bool triggered(int cmd)
{
	char line[512], callback[16], event[16];
	bool found = false;
	FILE *file;
	int value;

	file = fopen(TIMELINE, "r");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*u %*u %*d %*d %*s %*s %15s %15s %d",
			   callback, event, &value) == 3 &&
		    !strcmp(callback, "trigger") && !strcmp(event, "enter") &&
		    value == cmd)
			found = true;
	fclose(file);
	return found;
}

static void unbind_paused(struct race *race, void *ctx)
{
	struct unplugged *unplugged = ctx;
	size_t page = sysconf(_SC_PAGESIZE);
	pthread_t thread;
	int fd, err;
	void *map;

	fd = pcm_open(&unplugged->goes, O_NONBLOCK);
	if (failed(race, "open", fd) || !start_playing(race, fd, &long_stream) ||
	    failed(race, "PAUSE", pcm_ioctl(fd, SNDRV_PCM_IOCTL_PAUSE,
					    (void *)1L)))
		return;
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, fd,
		   (off_t)SNDRV_PCM_MMAP_OFFSET_STATUS);
	if (map == MAP_FAILED) {
		race_skip(race, "mmap of the status page: %s", strerror(errno));
		return;
	}
	if (write_file(TIMELINE, "0")) {
		race_skip(race, "no " TIMELINE);
		return;
	}
	err = -pthread_create(&thread, NULL, unbind_card, unplugged);
	if (failed(race, "pthread_create", err))
		return;
	race->rounds++;
	if (!wait_for_state(map, SNDRV_PCM_STATE_DISCONNECTED))
		race_broken(race, "unbind: %s", strerror(-unplugged->err));

	munmap(map, page);
	close(fd);
	pthread_join(thread, NULL);
	if (!triggered(TRIGGER_STOP))
		race_hit(race, "a paused stream of a removed card was closed without a stop");
}

TEST(unbind_with_paused_stream)
{
	struct unplugged unplugged = {};

	if (geteuid())
		SKIP(return, "needs root");
	if (!race_device(_metadata, &unplugged.goes, SNDRV_PCM_STREAM_PLAYBACK,
			 1, &long_stream, 1, PCMTEST_DRIVER))
		return;
	run_unbind(_metadata, &unplugged, unbind_paused);
}

/*
 * To ask for the position of a stream whose buffer has to be synced is no
 * reason to refuse to prepare it.
 */
#define EXPLICIT_SYNC	"/sys/module/snd_pcmtest/parameters/explicit_sync"

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
	struct unplugged *unplugged = ctx;
	int fd = pcm_open(&unplugged->goes, 0);
	const struct race_loop loops[] = {
		{ hwsync_step, &fd },
		{ prepare_step, &fd },
	};

	if (!failed(race, "open", fd) &&
	    !failed(race, "configure", pcm_configure(fd, &long_stream)))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

/* Give snd-pcmtest's card a buffer of the other kind. */
static int rebind_with(struct unplugged *unplugged, const char *explicit_sync)
{
	int err;

	err = write_file(unplugged->unbind, unplugged->device);
	if (!err)
		err = write_file(EXPLICIT_SYNC, explicit_sync);
	return err;
}

TEST(prepare_vs_hwsync)
{
	struct unplugged unplugged = {};

	if (geteuid())
		SKIP(return, "needs root");
	if (!race_device(_metadata, &unplugged.goes, SNDRV_PCM_STREAM_PLAYBACK,
			 1, &long_stream, 1, PCMTEST_DRIVER))
		return;
	if (access(EXPLICIT_SYNC, W_OK) || !sysfs_paths(&unplugged))
		SKIP(return, "snd-pcmtest has no explicit_sync");

	EXPECT_EQ(0, rebind_with(&unplugged, "Y"));
	bind_again(_metadata, &unplugged);
	race_test(_metadata, prepare_against_hwsync, &unplugged);
	EXPECT_EQ(0, rebind_with(&unplugged, "N"));
	bind_again(_metadata, &unplugged);
}

/*
 * Who provokes an xrun through /proc must not find the stream half closed.  The
 * file acts on what was written when it is closed itself.
 */
static bool setup_injection(struct race *race, void *ctx)
{
	struct target *target = ctx;

	target->fd = pcm_open(&target->dev, O_NONBLOCK);
	if (failed(race, "open", target->fd))
		return false;
	target->file = pcm_proc_open(&target->dev, pcm_subdevice(target->fd),
				     "xrun_injection", O_WRONLY);
	if (target->file < 0) {
		race_skip(race, "xrun_injection (CONFIG_SND_PCM_XRUN_DEBUG): %s",
			  strerror(-target->file));
		return false;
	}
	return !failed(race, "write",
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
	char text[16];
	int file;

	file = pcm_proc_open(&target->dev, 0, "prealloc", O_WRONLY);
	if (file < 0) {
		race_skip(race, "prealloc: %s", strerror(-file));
		return false;
	}
	snprintf(text, sizeof(text), "%u\n", target->turn++ % 2 ? 64 : 0);
	if (write(file, text, strlen(text)) < 0)
		race_broken(race, "prealloc: %s", strerror(errno));
	close(file);
	return true;
}

static bool open_close_step(struct race *race, void *ctx, unsigned int thread)
{
	struct target *target = ctx;
	int fd, err;

	fd = pcm_open(&target->dev, O_NONBLOCK);
	if (failed(race, "open", fd))
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

static void restore_prealloc(struct target *target, const char *text)
{
	int file = pcm_proc_open(&target->dev, 0, "prealloc", O_WRONLY);

	if (file < 0)
		return;
	if (write(file, text, strlen(text)) < 0)
		ksft_perror("prealloc is not restored");
	close(file);
}

static void prealloc_against_open(struct race *race, void *ctx)
{
	struct target *target = ctx;
	const struct race_loop loops[] = {
		{ prealloc_step, target },
		{ open_close_step, target },
	};
	char before[32];
	int file;

	file = pcm_proc_open(&target->dev, 0, "prealloc", O_RDONLY);
	if (file < 0 || pcm_proc_read(file, before, sizeof(before)) < 0) {
		race_skip(race, "no prealloc in /proc/asound");
		return;
	}
	close(file);
	race_loops(race, loops, ARRAY_SIZE(loops));
	restore_prealloc(target, before);
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
	if (failed(race, "pthread_create",
		   -pthread_create(&thread, NULL, ask, asker)))
		return false;
	if (!slow_page_wait(&asker->slow, 2000))
		race_broken(race, "PCM_INFO did not write its answer");
	pcm_ioctl(asker->ctl, SNDRV_CTL_IOCTL_PCM_NEXT_DEVICE, &device);
	fd = pcm_open(&asker->target.dev, O_NONBLOCK);
	in_time = slow_page_release(&asker->slow);
	pthread_join(thread, NULL);
	if (!failed(race, "open", fd))
		close(fd);
	failed(race, "PCM_INFO", asker->err);
	race->rounds++;
	return in_time;
}

static void open_against_info(struct race *race, void *ctx)
{
	struct asker *asker = ctx;
	bool ever = false;
	int err;

	err = slow_page_init(&asker->slow);
	if (err) {
		race_skip(race, "userfaultfd: %s", strerror(-err));
		return;
	}
	asker->info = (void *)((char *)asker->slow.page -
			       offsetof(struct snd_pcm_info, id));
	asker->ctl = pcm_prefer_subdevice(asker->target.dev.card, 0);
	if (failed(race, "open of the control device", asker->ctl))
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
	if (!failed(race, "open", fd))
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
	if (failed(race, "open", target->fd))
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
