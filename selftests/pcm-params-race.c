// SPDX-License-Identifier: GPL-2.0
/*
 * The parameters of one PCM stream must come from one call, whoever looks and
 * whenever, and must not change under somebody who uses them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/uio.h>

#include "pcm-race-test.h"
#include "slow-page.h"
#include "stuck-task.h"

#define TEXT_SIZE	1024
#define XFER_FRAMES	1024
#define WIDE_CHANNELS	2

/* Two configurations that have no value in common. */
static const struct pcm_setup unlike[] = {
	{
		.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 2,
		.rate = 48000,
		.period_size = 64,
		.buffer_size = 4096,
	}, {
		.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 1,
		.rate = 32000,
		.period_size = 8192,
		.buffer_size = 16384,
	},
};

/* What both sides of a duel work on. */
struct stream {
	struct pcm_dev dev;
	int fd;
	int proc;
	unsigned int turn;
	int err_a, err_b;
	struct pcm_setup setup[2];
	char text[2][TEXT_SIZE];
	struct snd_pcm_status before;
	const struct toggle *toggle;
};

static bool open_stream(struct race *race, struct stream *stream)
{
	stream->fd = pcm_open(&stream->dev, O_NONBLOCK);
	return !race_failed(race, "open", stream->fd);
}

static bool open_proc(struct race *race, struct stream *stream, const char *name)
{
	stream->proc = pcm_proc_open(&stream->dev, pcm_subdevice(stream->fd),
				     name, O_RDONLY);
	if (stream->proc < 0)
		race_skip(race, "%s in /proc/asound: %s", name,
			  strerror(-stream->proc));
	return stream->proc >= 0;
}

static bool configure(struct race *race, struct stream *stream,
		      const struct pcm_setup *setup)
{
	pcm_call(stream->fd, SNDRV_PCM_IOCTL_DROP);
	return !race_failed(race, "first HW_PARAMS, SW_PARAMS or PREPARE",
			    pcm_configure(stream->fd, setup));
}

static bool fill(struct race *race, int fd, const struct pcm_setup *setup)
{
	return !race_failed(race, "FORWARD",
			    pcm_forward(fd, setup->buffer_size));
}

/*
 * A /proc file that shows one of two known texts, whichever call came last,
 * must not show a third one.
 */
struct toggle {
	const char *file;
	int (*apply)(struct stream *stream, unsigned int which);
};

static int toggle_hw_params(struct stream *stream, unsigned int which)
{
	return pcm_hw_params(stream->fd, &stream->setup[which]);
}

static int toggle_sw_params(struct stream *stream, unsigned int which)
{
	return pcm_sw_params(stream->fd, &stream->setup[0], which + 1,
			     (which + 1) * stream->setup[0].period_size);
}

static int toggle_appl_ptr(struct stream *stream, unsigned int which)
{
	unsigned long frames = stream->setup[0].period_size;

	return pcm_ioctl(stream->fd, which ? SNDRV_PCM_IOCTL_FORWARD :
			 SNDRV_PCM_IOCTL_REWIND, &frames);
}

static const char *one_line(char *text)
{
	char *end;

	while ((end = strchr(text, '\n')))
		*end = end[1] ? ' ' : '\0';
	return text;
}

static bool toggle_step(struct race *race, void *ctx, unsigned int thread)
{
	struct stream *stream = ctx;
	int err;

	err = stream->toggle->apply(stream, stream->turn++ % 2);
	if (err && !race_may_lose(err))
		race_hit(race, "change of parameters: %s", strerror(-err));
	return true;
}

static bool look_step(struct race *race, void *ctx, unsigned int thread)
{
	struct stream *stream = ctx;
	char text[TEXT_SIZE];

	if (pcm_proc_read(stream->proc, text, sizeof(text)) < 0 ||
	    !strcmp(text, stream->text[0]) || !strcmp(text, stream->text[1]))
		return true;
	race_hit(race, "torn %s: %s", stream->toggle->file, one_line(text));
	return false;
}

static void torn_proc_file(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	const struct race_loop loops[] = {
		{ toggle_step, stream },
		{ look_step, stream },
	};
	int which;

	if (!open_stream(race, stream) ||
	    !open_proc(race, stream, stream->toggle->file) ||
	    !configure(race, stream, &stream->setup[0]))
		return;

	/* The second pass shows the texts as they alternate later on. */
	for (which = 0; which < 4; which++) {
		if (stream->toggle->apply(stream, which % 2) ||
		    pcm_proc_read(stream->proc, stream->text[which % 2],
				  TEXT_SIZE) < 0) {
			race_broken(race, "can't set up %s",
				    stream->toggle->file);
			return;
		}
	}
	if (!strcmp(stream->text[0], stream->text[1])) {
		race_broken(race, "%s does not change", stream->toggle->file);
		return;
	}
	race_loops(race, loops, ARRAY_SIZE(loops));
}

static void run_torn_proc_file(struct __test_metadata *_metadata,
			       const struct toggle *toggle)
{
	struct stream stream = {
		.toggle = toggle,
		.setup = { unlike[0], unlike[1] },
	};

	if (race_device(_metadata, &stream.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			unlike, ARRAY_SIZE(unlike), NULL))
		race_test(_metadata, torn_proc_file, &stream);
}

TEST(proc_hw_params_torn)
{
	static const struct toggle toggle = { "hw_params", toggle_hw_params };

	run_torn_proc_file(_metadata, &toggle);
}

TEST(proc_sw_params_torn_by_hw_params)
{
	static const struct toggle toggle = { "sw_params", toggle_hw_params };

	run_torn_proc_file(_metadata, &toggle);
}

TEST(proc_sw_params_torn_by_sw_params)
{
	static const struct toggle toggle = { "sw_params", toggle_sw_params };

	run_torn_proc_file(_metadata, &toggle);
}

TEST(proc_status_torn)
{
	static const struct toggle toggle = { "status", toggle_appl_ptr };

	run_torn_proc_file(_metadata, &toggle);
}

/*
 * Two threads, one asks for as many periods as possible, as small as possible,
 * the other for few large ones.  The stream must be what one of them asked for.
 */
static bool choose_extreme(int fd, struct pcm_setup *setup, bool many)
{
	struct snd_pcm_hw_params params;
	unsigned int value;

	*setup = unlike[0];
	setup->period_size = 0;
	setup->buffer_size = 0;

	pcm_params_fill(&params, setup);
	if (pcm_ioctl(fd, SNDRV_PCM_IOCTL_HW_REFINE, &params))
		return false;
	if (many) {
		value = pcm_params_min(&params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE);
		pcm_params_range(&params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE,
				 value, value);
	} else {
		value = pcm_params_min(&params, SNDRV_PCM_HW_PARAM_PERIODS);
		pcm_params_range(&params, SNDRV_PCM_HW_PARAM_PERIODS, value,
				 value);
	}

	/* HW_PARAMS chooses the largest buffer that is left. */
	if (pcm_ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &params))
		return false;
	setup->period_size = pcm_params_min(&params,
					    SNDRV_PCM_HW_PARAM_PERIOD_SIZE);
	setup->buffer_size = pcm_params_min(&params,
					    SNDRV_PCM_HW_PARAM_BUFFER_SIZE);
	return true;
}

static void many_small_periods(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_a = pcm_hw_params(stream->fd, &stream->setup[0]);
}

static void few_large_periods(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_b = pcm_hw_params(stream->fd, &stream->setup[1]);
}

/* avail is the whole buffer after PREPARE, avail_min one period. */
static bool prepared_as(const struct pcm_setup *setup, int fd)
{
	struct snd_pcm_status status = {};
	struct pcm_pointers pointers;

	return !pcm_pointers(fd, &pointers) &&
	       !pcm_ioctl(fd, SNDRV_PCM_IOCTL_STATUS, &status) &&
	       pointers.avail_min == setup->period_size &&
	       status.avail == setup->buffer_size;
}

static void check_one_caller(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	struct pcm_pointers pointers = {};
	int err;

	if ((stream->err_a && !race_may_lose(stream->err_a)) ||
	    (stream->err_b && !race_may_lose(stream->err_b)) ||
	    (stream->err_a && stream->err_b)) {
		race_hit(race, "HW_PARAMS: %s and %s", strerror(-stream->err_a),
			 strerror(-stream->err_b));
		return;
	}
	err = pcm_call(stream->fd, SNDRV_PCM_IOCTL_PREPARE);
	if (err) {
		race_hit(race, "PREPARE after HW_PARAMS: %s", strerror(-err));
		return;
	}
	if (!prepared_as(&stream->setup[0], stream->fd) &&
	    !prepared_as(&stream->setup[1], stream->fd)) {
		pcm_pointers(stream->fd, &pointers);
		race_hit(race, "neither %u/%u nor %u/%u: period %lu",
			 stream->setup[0].period_size,
			 stream->setup[0].buffer_size,
			 stream->setup[1].period_size,
			 stream->setup[1].buffer_size, pointers.avail_min);
	}
}

static void two_callers(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.a = many_small_periods,
		.b = few_large_periods,
		.check = check_one_caller,
	};
	struct stream *stream = ctx;

	if (!open_stream(race, stream))
		return;
	if (!choose_extreme(stream->fd, &stream->setup[0], true) ||
	    !choose_extreme(stream->fd, &stream->setup[1], false)) {
		race_broken(race, "no extreme parameters");
		return;
	}
	ksft_print_msg("period/buffer %u/%u against %u/%u\n",
		       stream->setup[0].period_size,
		       stream->setup[0].buffer_size,
		       stream->setup[1].period_size,
		       stream->setup[1].buffer_size);
	race_duel(race, &ops, stream);
}

TEST(hw_params_from_one_caller)
{
	struct stream stream = {};

	if (race_device(_metadata, &stream.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			unlike, 1, NULL))
		race_test(_metadata, two_callers, &stream);
}

/*
 * The channel pointers are read from user memory that stalls.  Meanwhile the
 * stream gets more channels.  There are enough good pointers, or only the first
 * one is good; a transfer that goes on with an array for one channel returns
 * EFAULT in the first case or success in the second, or both.
 */
static const struct pcm_setup one_channel = {
	.access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 1,
	.rate = 48000,
	.period_size = 2048,
	.buffer_size = 4096,
};

static const struct pcm_setup more_channels = {
	.access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = WIDE_CHANNELS,
	.rate = 48000,
	.period_size = 2048,
	.buffer_size = 4096,
};

struct slow_writer {
	struct stream stream;
	struct slow_page slow;
	int other;			/* the file that disturbs a copy */
	bool refused;			/* whether it ever was */
	long result;
};

static void *write_through_slow_array(void *arg)
{
	struct slow_writer *writer = arg;

	writer->result = pcm_writen(writer->stream.fd, writer->slow.page,
				    XFER_FRAMES);
	return NULL;
}

static void fill_array(struct slow_writer *writer, void *samples, bool all_good)
{
	void **array = writer->slow.content;
	int i;

	array[0] = samples;
	for (i = 1; i < WIDE_CHANNELS; i++)
		array[i] = all_good ? samples : (void *)8UL;
}

static void judge_slow_writer(struct race *race, const struct slow_writer *writer,
			      bool all_good, bool reconfigured)
{
	long result = writer->result;

	if (result > 0) {
		if (!all_good && reconfigured)
			race_hit(race,
				 "WRITEN succeeded with %d of %d channel pointers bad: it went on with the array of one channel",
				 WIDE_CHANNELS - 1, WIDE_CHANNELS);
		return;
	}
	if (result == -EFAULT) {
		if (all_good)
			race_hit(race, "WRITEN returned EFAULT though all pointers are good");
		return;
	}
	if (!race_may_lose(result))
		race_hit(race, "WRITEN returned %s", strerror(-result));
}

static bool slow_writer_round(struct race *race, struct slow_writer *writer,
			      void *samples)
{
	bool all_good = race->rounds % 2, released;
	pthread_t thread;
	int err;

	race_beat(race, 0);
	if (!configure(race, &writer->stream, &one_channel))
		return false;
	fill_array(writer, samples, all_good);
	slow_page_arm(&writer->slow);
	err = pthread_create(&thread, NULL, write_through_slow_array, writer);
	if (err) {
		race_broken(race, "pthread_create: %s", strerror(err));
		return false;
	}
	if (!slow_page_wait(&writer->slow, 2000))
		race_broken(race, "WRITEN did not read the array");
	err = pcm_configure(writer->stream.fd, &more_channels);
	released = slow_page_release(&writer->slow);
	pthread_join(thread, NULL);

	race->rounds++;
	judge_slow_writer(race, writer, all_good, !err && released);
	return true;
}

static bool open_slow_writer(struct race *race, struct slow_writer *writer)
{
	if (!slow_page_init(race, &writer->slow) ||
	    !open_stream(race, &writer->stream))
		return false;
	writer->other = writer->stream.fd;
	return true;
}

static void channel_array(struct race *race, void *ctx)
{
	static short samples[XFER_FRAMES];
	struct slow_writer *writer = ctx;

	if (!open_slow_writer(race, writer))
		return;
	while (race_on(race) && slow_writer_round(race, writer, samples))
		;
	slow_page_destroy(&writer->slow);
}

TEST(channel_array_vs_hw_params)
{
	const struct pcm_setup setups[] = { one_channel, more_channels };
	struct slow_writer writer = {};

	if (race_device(_metadata, &writer.stream.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, setups,
			ARRAY_SIZE(setups), NULL))
		race_test(_metadata, channel_array, &writer);
}

/*
 * A copy is held up in the middle.  Whatever moves the pointer meanwhile must
 * not be undone when it is through, and the buffer must not change under it.
 */
static void *write_slow_samples(void *arg)
{
	struct slow_writer *writer = arg;

	writer->result = pcm_writei(writer->stream.fd, writer->slow.page,
				    XFER_FRAMES);
	return NULL;
}

/* Return: what @disturb returned while the copy stood still. */
static bool disturb_copy(struct race *race, struct slow_writer *writer,
			 int (*disturb)(int fd), int *result)
{
	pthread_t thread;
	int err;

	race_beat(race, 0);
	if (!configure(race, &writer->stream, &pcm_slow_setup))
		return false;
	slow_page_arm(&writer->slow);
	err = pthread_create(&thread, NULL, write_slow_samples, writer);
	if (err) {
		race_broken(race, "pthread_create: %s", strerror(err));
		return false;
	}
	if (!slow_page_wait(&writer->slow, 2000))
		race_broken(race, "WRITEI did not read the samples");
	*result = disturb(writer->other);
	if (slow_page_release(&writer->slow))
		race->rounds++;
	else
		*result = -EAGAIN;	/* too late, the copy had gone on */
	pthread_join(thread, NULL);
	return true;
}

/*
 * A part of it would be wrong, too, which shows in appl_ptr.  There is room for
 * all that is written, or for half of it.
 */
static int forward_a_bit(int fd)
{
	unsigned long frames = XFER_FRAMES / 2;

	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_FORWARD, &frames);
}

#define NEARLY_ALL	(pcm_slow_setup.buffer_size - XFER_FRAMES / 2)

static int forward_nearly_all(int fd)
{
	unsigned long frames = NEARLY_ALL;

	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_FORWARD, &frames);
}

static bool forward_round(struct race *race, struct slow_writer *writer)
{
	bool nearly_all = race->rounds % 2;
	long frames = nearly_all ? NEARLY_ALL : XFER_FRAMES / 2;
	struct pcm_pointers pointers;
	int err;

	if (!disturb_copy(race, writer, nearly_all ? forward_nearly_all :
			  forward_a_bit, &err))
		return false;
	if (err == -EAGAIN)
		return true;
	if (race_failed(race, "FORWARD", err))
		return false;
	if (writer->result < 0)
		return true;
	pcm_pointers(writer->stream.fd, &pointers);
	if ((long)pointers.appl_ptr != writer->result + frames ||
	    pointers.appl_ptr > pcm_slow_setup.buffer_size)
		race_hit(race, "appl_ptr is %lu after FORWARD by %ld and WRITEI of %ld",
			 pointers.appl_ptr, frames, writer->result);
	return true;
}

static void skip_without_round(struct race *race)
{
	if (!race->rounds)
		race_skip(race, "no copy was held up for long enough");
}

static void forward_in_copy(struct race *race, void *ctx)
{
	if (!open_slow_writer(race, ctx))
		return;
	while (race_on(race) && race->rounds < 20 && forward_round(race, ctx))
		;
	skip_without_round(race);
}

static void run_slow_writer(struct __test_metadata *_metadata,
			    void (*body)(struct race *race, void *ctx))
{
	struct slow_writer writer = {};

	if (race_device(_metadata, &writer.stream.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, &pcm_slow_setup, 1, NULL))
		race_test(_metadata, body, &writer);
}

TEST(forward_during_copy)
{
	run_slow_writer(_metadata, forward_in_copy);
}

static int reconfigure(int fd)
{
	return pcm_hw_params(fd, &unlike[0]);
}

static int free_buffer(int fd)
{
	return pcm_call(fd, SNDRV_PCM_IOCTL_HW_FREE);
}

static int prepare_again(int fd)
{
	return pcm_call(fd, SNDRV_PCM_IOCTL_PREPARE);
}

static void params_in_copy(struct race *race, void *ctx)
{
	static int (*const changes[])(int fd) = {
		reconfigure, prepare_again, free_buffer,
	};
	struct slow_writer *writer = ctx;
	int err;

	if (!open_slow_writer(race, writer))
		return;
	while (race_on(race) && race->rounds < 20 &&
	       disturb_copy(race, writer, changes[race->rounds % 3], &err))
		if (err != -EBUSY && err != -EAGAIN)
			race_hit(race, "HW_PARAMS, PREPARE or HW_FREE during a copy: %s",
				 strerror(-err));
	skip_without_round(race);
}

TEST(hw_params_during_copy)
{
	run_slow_writer(_metadata, params_in_copy);
}

/*
 * A transfer that sleeps for space or data, then finds itself in a stream that
 * was configured anew.  It must give up: nothing that it knows is true now.
 */
struct sleeper {
	struct stream stream;
	const struct sleeper_kind *kind;
	bool (*round)(struct race *race, struct sleeper *sleeper);
	void *samples;			/* ends where the mapping ends */
	pid_t tid;
	bool done;
	long result;
	unsigned long ms, jiffies_ms;	/* how long it took, by two clocks */
};

struct sleeper_kind {
	const char *name;
	int direction;
	int access;
	long (*transfer)(struct sleeper *sleeper);
};

static long sleep_in_xferi(struct sleeper *sleeper)
{
	struct snd_xferi xfer = {
		.buf = sleeper->samples,
		.frames = XFER_FRAMES,
	};
	int err;

	err = pcm_ioctl(sleeper->stream.fd,
			sleeper->kind->direction == SNDRV_PCM_STREAM_PLAYBACK ?
			SNDRV_PCM_IOCTL_WRITEI_FRAMES :
			SNDRV_PCM_IOCTL_READI_FRAMES, &xfer);
	return err ? err : xfer.result;
}

static long sleep_in_xfern(struct sleeper *sleeper)
{
	void *array[] = { sleeper->samples };
	struct snd_xfern xfer = {
		.bufs = array,
		.frames = XFER_FRAMES,
	};
	int err;

	err = pcm_ioctl(sleeper->stream.fd,
			sleeper->kind->direction == SNDRV_PCM_STREAM_PLAYBACK ?
			SNDRV_PCM_IOCTL_WRITEN_FRAMES :
			SNDRV_PCM_IOCTL_READN_FRAMES, &xfer);
	return err ? err : xfer.result;
}

static long sleep_in_vector(struct sleeper *sleeper)
{
	struct iovec iov = {
		.iov_base = sleeper->samples,
		.iov_len = XFER_FRAMES * sizeof(short),
	};
	ssize_t len;

	if (sleeper->kind->direction == SNDRV_PCM_STREAM_PLAYBACK)
		len = writev(sleeper->stream.fd, &iov, 1);
	else
		len = readv(sleeper->stream.fd, &iov, 1);
	return len < 0 ? -errno : len;
}

static long sleep_in_write(struct sleeper *sleeper)
{
	ssize_t len;

	len = write(sleeper->stream.fd, sleeper->samples,
		    XFER_FRAMES * sizeof(short));
	return len < 0 ? -errno : len;
}

static const struct sleeper_kind sleeping_writei = {
	"WRITEI", SNDRV_PCM_STREAM_PLAYBACK,
	SNDRV_PCM_ACCESS_RW_INTERLEAVED, sleep_in_xferi,
};

static void *run_sleeper(void *arg)
{
	struct sleeper *sleeper = arg;
	unsigned long long start = race_now_ns();
	clock_t ticks = times(NULL);

	__atomic_store_n(&sleeper->tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	sleeper->result = sleeper->kind->transfer(sleeper);
	sleeper->ms = (race_now_ns() - start) / 1000000;
	sleeper->jiffies_ms = (times(NULL) - ticks) * 1000 / sysconf(_SC_CLK_TCK);
	__atomic_store_n(&sleeper->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* XFER_FRAMES samples of one channel; what follows can't be accessed. */
static void *fenced_samples(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = XFER_FRAMES * sizeof(short);
	size_t room = (size + page - 1) / page * page;
	char *map;

	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE))
		return NULL;
	return map + room - size;
}

/* Return: false if it neither sleeps nor has given up, as it does in time. */
static bool wait_until_asleep(struct sleeper *sleeper)
{
	unsigned long long end = race_now_ns() + 2000000000ULL;
	pid_t tid;

	do {
		tid = __atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE);
		if ((tid && task_state(getpid(), tid) == 'S') ||
		    __atomic_load_n(&sleeper->done, __ATOMIC_ACQUIRE))
			return true;
		race_sleep_ms(1);
	} while (race_now_ns() < end);
	return false;
}

static bool put_to_sleep(struct race *race, struct sleeper *sleeper, pthread_t *thread)
{
	int err;

	sleeper->tid = 0;
	sleeper->done = false;
	err = pthread_create(thread, NULL, run_sleeper, sleeper);
	if (err) {
		race_broken(race, "pthread_create: %s", strerror(err));
		return false;
	}
	if (!wait_until_asleep(sleeper))
		race_broken(race, "%s does not sleep", sleeper->kind->name);
	return true;
}

/* Reconfigure under the sleeper and let periods elapse, which wakes it. */
static int restart_wider(struct race *race, struct sleeper *sleeper)
{
	struct pcm_setup wider = more_channels;
	int fd = sleeper->stream.fd;
	int err;

	wider.access = sleeper->kind->access;
	err = pcm_configure(fd, &wider);
	if (err)
		return err;
	if (sleeper->kind->direction == SNDRV_PCM_STREAM_PLAYBACK)
		fill(race, fd, &wider);
	return pcm_call(fd, SNDRV_PCM_IOCTL_START);
}

static void judge_sleeper(struct race *race, const struct sleeper *sleeper)
{
	long result = sleeper->result;

	/* on a busy machine it may have given up before it was disturbed */
	if (result == -EIO)
		return;
	if (result >= 0)
		race_hit(race, "%s slept through HW_PARAMS and PREPARE and went on: returned %ld",
			 sleeper->kind->name, result);
	else if (!race_may_lose(result))
		race_hit(race,
			 "%s slept through HW_PARAMS and PREPARE and went on: %s with good pointers",
			 sleeper->kind->name, strerror(-result));
}

static bool reconfigured_round(struct race *race, struct sleeper *sleeper)
{
	struct pcm_setup narrow = one_channel;
	pthread_t thread;
	int err;

	race_beat(race, 0);
	narrow.access = sleeper->kind->access;
	if (!configure(race, &sleeper->stream, &narrow))
		return false;
	if (sleeper->kind->direction == SNDRV_PCM_STREAM_PLAYBACK &&
	    !fill(race, sleeper->stream.fd, &narrow))
		return false;

	if (!put_to_sleep(race, sleeper, &thread))
		return false;
	err = restart_wider(race, sleeper);
	if (err)		/* refused, so the sleeper must be woken */
		pcm_call(sleeper->stream.fd, SNDRV_PCM_IOCTL_DROP);
	pthread_join(thread, NULL);

	race->rounds++;
	if (!err)
		judge_sleeper(race, sleeper);
	else if (!race_may_lose(err))
		race_hit(race, "HW_PARAMS or PREPARE against a sleeping %s: %s",
			 sleeper->kind->name, strerror(-err));
	return true;
}

static void sleeping_transfer(struct race *race, void *ctx)
{
	struct sleeper *sleeper = ctx;

	sleeper->samples = fenced_samples();
	if (!sleeper->samples) {
		race_broken(race, "mmap: %s", strerror(errno));
		return;
	}
	if (!open_stream(race, &sleeper->stream))
		return;
	pcm_blocking(sleeper->stream.fd, true);
	while (race_on(race) && sleeper->round(race, sleeper))
		;
}

static void run_sleeping_transfer(struct __test_metadata *_metadata,
				  const struct sleeper_kind *kind,
				  bool (*round)(struct race *race,
						struct sleeper *sleeper))
{
	struct pcm_setup setups[] = { one_channel, more_channels };
	struct sleeper sleeper = {
		.kind = kind,
		.round = round,
	};

	setups[0].access = kind->access;
	setups[1].access = kind->access;
	if (race_device(_metadata, &sleeper.stream.dev, kind->direction, 1,
			setups, ARRAY_SIZE(setups), NULL))
		race_test(_metadata, sleeping_transfer, &sleeper);
}

TEST(sleeping_writei_outlives_config)
{
	run_sleeping_transfer(_metadata, &sleeping_writei, reconfigured_round);
}

TEST(sleeping_writen_outlives_config)
{
	static const struct sleeper_kind kind = {
		"WRITEN", SNDRV_PCM_STREAM_PLAYBACK,
		SNDRV_PCM_ACCESS_RW_NONINTERLEAVED, sleep_in_xfern,
	};

	run_sleeping_transfer(_metadata, &kind, reconfigured_round);
}

TEST(sleeping_writev_outlives_config)
{
	static const struct sleeper_kind kind = {
		"writev()", SNDRV_PCM_STREAM_PLAYBACK,
		SNDRV_PCM_ACCESS_RW_NONINTERLEAVED, sleep_in_vector,
	};

	run_sleeping_transfer(_metadata, &kind, reconfigured_round);
}

TEST(sleeping_readi_outlives_config)
{
	static const struct sleeper_kind kind = {
		"READI", SNDRV_PCM_STREAM_CAPTURE,
		SNDRV_PCM_ACCESS_RW_INTERLEAVED, sleep_in_xferi,
	};

	run_sleeping_transfer(_metadata, &kind, reconfigured_round);
}

TEST(sleeping_readn_outlives_config)
{
	static const struct sleeper_kind kind = {
		"READN", SNDRV_PCM_STREAM_CAPTURE,
		SNDRV_PCM_ACCESS_RW_NONINTERLEAVED, sleep_in_xfern,
	};

	run_sleeping_transfer(_metadata, &kind, reconfigured_round);
}

TEST(sleeping_readv_outlives_config)
{
	static const struct sleeper_kind kind = {
		"readv()", SNDRV_PCM_STREAM_CAPTURE,
		SNDRV_PCM_ACCESS_RW_NONINTERLEAVED, sleep_in_vector,
	};

	run_sleeping_transfer(_metadata, &kind, reconfigured_round);
}

/*
 * What was transferred before it went to sleep is told in bytes of the frames
 * that it had then.
 */
static bool half_written_round(struct race *race, struct sleeper *sleeper)
{
	const long half = XFER_FRAMES / 2 * sizeof(short);
	struct pcm_setup narrow = one_channel;
	pthread_t thread;
	int err;

	race_beat(race, 0);
	narrow.access = sleeper->kind->access;
	if (!configure(race, &sleeper->stream, &narrow) ||
	    race_failed(race, "FORWARD",
			pcm_forward(sleeper->stream.fd, narrow.buffer_size -
				    XFER_FRAMES / 2)) ||
	    !put_to_sleep(race, sleeper, &thread))
		return false;
	err = restart_wider(race, sleeper);
	pthread_join(thread, NULL);
	race->rounds++;
	if (!err && sleeper->result != half)
		race_hit(race, "%s returned %ld after %ld bytes, when the frames became wider",
			 sleeper->kind->name, sleeper->result, half);
	return !race_failed(race, "HW_PARAMS, PREPARE or START", err);
}

TEST(half_writev_outlives_config)
{
	static const struct sleeper_kind kind = {
		"writev()", SNDRV_PCM_STREAM_PLAYBACK,
		SNDRV_PCM_ACCESS_RW_NONINTERLEAVED, sleep_in_vector,
	};

	run_sleeping_transfer(_metadata, &kind, half_written_round);
}

TEST(half_write_outlives_config)
{
	static const struct sleeper_kind kind = {
		"write()", SNDRV_PCM_STREAM_PLAYBACK,
		SNDRV_PCM_ACCESS_RW_INTERLEAVED, sleep_in_write,
	};

	run_sleeping_transfer(_metadata, &kind, half_written_round);
}

/*
 * A short write finds room before the period is over that a longer one sleeps
 * for.  When it is done, the sleeper must still be woken at the end of the
 * period, and not be left until the stream has run dry.
 */
static const struct pcm_setup two_seconds = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 1,
	.rate = 8000,
	.period_size = XFER_FRAMES,
	.buffer_size = 16384,
};

static void write_one_frame(int fd)
{
	static const short sample;
	struct pcm_pointers now;

	while (!pcm_call(fd, SNDRV_PCM_IOCTL_HWSYNC) && !pcm_pointers(fd, &now) &&
	       now.hw_ptr + two_seconds.buffer_size == now.appl_ptr)
		race_sleep_ms(1);
	pcm_writei(fd, &sample, 1);
}

static bool sleep_in_full_buffer(struct race *race, struct sleeper *sleeper,
				 bool running, pthread_t *thread)
{
	int fd = sleeper->stream.fd;

	race_beat(race, 0);
	return configure(race, &sleeper->stream, &two_seconds) &&
	       fill(race, fd, &two_seconds) &&
	       (!running ||
		!race_failed(race, "START",
			     pcm_call(fd, SNDRV_PCM_IOCTL_START))) &&
	       put_to_sleep(race, sleeper, thread);
}

static bool judge_left_alone(struct race *race, struct sleeper *sleeper,
			     pthread_t thread, const char *after)
{
	pthread_join(thread, NULL);
	pcm_call(sleeper->stream.fd, SNDRV_PCM_IOCTL_DROP);

	race->rounds++;
	if (sleeper->result != XFER_FRAMES)
		race_hit(race,
			 "a blocking WRITEI of %u frames returned %ld after another %s",
			 XFER_FRAMES, sleeper->result, after);
	return true;
}

static bool two_writers_round(struct race *race, struct sleeper *sleeper)
{
	pthread_t thread;

	if (!sleep_in_full_buffer(race, sleeper, true, &thread))
		return false;
	write_one_frame(sleeper->stream.fd);
	return judge_left_alone(race, sleeper, thread, "of one frame");
}

static void run_long_sleep(struct __test_metadata *_metadata,
			   const struct sleeper_kind *kind,
			   bool (*round)(struct race *race,
					 struct sleeper *sleeper))
{
	struct sleeper sleeper = {
		.kind = kind,
		.round = round,
	};

	if (race_device(_metadata, &sleeper.stream.dev, SNDRV_PCM_STREAM_PLAYBACK,
			1, &two_seconds, 1, NULL))
		race_test(_metadata, sleeping_transfer, &sleeper);
}

TEST(short_write_beside_sleeping_writei)
{
	run_long_sleep(_metadata, &sleeping_writei, two_writers_round);
}

/* The same when the other one sleeps as well, and a signal ends that. */
static void ignore(int signal)
{
}

static bool two_sleepers_round(struct race *race, struct sleeper *sleeper)
{
	static const struct sigaction action = { .sa_handler = ignore };
	struct sleeper other = *sleeper;
	pthread_t thread, interrupted;

	sigaction(SIGUSR1, &action, NULL);
	if (!sleep_in_full_buffer(race, sleeper, true, &thread) ||
	    !put_to_sleep(race, &other, &interrupted))
		return false;
	pthread_kill(interrupted, SIGUSR1);
	pthread_join(interrupted, NULL);
	return judge_left_alone(race, sleeper, thread, "that was interrupted");
}

TEST(interrupted_writei_beside_sleeping_writei)
{
	run_long_sleep(_metadata, &sleeping_writei, two_sleepers_round);
}

/* The same when the other one waits for more room than there will ever be. */
static long write_too_much(struct sleeper *sleeper)
{
	static const short samples[2 * 16384];

	return pcm_writei(sleeper->stream.fd, samples, ARRAY_SIZE(samples));
}

static bool larger_writer_round(struct race *race, struct sleeper *sleeper)
{
	static const struct sleeper_kind kind = {
		.name = "WRITEI of more than the buffer holds",
		.transfer = write_too_much,
	};
	struct snd_pcm_sw_params params = {
		.period_step = 1,
		.avail_min = LONG_MAX,
		.start_threshold = LONG_MAX,
		.stop_threshold = two_seconds.buffer_size,
	};
	struct sleeper larger = *sleeper;
	pthread_t thread, other;
	bool on;

	larger.kind = &kind;
	if (!sleep_in_full_buffer(race, sleeper, true, &thread) ||
	    race_failed(race, "SW_PARAMS",
			pcm_ioctl(sleeper->stream.fd,
				  SNDRV_PCM_IOCTL_SW_PARAMS, &params)) ||
	    !put_to_sleep(race, &larger, &other))
		return false;
	on = judge_left_alone(race, sleeper, thread, "that is too large");
	pthread_join(other, NULL);
	return on;
}

TEST(small_writei_beside_large_one)
{
	run_long_sleep(_metadata, &sleeping_writei, larger_writer_round);
}

static unsigned int time_out_ms(const struct pcm_setup *setup)
{
	return setup->buffer_size * 1100 / setup->rate;
}

/* Nobody sleeps on for a stream that has no setup any more. */
static bool freed_round(struct race *race, struct sleeper *sleeper)
{
	unsigned long long end;
	pthread_t thread;

	if (!sleep_in_full_buffer(race, sleeper, false, &thread) ||
	    race_failed(race, "HW_FREE",
			pcm_call(sleeper->stream.fd, SNDRV_PCM_IOCTL_HW_FREE)))
		return false;
	end = race_now_ns() + 1000000000ULL;
	while (!__atomic_load_n(&sleeper->done, __ATOMIC_ACQUIRE) &&
	       race_now_ns() < end)
		race_sleep_ms(1);
	race->rounds++;
	if (!__atomic_load_n(&sleeper->done, __ATOMIC_ACQUIRE))
		race_hit(race, "%s sleeps on a second after HW_FREE",
			 sleeper->kind->name);
	pthread_join(thread, NULL);
	/* by jiffies as the kernel has it, which times() counts by tens of ms */
	if (sleeper->result == -EIO &&
	    sleeper->jiffies_ms + 10 >= time_out_ms(&two_seconds))
		ksft_print_msg("%s timed out before HW_FREE, after %lu ms, %lu ms of jiffies\n",
			       sleeper->kind->name, sleeper->ms,
			       sleeper->jiffies_ms);
	else if (!race_may_lose(sleeper->result))
		race_hit(race,
			 "%s returned %ld after HW_FREE, %lu ms, %lu ms of jiffies",
			 sleeper->kind->name, sleeper->result, sleeper->ms,
			 sleeper->jiffies_ms);
	return true;
}

TEST(hw_free_wakes_sleeping_writei)
{
	run_long_sleep(_metadata, &sleeping_writei, freed_round);
}

static long sleep_in_poll(struct sleeper *sleeper)
{
	struct pollfd pfd = {
		.fd = sleeper->stream.fd,
		.events = POLLOUT,
	};

	if (poll(&pfd, 1, 3000) < 0)
		return -errno;
	return pfd.revents & POLLERR ? -EBADFD : pfd.revents;
}

TEST(hw_free_wakes_poll)
{
	static const struct sleeper_kind kind = {
		.name = "poll()",
		.transfer = sleep_in_poll,
	};

	run_long_sleep(_metadata, &kind, freed_round);
}

/*
 * PREPARE makes the stream block as its own file does.  One that is refused
 * because of a copy must leave it as it was.
 */
static bool join_stream(struct race *race, struct slow_writer *writer)
{
	writer->other = pcm_join(&writer->stream.dev,
				 pcm_subdevice(writer->stream.fd));
	return !race_failed(race, "open with O_APPEND", writer->other);
}

static bool still_blocks(struct race *race, struct slow_writer *writer)
{
	struct sleeper sleeper = {
		.kind = &sleeping_writei,
		.stream = writer->stream,
		.samples = writer->slow.content,
	};
	pthread_t thread;

	if (race_failed(race, "FORWARD",
			pcm_forward(writer->stream.fd,
				    pcm_slow_setup.buffer_size -
				    writer->result)) ||
	    !put_to_sleep(race, &sleeper, &thread))
		return false;
	pcm_call(writer->stream.fd, SNDRV_PCM_IOCTL_DROP);
	pthread_join(thread, NULL);
	if (sleeper.result == -EAGAIN)
		race_hit(race, "a PREPARE that was refused made the stream non-blocking");
	return true;
}

/* A kernel that prepares it has not refused, so that nothing is to be seen. */
static bool refused_round(struct race *race, struct slow_writer *writer)
{
	int err;

	if (!disturb_copy(race, writer, prepare_again, &err))
		return false;
	if (err != -EBUSY)
		return true;
	writer->refused = true;
	return writer->result == XFER_FRAMES ?
	       still_blocks(race, writer) :
	       !race_failed(race, "WRITEI", writer->result);
}

static void refused_in_copy(struct race *race, void *ctx)
{
	struct slow_writer *writer = ctx;

	if (!open_slow_writer(race, writer) || !join_stream(race, writer))
		return;
	pcm_blocking(writer->stream.fd, true);
	while (race_on(race) && race->rounds < 20 && refused_round(race, writer))
		;
	if (!writer->refused)
		race_skip(race, "PREPARE was never refused because of a copy");
}

TEST(refused_prepare_keeps_blocking)
{
	run_slow_writer(_metadata, refused_in_copy);
}

/*
 * writev() with one buffer is for one channel.  It must not go into a stream
 * that got another channel, for which there is no buffer.
 */
static bool setup_vector(struct race *race, void *ctx)
{
	struct stream *stream = ctx;

	return configure(race, stream, &one_channel);
}

static void write_vector(void *ctx)
{
	static short samples[XFER_FRAMES];
	struct stream *stream = ctx;
	struct iovec iov = {
		.iov_base = samples,
		.iov_len = sizeof(samples),
	};

	stream->err_a = writev(stream->fd, &iov, 1) < 0 ? -errno : 0;
}

static void widen_stream(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_b = pcm_configure(stream->fd, &more_channels);
}

static void check_vector(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	struct pcm_pointers now;

	if (race_failed(race, "SYNC_PTR", pcm_pointers(stream->fd, &now)))
		return;
	if (stream->err_a == -EFAULT || (!stream->err_b && now.appl_ptr))
		race_hit(race, "writev() for one channel into a stream of %u: %s",
			 WIDE_CHANNELS, strerror(-stream->err_a));
	else if (stream->err_b && !race_may_lose(stream->err_b))
		race_hit(race, "HW_PARAMS or PREPARE: %s",
			 strerror(-stream->err_b));
}

static void vector_against_params(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_vector,
		.a = write_vector,
		.b = widen_stream,
		.check = check_vector,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST(writev_vs_hw_params)
{
	const struct pcm_setup setups[] = { one_channel, more_channels };
	struct stream stream = {};

	if (race_device(_metadata, &stream.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			setups, ARRAY_SIZE(setups), NULL))
		race_test(_metadata, vector_against_params, &stream);
}

/*
 * DRAIN starts a stream that is prepared; a stream that runs can neither be
 * freed nor reconfigured.  Whichever comes first, only one can succeed.
 */
static bool setup_drain(struct race *race, void *ctx)
{
	struct stream *stream = ctx;

	if (!configure(race, stream, &pcm_slow_setup) ||
	    !fill(race, stream->fd, &pcm_slow_setup))
		return false;
	memset(&stream->before, 0, sizeof(stream->before));
	return !pcm_ioctl(stream->fd, SNDRV_PCM_IOCTL_STATUS, &stream->before);
}

static void do_drain(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_a = pcm_call(stream->fd, SNDRV_PCM_IOCTL_DRAIN);
}

static void do_hw_free(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_b = pcm_call(stream->fd, SNDRV_PCM_IOCTL_HW_FREE);
}

static void do_hw_params(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_b = pcm_hw_params(stream->fd, &stream->setup[1]);
}

/* The engine runs though the core thinks otherwise: make both agree again. */
static void cure_stray_engine(struct race *race, struct stream *stream)
{
	if (pcm_configure(stream->fd, &pcm_slow_setup))
		return;
	race_failed(race, "FORWARD",
		    pcm_forward(stream->fd, pcm_slow_setup.period_size));
	pcm_call(stream->fd, SNDRV_PCM_IOCTL_START);
	pcm_call(stream->fd, SNDRV_PCM_IOCTL_DROP);
}

static void check_drain(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	struct snd_pcm_status after = {};

	if (stream->err_b) {
		if (!race_may_lose(stream->err_b))
			race_hit(race, "HW_FREE or HW_PARAMS: %s",
				 strerror(-stream->err_b));
		return;
	}
	if (stream->err_a && !race_may_lose(stream->err_a))
		race_hit(race, "DRAIN: %s", strerror(-stream->err_a));

	/* The time of the last start survives in the runtime. */
	if (pcm_hw_params(stream->fd, &pcm_slow_setup) ||
	    pcm_ioctl(stream->fd, SNDRV_PCM_IOCTL_STATUS, &after)) {
		race_broken(race, "no STATUS");
		return;
	}
	if (memcmp(&after.trigger_tstamp, &stream->before.trigger_tstamp,
		   sizeof(after.trigger_tstamp))) {
		race_hit(race, "DRAIN started the engine and yet HW_FREE or HW_PARAMS succeeded");
		cure_stray_engine(race, stream);
	}
}

/* DRAIN that starts the stream has more to wait for than O_NONBLOCK allows. */
static int drain_order(void *ctx)
{
	const struct stream *stream = ctx;

	return stream->err_a == -EAGAIN ? -1 : 1;
}

static void drain_against_free(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_drain,
		.a = do_drain,
		.b = do_hw_free,
		.check = check_drain,
		.order = drain_order,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

static void drain_against_params(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_drain,
		.a = do_drain,
		.b = do_hw_params,
		.check = check_drain,
		.order = drain_order,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

static void run_on_two_setups(struct __test_metadata *_metadata,
			      void (*body)(struct race *race, void *ctx),
			      const struct pcm_setup *first,
			      const struct pcm_setup *second)
{
	struct stream stream = {
		.setup = { *first, *second },
	};

	if (race_device(_metadata, &stream.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			stream.setup, ARRAY_SIZE(stream.setup), NULL))
		race_test(_metadata, body, &stream);
}

TEST(drain_vs_hw_free)
{
	run_on_two_setups(_metadata, drain_against_free, &pcm_slow_setup,
			  &unlike[0]);
}

TEST(drain_vs_hw_params)
{
	run_on_two_setups(_metadata, drain_against_params, &pcm_slow_setup,
			  &unlike[0]);
}

static void run_slow_stream(struct __test_metadata *_metadata,
			    void (*body)(struct race *race, void *ctx))
{
	struct stream stream = {};

	if (race_device(_metadata, &stream.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			&pcm_slow_setup, 1, NULL))
		race_test(_metadata, body, &stream);
}

/* A stream that was started is not prepared, whoever comes first. */
static void do_prepare(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_a = pcm_call(stream->fd, SNDRV_PCM_IOCTL_PREPARE);
}

static void do_start(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_b = pcm_call(stream->fd, SNDRV_PCM_IOCTL_START);
}

static void check_started(struct race *race, void *ctx)
{
	struct stream *stream = ctx;

	if ((stream->err_a && !race_may_lose(stream->err_a)) ||
	    (stream->err_b && !race_may_lose(stream->err_b)))
		race_hit(race, "PREPARE: %s, START: %s",
			 strerror(-stream->err_a), strerror(-stream->err_b));
	else if (!stream->err_b &&
		 pcm_state(stream->fd) == SNDRV_PCM_STATE_PREPARED) {
		race_hit(race, "PREPARE: %s, and a stream that was started is PREPARED",
			 strerror(-stream->err_a));
		cure_stray_engine(race, stream);
	}
	/* Not prepared, it is not started: a PREPARE that is refused has no effect. */
	if (stream->err_a && stream->err_b)
		race_hit(race, "neither PREPARE nor START: %s, %s",
			 strerror(-stream->err_a), strerror(-stream->err_b));
}

/* START came first if PREPARE was refused. */
static int prepare_order(void *ctx)
{
	const struct stream *stream = ctx;

	return stream->err_a ? 1 : -1;
}

static void prepare_against_start(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_drain,
		.a = do_prepare,
		.b = do_start,
		.check = check_started,
		.order = prepare_order,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST(prepare_vs_start)
{
	run_slow_stream(_metadata, prepare_against_start);
}

/* Positions have to fit the program that asked for the parameters. */
static void look_for_boundary(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	unsigned long boundary = 0;
	char text[TEXT_SIZE];

	if (!open_stream(race, stream) ||
	    !open_proc(race, stream, "sw_params") ||
	    race_failed(race, "HW_PARAMS",
			pcm_hw_params(stream->fd, &pcm_slow_setup)))
		return;
	if (pcm_proc_read(stream->proc, text, sizeof(text)) > 0)
		pcm_proc_value(text, "boundary", &boundary);
	race->rounds++;
	if (boundary < pcm_slow_setup.buffer_size || boundary > LONG_MAX)
		race_hit(race, "the boundary of a buffer of %u is %lu",
			 pcm_slow_setup.buffer_size, boundary);
}

TEST(boundary_fits_program)
{
	run_slow_stream(_metadata, look_for_boundary);
}

/*
 * A new buffer can be mapped up to the end of its last page.  What others had
 * there before must not be seen.
 */
#define POISON		0x5a

static const struct pcm_setup whole_pages = {
	.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 1,
	.rate = 48000,
	.period_size = 8192,
	.buffer_size = 32768,
};

static const struct pcm_setup odd_end = {
	.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 1,
	.rate = 48000,
	.period_size = 1500,
	.buffer_size = 3000,
};

/* Map a new stream's buffer.  Return: its size, or 0 after race_broken(). */
static size_t map_new_buffer(struct race *race, struct stream *stream,
			     const struct pcm_setup *setup,
			     unsigned char **buffer)
{
	size_t page = sysconf(_SC_PAGESIZE), size;
	void *map;

	size = setup->buffer_size * sizeof(short);
	size = (size + page - 1) / page * page;
	if (!open_stream(race, stream) ||
	    race_failed(race, "HW_PARAMS", pcm_hw_params(stream->fd, setup)))
		return 0;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, stream->fd,
		   (off_t)SNDRV_PCM_MMAP_OFFSET_DATA);
	if (map == MAP_FAILED) {
		race_broken(race, "mmap: %s", strerror(errno));
		return 0;
	}
	*buffer = map;
	return size;
}

static bool map_after_others(struct race *race, struct stream *stream)
{
	unsigned char *buffer;
	size_t size, i;

	race_beat(race, 0);
	size = map_new_buffer(race, stream, &whole_pages, &buffer);
	if (!size)
		return false;
	memset(buffer, POISON, size);
	munmap(buffer, size);
	close(stream->fd);

	size = map_new_buffer(race, stream, &odd_end, &buffer);
	if (!size)
		return false;
	for (i = 0; i < size && !buffer[i]; i++)
		;
	if (i < size)
		race_hit(race, "byte %zu of a new buffer of %zu is 0x%x", i,
			 odd_end.buffer_size * sizeof(short), buffer[i]);
	munmap(buffer, size);
	close(stream->fd);
	race->rounds++;
	return true;
}

static void map_new_buffers(struct race *race, void *ctx)
{
	while (race_on(race) && race->rounds < 100 &&
	       map_after_others(race, ctx))
		;
}

TEST(mapped_buffer_is_cleared)
{
	const struct pcm_setup setups[] = { whole_pages, odd_end };
	struct stream stream = {};

	if (race_device(_metadata, &stream.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			setups, ARRAY_SIZE(setups), "Loopback"))
		race_test(_metadata, map_new_buffers, &stream);
}

/*
 * SW_PARAMS checks the thresholds against the buffer size.  HW_PARAMS makes
 * the buffer smaller and resets the thresholds.
 */
static void raise_threshold(void *ctx)
{
	struct stream *stream = ctx;

	stream->err_a = pcm_sw_params(stream->fd, &stream->setup[0], 1,
				      stream->setup[0].buffer_size);
}

static void check_threshold(struct race *race, struct stream *stream)
{
	unsigned int buffer_size = stream->setup[1].buffer_size;
	unsigned long threshold;
	char text[TEXT_SIZE];

	if (pcm_proc_read(stream->proc, text, sizeof(text)) < 0 ||
	    !pcm_proc_value(text, "silence_threshold", &threshold)) {
		race_broken(race, "no silence_threshold in /proc/asound");
		return;
	}
	if (threshold > buffer_size)
		race_hit(race, "silence_threshold %lu > buffer_size %u",
			 threshold, buffer_size);
}

static bool shrink_buffer(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	int err;

	err = pcm_hw_params(stream->fd, &stream->setup[0]);
	if (!err) {
		/* a kernel with detectors takes several times as long */
		race_sleep_us(rand() % (60 << rand() % 3));
		err = pcm_hw_params(stream->fd, &stream->setup[1]);
	}
	if (err) {
		if (!race_may_lose(err))
			race_hit(race, "HW_PARAMS: %s", strerror(-err));
		return true;
	}
	/* The call that was held up has to come to its end. */
	race_sleep_us(200);
	check_threshold(race, stream);
	return true;
}

static void threshold_race(struct race *race, void *ctx)
{
	static const struct race_preempt_ops ops = {
		.victim = raise_threshold,
		.intrude = shrink_buffer,
	};
	struct stream *stream = ctx;

	if (open_stream(race, stream) &&
	    open_proc(race, stream, "sw_params") &&
	    configure(race, stream, &stream->setup[0]))
		race_preempt(race, &ops, stream);
}

TEST(sw_params_vs_hw_params)
{
	run_on_two_setups(_metadata, threshold_race, &unlike[1], &unlike[0]);
}

/*
 * In SETUP, WRITEI returns EBADFD, and after HW_FREE it does the same; EINVAL
 * (and with CONFIG_SND_DEBUG a warning) says that it saw something in between.
 */
static bool setup_unprepared(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	int err;

	err = pcm_hw_params(stream->fd, &stream->setup[0]);
	if (err)
		race_broken(race, "HW_PARAMS: %s", strerror(-err));
	return !err;
}

static void do_writei(void *ctx)
{
	static const short samples[2 * XFER_FRAMES];
	struct stream *stream = ctx;

	stream->err_a = pcm_writei(stream->fd, samples, XFER_FRAMES);
}

static void check_writei(struct race *race, void *ctx)
{
	struct stream *stream = ctx;

	if (!race_may_lose(stream->err_a))
		race_hit(race, "WRITEI in SETUP or OPEN: %s",
			 stream->err_a < 0 ? strerror(-stream->err_a) :
			 "success");
	else if (stream->err_b && !race_may_lose(stream->err_b))
		race_hit(race, "HW_FREE: %s", strerror(-stream->err_b));
}

static void write_against_free(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_unprepared,
		.a = do_writei,
		.b = do_hw_free,
		.check = check_writei,
	};

	if (open_stream(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST(writei_vs_hw_free)
{
	run_on_two_setups(_metadata, write_against_free, &unlike[0],
			  &unlike[1]);
}

/*
 * HW_REFINE looks at the buffer to tell whether it can be mapped.  The answer
 * does not depend on the size, so it is the same at any time.
 */
struct refiner {
	struct stream stream;
	unsigned int info;
};

static bool refine_step(struct race *race, void *ctx, unsigned int thread)
{
	struct refiner *refiner = ctx;
	struct snd_pcm_hw_params params;
	int err;

	pcm_params_any(&params);
	err = pcm_ioctl(refiner->stream.fd, SNDRV_PCM_IOCTL_HW_REFINE, &params);
	if (err && !race_may_lose(err))
		race_hit(race, "HW_REFINE: %s", strerror(-err));
	if (!err && params.info != refiner->info)
		race_hit(race, "HW_REFINE: info 0x%x instead of 0x%x",
			 params.info, refiner->info);
	return true;
}

static bool realloc_step(struct race *race, void *ctx, unsigned int thread)
{
	struct refiner *refiner = ctx;
	struct stream *stream = &refiner->stream;
	int err;

	err = pcm_hw_params(stream->fd, &stream->setup[stream->turn++ % 2]);
	if (!err)
		err = pcm_call(stream->fd, SNDRV_PCM_IOCTL_HW_FREE);
	if (err && !race_may_lose(err))
		race_hit(race, "HW_PARAMS or HW_FREE: %s", strerror(-err));
	return true;
}

static void refine_against_realloc(struct race *race, void *ctx)
{
	struct refiner *refiner = ctx;
	struct snd_pcm_hw_params params;
	const struct race_loop loops[] = {
		{ refine_step, refiner },
		{ realloc_step, refiner },
	};

	if (!open_stream(race, &refiner->stream))
		return;
	pcm_params_any(&params);
	if (pcm_ioctl(refiner->stream.fd, SNDRV_PCM_IOCTL_HW_REFINE, &params)) {
		race_broken(race, "HW_REFINE fails");
		return;
	}
	refiner->info = params.info;
	race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(hw_refine_vs_buffer_realloc)
{
	struct refiner refiner = {
		.stream.setup = { unlike[0], unlike[1] },
	};

	ksft_print_msg("without KASAN only a wrong answer shows the bug\n");
	if (race_device(_metadata, &refiner.stream.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, unlike,
			ARRAY_SIZE(unlike), NULL))
		race_test(_metadata, refine_against_realloc, &refiner);
}

/* The distance of two samples is channels times width, of one caller. */
static bool channel_info_step(struct race *race, void *ctx, unsigned int thread)
{
	struct stream *stream = ctx;
	struct snd_pcm_channel_info info = {};
	unsigned int which;
	int err;

	err = pcm_ioctl(stream->fd, SNDRV_PCM_IOCTL_CHANNEL_INFO, &info);
	if (err) {
		if (!race_may_lose(err))
			race_hit(race, "CHANNEL_INFO: %s", strerror(-err));
		return true;
	}
	for (which = 0; which < 2; which++)
		if (info.step == 8 * stream->setup[which].channels *
		    pcm_sample_bytes(stream->setup[which].format))
			return true;
	race_hit(race, "torn CHANNEL_INFO: samples %u bits apart", info.step);
	return true;
}

static void torn_channel_info(struct race *race, void *ctx)
{
	static const struct toggle toggle = { NULL, toggle_hw_params };
	struct stream *stream = ctx;
	const struct race_loop loops[] = {
		{ toggle_step, stream },
		{ channel_info_step, stream },
	};

	stream->toggle = &toggle;
	if (open_stream(race, stream) &&
	    configure(race, stream, &stream->setup[0]))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(channel_info_torn)
{
	struct pcm_setup setups[2] = { unlike[0], unlike[1] };

	setups[1].format = SNDRV_PCM_FORMAT_U8;
	run_on_two_setups(_metadata, torn_channel_info, &setups[0],
			  &setups[1]);
}

/*
 * A prepared stream has room for a period, however it is configured: poll()
 * that says otherwise took the buffer of one caller and the period of another.
 */
static bool poll_step(struct race *race, void *ctx, unsigned int thread)
{
	struct stream *stream = ctx;
	struct pollfd pfd = {
		.fd = stream->fd,
		.events = POLLOUT,
	};

	if (!poll(&pfd, 1, 0))
		race_hit(race, "poll() saw less room than a period in an empty buffer");
	return true;
}

static bool reconfigure_step(struct race *race, void *ctx, unsigned int thread)
{
	struct stream *stream = ctx;
	int err;

	err = pcm_hw_params(stream->fd, &stream->setup[stream->turn++ % 2]);
	if (!err)
		err = pcm_call(stream->fd, SNDRV_PCM_IOCTL_PREPARE);
	if (err && !race_may_lose(err))
		race_hit(race, "HW_PARAMS or PREPARE: %s",
			 strerror(-err));
	return true;
}

static void poll_against_params(struct race *race, void *ctx)
{
	struct stream *stream = ctx;
	const struct race_loop loops[] = {
		{ reconfigure_step, stream },
		{ poll_step, stream },
	};

	if (open_stream(race, stream) &&
	    configure(race, stream, &stream->setup[0]))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(poll_torn)
{
	run_on_two_setups(_metadata, poll_against_params, &unlike[1],
			  &unlike[0]);
}

TEST_HARNESS_MAIN
