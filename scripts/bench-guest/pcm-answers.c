// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls by one thread on native PCM streams, which are linked now and
 * then, and what each of them answered.
 *
 *   pcm-answers spinlock|mutex <playback driver> <capture driver> <streams>
 *               <first seed> <seeds> <plays>
 *
 * The first word says what snd-pcmtest has for a stream lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "answers.h"
#include "pcmtest-control.h"
#include "stream.h"

#define MAX_SLOTS	4
#define FRAMES		4096	/* most that one call transfers */
#define BIG_FRAMES	(1 << 20)	/* more than any buffer holds */

/* The rate is low, so that streams hardly move in the course of one seed. */
static const struct pcm_setup setups[] = {
	{
		.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 1,
		.rate = 8000,
		.period_size = 2048,
		.buffer_size = 8192,
	}, {
		.access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 2,
		.rate = 8000,
		.period_size = 2048,
		.buffer_size = 4096,
	}, {
		.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_U8,
		.channels = 2,
		.rate = 8000,
		.period_size = 4096,
		.buffer_size = 8192,
	}, {
		.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
		.format = SNDRV_PCM_FORMAT_S16_LE,
		.channels = 77,		/* nobody has as many */
		.rate = 8000,
	},
};

static const unsigned long frame_counts[] = { 0, 1, 64, 1000, FRAMES, BIG_FRAMES };
static const unsigned long pointers[] = { 0, 1, 64, 4096, 8192, ~0UL };

struct slot {
	struct pcm_dev *dev;
	int fd;			/* -1: closed */
	void *map;
	size_t map_size;
};

static struct pcm_dev devices[2];	/* by direction */
static struct slot slots[MAX_SLOTS];
static unsigned int slot_count;
static short samples[2][FRAMES * 2];

static bool is_playback(const struct slot *slot)
{
	return slot->dev->stream == SNDRV_PCM_STREAM_PLAYBACK;
}

/* What the call filled in is part of its answer. */
static int call(const struct slot *slot, unsigned long request, void *arg,
		size_t size)
{
	int err = pcm_ioctl(slot->fd, request, arg);

	if (!err)
		say(" gives %x", hash(arg, size));
	return err;
}

static struct slot *any_slot(void)
{
	struct slot *slot = &slots[choose(slot_count)];

	say(" %c", 'A' + (int)(slot - slots));
	return slot;
}

static void unmap(struct slot *slot)
{
	if (slot->map)
		munmap(slot->map, slot->map_size);
	slot->map = NULL;
}

static void close_slot(struct slot *slot)
{
	unmap(slot);
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
}

static long do_open(void *object)
{
	struct slot *slot = object;
	bool nonblock = choose(3);

	say(" %s", nonblock ? "nonblocking" : "blocking");
	close_slot(slot);
	slot->fd = pcm_open(slot->dev, nonblock ? O_NONBLOCK : 0);
	return slot->fd < 0 ? slot->fd : 0;
}

/* Another file for the stream of another slot. */
static long do_join(void *object)
{
	struct slot *slot = object;
	struct slot *other = any_slot();
	int subdevice = pcm_subdevice(other->fd);

	if (subdevice < 0 || other->dev != slot->dev || other == slot)
		return subdevice;
	close_slot(slot);
	slot->fd = pcm_join(slot->dev, subdevice);
	return slot->fd < 0 ? slot->fd : 0;
}

static long do_close(void *object)
{
	struct slot *slot = object;

	close_slot(slot);
	return 0;
}

static const struct pcm_setup *any_setup(void)
{
	unsigned int which = choose(2) ? choose(ARRAY_SIZE(setups)) : 0;

	say(" %u", which);
	return &setups[which];
}

static long do_hw_params(void *object)
{
	struct slot *slot = object;
	struct snd_pcm_hw_params params;

	pcm_params_fill(&params, any_setup());
	return call(slot, SNDRV_PCM_IOCTL_HW_PARAMS, &params, sizeof(params));
}

static long do_hw_refine(void *object)
{
	struct slot *slot = object;
	struct snd_pcm_hw_params params;

	if (choose(2))
		pcm_params_any(&params);
	else
		pcm_params_fill(&params, any_setup());
	return call(slot, SNDRV_PCM_IOCTL_HW_REFINE, &params, sizeof(params));
}

static long do_sw_params(void *object)
{
	struct slot *slot = object;
	struct snd_pcm_sw_params params = {
		.period_step = 1,
	};

	params.tstamp_mode = choose(10) ? choose(2) : 7;
	params.proto = choose(2) ? SNDRV_PCM_VERSION : 0;
	params.tstamp_type = choose(10) ? choose(3) : 9;
	params.avail_min = PICK(pointers) + 1;
	params.start_threshold = PICK(pointers);
	params.stop_threshold = PICK(pointers);
	if (!choose(3)) {
		params.silence_threshold = PICK(pointers);
		params.silence_size = PICK(pointers);
	}
	return call(slot, SNDRV_PCM_IOCTL_SW_PARAMS, &params, sizeof(params));
}

static long do_pause(void *object)
{
	struct slot *slot = object;
	int push = choose(3);

	say(" %d", push);
	return pcm_ioctl(slot->fd, SNDRV_PCM_IOCTL_PAUSE, (void *)(long)push);
}

static long do_link(void *object)
{
	struct slot *slot = object;

	return pcm_link(slot->fd, any_slot()->fd);
}

static void *any_buffer(void)
{
	bool bad = !choose(16);

	say("%s", bad ? " bad" : "");
	return bad ? (void *)8 : samples[0];
}

/* A blocking transfer must not be about more than there will ever be. */
static unsigned long any_frames(const struct slot *slot)
{
	unsigned long frames = PICK(frame_counts);

	if (!(fcntl(slot->fd, F_GETFL) & O_NONBLOCK) || frames > FRAMES)
		frames %= FRAMES;
	return frames;
}

static long do_transfer(void *object)
{
	struct slot *slot = object;
	bool odd = !choose(16);
	struct snd_xferi xfer = {
		.buf = any_buffer(),
		.frames = any_frames(slot),
	};
	int err;

	say("%s", odd ? " other way" : "");
	err = pcm_ioctl(slot->fd, is_playback(slot) != odd ?
			SNDRV_PCM_IOCTL_WRITEI_FRAMES :
			SNDRV_PCM_IOCTL_READI_FRAMES, &xfer);
	return err ? err : xfer.result;
}

static long do_transfer_n(void *object)
{
	struct slot *slot = object;
	void *planes[] = { any_buffer(), samples[1] };
	struct snd_xfern xfer = {
		.bufs = planes,
		.frames = any_frames(slot),
	};
	int err;

	err = pcm_ioctl(slot->fd, is_playback(slot) ?
			SNDRV_PCM_IOCTL_WRITEN_FRAMES :
			SNDRV_PCM_IOCTL_READN_FRAMES, &xfer);
	return err ? err : xfer.result;
}

static long do_file_io(void *object)
{
	struct slot *slot = object;
	size_t size = any_frames(slot) + (choose(8) ? 0 : 1);
	void *buffer = any_buffer();
	ssize_t len;

	len = is_playback(slot) ? write(slot->fd, buffer, size) :
				  read(slot->fd, buffer, size);
	return len < 0 ? -errno : len;
}

static long do_vector(void *object)
{
	struct slot *slot = object;
	size_t size = any_frames(slot);
	struct iovec planes[] = {
		{ .iov_base = any_buffer(), .iov_len = size },
		{ .iov_base = samples[1], .iov_len = size },
	};
	int count = choose(2) + 1;
	ssize_t len;

	len = is_playback(slot) ? writev(slot->fd, planes, count) :
				  readv(slot->fd, planes, count);
	return len < 0 ? -errno : len;
}

static long do_move(void *object)
{
	struct slot *slot = object;
	bool back = choose(2);
	snd_pcm_uframes_t frames = PICK(frame_counts);
	int err;

	err = pcm_ioctl(slot->fd, back ? SNDRV_PCM_IOCTL_REWIND :
			SNDRV_PCM_IOCTL_FORWARD, &frames);
	say(" %s", back ? "back" : "forward");
	return err ? err : (long)frames;
}

static long do_sync_ptr(void *object)
{
	struct slot *slot = object;
	struct snd_pcm_sync_ptr sync = {
		.flags = choose(8),
	};
	int err;

	say(" flags %u", sync.flags);
	sync.c.control.appl_ptr = PICK(pointers);
	sync.c.control.avail_min = PICK(pointers);
	err = pcm_ioctl(slot->fd, SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
	if (!err)
		say(" gives %lu %lu", sync.c.control.appl_ptr,
		    sync.c.control.avail_min);
	return err;
}

static long do_status(void *object)
{
	struct slot *slot = object;
	struct snd_pcm_status status = {};
	int err;

	err = pcm_ioctl(slot->fd, choose(2) ? SNDRV_PCM_IOCTL_STATUS :
			SNDRV_PCM_IOCTL_STATUS_EXT, &status);
	if (!err)
		say(" gives %s, %lu of %lu", pcm_state_name(status.state),
		    status.avail, status.avail_max);
	return err;
}

static long do_delay(void *object)
{
	struct slot *slot = object;
	snd_pcm_sframes_t delay = 0;
	int err;

	err = pcm_ioctl(slot->fd, SNDRV_PCM_IOCTL_DELAY, &delay);
	if (!err)
		say(" gives %ld", delay);
	return err;
}

static long do_channel_info(void *object)
{
	struct slot *slot = object;
	struct snd_pcm_channel_info info = {
		.channel = choose(3),
	};

	return call(slot, SNDRV_PCM_IOCTL_CHANNEL_INFO, &info, sizeof(info));
}

static long do_ttstamp(void *object)
{
	struct slot *slot = object;
	int type = choose(4);

	say(" %d", type);
	return pcm_ioctl(slot->fd, SNDRV_PCM_IOCTL_TTSTAMP, &type);
}

static long do_poll(void *object)
{
	struct slot *slot = object;

	return poll_now(slot->fd);
}

static long do_mmap(void *object)
{
	static const unsigned long offsets[] = {
		SNDRV_PCM_MMAP_OFFSET_DATA, SNDRV_PCM_MMAP_OFFSET_STATUS,
		SNDRV_PCM_MMAP_OFFSET_CONTROL, 4096,
	};
	struct slot *slot = object;
	int protection = choose(4) ? PROT_READ | PROT_WRITE : PROT_READ;
	size_t size = choose(4) ? 4096 : 1 << 20;
	off_t offset = PICK(offsets);
	void *map;

	unmap(slot);
	map = mmap(NULL, size, protection, MAP_SHARED, slot->fd, offset);
	if (map == MAP_FAILED)
		return -errno;
	slot->map = map;
	slot->map_size = size;
	return 0;
}

static long do_munmap(void *object)
{
	struct slot *slot = object;

	unmap(slot);
	return 0;
}

static long do_flags(void *object)
{
	struct slot *slot = object;
	int flag = choose(4) ? O_NONBLOCK : O_ASYNC;

	say(" %s", flag == O_ASYNC ? "O_ASYNC" : "O_NONBLOCK");
	return fcntl(slot->fd, F_SETFL, fcntl(slot->fd, F_GETFL) ^ flag) ?
		-errno : 0;
}

static long do_suspend(void *object)
{
	(void)object;
	return pcmtest_suspend();
}

static const char * const failures[] = {
	PCMTEST_FAILING_HW_PARAMS, PCMTEST_FAILING_PREPARE,
	PCMTEST_FAILING_TRIGGER,
};

/* What snd-pcmtest refuses from now on, or no longer. */
static long do_fail(void *object)
{
	unsigned int which = choose(ARRAY_SIZE(failures));
	const char *value = choose(3) ? "N" : "Y";

	(void)object;
	say(" %s %s", failures[which], value);
	return pcmtest_set(failures[which], value);
}

static long do_proc_xrun(void *object)
{
	struct slot *slot = object;
	int subdevice = pcm_subdevice(slot->fd);

	return subdevice < 0 ? subdevice :
	       pcm_proc_write(slot->dev, subdevice, "xrun_injection", "1");
}

enum { OPEN, HW_PARAMS, PREPARE };

static const struct operation operations[] = {
	[OPEN] = { "OPEN", do_open, .weight = 1 },
	[HW_PARAMS] = { "HW_PARAMS", do_hw_params, .weight = 2 },
	[PREPARE] = { "PREPARE", .request = SNDRV_PCM_IOCTL_PREPARE, .weight = 3 },
	{ "JOIN", do_join, .weight = 1 },
	{ "CLOSE", do_close, .weight = 1 },
	{ "HW_REFINE", do_hw_refine, .weight = 1 },
	{ "HW_FREE", .request = SNDRV_PCM_IOCTL_HW_FREE, .weight = 4 },
	{ "SW_PARAMS", do_sw_params, .weight = 3 },
	{ "RESET", .request = SNDRV_PCM_IOCTL_RESET, .weight = 2 },
	{ "START", .request = SNDRV_PCM_IOCTL_START, .weight = 6 },
	{ "DROP", .request = SNDRV_PCM_IOCTL_DROP, .weight = 6 },
	{ "DRAIN", .request = SNDRV_PCM_IOCTL_DRAIN, .weight = 3 },
	{ "PAUSE", do_pause, .weight = 4 },
	{ "RESUME", .request = SNDRV_PCM_IOCTL_RESUME, .weight = 3 },
	{ "XRUN", .request = SNDRV_PCM_IOCTL_XRUN, .weight = 1 },
	{ "PROC_XRUN", do_proc_xrun, .weight = 1 },
	{ "LINK", do_link, .weight = 5 },
	{ "UNLINK", .request = SNDRV_PCM_IOCTL_UNLINK, .weight = 2 },
	{ "TRANSFER", do_transfer, .weight = 6 },
	{ "TRANSFER_N", do_transfer_n, .weight = 3 },
	{ "FILE_IO", do_file_io, .weight = 2 },
	{ "VECTOR", do_vector, .weight = 2 },
	{ "MOVE", do_move, .weight = 3 },
	{ "SYNC_PTR", do_sync_ptr, .weight = 3 },
	{ "HWSYNC", .request = SNDRV_PCM_IOCTL_HWSYNC, .weight = 1 },
	{ "DELAY", do_delay, .weight = 1 },
	{ "STATUS", do_status, .weight = 1 },
	{ "CHANNEL_INFO", do_channel_info, .weight = 1 },
	{ "TTSTAMP", do_ttstamp, .weight = 1 },
	{ "POLL", do_poll, .weight = 1 },
	{ "MMAP", do_mmap, .weight = 2 },
	{ "MUNMAP", do_munmap, .weight = 1 },
	{ "FLAGS", do_flags, .weight = 1 },
	{ "SLEEP", sleep_long, .weight = 1 },
	{ "SUSPEND", do_suspend, .weight = 3 },
	{ "FAIL", do_fail, .weight = 2 },
};

/* Without asking the driver, which would change what is looked at. */
static int state_of(const struct slot *slot, struct pcm_pointers *pointers)
{
	int err = pcm_pointers(slot->fd, pointers);

	return err ? err : pointers->state;
}

/* Mostly what brings the stream to where there is more to do. */
static const struct operation *next_operation(const struct slot *slot)
{
	struct pcm_pointers pointers;

	if (choose(4))
		switch (state_of(slot, &pointers)) {
		case -EBADF:
			return &operations[OPEN];
		case SNDRV_PCM_STATE_OPEN:
			return &operations[HW_PARAMS];
		case SNDRV_PCM_STATE_SETUP:
			return &operations[PREPARE];
		}
	return any_operation(operations, ARRAY_SIZE(operations));
}

static void tell_state(const struct slot *slot)
{
	struct pcm_pointers pointers;
	int state = state_of(slot, &pointers);

	if (state < 0)
		say(" %s", state == -EBADF ? "closed" : "-");
	else
		say(" %s:%lu", pcm_state_name(state), pointers.appl_ptr);
}

static void call_one(void)
{
	struct slot *slot = &slots[choose(slot_count)];
	unsigned int i;
	int subdevice;

	say("%c", 'A' + (int)(slot - slots));
	perform(next_operation(slot), slot, slot->fd);
	for (i = 0; i < slot_count; i++)
		tell_state(&slots[i]);
	subdevice = pcm_subdevice(slot->fd);
	if (subdevice >= 0) {
		say_proc(slot->dev, subdevice, "hw_params");
		say_proc(slot->dev, subdevice, "sw_params");
	}
}

/* Open all, and maybe configure, link and prepare them. */
static void begin(void)
{
	unsigned int i, depth = choose(4);
	bool group_trigger = !choose(3);

	pcmtest_set("group_trigger", group_trigger ? "Y" : "N");
	for (i = 0; i < slot_count; i++) {
		slots[i].dev = &devices[i % 2];
		slots[i].fd = pcm_open(slots[i].dev, O_NONBLOCK);
		if (depth > 0)
			pcm_hw_params(slots[i].fd, &setups[0]);
		if (depth > 1 && choose(4))
			pcm_link(slots[0].fd, slots[i].fd);
	}
	if (depth > 2)
		pcm_call(slots[0].fd, SNDRV_PCM_IOCTL_PREPARE);
	say("%sbegin with", group_trigger ? "group_trigger, " : "");
	for (i = 0; i < slot_count; i++)
		tell_state(&slots[i]);
	say("\n");
}

static void end(void)
{
	unsigned int i;

	for (i = 0; i < slot_count; i++)
		close_slot(&slots[i]);
	pcmtest_calm();
}

int main(int argc, char **argv)
{
	static const struct player player = {
		.begin = begin,
		.call = call_one,
		.end = end,
	};
	unsigned int direction;
	int err;

	if (argc != 8 || atoi(argv[4]) < 1 || atoi(argv[4]) > MAX_SLOTS) {
		fprintf(stderr, "usage: pcm-answers spinlock|mutex <playback driver> <capture driver> <streams> <first seed> <seeds> <plays>\n");
		return 1;
	}
	slot_count = atoi(argv[4]);
	demand("snd-pcmtest", pcmtest_remake(!strcmp(argv[1], "mutex")));
	for (direction = 0; direction < ARRAY_SIZE(devices); direction++)
		demand("no suitable PCM",
		       pcm_find(&devices[direction], direction, slot_count,
				setups, 1, argv[2 + direction]));
	err = play_seeds(&player, &argv[5]);
	pcmtest_restore();
	return err;
}
