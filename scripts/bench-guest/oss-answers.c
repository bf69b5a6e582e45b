// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls by one thread on an OSS device, and what each of them answered.
 *
 *   oss-answers <device> <first seed> <seeds> <plays>
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/soundcard.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answers.h"

#define MOST_BYTES	65536	/* of one transfer */

static const unsigned long sizes[] = { 0, 1, 100, 1024, 4096, MOST_BYTES };
static const unsigned long rates[] = { 0, 4000, 8000, 11025, 48000 };
static const unsigned long formats[] = {
	AFMT_QUERY, AFMT_U8, AFMT_MU_LAW, AFMT_S16_LE, AFMT_S16_BE, 1 << 30,
};
static const unsigned long channel_counts[] = { 0, 1, 2, 3 };
static const unsigned long fragments[] = {
	0x2000c, 0x4000a, 0x7fff000b, 0x10004, 0, 0xffffffff,
};
static const unsigned long divisions[] = { 0, 1, 2, 3, 4 };
static const unsigned long triggers[] = {
	0, PCM_ENABLE_INPUT, PCM_ENABLE_OUTPUT,
	PCM_ENABLE_INPUT | PCM_ENABLE_OUTPUT,
};
static const unsigned long switches[] = { 0, 1 };

static struct pcm_dev devices[2];	/* by direction */
static const char *path;
static int fd = -1;
static char *map;
static size_t map_size;
static char samples[MOST_BYTES];

static long unmap(void *object)
{
	(void)object;
	if (map)
		munmap(map, map_size);
	map = NULL;
	return 0;
}

static long close_device(void *object)
{
	unmap(object);
	if (fd >= 0)
		close(fd);
	fd = -1;
	return 0;
}

static long open_device(void *object)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDWR };
	int flags = modes[choose(ARRAY_SIZE(modes))];

	if (choose(2))
		flags |= O_NONBLOCK;
	say(" %x", flags);
	close_device(object);
	fd = open(path, flags);
	return fd < 0 ? -errno : 0;
}

/* An ioctl with a number, which may come back changed. */
static long exchange(unsigned long request, const unsigned long *values,
		     unsigned int count)
{
	int value = pick(values, count);
	int err = pcm_ioctl(fd, request, &value);

	return err ? err : value;
}

#define EXCHANGE(name, request, values) \
	static long name(void *object) \
	{ \
		(void)object; \
		return exchange(request, values, ARRAY_SIZE(values)); \
	}

EXCHANGE(speed, SNDCTL_DSP_SPEED, rates)
EXCHANGE(set_format, SNDCTL_DSP_SETFMT, formats)
EXCHANGE(channels, SNDCTL_DSP_CHANNELS, channel_counts)
EXCHANGE(stereo, SNDCTL_DSP_STEREO, switches)
EXCHANGE(set_fragment, SNDCTL_DSP_SETFRAGMENT, fragments)
EXCHANGE(subdivide, SNDCTL_DSP_SUBDIVIDE, divisions)
EXCHANGE(set_trigger, SNDCTL_DSP_SETTRIGGER, triggers)

/* Calls that take nothing and return a number. */
#define ASK(name, request) \
	static long name(void *object) \
	{ \
		int value = 0, err = pcm_ioctl(fd, request, &value); \
		\
		(void)object; \
		return err ? err : value; \
	}

ASK(get_block_size, SNDCTL_DSP_GETBLKSIZE)
ASK(get_formats, SNDCTL_DSP_GETFMTS)
ASK(get_caps, SNDCTL_DSP_GETCAPS)
ASK(get_trigger, SNDCTL_DSP_GETTRIGGER)
ASK(get_delay, SNDCTL_DSP_GETODELAY)
ASK(read_rate, SOUND_PCM_READ_RATE)
ASK(read_channels, SOUND_PCM_READ_CHANNELS)
ASK(read_bits, SOUND_PCM_READ_BITS)

static long get_space(void *object)
{
	bool input = choose(2);
	struct audio_buf_info info;
	int err;

	(void)object;
	err = pcm_ioctl(fd, input ? SNDCTL_DSP_GETISPACE :
			SNDCTL_DSP_GETOSPACE, &info);
	say(" %s", input ? "in" : "out");
	if (!err)
		say(" gives %d of %d, %d", info.fragments, info.fragstotal,
		    info.fragsize);
	return err ? err : info.bytes;
}

static long get_pointer(void *object)
{
	bool input = choose(2);
	struct count_info info;
	int err;

	(void)object;
	err = pcm_ioctl(fd, input ? SNDCTL_DSP_GETIPTR : SNDCTL_DSP_GETOPTR,
			&info);
	say(" %s", input ? "in" : "out");
	if (!err)
		say(" gives %d, %d", info.ptr, info.blocks);
	return err ? err : info.bytes;
}

static long output(void *object)
{
	ssize_t len = write(fd, choose(16) ? samples : (void *)8, PICK(sizes));

	(void)object;
	return len < 0 ? -errno : len;
}

static long input(void *object)
{
	ssize_t len = read(fd, choose(16) ? samples : (void *)8, PICK(sizes));

	(void)object;
	return len < 0 ? -errno : len;
}

static long map_buffer(void *object)
{
	static const int protections[] = {
		PROT_WRITE, PROT_READ, PROT_READ | PROT_WRITE,
	};
	int fragment = 0;
	void *address;

	unmap(object);
	/* Sets up the stream, without which mmap() is one of the changes. */
	if (choose(4))
		pcm_ioctl(fd, SNDCTL_DSP_GETBLKSIZE, &fragment);
	map_size = choose(4) ? 4096 : 1 << 20;
	address = mmap(NULL, map_size,
		       protections[choose(ARRAY_SIZE(protections))], MAP_SHARED,
		       fd, 0);
	if (address == MAP_FAILED)
		return -errno;
	map = address;
	return 0;
}

static long poll_device(void *object)
{
	(void)object;
	return poll_now(fd);
}

enum { OPEN };

static const struct operation operations[] = {
	[OPEN] = { "OPEN", open_device, .weight = 2 },
	{ "CLOSE", close_device, .weight = 1 },
	{ "SPEED", speed, .weight = 3 },
	{ "SETFMT", set_format, .weight = 3 },
	{ "CHANNELS", channels, .weight = 2 },
	{ "STEREO", stereo, .weight = 1 },
	{ "SETFRAGMENT", set_fragment, .weight = 3 },
	{ "SUBDIVIDE", subdivide, .weight = 2 },
	{ "SETTRIGGER", set_trigger, .weight = 3 },
	{ "GETBLKSIZE", get_block_size, .weight = 1 },
	{ "GETFMTS", get_formats, .weight = 1 },
	{ "GETCAPS", get_caps, .weight = 1 },
	{ "GETTRIGGER", get_trigger, .weight = 1 },
	{ "GETODELAY", get_delay, .weight = 2 },
	{ "READ_RATE", read_rate, .weight = 1 },
	{ "READ_CHANNELS", read_channels, .weight = 1 },
	{ "READ_BITS", read_bits, .weight = 1 },
	{ "GETSPACE", get_space, .weight = 2 },
	{ "GETPTR", get_pointer, .weight = 2 },
	{ "SYNC", .request = SNDCTL_DSP_SYNC, .weight = 2 },
	{ "POST", .request = SNDCTL_DSP_POST, .weight = 1 },
	{ "RESET", .request = SNDCTL_DSP_RESET, .weight = 2 },
	{ "NONBLOCK", .request = SNDCTL_DSP_NONBLOCK, .weight = 1 },
	{ "SETSYNCRO", .request = SNDCTL_DSP_SETSYNCRO, .weight = 1 },
	{ "SETDUPLEX", .request = SNDCTL_DSP_SETDUPLEX, .weight = 1 },
	{ "WRITE", output, .weight = 8 },
	{ "READ", input, .weight = 6 },
	{ "POLL", poll_device, .weight = 1 },
	{ "SLEEP", sleep_long, .weight = 1 },
	{ "MUNMAP", unmap, .weight = 1 },
	{ "OSS_MMAP", map_buffer, .weight = 4 },	/* the last one */
};

static bool with_mmap;

/* Most seeds do without mmap(): it has changed, which would hide the rest. */
static void begin(void)
{
	with_mmap = !choose(4);
	open_device(NULL);
	say("\n");
}

static void call_one(void)
{
	unsigned int direction;

	perform(fd < 0 && choose(4) ? &operations[OPEN] :
		any_operation(operations, ARRAY_SIZE(operations) - !with_mmap),
		NULL, fd);
	for (direction = 0; direction < ARRAY_SIZE(devices); direction++) {
		say(" %s", direction ? "capture" : "playback");
		say_proc(&devices[direction], 0, "hw_params");
		say_proc(&devices[direction], 0, "sw_params");
	}
}

static void end(void)
{
	close_device(NULL);
}

int main(int argc, char **argv)
{
	static const struct player player = {
		.begin = begin,
		.call = call_one,
		.end = end,
	};
	unsigned int direction;

	if (argc != 5) {
		fprintf(stderr, "usage: oss-answers <device> <first seed> <seeds> <plays>\n");
		return 1;
	}
	path = argv[1];
	for (direction = 0; direction < ARRAY_SIZE(devices); direction++)
		devices[direction].stream = direction;
	return play_seeds(&player, &argv[2]);
}
