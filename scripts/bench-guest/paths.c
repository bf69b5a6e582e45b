// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "paths.h"

#define FRAME_BYTES (CHANNELS * 2)

static int null_fd;
static int extra_fd;		/* a stream beside the group's */

#define CALL(name) \
	static int name(struct group *group, const struct path *path, \
			unsigned int number)

#pragma GCC diagnostic ignored "-Wunused-parameter"

CALL(idle)
{
	return pcm_call(null_fd, 0) < 0 ? 0 : -1;
}

CALL(sync_ptr)
{
	struct snd_pcm_sync_ptr sync = {
		.flags = SNDRV_PCM_SYNC_PTR_APPL | SNDRV_PCM_SYNC_PTR_AVAIL_MIN,
	};

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

CALL(sync_ptr_hwsync)
{
	struct snd_pcm_sync_ptr sync = {
		.flags = SNDRV_PCM_SYNC_PTR_HWSYNC | SNDRV_PCM_SYNC_PTR_APPL |
			 SNDRV_PCM_SYNC_PTR_AVAIL_MIN,
	};

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

CALL(hwsync)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_HWSYNC);
}

CALL(status)
{
	struct snd_pcm_status status = {};

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_STATUS, &status);
}

CALL(delay)
{
	snd_pcm_sframes_t frames;

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_DELAY, &frames);
}

CALL(poll_ready)
{
	struct pollfd pollfd = { .fd = group->fds[0], .events = POLLOUT };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents == POLLOUT ? 0 : -1;
}

/* What alsa-lib does for a period without the status page being mapped. */
CALL(mmap_period)
{
	struct pollfd pollfd = { .fd = group->fds[0], .events = POLLOUT };
	struct snd_pcm_sync_ptr sync = {
		.flags = SNDRV_PCM_SYNC_PTR_HWSYNC | SNDRV_PCM_SYNC_PTR_APPL |
			 SNDRV_PCM_SYNC_PTR_AVAIL_MIN,
	};
	int err;

	if (poll(&pollfd, 1, 0) != 1)
		return -1;
	err = pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
	if (err)
		return err;
	sync.flags = SNDRV_PCM_SYNC_PTR_AVAIL_MIN;
	sync.c.control.appl_ptr += path->frames;
	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

CALL(writei)
{
	return pcm_writei(group->fds[0], group->data, path->frames) ==
	       (long)path->frames ? 0 : -1;
}

CALL(writen)
{
	return pcm_writen(group->fds[0], group->planes, path->frames) ==
	       (long)path->frames ? 0 : -1;
}

CALL(readi)
{
	struct snd_xferi xfer = {
		.buf = group->data,
		.frames = path->frames,
	};

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_READI_FRAMES, &xfer);
}

CALL(readn)
{
	struct snd_xfern xfer = {
		.bufs = group->planes,
		.frames = path->frames,
	};

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_READN_FRAMES, &xfer);
}

CALL(plain_write)
{
	long size = path->frames * FRAME_BYTES;

	return write(group->fds[0], group->data, size) == size ? 0 : -1;
}

CALL(forward)
{
	snd_pcm_uframes_t frames = path->frames;

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_FORWARD, &frames);
}

CALL(rewind_back)
{
	snd_pcm_uframes_t frames = path->frames;

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_REWIND, &frames);
}

CALL(start)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_START);
}

CALL(drop)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_DROP);
}

CALL(prepare)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_PREPARE);
}

CALL(reset)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_RESET);
}

CALL(hw_refine)
{
	struct snd_pcm_hw_params params;

	pcm_params_any(&params);
	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_HW_REFINE, &params);
}

CALL(hw_params_same)
{
	return pcm_hw_params(group->fds[0], &group->setup);
}

CALL(hw_params_changed)
{
	struct pcm_setup setup = group->setup;

	if (number % 2 == 0) {
		setup.rate = 44100;
		setup.period_size *= 2;
	}
	return pcm_hw_params(group->fds[0], &setup);
}

CALL(sw_params)
{
	return pcm_sw_params(group->fds[0], &group->setup, BUFFER, 0);
}

CALL(hw_free)
{
	return pcm_call(group->fds[0], SNDRV_PCM_IOCTL_HW_FREE);
}

CALL(channel_info)
{
	struct snd_pcm_channel_info info = {};

	return pcm_ioctl(group->fds[0], SNDRV_PCM_IOCTL_CHANNEL_INFO, &info);
}

CALL(map_data)
{
	size_t size = BUFFER * FRAME_BYTES;
	void *data = mmap(NULL, size, PROT_WRITE, MAP_SHARED, group->fds[0], 0);

	return data == MAP_FAILED ? -1 : munmap(data, size);
}

CALL(open_extra)
{
	extra_fd = pcm_open(&group->dev, 0);
	return extra_fd < 0 ? extra_fd : 0;
}

CALL(close_extra)
{
	return close(extra_fd);
}

static void extra_configured(struct group *group)
{
	extra_fd = pcm_open(&group->dev, 0);
	demand("open", extra_fd);
	demand("configure", pcm_configure(extra_fd, &group->setup));
}

static void extra_closed(struct group *group)
{
	close(extra_fd);
}

#define PLAYBACK .direction = SNDRV_PCM_STREAM_PLAYBACK
#define CAPTURE .direction = SNDRV_PCM_STREAM_CAPTURE
#define INTERLEAVED .access = SNDRV_PCM_ACCESS_RW_INTERLEAVED
#define SEPARATE .access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED
#define MMAP .access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED
#define SETUP .state = SNDRV_PCM_STATE_SETUP
#define PREPARED .state = SNDRV_PCM_STATE_PREPARED
#define RUNNING .state = SNDRV_PCM_STATE_RUNNING

const struct path idle_path = {
	"idle", PLAYBACK, INTERLEAVED, SETUP, .calls = 16, .call = idle,
};

const struct path paths[] = {
	{ "SYNC_PTR", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = sync_ptr },
	{ "SYNC_PTR+HWSYNC", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = sync_ptr_hwsync },
	{ "HWSYNC", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = hwsync },
	{ "STATUS", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = status },
	{ "DELAY", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = delay },
	{ "poll", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = poll_ready },
	{ "mmap-period", PLAYBACK, MMAP, RUNNING, .calls = 2, .frames = PERIOD,
	  .call = mmap_period },
	{ "WRITEI-1", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16, .frames = 1,
	  .call = writei },
	{ "WRITEI-64", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .frames = 64, .call = writei },
	{ "WRITEI-1024", PLAYBACK, INTERLEAVED, RUNNING, .calls = 2,
	  .frames = 1024, .call = writei },
	{ "write-64", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .frames = 64, .call = plain_write },
	{ "WRITEN-1", PLAYBACK, SEPARATE, RUNNING, .calls = 16, .frames = 1,
	  .call = writen },
	{ "WRITEN-64", PLAYBACK, SEPARATE, RUNNING, .calls = 16, .frames = 64,
	  .call = writen },
	{ "WRITEN-1024", PLAYBACK, SEPARATE, RUNNING, .calls = 2,
	  .frames = 1024, .call = writen },
	{ "READI-1", CAPTURE, INTERLEAVED, RUNNING, .calls = 16, .frames = 1,
	  .call = readi },
	{ "READI-64", CAPTURE, INTERLEAVED, RUNNING, .calls = 16, .frames = 64,
	  .call = readi },
	{ "READI-1024", CAPTURE, INTERLEAVED, RUNNING, .calls = 2,
	  .frames = 1024, .call = readi },
	{ "READN-1", CAPTURE, SEPARATE, RUNNING, .calls = 16, .frames = 1,
	  .call = readn },
	{ "READN-64", CAPTURE, SEPARATE, RUNNING, .calls = 16, .frames = 64,
	  .call = readn },
	{ "READN-1024", CAPTURE, SEPARATE, RUNNING, .calls = 2, .frames = 1024,
	  .call = readn },
	{ "FORWARD", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16, .frames = 1,
	  .call = forward },
	{ "REWIND", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16, .frames = 1,
	  .call = rewind_back },
	{ "START", PLAYBACK, INTERLEAVED, PREPARED, .calls = 1, .call = start },
	{ "DROP", PLAYBACK, INTERLEAVED, RUNNING, .calls = 1, .call = drop },
	{ "PREPARE", PLAYBACK, INTERLEAVED, SETUP, .calls = 1,
	  .call = prepare },
	{ "RESET", PLAYBACK, INTERLEAVED, RUNNING, .calls = 1, .call = reset },
	{ "HW_REFINE", PLAYBACK, INTERLEAVED, SETUP, .calls = 2,
	  .call = hw_refine },
	{ "HW_PARAMS-same", PLAYBACK, INTERLEAVED, SETUP, .calls = 2,
	  .call = hw_params_same },
	{ "HW_PARAMS-changed", PLAYBACK, INTERLEAVED, SETUP, .calls = 2,
	  .call = hw_params_changed },
	{ "SW_PARAMS", PLAYBACK, INTERLEAVED, RUNNING, .calls = 16,
	  .call = sw_params },
	{ "HW_FREE", PLAYBACK, INTERLEAVED, SETUP, .calls = 1,
	  .call = hw_free },
	{ "CHANNEL_INFO", PLAYBACK, INTERLEAVED, SETUP, .calls = 16,
	  .call = channel_info },
	{ "mmap+munmap", PLAYBACK, MMAP, SETUP, .calls = 4, .call = map_data },
	{ "open", PLAYBACK, INTERLEAVED, SETUP, .calls = 1, .single = true,
	  .call = open_extra, .after = extra_closed },
	{ "close", PLAYBACK, INTERLEAVED, SETUP, .calls = 1, .single = true,
	  .before = extra_configured, .call = close_extra },
};

const unsigned int path_count = sizeof(paths) / sizeof(paths[0]);

void idle_open(void)
{
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		die("/dev/null", -errno);
}
