// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "pcm-raw.h"
#include "text-file.h"

#define MAX_CARDS 32

/*
 * Only drivers without hardware are picked unasked: a race that goes wrong
 * leaves their engine in an undefined state.
 */
static const char * const virtual_drivers[] = {
	"Dummy", "Loopback", "PCM-TEST Driver",
};

const struct pcm_setup pcm_slow_setup = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 8000,
	.period_size = 4096,
	.buffer_size = 16384,
};

int pcm_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int pcm_call(int fd, unsigned long request)
{
	return pcm_ioctl(fd, request, NULL);
}

void pcm_params_any(struct snd_pcm_hw_params *params)
{
	unsigned int i;

	memset(params, 0, sizeof(*params));
	for (i = 0; i < ARRAY_SIZE(params->masks); i++)
		memset(&params->masks[i], 0xff, sizeof(params->masks[i]));
	for (i = 0; i < ARRAY_SIZE(params->intervals); i++)
		params->intervals[i].max = UINT_MAX;
	params->rmask = ~0U;
	params->info = ~0U;
}

static void set_mask(struct snd_pcm_hw_params *params, int param, int value)
{
	struct snd_mask *mask;

	mask = &params->masks[param - SNDRV_PCM_HW_PARAM_FIRST_MASK];
	memset(mask, 0, sizeof(*mask));
	mask->bits[value / 32] = 1U << (value % 32);
}

static struct snd_interval *interval_of(struct snd_pcm_hw_params *params,
					int param)
{
	return &params->intervals[param - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

void pcm_params_range(struct snd_pcm_hw_params *params, int param,
		      unsigned int min, unsigned int max)
{
	*interval_of(params, param) = (struct snd_interval) {
		.min = min,
		.max = max,
		.integer = min == max,
	};
}

unsigned int pcm_params_min(const struct snd_pcm_hw_params *params, int param)
{
	return params->intervals[param -
				 SNDRV_PCM_HW_PARAM_FIRST_INTERVAL].min;
}

static void set_unless_free(struct snd_pcm_hw_params *params, int param,
			    unsigned int value)
{
	if (value)
		pcm_params_range(params, param, value, value);
}

void pcm_params_fill(struct snd_pcm_hw_params *params,
		     const struct pcm_setup *setup)
{
	pcm_params_any(params);
	set_mask(params, SNDRV_PCM_HW_PARAM_ACCESS, setup->access);
	set_mask(params, SNDRV_PCM_HW_PARAM_FORMAT, setup->format);
	set_unless_free(params, SNDRV_PCM_HW_PARAM_CHANNELS, setup->channels);
	set_unless_free(params, SNDRV_PCM_HW_PARAM_RATE, setup->rate);
	set_unless_free(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE,
			setup->period_size);
	set_unless_free(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE,
			setup->buffer_size);
}

int pcm_hw_params(int fd, const struct pcm_setup *setup)
{
	struct snd_pcm_hw_params params;

	pcm_params_fill(&params, setup);
	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &params);
}

int pcm_sw_params(int fd, const struct pcm_setup *setup,
		  unsigned long start_threshold,
		  unsigned long silence_threshold)
{
	struct snd_pcm_sw_params params = {
		.period_step = 1,
		.avail_min = setup->period_size,
		.start_threshold = start_threshold,
		.stop_threshold = setup->buffer_size,
		.silence_threshold = silence_threshold,
	};

	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_SW_PARAMS, &params);
}

/* Configure and prepare; the stream then starts by START or DRAIN only. */
int pcm_configure(int fd, const struct pcm_setup *setup)
{
	int err;

	err = pcm_hw_params(fd, setup);
	if (!err)
		err = pcm_sw_params(fd, setup, LONG_MAX, 0);
	if (!err)
		err = pcm_call(fd, SNDRV_PCM_IOCTL_PREPARE);
	return err;
}

int pcm_pointers(int fd, struct pcm_pointers *pointers)
{
	struct snd_pcm_sync_ptr sync = {
		.flags = SNDRV_PCM_SYNC_PTR_APPL | SNDRV_PCM_SYNC_PTR_AVAIL_MIN,
	};
	int err;

	err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
	if (err)
		return err;

	pointers->state = sync.s.status.state;
	pointers->hw_ptr = sync.s.status.hw_ptr;
	pointers->appl_ptr = sync.c.control.appl_ptr;
	pointers->avail_min = sync.c.control.avail_min;
	return 0;
}

int pcm_state(int fd)
{
	struct snd_pcm_status status = {};
	int err;

	err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_STATUS, &status);
	return err ? err : status.state;
}

int pcm_link(int fd, int other)
{
	return pcm_ioctl(fd, SNDRV_PCM_IOCTL_LINK, (void *)(long)other);
}

int pcm_forward(int fd, unsigned long frames)
{
	unsigned long moved = frames;
	int err;

	err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_FORWARD, &moved);
	if (!err && moved != frames)
		err = -ENOSPC;
	return err;
}

long pcm_writei(int fd, const void *data, unsigned long frames)
{
	struct snd_xferi xfer = {
		.buf = (void *)data,
		.frames = frames,
	};
	int err;

	err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &xfer);
	return err ? err : xfer.result;
}

long pcm_writen(int fd, void **data, unsigned long frames)
{
	struct snd_xfern xfer = {
		.bufs = data,
		.frames = frames,
	};
	int err;

	err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_WRITEN_FRAMES, &xfer);
	return err ? err : xfer.result;
}

/* The core looks at the flag when the stream is prepared. */
int pcm_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

unsigned int pcm_sample_bytes(int format)
{
	switch (format) {
	case SNDRV_PCM_FORMAT_S8:
	case SNDRV_PCM_FORMAT_U8:
		return 1;
	case SNDRV_PCM_FORMAT_S16_LE:
		return 2;
	default:
		return 4;
	}
}

const char *pcm_state_name(int state)
{
	static const char * const names[] = {
		"OPEN", "SETUP", "PREPARED", "RUNNING", "XRUN", "DRAINING",
		"PAUSED", "SUSPENDED", "DISCONNECTED",
	};

	if (state < 0 || (size_t)state >= ARRAY_SIZE(names))
		return "?";
	return names[state];
}

int pcm_open(const struct pcm_dev *dev, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/snd/pcmC%uD%u%c", dev->card,
		 dev->device,
		 dev->stream == SNDRV_PCM_STREAM_PLAYBACK ? 'p' : 'c');
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

int pcm_subdevice(int fd)
{
	struct snd_pcm_info info = {};
	int err;

	err = pcm_ioctl(fd, SNDRV_PCM_IOCTL_INFO, &info);
	return err ? err : (int)info.subdevice;
}

static int open_control(unsigned int card)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/snd/controlC%u", card);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pcm_prefer_subdevice(unsigned int card, unsigned int subdevice)
{
	int fd, err;

	fd = open_control(card);
	if (fd < 0)
		return fd;
	err = pcm_ioctl(fd, SNDRV_CTL_IOCTL_PCM_PREFER_SUBDEVICE, &subdevice);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int pcm_join(const struct pcm_dev *dev, unsigned int subdevice)
{
	int ctl, fd;

	ctl = pcm_prefer_subdevice(dev->card, subdevice);
	if (ctl < 0)
		return ctl;
	fd = pcm_open(dev, O_APPEND | O_NONBLOCK);
	close(ctl);
	return fd;
}

/*
 * Some drivers offer everything until the first PREPARE and nothing else after
 * it, so go through all of @setups, and back to the first.
 */
static bool offers(const struct pcm_dev *dev, const struct pcm_setup *setups,
		   unsigned int count)
{
	unsigned int i;
	bool ok = true;
	int fd;

	fd = pcm_open(dev, O_NONBLOCK);
	if (fd < 0)
		return false;
	for (i = 0; ok && i <= count; i++)
		ok = !pcm_configure(fd, &setups[i % count]);
	close(fd);
	return ok;
}

int pcm_chosen(unsigned int *card, unsigned int *device)
{
	const char *choice = getenv("PCM_RACE_PCM");
	char rest;

	if (!choice)
		return 0;
	return sscanf(choice, "%u,%u%c", card, device, &rest) == 2 ? 1 : -EINVAL;
}

static bool wanted(const struct pcm_dev *dev, bool named)
{
	unsigned int card, device, i;

	switch (pcm_chosen(&card, &device)) {
	case 1:
		return card == dev->card && device == dev->device;
	case -EINVAL:
		return false;
	}
	if (named)
		return true;

	for (i = 0; i < ARRAY_SIZE(virtual_drivers); i++)
		if (!strcmp(dev->driver, virtual_drivers[i]))
			return true;
	return false;
}

/* Find a suitable device on the card behind @ctl. */
static bool find_on_card(int ctl, struct pcm_dev *dev, unsigned int subdevices,
			 const struct pcm_setup *setups, unsigned int count,
			 bool named)
{
	struct snd_pcm_info info;
	int device = -1;

	for (;;) {
		if (pcm_ioctl(ctl, SNDRV_CTL_IOCTL_PCM_NEXT_DEVICE, &device) ||
		    device < 0)
			return false;

		memset(&info, 0, sizeof(info));
		info.device = device;
		info.stream = dev->stream;
		if (pcm_ioctl(ctl, SNDRV_CTL_IOCTL_PCM_INFO, &info))
			continue;

		dev->device = device;
		dev->subdevices = info.subdevices_count;
		if (info.subdevices_avail >= subdevices && wanted(dev, named) &&
		    offers(dev, setups, count))
			return true;
	}
}

int pcm_find(struct pcm_dev *dev, int stream, unsigned int subdevices,
	     const struct pcm_setup *setups, unsigned int count,
	     const char *driver)
{
	struct snd_ctl_card_info info;
	unsigned int card;
	bool found;
	int ctl;

	for (card = 0; card < MAX_CARDS; card++) {
		ctl = open_control(card);
		if (ctl < 0)
			continue;

		memset(&info, 0, sizeof(info));
		memset(dev, 0, sizeof(*dev));
		found = !pcm_ioctl(ctl, SNDRV_CTL_IOCTL_CARD_INFO, &info);
		if (found) {
			dev->card = card;
			dev->stream = stream;
			memcpy(dev->driver, info.driver, sizeof(dev->driver));
			dev->driver[sizeof(dev->driver) - 1] = '\0';
			found = (!driver || !strcmp(driver, dev->driver)) &&
				find_on_card(ctl, dev, subdevices, setups,
					     count, driver);
		}
		close(ctl);
		if (found)
			return 0;
	}
	return -ENODEV;
}

void pcm_describe(const struct pcm_dev *dev, char *text, size_t size)
{
	snprintf(text, size, "%s card %u device %u %s", dev->driver, dev->card,
		 dev->device, dev->stream == SNDRV_PCM_STREAM_PLAYBACK ?
		 "playback" : "capture");
}

static void proc_path(const struct pcm_dev *dev, unsigned int subdevice,
		      const char *name, char *path, size_t size)
{
	snprintf(path, size, "/proc/asound/card%u/pcm%u%c/sub%u/%s", dev->card,
		 dev->device,
		 dev->stream == SNDRV_PCM_STREAM_PLAYBACK ? 'p' : 'c',
		 subdevice, name);
}

int pcm_proc_open(const struct pcm_dev *dev, unsigned int subdevice,
		  const char *name, int flags)
{
	char path[96];
	int fd;

	proc_path(dev, subdevice, name, path, sizeof(path));
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pcm_proc_write(const struct pcm_dev *dev, unsigned int subdevice,
		   const char *name, const char *text)
{
	char path[96];

	proc_path(dev, subdevice, name, path, sizeof(path));
	return text_file_write(path, text);
}

int pcm_proc_read(int fd, char *text, size_t size)
{
	ssize_t len;

	len = pread(fd, text, size - 1, 0);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return len;
}

bool pcm_proc_value(const char *text, const char *key, unsigned long *value)
{
	size_t len = strlen(key);
	const char *line = text;

	while (line && *line) {
		if (!strncmp(line, key, len)) {
			line += len + strspn(line + len, " ");
			if (*line == ':')
				return sscanf(line + 1, "%lu", value) == 1;
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return false;
}
