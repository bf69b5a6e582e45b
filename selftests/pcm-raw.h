/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PCM character device without alsa-lib: find a stream that is safe to
 * abuse, configure it, move data.  Calls return 0 (or a count) or -errno.
 */
#ifndef __PCM_RAW_H
#define __PCM_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sound/asound.h>

struct pcm_dev {
	unsigned int card;
	unsigned int device;
	int stream;			/* SNDRV_PCM_STREAM_* */
	unsigned int subdevices;
	char driver[16];
};

/* One exact configuration; 0 in a size means "the driver may choose". */
struct pcm_setup {
	int access;			/* SNDRV_PCM_ACCESS_* */
	int format;			/* SNDRV_PCM_FORMAT_* */
	unsigned int channels;
	unsigned int rate;
	unsigned int period_size;
	unsigned int buffer_size;
};

/* 64 KiB, two seconds; every virtual driver can do it. */
extern const struct pcm_setup pcm_slow_setup;

struct pcm_pointers {
	int state;
	unsigned long hw_ptr;
	unsigned long appl_ptr;
	unsigned long avail_min;
};

/*
 * Find a device that offers @setups, all of them, and has @subdevices free.
 * @driver: only this driver (CARD_INFO's name), or NULL for any virtual one.
 * PCM_RACE_PCM="card,device" in the environment overrides the choice.
 * Return: 0, or -ENODEV.
 */
int pcm_find(struct pcm_dev *dev, int stream, unsigned int subdevices,
	     const struct pcm_setup *setups, unsigned int count,
	     const char *driver);
/* Return: 1 if PCM_RACE_PCM names a device, 0 if it is not set, or -EINVAL. */
int pcm_chosen(unsigned int *card, unsigned int *device);
void pcm_describe(const struct pcm_dev *dev, char *text, size_t size);

int pcm_open(const struct pcm_dev *dev, int flags);
int pcm_subdevice(int fd);

/*
 * Make this thread's next opens on @card take one certain subdevice, until the
 * descriptor that is returned gets closed.
 */
int pcm_prefer_subdevice(unsigned int card, unsigned int subdevice);

/* A second, non-blocking descriptor of a substream that is open. */
int pcm_join(const struct pcm_dev *dev, unsigned int subdevice);

int pcm_ioctl(int fd, unsigned long request, void *arg);
int pcm_call(int fd, unsigned long request);

void pcm_params_any(struct snd_pcm_hw_params *params);
void pcm_params_range(struct snd_pcm_hw_params *params, int param,
		      unsigned int min, unsigned int max);
unsigned int pcm_params_min(const struct snd_pcm_hw_params *params, int param);
void pcm_params_fill(struct snd_pcm_hw_params *params,
		     const struct pcm_setup *setup);

int pcm_hw_params(int fd, const struct pcm_setup *setup);
int pcm_sw_params(int fd, const struct pcm_setup *setup,
		  unsigned long start_threshold,
		  unsigned long silence_threshold);
int pcm_configure(int fd, const struct pcm_setup *setup);
int pcm_pointers(int fd, struct pcm_pointers *pointers);
int pcm_state(int fd);
int pcm_link(int fd, int other);
/* Return: 0, or -ENOSPC if there is room for a part of @frames only. */
int pcm_forward(int fd, unsigned long frames);
long pcm_writei(int fd, const void *data, unsigned long frames);
long pcm_writen(int fd, void **data, unsigned long frames);
int pcm_blocking(int fd, bool blocking);

unsigned int pcm_sample_bytes(int format);
const char *pcm_state_name(int state);

/*
 * The substream's file @name under /proc/asound.
 * Return: a descriptor or -errno (-ENOENT without CONFIG_SND_VERBOSE_PROCFS).
 */
int pcm_proc_open(const struct pcm_dev *dev, unsigned int subdevice,
		  const char *name, int flags);
/* Return: 0 or -errno, also of what the file does when it is closed. */
int pcm_proc_write(const struct pcm_dev *dev, unsigned int subdevice,
		   const char *name, const char *text);
/* Each call reads it anew, from its beginning.  Return: length or -errno. */
int pcm_proc_read(int fd, char *text, size_t size);
bool pcm_proc_value(const char *text, const char *key, unsigned long *value);

#endif /* __PCM_RAW_H */
