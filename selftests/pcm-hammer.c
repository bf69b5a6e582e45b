// SPDX-License-Identifier: GPL-2.0
/*
 * Every operation on a PCM stream against every other one, on one stream and on
 * linked ones.  The list of operations is data; the pairs follow from it.
 *
 * PCM_HAMMER_SECONDS	time for the pairs of one variant (default 20, or four
 *			times PCM_RACE_SECONDS); if it is too short for all of
 *			them, the seed decides which ones have their turn
 * PCM_HAMMER_SEED	repeats the choices of an earlier run
 * PCM_HAMMER_PAIR	"PREPARE,HW_PARAMS" runs this pair alone
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/soundcard.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "pcm-race-test.h"
#include "pcmtest-control.h"
#include "text-file.h"

#define MAX_STREAMS	9
#define TEXT_SIZE	1024
#define RACE_SECONDS	5
#define SECONDS_FACTOR	4
#define PAIRS		(ARRAY_SIZE(operations) * ARRAY_SIZE(operations))
#define MIN_SLICE_MS	20

#define SETUPS		2

/* One channel, so that WRITEI works whatever the access is. */
static const struct pcm_setup short_periods[SETUPS] = {
	{
		.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 1,
		.rate = 48000,
		.period_size = 256,
		.buffer_size = 4096,
	}, {
		.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_U8,
		.channels = 1,
		.rate = 32000,
		.period_size = 512,
		.buffer_size = 8192,
	},
};

/* What READN and WRITEN take, and what can be mapped. */
static const struct pcm_setup noninterleaved_periods[SETUPS] = {
	{
		.access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 1,
		.rate = 48000,
		.period_size = 256,
		.buffer_size = 4096,
	}, {
		.access = SNDRV_PCM_ACCESS_MMAP_NONINTERLEAVED,
		.format = SNDRV_PCM_FORMAT_U8,
		.channels = 1,
		.rate = 32000,
		.period_size = 512,
		.buffer_size = 8192,
	},
};

/* The shortest that snd-pcmtest has, which takes any access. */
static const struct pcm_setup long_periods[SETUPS] = {
	{
		.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 1,
		.rate = 48000,
		.period_size = 2048,
		.buffer_size = 8192,
	}, {
		.access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED,
		.format = SNDRV_PCM_FORMAT_U8,
		.channels = 1,
		.rate = 32000,
		.period_size = 4096,
		.buffer_size = 16384,
	},
};

struct hammer;

struct actor {
	struct hammer *hammer;
	const struct operation *operation;
	unsigned int stream;
	unsigned int seed;
	int result;
};

struct hammer {
	const struct pcm_setup *setups;
	struct pcm_dev playback, capture;
	unsigned int count, captures;
	int fd[MAX_STREAMS];
	char text[SETUPS][TEXT_SIZE];
	unsigned int seed;		/* what the run can be repeated with */
	unsigned int state;		/* where the choices are now */
	struct actor a, b;
};

/*
 * @run: returns 0 or -errno.
 * @request: if there is no @run, an ioctl without argument.
 * @errors: what it may return though nobody interferes, beside what every
 *	loser of a race may see.
 * @optional: not every driver or kernel has it.
 */
struct operation {
	const char *name;
	int (*run)(struct actor *actor);
	unsigned long request;
	int errors[2];
	bool optional;
};

#define RUN(_name, _run, ...) \
	{ .name = (_name), .run = (_run), .errors = { __VA_ARGS__ } }
#define OPTIONAL(_name, _run, ...) \
	{ .name = (_name), .run = (_run), .errors = { __VA_ARGS__ }, \
	  .optional = true }
#define REQUEST(_name, ...) \
	{ .name = #_name, .request = SNDRV_PCM_IOCTL_##_name, \
	  .errors = { __VA_ARGS__ } }

static int fd_of(const struct actor *actor)
{
	return actor->hammer->fd[actor->stream];
}

static bool is_capture(const struct hammer *hammer, unsigned int stream)
{
	return stream >= hammer->count - hammer->captures;
}

static const struct pcm_dev *device_of(const struct actor *actor)
{
	const struct hammer *hammer = actor->hammer;

	return is_capture(hammer, actor->stream) ? &hammer->capture :
	       &hammer->playback;
}

static int run_hw_refine(struct actor *actor)
{
	struct snd_pcm_hw_params params;

	pcm_params_any(&params);
	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_HW_REFINE, &params);
}

static int run_hw_params(struct actor *actor)
{
	return pcm_hw_params(fd_of(actor), &actor->hammer->setups[rand_r(&actor->seed) % SETUPS]);
}

/* Thresholds that suit both setups. */
static int run_sw_params(struct actor *actor)
{
	const struct pcm_setup *setup = &actor->hammer->setups[0];

	return pcm_sw_params(fd_of(actor), setup, LONG_MAX,
			     rand_r(&actor->seed) % setup->buffer_size);
}

static int run_pause(struct actor *actor)
{
	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_PAUSE,
			 (void *)(long)(rand_r(&actor->seed) % 2));
}

static int run_resume(struct actor *actor)
{
	return pcm_call(fd_of(actor), SNDRV_PCM_IOCTL_RESUME);
}

static int run_link(struct actor *actor)
{
	const struct hammer *hammer = actor->hammer;
	unsigned int other = rand_r(&actor->seed) % hammer->count;

	return pcm_link(fd_of(actor), hammer->fd[other]);
}

static int run_transfer(struct actor *actor)
{
	short samples[256] = {};
	struct snd_xferi xfer = {
		.buf = samples,
		.frames = ARRAY_SIZE(samples),
	};

	return pcm_ioctl(fd_of(actor), is_capture(actor->hammer, actor->stream) ?
			 SNDRV_PCM_IOCTL_READI_FRAMES :
			 SNDRV_PCM_IOCTL_WRITEI_FRAMES, &xfer);
}

static int run_transfer_n(struct actor *actor)
{
	short samples[256] = {};
	void *channels[] = { samples };
	struct snd_xfern xfer = {
		.bufs = channels,
		.frames = ARRAY_SIZE(samples),
	};

	return pcm_ioctl(fd_of(actor), is_capture(actor->hammer, actor->stream) ?
			 SNDRV_PCM_IOCTL_READN_FRAMES :
			 SNDRV_PCM_IOCTL_WRITEN_FRAMES, &xfer);
}

static int map_and_touch(struct actor *actor, int fd, int prot, off_t offset)
{
	size_t size = sysconf(_SC_PAGESIZE);
	size_t at = rand_r(&actor->seed) % size;
	char *map;

	map = mmap(NULL, size, prot, MAP_SHARED, fd, offset);
	if (map == MAP_FAILED)
		return -errno;
	if (prot & PROT_WRITE)
		map[at] = 0;
	else
		actor->result = map[at];
	munmap(map, size);
	return 0;
}

static int run_mmap(struct actor *actor)
{
	return map_and_touch(actor, fd_of(actor), PROT_READ | PROT_WRITE,
			     SNDRV_PCM_MMAP_OFFSET_DATA);
}

static int run_sync_ptr(struct actor *actor)
{
	struct snd_pcm_sync_ptr sync = {
		.flags = SNDRV_PCM_SYNC_PTR_APPL |
			 SNDRV_PCM_SYNC_PTR_AVAIL_MIN |
			 SNDRV_PCM_SYNC_PTR_HWSYNC,
	};

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

static int run_delay(struct actor *actor)
{
	snd_pcm_sframes_t delay;

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_DELAY, &delay);
}

static int run_status(struct actor *actor)
{
	int state = pcm_state(fd_of(actor));

	return state < 0 ? state : 0;
}

static int run_rewind(struct actor *actor)
{
	snd_pcm_uframes_t frames = rand_r(&actor->seed) % 512 + 1;

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_REWIND, &frames);
}

static int run_forward(struct actor *actor)
{
	snd_pcm_uframes_t frames = rand_r(&actor->seed) % 512 + 1;

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_FORWARD, &frames);
}

static int run_channel_info(struct actor *actor)
{
	struct snd_pcm_channel_info info = {};

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_CHANNEL_INFO, &info);
}

static int run_ttstamp(struct actor *actor)
{
	int type = rand_r(&actor->seed) % 3;

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_TTSTAMP, &type);
}

static int run_poll(struct actor *actor)
{
	struct pollfd pfd = {
		.fd = fd_of(actor),
		.events = POLLIN | POLLOUT,
	};

	return poll(&pfd, 1, 0) < 0 ? -errno : 0;
}

static int read_proc(const struct actor *actor, const char *name, char *text)
{
	int fd, err;

	fd = pcm_proc_open(device_of(actor), pcm_subdevice(fd_of(actor)), name,
			   O_RDONLY);
	if (fd < 0)
		return fd;
	err = pcm_proc_read(fd, text, TEXT_SIZE);
	close(fd);
	return err < 0 ? err : 0;
}

static int skim_proc(const struct actor *actor, const char *name)
{
	char text[TEXT_SIZE];

	return read_proc(actor, name, text);
}

static int run_proc_hw_params(struct actor *actor)
{
	return skim_proc(actor, "hw_params");
}

static int run_proc_sw_params(struct actor *actor)
{
	return skim_proc(actor, "sw_params");
}

static int run_proc_status(struct actor *actor)
{
	return skim_proc(actor, "status");
}

/* A linked stream that comes and goes. */
static int run_member(struct actor *actor)
{
	int fd, err;

	fd = pcm_open(&actor->hammer->capture, O_NONBLOCK);
	if (fd < 0)
		return fd;
	err = pcm_configure(fd, &actor->hammer->setups[0]);
	if (!err)
		err = pcm_link(fd_of(actor), fd);
	close(fd);
	return err;
}

/* Another stream of the same PCM, which shares its mutex and its timer. */
static int run_neighbour(struct actor *actor)
{
	int fd, err;

	fd = pcm_open(&actor->hammer->capture, O_NONBLOCK);
	if (fd < 0)
		return fd;
	err = pcm_configure(fd, &actor->hammer->setups[0]);
	close(fd);
	return err;
}

/* A second opener, who may prepare and stop what the first one uses. */
static int run_append(struct actor *actor)
{
	int fd;

	fd = pcm_join(device_of(actor), pcm_subdevice(fd_of(actor)));
	if (fd < 0)
		return fd;
	pcm_call(fd, SNDRV_PCM_IOCTL_PREPARE);
	pcm_call(fd, SNDRV_PCM_IOCTL_DROP);
	close(fd);
	return 0;
}

static int run_vector(struct actor *actor)
{
	static short samples[256];
	struct iovec iov = {
		.iov_base = samples,
		.iov_len = sizeof(samples),
	};
	ssize_t len;

	if (is_capture(actor->hammer, actor->stream))
		len = readv(fd_of(actor), &iov, 1);
	else
		len = writev(fd_of(actor), &iov, 1);
	return len < 0 ? -errno : 0;
}

static int run_fasync(struct actor *actor)
{
	int flags = fcntl(fd_of(actor), F_GETFL);

	return fcntl(fd_of(actor), F_SETFL, flags ^ O_ASYNC) ? -errno : 0;
}

static int run_info(struct actor *actor)
{
	struct snd_pcm_info info = {};

	return pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_INFO, &info);
}

/* The timer runs as long as the stream does. */
static int run_timer(struct actor *actor)
{
	const struct pcm_dev *dev = device_of(actor);
	struct snd_timer_select select = {
		.id = {
			.dev_class = SNDRV_TIMER_CLASS_PCM,
			.card = dev->card,
			.device = dev->device,
			.subdevice = pcm_subdevice(fd_of(actor)) * 2 + dev->stream,
		},
	};
	struct snd_timer_params params = {
		.ticks = 1,
		.queue_size = 32,
	};
	int fd, err;

	fd = open("/dev/snd/timer", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = pcm_ioctl(fd, SNDRV_TIMER_IOCTL_SELECT, &select);
	if (!err) {
		pcm_ioctl(fd, SNDRV_TIMER_IOCTL_PARAMS, &params);
		pcm_call(fd, SNDRV_TIMER_IOCTL_START);
		pcm_call(fd, SNDRV_TIMER_IOCTL_STOP);
	}
	close(fd);
	return err;
}

/*
 * Has to be refused, as the stream is open.  If REOPEN has closed it before,
 * what was there comes back: freshly made buffers are what KASAN watches.
 */
static int run_proc_prealloc(struct actor *actor)
{
	const struct pcm_dev *dev = device_of(actor);
	int subdevice = pcm_subdevice(fd_of(actor)), err;
	char text[TEXT_SIZE];

	err = read_proc(actor, "prealloc", text);
	if (!err)
		err = pcm_proc_write(dev, subdevice, "prealloc", "64\n");
	return err ? err : pcm_proc_write(dev, subdevice, "prealloc", text);
}

static int run_proc_xrun(struct actor *actor)
{
	return pcm_proc_write(device_of(actor), pcm_subdevice(fd_of(actor)),
			      "xrun_injection", "1");
}

/* OSS opens another substream of the card's first PCM. */
static int open_oss(const struct actor *actor)
{
	const struct pcm_dev *dev = device_of(actor);
	char path[32] = "/dev/dsp";
	int fd;

	if (dev->card)
		snprintf(path, sizeof(path), "/dev/dsp%u", dev->card);
	fd = open(path, (dev->stream == SNDRV_PCM_STREAM_PLAYBACK ? O_RDWR :
			 O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int run_oss_transfer(struct actor *actor)
{
	static char samples[4096];
	int fd = open_oss(actor), rate = 48000;
	ssize_t len;

	if (fd < 0)
		return fd;
	pcm_ioctl(fd, SNDCTL_DSP_SPEED, &rate);
	if (is_capture(actor->hammer, actor->stream))
		len = read(fd, samples, sizeof(samples));
	else
		len = write(fd, samples, sizeof(samples));
	close(fd);
	return len < 0 ? -errno : 0;
}

/* Native to the drivers: there is no mapping through plugins. */
static int run_oss_mmap(struct actor *actor)
{
	int fd = open_oss(actor), format = AFMT_S16_LE, rate = 48000, err;

	if (fd < 0)
		return fd;
	pcm_ioctl(fd, SNDCTL_DSP_SETFMT, &format);
	pcm_ioctl(fd, SNDCTL_DSP_SPEED, &rate);
	err = map_and_touch(actor, fd, is_capture(actor->hammer, actor->stream) ?
			    PROT_READ : PROT_READ | PROT_WRITE, 0);
	close(fd);
	return err;
}

/*
 * The new file takes the number of the old one, so that nobody meets the file
 * of somebody else; who is still inside the old one closes it.  The device
 * stays: unbind takes it from all others, which pcm-misc-race does.
 */
static int run_reopen(struct actor *actor)
{
	int fd, err;

	fd = pcm_open(device_of(actor), O_NONBLOCK);
	if (fd < 0)
		return fd;
	err = dup2(fd, fd_of(actor)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static const struct operation operations[] = {
	RUN("HW_REFINE", run_hw_refine),
	RUN("HW_PARAMS", run_hw_params),
	REQUEST(HW_FREE),
	RUN("SW_PARAMS", run_sw_params),
	REQUEST(PREPARE),
	REQUEST(RESET),
	REQUEST(START),
	REQUEST(DROP),
	REQUEST(DRAIN),
	/* what they say of a stream that was opened anew and has no setup */
	OPTIONAL("PAUSE", run_pause, ENOSYS),
	OPTIONAL("RESUME", run_resume, ENOSYS),
	REQUEST(XRUN),
	RUN("LINK", run_link, EALREADY, EINVAL),
	REQUEST(UNLINK, EALREADY),
	RUN("TRANSFER", run_transfer),
	RUN("TRANSFER_N", run_transfer_n, EINVAL),
	RUN("MMAP", run_mmap, ENXIO, EINVAL),
	RUN("SYNC_PTR", run_sync_ptr),
	REQUEST(HWSYNC),
	RUN("DELAY", run_delay),
	RUN("STATUS", run_status),
	RUN("REWIND", run_rewind),
	RUN("FORWARD", run_forward),
	RUN("CHANNEL_INFO", run_channel_info),
	RUN("TTSTAMP", run_ttstamp),
	RUN("POLL", run_poll),
	RUN("PROC_HW_PARAMS", run_proc_hw_params),
	RUN("PROC_SW_PARAMS", run_proc_sw_params),
	RUN("PROC_STATUS", run_proc_status),
	RUN("MEMBER", run_member, EALREADY),
	RUN("NEIGHBOUR", run_neighbour),
	OPTIONAL("APPEND", run_append),
	RUN("VECTOR", run_vector, EINVAL),
	RUN("FASYNC", run_fasync),
	RUN("INFO", run_info),
	OPTIONAL("TIMER", run_timer),
	OPTIONAL("PROC_PREALLOC", run_proc_prealloc),
	OPTIONAL("PROC_XRUN", run_proc_xrun),
	OPTIONAL("OSS_TRANSFER", run_oss_transfer),
	OPTIONAL("OSS_MMAP", run_oss_mmap),
	RUN("REOPEN", run_reopen),
};

static void run_actor(struct actor *actor)
{
	const struct operation *operation = actor->operation;

	actor->result = operation->run ? operation->run(actor) :
			pcm_call(fd_of(actor), operation->request);
}

static void run_a(void *ctx)
{
	struct hammer *hammer = ctx;

	run_actor(&hammer->a);
}

static void run_b(void *ctx)
{
	struct hammer *hammer = ctx;

	run_actor(&hammer->b);
}

static unsigned int choose(struct hammer *hammer, unsigned int below)
{
	return rand_r(&hammer->state) % below;
}

/* Any state that the operations may meet; errors do not matter here. */
static bool setup_round(struct race *race, void *ctx)
{
	struct hammer *hammer = ctx;
	unsigned int i, depth = choose(hammer, 5);

	hammer->a.stream = choose(hammer, hammer->count);
	hammer->b.stream = choose(hammer, hammer->count);
	if (!depth)
		return true;
	for (i = 0; i < hammer->count; i++) {
		pcm_call(hammer->fd[i], SNDRV_PCM_IOCTL_DROP);
		if (depth > 1 && (!choose(hammer, 4) ||
				  pcm_state(hammer->fd[i]) ==
				  SNDRV_PCM_STATE_OPEN))
			pcm_hw_params(hammer->fd[i],
				      &hammer->setups[choose(hammer, SETUPS)]);
	}
	/* The first one may be alone, or others; now and then one stays so. */
	for (i = 1; depth > 1 && i < hammer->count; i++) {
		pcm_link(hammer->fd[i], hammer->fd[0]);
		pcm_link(hammer->fd[0], hammer->fd[i]);
	}
	if (depth > 1 && !choose(hammer, 4))
		pcm_call(hammer->fd[choose(hammer, hammer->count)],
			 SNDRV_PCM_IOCTL_UNLINK);
	if (depth > 2)
		for (i = 0; i < hammer->count; i++)
			pcm_call(hammer->fd[i], SNDRV_PCM_IOCTL_PREPARE);
	for (i = 0; depth > 3 && i < hammer->count; i++) {
		if (!is_capture(hammer, i))
			pcm_forward(hammer->fd[i],
				    hammer->setups[0].buffer_size / 2);
		pcm_call(hammer->fd[i], SNDRV_PCM_IOCTL_START);
	}
	return true;
}

static bool allowed(const struct actor *actor)
{
	const int *errors = actor->operation->errors;
	int err = -actor->result;

	return err <= 0 || race_may_lose(-err) || err == errors[0] ||
	       err == errors[1];
}

static void check_stream(struct race *race, const struct actor *actor)
{
	const struct hammer *hammer = actor->hammer;
	unsigned int stream = actor->stream;
	struct snd_pcm_status status = {};
	char text[TEXT_SIZE];
	int err;

	err = pcm_ioctl(fd_of(actor), SNDRV_PCM_IOCTL_STATUS, &status);
	if (err || status.state > SNDRV_PCM_STATE_PAUSED) {
		race_hit(race, "%s: stream %u: STATUS %s, state %s",
			 race->doing, stream, strerror(-err),
			 pcm_state_name(status.state));
		return;
	}
	if (status.state == SNDRV_PCM_STATE_OPEN)
		return;

	if (!read_proc(actor, "hw_params", text) &&
	    strcmp(text, hammer->text[0]) && strcmp(text, hammer->text[1]))
		race_hit(race, "%s: stream %u: parameters of nobody: %.300s",
			 race->doing, stream, text);

	if (status.state == SNDRV_PCM_STATE_PREPARED &&
	    (status.hw_ptr || status.avail > hammer->setups[1].buffer_size))
		race_hit(race, "%s: stream %u: prepared with hw_ptr %lu, appl_ptr %lu, avail %lu",
			 race->doing, stream, status.hw_ptr, status.appl_ptr,
			 status.avail);
}

static void check_round(struct race *race, void *ctx)
{
	struct hammer *hammer = ctx;

	if (!allowed(&hammer->a) || !allowed(&hammer->b))
		race_hit(race, "%s: %s and %s", race->doing,
			 strerror(-hammer->a.result),
			 strerror(-hammer->b.result));
	check_stream(race, &hammer->a);
	check_stream(race, &hammer->b);
}

static bool open_streams(struct race *race, struct hammer *hammer)
{
	struct actor actor = { .hammer = hammer };
	unsigned int i, which;
	int fd, err = 0;

	for (i = 0; i < hammer->count; i++) {
		actor.stream = i;
		fd = pcm_open(device_of(&actor), O_NONBLOCK);
		if (race_failed(race, "open", fd))
			return false;
		hammer->fd[i] = fd;
		for (which = SETUPS; !err && which--;) {
			err = pcm_configure(fd, &hammer->setups[which]);
			read_proc(&actor, "hw_params", hammer->text[which]);
		}
		if (!err && i)
			err = pcm_link(hammer->fd[0], fd);
		if (race_failed(race, "configure or LINK", err))
			return false;
	}
	return true;
}

/* Unlike the wrong state, a missing operation is not what a loser sees. */
static bool supported(struct hammer *hammer, const struct operation *operation)
{
	struct actor actor = {
		.hammer = hammer,
		.operation = operation,
	};

	if (!operation->optional)
		return true;
	run_actor(&actor);
	return !actor.result || race_may_lose(actor.result);
}

static bool pair_wanted(struct hammer *hammer, const struct operation *a,
			const struct operation *b)
{
	const char *pair = getenv("PCM_HAMMER_PAIR");
	char name[64];

	snprintf(name, sizeof(name), "%s,%s", a->name, b->name);
	if (pair && strcmp(pair, name))
		return false;
	return supported(hammer, a) && supported(hammer, b);
}

static void each_pair(struct race *race, struct hammer *hammer,
		      unsigned int slice_ms)
{
	static const struct race_duel_ops ops = {
		.setup = setup_round,
		.a = run_a,
		.b = run_b,
		.check = check_round,
	};
	unsigned int turn, pair;
	const struct operation *a, *b;

	for (turn = 0; turn < PAIRS && race_on(race); turn++) {
		pair = (hammer->seed + turn) % PAIRS;
		a = &operations[pair / ARRAY_SIZE(operations)];
		b = &operations[pair % ARRAY_SIZE(operations)];
		if (a > b || !pair_wanted(hammer, a, b))
			continue;
		/* So that a pair alone sees the same choices. */
		hammer->state = hammer->seed + pair;
		hammer->a.seed = choose(hammer, RAND_MAX);
		hammer->b.seed = choose(hammer, RAND_MAX);
		hammer->a.operation = a;
		hammer->b.operation = b;
		snprintf(race->doing, sizeof(race->doing),
			 "PCM_HAMMER_SEED=%u PCM_HAMMER_PAIR=%s,%s on %u stream(s)",
			 hammer->seed, a->name, b->name, hammer->count);
		race_duel_for(race, &ops, hammer, slice_ms);
	}
}

static unsigned int env_number(const char *name, unsigned int fallback)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : fallback;
}

static void hammer_streams(struct race *race, void *ctx)
{
	struct hammer *hammer = ctx;
	unsigned int race_seconds = env_number("PCM_RACE_SECONDS", RACE_SECONDS);
	unsigned int seconds = env_number("PCM_HAMMER_SECONDS",
					  SECONDS_FACTOR * race_seconds);
	unsigned int pairs = ARRAY_SIZE(operations) *
			     (ARRAY_SIZE(operations) + 1) / 2;
	unsigned int slice_ms = seconds * 1000 / pairs;
	const char *pair = getenv("PCM_HAMMER_PAIR");

	if (slice_ms < MIN_SLICE_MS)
		slice_ms = MIN_SLICE_MS;
	if (pair)
		slice_ms = seconds * 1000;
	race->limit_ns = seconds * 1000000000ULL;
	hammer->a.hammer = hammer;
	hammer->b.hammer = hammer;
	if (!open_streams(race, hammer))
		return;
	each_pair(race, hammer, slice_ms);
	if (pair && !race->rounds)
		race_broken(race, "PCM_HAMMER_PAIR=%s is no pair, or not one for this driver",
			    pair);
}

/* Return: whether snd-pcmtest runs with a mutex as the stream lock. */
static bool nonatomic_pcmtest(void)
{
	char value[4];

	return text_file_read("/sys/module/snd_pcmtest/parameters/nonatomic",
			      value, sizeof(value)) > 0 && value[0] == 'Y';
}

FIXTURE(hammer)
{
};

FIXTURE_VARIANT(hammer)
{
	const struct pcm_setup *setups;
	unsigned int count;
	unsigned int captures;
	bool nonatomic;
};

FIXTURE_VARIANT_ADD(hammer, single)
{
	.setups = short_periods,
	.count = 1,
};

FIXTURE_VARIANT_ADD(hammer, linked2)
{
	.setups = short_periods,
	.count = 2,
	.captures = 1,
};

FIXTURE_VARIANT_ADD(hammer, linked4)
{
	.setups = short_periods,
	.count = 4,
	.captures = 2,
};

FIXTURE_VARIANT_ADD(hammer, linked9)
{
	.setups = short_periods,
	.count = 9,
	.captures = 4,
};

FIXTURE_VARIANT_ADD(hammer, noninterleaved_linked2)
{
	.setups = noninterleaved_periods,
	.count = 2,
	.captures = 1,
};

FIXTURE_VARIANT_ADD(hammer, nonatomic)
{
	.setups = long_periods,
	.count = 1,
	.nonatomic = true,
};

FIXTURE_VARIANT_ADD(hammer, nonatomic_linked2)
{
	.setups = long_periods,
	.count = 2,
	.captures = 1,
	.nonatomic = true,
};

FIXTURE_VARIANT_ADD(hammer, nonatomic_linked4)
{
	.setups = long_periods,
	.count = 4,
	.captures = 2,
	.nonatomic = true,
};

FIXTURE_VARIANT_ADD(hammer, nonatomic_linked9)
{
	.setups = long_periods,
	.count = 9,
	.captures = 4,
	.nonatomic = true,
};

FIXTURE_SETUP(hammer)
{
}

FIXTURE_TEARDOWN(hammer)
{
}

/* A soak takes as long as it is told. */
TEST_F_TIMEOUT(hammer, every_pair, 7 * 24 * 3600)
{
	const char *driver = variant->nonatomic ? PCMTEST_DRIVER : NULL;
	struct hammer hammer = {
		.setups = variant->setups,
		.count = variant->count,
		.captures = variant->captures,
	};

	if (variant->nonatomic && !nonatomic_pcmtest())
		SKIP(return, "no snd-pcmtest with nonatomic=1");
	hammer.seed = env_number("PCM_HAMMER_SEED", race_now_ns() / 1000);
	ksft_print_msg("PCM_HAMMER_SEED=%u\n", hammer.seed);
	/* One more capture stream, for the member that comes and goes. */
	if (race_device(_metadata, &hammer.playback, SNDRV_PCM_STREAM_PLAYBACK,
			hammer.count - hammer.captures, hammer.setups, SETUPS,
			driver) &&
	    race_device(_metadata, &hammer.capture, SNDRV_PCM_STREAM_CAPTURE,
			hammer.captures + 1, hammer.setups, SETUPS, driver))
		race_test(_metadata, hammer_streams, &hammer);
}

TEST_HARNESS_MAIN
