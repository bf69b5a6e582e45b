// SPDX-License-Identifier: GPL-2.0
/*
 * One substream, two interfaces: OSS emulation opens it, a native descriptor
 * joins with O_APPEND.  Nothing here reads or writes memory that a wrong kernel
 * would let us; the tests stop where that becomes possible.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/soundcard.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "pcm-race-test.h"
#include "pcmtest-control.h"
#include "slow-page.h"
#include "text-file.h"

#define FRAGMENT	4096
#define TOO_LARGE	0x100000		/* for the buffer */
#define LONG_WRITE	(64 * FRAGMENT)		/* a second and more */

static const struct pcm_setup native = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 48000,
	.period_size = 1024,
	.buffer_size = 8192,
};

/* Periods that snd-pcmtest can do, too. */
static const struct pcm_setup native_long = {
	.access = SNDRV_PCM_ACCESS_RW_INTERLEAVED,
	.format = SNDRV_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 48000,
	.period_size = 2048,
	.buffer_size = 8192,
};

struct shared_stream {
	struct pcm_dev dev;
	int ctl;			/* keeps the preferred subdevice */
	int oss;			/* the owner */
	int fd;				/* who joined */
	unsigned int seed[RACE_THREADS];
};

/* A card's first PCM is /dev/dsp, /dev/dsp1, /dev/dsp2... by its number. */
static int oss_open(const struct pcm_dev *dev, int flags)
{
	char path[32] = "/dev/dsp";
	int fd;

	if (dev->card)
		snprintf(path, sizeof(path), "/dev/dsp%u", dev->card);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int oss_set(int fd, unsigned long request, int value)
{
	return pcm_ioctl(fd, request, &value);
}

/* What snd-dummy does by itself, so that no plugin converts anything. */
static int oss_configure_plain(int fd)
{
	int err;

	err = oss_set(fd, SNDCTL_DSP_SETFMT, AFMT_S16_LE);
	if (!err)
		err = oss_set(fd, SNDCTL_DSP_CHANNELS, 2);
	if (!err)
		err = oss_set(fd, SNDCTL_DSP_SPEED, 48000);
	return err;
}

static bool have_oss(struct race *race)
{
	struct stat st;

	if (!stat("/dev/dsp", &st) || !stat("/dev/dsp1", &st))
		return true;
	race_skip(race, "no OSS devices (CONFIG_SND_PCM_OSS)");
	return false;
}

/*
 * The preference for a subdevice holds for the thread that set it, for as long
 * as its control file is open.
 */
static bool open_oss(struct race *race, struct shared_stream *shared)
{
	if (!have_oss(race))
		return false;
	shared->ctl = pcm_prefer_subdevice(shared->dev.card, 0);
	if (race_failed(race, "prefer subdevice", shared->ctl))
		return false;
	/* Even to map for writing takes a file that can be read. */
	shared->oss = oss_open(&shared->dev, O_RDWR);
	return !race_failed(race, "open OSS device", shared->oss);
}

static bool open_plain_oss(struct race *race, struct shared_stream *shared)
{
	return open_oss(race, shared) &&
	       !race_failed(race, "OSS setup",
			    oss_configure_plain(shared->oss));
}

/* Return: false also if the kernel refuses, which is fine. */
static bool join_native(struct race *race, struct shared_stream *shared)
{
	shared->fd = pcm_open(&shared->dev, O_APPEND | O_NONBLOCK);
	if (shared->fd != -EBUSY)
		return !race_failed(race, "open with O_APPEND", shared->fd);
	ksft_print_msg("a native O_APPEND open is refused: %s\n",
		       strerror(-shared->fd));
	race->rounds++;			/* that was it */
	return false;
}

static void run_shared(struct __test_metadata *_metadata,
		       void (*body)(struct race *race, void *ctx))
{
	struct shared_stream shared = {};

	if (race_device(_metadata, &shared.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			&native, 1, "Dummy"))
		race_test(_metadata, body, &shared);
}

/*
 * OSS converts with plugins that it built for certain parameters.  Once the
 * native side has set others, a write must fail or set them up anew; it must
 * not push the plugins' output into frames of another size.
 */
static void foreign_parameters(struct race *race, void *ctx)
{
	static const char samples[2 * FRAGMENT];
	struct shared_stream *shared = ctx;
	struct snd_pcm_hw_params seen;
	char text[1024];
	unsigned long rate = 0, channels = 0;
	int proc, err;
	ssize_t len;

	if (!open_oss(race, shared))
		return;
	/* The default, mu-law at 8000 Hz, needs a plugin. */
	len = write(shared->oss, samples, sizeof(samples));
	if (race_failed(race, "OSS write", len < 0 ? -errno : 0) ||
	    !join_native(race, shared))
		return;
	if (race_failed(race, "OSS reset",
			pcm_call(shared->oss, SNDCTL_DSP_RESET)))
		return;

	race->rounds++;
	pcm_params_fill(&seen, &native);
	err = pcm_configure(shared->fd, &native);
	if (err) {
		ksft_print_msg("native HW_PARAMS is refused: %s\n",
			       strerror(-err));
		return;
	}
	len = write(shared->oss, samples, FRAGMENT);
	if (len < 0)
		len = -errno;
	proc = pcm_proc_open(&shared->dev, pcm_subdevice(shared->fd),
			     "hw_params", O_RDONLY);
	if (proc < 0 || pcm_proc_read(proc, text, sizeof(text)) < 0) {
		race_skip(race, "no hw_params in /proc/asound");
		return;
	}
	pcm_proc_value(text, "rate", &rate);
	pcm_proc_value(text, "channels", &channels);
	if (len > 0 && rate == native.rate && channels == native.channels)
		race_hit(race,
			 "OSS write of %zd bytes went through a plugin chain for 8000 Hz mono into a stream of %lu Hz, %lu channels",
			 len, rate, channels);
	else if (len < 0 && !race_may_lose(len))
		race_hit(race, "OSS write: %s", strerror(-len));
}

TEST(oss_write_with_native_params)
{
	run_shared(_metadata, foreign_parameters);
}

/*
 * While the buffer is mapped it stays, whoever asks.  The parameters asked for
 * here are those in use, so that nothing is freed if they are accepted.
 */
static void params_while_mapped(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	struct pcm_setup same = native;
	size_t page = sysconf(_SC_PAGESIZE);
	void *map;
	int err;

	if (!open_plain_oss(race, shared))
		return;
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, shared->oss,
		   0);
	if (map == MAP_FAILED) {
		race_skip(race, "OSS mmap: %s", strerror(errno));
		return;
	}
	if (!join_native(race, shared))
		return;
	same.access = SNDRV_PCM_ACCESS_MMAP_INTERLEAVED;
	same.period_size = 0;
	same.buffer_size = 0;

	race->rounds++;
	err = pcm_hw_params(shared->fd, &same);
	if (!race_may_lose(err))
		race_hit(race, "HW_PARAMS of a stream with a mapped buffer: %s instead of %s",
			 err ? strerror(-err) : "success", strerror(EBADFD));
	munmap(map, page);
}

TEST(native_params_while_oss_mapped)
{
	run_shared(_metadata, params_while_mapped);
}

/*
 * OSS programs may change parameters of a mapped stream.  If the driver fails
 * then, the buffer has to stay, and so has the setup it belongs to.
 */
static void failing_params_while_mapped(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	size_t page = sysconf(_SC_PAGESIZE);
	char text[1024];
	int proc, err;
	void *map;

	if (!open_plain_oss(race, shared))
		return;
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, shared->oss,
		   0);
	proc = pcm_proc_open(&shared->dev, 0, "hw_params", O_RDONLY);
	err = pcmtest_set(PCMTEST_FAILING_HW_PARAMS, "Y");
	if (map == MAP_FAILED || proc < 0 || err) {
		race_skip(race, "no mmap, no hw_params in /proc, or no inject_hwpars_err");
		return;
	}
	race->rounds++;
	err = oss_set(shared->oss, SNDCTL_DSP_SPEED, 32000);
	pcmtest_set(PCMTEST_FAILING_HW_PARAMS, "N");
	if (!err)
		race_broken(race, "the injected error does not show");
	if (pcm_proc_read(proc, text, sizeof(text)) > 0 &&
	    !strncmp(text, "no setup", 8))
		race_hit(race, "a mapped stream lost its setup, and so its buffer");
	munmap(map, page);
}

TEST(oss_failing_params_of_mapped_buffer)
{
	struct shared_stream shared = {};

	if (geteuid())
		SKIP(return, "needs root");
	if (!race_device(_metadata, &shared.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			 &native_long, 1, PCMTEST_DRIVER))
		return;
	race_test(_metadata, failing_params_while_mapped, &shared);
	pcmtest_set(PCMTEST_FAILING_HW_PARAMS, "N");
}

/*
 * OSS stream and native stream are linked, then OSS closes.  Whether the other
 * one is really alone shows when it is to be linked again.
 */
static void link_then_close(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	int partner, third, err;

	if (!open_oss(race, shared) || !join_native(race, shared))
		return;
	close(shared->ctl);
	partner = pcm_open(&shared->dev, O_NONBLOCK);
	third = pcm_open(&shared->dev, O_NONBLOCK);
	if (race_failed(race, "open", partner) ||
	    race_failed(race, "open", third) ||
	    race_failed(race, "HW_PARAMS", pcm_hw_params(partner, &native)) ||
	    race_failed(race, "HW_PARAMS", pcm_hw_params(third, &native)))
		return;

	race->rounds++;
	err = pcm_hw_params(shared->fd, &native);
	if (!err)
		err = pcm_link(partner, shared->fd);
	if (err) {
		ksft_print_msg("LINK with an OSS stream is refused: %s\n",
			       strerror(-err));
		return;
	}
	close(shared->fd);
	close(shared->oss);

	err = pcm_link(third, partner);
	if (err == -EALREADY) {
		race_hit(race, "a stream is still linked with one that is closed");
		/* Give the group a member that exists, or UNLINK crashes. */
		pcm_prefer_subdevice(shared->dev.card, 0);
		oss_open(&shared->dev, O_RDWR);
		pcm_call(partner, SNDRV_PCM_IOCTL_UNLINK);
	} else if (err) {
		race_hit(race, "LINK: %s", strerror(-err));
	}
}

TEST(oss_close_leaves_group)
{
	run_shared(_metadata, link_then_close);
}

static int try_mmap(int fd, size_t size, off_t offset)
{
	void *map;

	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (map == MAP_FAILED)
		return -errno;
	munmap(map, size);
	return 0;
}

/* A mmap() that fails changes nothing. */
static void failing_mmap(struct race *race, void *ctx)
{
	static const char samples[2 * FRAGMENT];
	struct shared_stream *shared = ctx;
	size_t page = sysconf(_SC_PAGESIZE);

	if (!open_plain_oss(race, shared))
		return;
	if (write(shared->oss, samples, sizeof(samples)) != sizeof(samples)) {
		race_broken(race, "OSS write: %s", strerror(errno));
		return;
	}
	race->rounds++;
	if (!try_mmap(shared->oss, page, page) ||
	    !try_mmap(shared->oss, TOO_LARGE, 0)) {
		race_broken(race, "OSS mmap at an offset, or of too much, succeeds");
		return;
	}
	if (write(shared->oss, samples, sizeof(samples)) != sizeof(samples))
		race_hit(race, "write after a mmap() that failed: %s",
			 strerror(errno));
}

TEST(oss_mmap_failure_breaks_write)
{
	run_shared(_metadata, failing_mmap);
}

/* Parameters that are still to be set do not keep a stream from being mapped. */
static void mmap_after_setfragment(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	int err;

	if (!open_plain_oss(race, shared) ||
	    race_failed(race, "SETFRAGMENT",
			oss_set(shared->oss, SNDCTL_DSP_SETFRAGMENT,
				0x0004000b)))
		return;
	race->rounds++;
	err = try_mmap(shared->oss, sysconf(_SC_PAGESIZE), 0);
	if (err)
		race_hit(race, "mmap() after SETFRAGMENT: %s", strerror(-err));
}

TEST(oss_mmap_after_setfragment)
{
	run_shared(_metadata, mmap_after_setfragment);
}

/* Nor is a stream mapped that somebody writes to. */
struct long_write {
	struct shared_stream shared;
	ssize_t written;
};

static void *write_for_a_second(void *arg)
{
	static const char samples[LONG_WRITE];
	struct long_write *writer = arg;

	writer->written = write(writer->shared.oss, samples, sizeof(samples));
	return NULL;
}

static void map_during_write(struct race *race, void *ctx)
{
	struct long_write *writer = ctx;
	int fd, err;
	pthread_t thread;

	if (!open_plain_oss(race, &writer->shared))
		return;
	fd = writer->shared.oss;
	err = -pthread_create(&thread, NULL, write_for_a_second, writer);
	if (race_failed(race, "pthread_create", err))
		return;
	race_sleep_ms(100);

	race->rounds++;
	do {
		/* EAGAIN: he goes on to the next fragment just now. */
		err = try_mmap(fd, sysconf(_SC_PAGESIZE), 0);
	} while (err == -EAGAIN && race_on(race));
	if (err != -EBUSY)
		race_hit(race, "mmap() of a stream that is being written to: %s instead of %s",
			 strerror(-err), strerror(EBUSY));
	pthread_join(thread, NULL);
	if (writer->written != LONG_WRITE)
		race_hit(race, "%zd of %d bytes are written because of a mmap()",
			 writer->written, LONG_WRITE);
}

TEST(oss_mmap_during_write)
{
	struct long_write writer = {};

	if (race_device(_metadata, &writer.shared.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, &native, 1, "Dummy"))
		race_test(_metadata, map_during_write, &writer);
}

/*
 * SYNC sleeps until a partial fragment fits into the buffer.  It looks at the
 * stream before, whose lock may be a mutex.
 */
static void sync_full_buffer(struct race *race, void *ctx)
{
	static const char samples[FRAGMENT / 3 * 4];
	struct shared_stream *shared = ctx;
	int err;

	if (!open_plain_oss(race, shared) ||
	    race_failed(race, "OSS nonblocking",
			pcm_call(shared->oss, SNDCTL_DSP_NONBLOCK)))
		return;
	while (write(shared->oss, samples, sizeof(samples)) > 0)
		;
	if (errno != EAGAIN) {
		race_broken(race, "OSS write: %s", strerror(errno));
		return;
	}
	race->rounds++;
	err = pcm_call(shared->oss, SNDCTL_DSP_SYNC);
	if (err)
		race_hit(race, "SYNC: %s", strerror(-err));
}

TEST(oss_sync_of_nonatomic_pcm)
{
	struct shared_stream shared = {};

	ksft_print_msg("without CONFIG_DEBUG_ATOMIC_SLEEP nothing shows the bug\n");
	if (race_device(_metadata, &shared.dev, SNDRV_PCM_STREAM_PLAYBACK, 1,
			&native, 1, PCMTEST_DRIVER))
		race_test(_metadata, sync_full_buffer, &shared);
}

/*
 * A fragment of which a part was passed on already: SYNC passes on the rest and
 * no more.
 */
static long write_until_full(struct race *race, int fd)
{
	static const char samples[FRAGMENT / 3 * 4];
	ssize_t len;
	long sum = 0;

	while ((len = write(fd, samples, sizeof(samples))) > 0)
		sum += len;
	if (errno != EAGAIN)
		race_broken(race, "OSS write: %s", strerror(errno));
	return sum;
}

static bool sync_part(struct race *race, struct shared_stream *shared, int proc)
{
	unsigned long frames, written = 0;
	audio_buf_info space;
	char text[1024];
	int i, err;

	race_beat(race, 0);
	if (race_failed(race, "GETOSPACE",
			pcm_ioctl(shared->oss, SNDCTL_DSP_GETOSPACE, &space)))
		return false;
	for (i = 0; i < 5; i++) {
		written += write_until_full(race, shared->oss);
		race_sleep_ms(19);
	}
	err = pcm_call(shared->oss, SNDCTL_DSP_SYNC);
	if (race_failed(race, "SYNC", err))
		return false;
	if (pcm_proc_read(proc, text, sizeof(text)) < 0 ||
	    !pcm_proc_value(text, "appl_ptr", &frames)) {
		race_broken(race, "no appl_ptr in /proc");
		return false;
	}
	race->rounds++;
	written = (written + space.fragsize - 1) / space.fragsize *
		  space.fragsize;
	if (frames * 4 > written)
		race_hit(race, "%lu bytes with the last fragment, %lu in the stream after SYNC",
			 written, frames * 4);
	return true;
}

static void sync_parts(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	int proc;

	if (!open_plain_oss(race, shared) ||
	    race_failed(race, "OSS nonblocking",
			pcm_call(shared->oss, SNDCTL_DSP_NONBLOCK)))
		return;
	proc = pcm_proc_open(&shared->dev, 0, "status", O_RDONLY);
	if (race_failed(race, "status in /proc", proc))
		return;
	while (race_on(race) && race->rounds < 20 &&
	       sync_part(race, shared, proc))
		;
}

TEST(oss_sync_of_partial_fragment)
{
	run_shared(_metadata, sync_parts);
}

/*
 * A write is held up in the middle of its copy.  Who waits for it in an ioctl
 * can at least be killed, and a write with O_NONBLOCK does not wait at all.
 */
struct held_up_writer {
	struct shared_stream shared;
	struct slow_page slow;
	/* Return: whether it went as it should. */
	bool (*disturb)(struct race *race, struct held_up_writer *writer);
	const char *verdict;		/* if it never did */
	bool in_time;			/* whether any try was */
	unsigned long request;		/* whose caller gets killed */
	bool reading;			/* he who is held up */
};

static void *write_slow_samples(void *arg)
{
	struct held_up_writer *writer = arg;
	int fd = writer->shared.oss;
	void *page = writer->slow.page;

	if (writer->reading) {
		if (read(fd, page, FRAGMENT / 8) < 0)
			ksft_perror("OSS read");
	} else if (write(fd, page, FRAGMENT / 8) < 0) {
		ksft_perror("OSS write");
	}
	return NULL;
}

static bool hold_up_write(struct race *race, struct held_up_writer *writer,
			  pthread_t *thread)
{
	slow_page_arm(&writer->slow);
	if (pthread_create(thread, NULL, write_slow_samples, writer)) {
		race_broken(race, "pthread_create fails");
		return false;
	}
	if (!slow_page_wait(&writer->slow, 2000))
		race_broken(race, "write did not read the samples");
	return true;
}

static int call_request(struct held_up_writer *writer)
{
	int value = 0;

	return pcm_ioctl(writer->shared.oss, writer->request, &value);
}

/* There is nothing to wait for unless the capture has been stopped. */
static int call_poll(struct held_up_writer *writer)
{
	struct pollfd pfd = {
		.fd = writer->shared.oss,
		.events = POLLIN,
	};

	return poll(&pfd, 1, -1) < 0 ? -errno : 0;
}

static pid_t call_in_child(struct race *race, struct held_up_writer *writer,
			   int (*call)(struct held_up_writer *writer))
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(call(writer) != 0);
	}
	race_failed(race, "fork", pid);
	return pid;
}

static bool capture_stops(struct held_up_writer *writer)
{
	struct pcm_dev dev = writer->shared.dev;
	char text[1024];
	int proc, ms;

	dev.stream = SNDRV_PCM_STREAM_CAPTURE;
	proc = pcm_proc_open(&dev, 0, "status", O_RDONLY);
	for (ms = 0; proc >= 0 && ms < 100; ms++) {
		if (pcm_proc_read(proc, text, sizeof(text)) > 0 &&
		    !strncmp(text, "state: SETUP", 12))
			break;
		race_sleep_ms(1);
	}
	close(proc);
	return proc >= 0 && ms < 100;
}

static bool kill_caller(struct race *race, struct held_up_writer *writer)
{
	pthread_t thread;
	bool killed, in_time;
	pid_t pid;

	if (!hold_up_write(race, writer, &thread))
		return false;
	pid = call_in_child(race, writer, call_request);
	race_sleep_ms(100);
	killed = pid < 0 || race_kill(pid, 200);
	in_time = slow_page_release(&writer->slow);
	writer->in_time |= in_time;
	pthread_join(thread, NULL);
	if (!killed)
		waitpid(pid, NULL, 0);
	return killed && in_time;
}

/* RESET stops the capture, then waits as well. */
static bool kill_poll(struct race *race, struct held_up_writer *writer)
{
	pid_t resetting, polling;
	pthread_t thread;
	bool killed, in_time;

	if (!hold_up_write(race, writer, &thread))
		return false;
	resetting = call_in_child(race, writer, call_request);
	in_time = capture_stops(writer);
	polling = call_in_child(race, writer, call_poll);
	race_sleep_ms(50);
	killed = polling < 0 || race_kill(polling, 150);
	in_time = slow_page_release(&writer->slow) && in_time;
	writer->in_time |= in_time;
	pthread_join(thread, NULL);
	if (!killed)
		waitpid(polling, NULL, 0);
	waitpid(resetting, NULL, 0);
	return killed && in_time;
}

static bool write_nonblocking(struct race *race, struct held_up_writer *writer)
{
	static const char samples[FRAGMENT / 8];
	pthread_t thread;
	bool refused;
	ssize_t len;

	if (race_failed(race, "OSS nonblocking",
			pcm_call(writer->shared.oss, SNDCTL_DSP_NONBLOCK)) ||
	    !hold_up_write(race, writer, &thread))
		return false;
	len = write(writer->shared.oss, samples, sizeof(samples));
	refused = len < 0 && errno == EAGAIN;
	writer->in_time = true;		/* or else it has waited */
	slow_page_release(&writer->slow);
	pthread_join(thread, NULL);
	return refused;
}

/* The page is held back for half a second, so a busy machine gets three tries. */
static void disturb_write(struct race *race, void *ctx)
{
	struct held_up_writer *writer = ctx;
	bool well = false;

	if (!slow_page_init(race, &writer->slow))
		return;
	if (open_plain_oss(race, &writer->shared)) {
		while (!well && !race->broken[0] && race->rounds < 3) {
			race->rounds++;
			well = writer->disturb(race, writer);
		}
		if (!writer->in_time)
			race_skip(race, "the page was never held back for long enough");
		else if (!well)
			race_hit(race, "%s", writer->verdict);
	}
	slow_page_destroy(&writer->slow);
}

static void run_held_up(struct __test_metadata *_metadata,
			struct held_up_writer *writer)
{
	if (race_device(_metadata, &writer->shared.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, &native, 1, "Dummy"))
		race_test(_metadata, disturb_write, writer);
}

TEST(oss_reset_killable)
{
	struct held_up_writer writer = {
		.disturb = kill_caller,
		.verdict = "RESET can't be killed while a write waits for its page",
		.request = SNDCTL_DSP_RESET,
	};

	run_held_up(_metadata, &writer);
}

TEST(oss_gettrigger_killable)
{
	struct held_up_writer writer = {
		.disturb = kill_caller,
		.verdict = "GETTRIGGER can't be killed while a write waits for its page",
		.request = SNDCTL_DSP_GETTRIGGER,
	};

	run_held_up(_metadata, &writer);
}

TEST(oss_gettrigger_of_capture_killable)
{
	struct held_up_writer reader = {
		.disturb = kill_caller,
		.verdict = "GETTRIGGER can't be killed while a read waits for its page",
		.request = SNDCTL_DSP_GETTRIGGER,
		.reading = true,
	};

	run_held_up(_metadata, &reader);
}

TEST(oss_sync_killable)
{
	struct held_up_writer reader = {
		.disturb = kill_caller,
		.verdict = "SYNC can't be killed while a read waits for its page",
		.request = SNDCTL_DSP_SYNC,
		.reading = true,
	};

	run_held_up(_metadata, &reader);
}

TEST(oss_poll_killable)
{
	struct held_up_writer reader = {
		.disturb = kill_poll,
		.verdict = "poll() can't be killed while a read waits for its page",
		.request = SNDCTL_DSP_RESET,
		.reading = true,
	};

	run_held_up(_metadata, &reader);
}

TEST(oss_nonblocking_write_refused)
{
	struct held_up_writer writer = {
		.disturb = write_nonblocking,
		.verdict = "a write with O_NONBLOCK waits for one that waits for its page",
	};

	run_held_up(_metadata, &writer);
}

/*
 * Two readers of parts of a fragment: whatever left the stream went to one of
 * them, but for what they are just at.  Who comes too late skips what the buffer
 * can't hold, which ends one account and begins another.
 */
struct readers {
	struct shared_stream shared;
	audio_buf_info space;
	int status;			/* of the stream, in /proc */
	unsigned long seen;		/* frames that had left it */
	bool late;
	unsigned long fetched;		/* bytes */
	unsigned long delivered;	/* bytes, counted after the read */
};

static bool read_partial(struct race *race, void *ctx, unsigned int thread)
{
	static char samples[2][FRAGMENT / 16];
	struct readers *readers = ctx;
	ssize_t len;

	len = read(readers->shared.oss, samples[thread], FRAGMENT / 16);
	if (len > 0)
		__atomic_fetch_add(&readers->delivered, len, __ATOMIC_RELAXED);
	else if (len < 0 && !race_may_lose(-errno))
		race_hit(race, "OSS read: %s", strerror(errno));
	/* the other one comes when there is something left */
	race_sleep_us(200);
	return true;
}

static void account(struct race *race, struct readers *readers,
		    unsigned long frames, bool late)
{
	unsigned long delivered = __atomic_load_n(&readers->delivered,
						  __ATOMIC_RELAXED);

	if (late || readers->late || frames < readers->seen)
		readers->fetched = delivered;
	else
		readers->fetched += (frames - readers->seen) * 4;
	readers->late = late;
	readers->seen = frames;
	/* One is being read from, and each reader has a part that is not counted. */
	if (readers->fetched > delivered + 2 * readers->space.fragsize)
		race_hit(race, "%lu bytes left the stream, the readers got %lu",
			 readers->fetched, delivered);
}

static bool compare_delivered(struct race *race, void *ctx, unsigned int thread)
{
	struct readers *readers = ctx;
	unsigned long frames, avail;
	char text[1024];

	if (pcm_proc_read(readers->status, text, sizeof(text)) > 0 &&
	    pcm_proc_value(text, "appl_ptr", &frames) &&
	    pcm_proc_value(text, "avail_max", &avail))
		account(race, readers, frames, avail * 4 >
			(unsigned long)readers->space.fragstotal *
			readers->space.fragsize);
	race_sleep_ms(1);
	return true;
}

static void two_readers(struct race *race, void *ctx)
{
	struct readers *readers = ctx;
	const struct race_loop loops[] = {
		{ read_partial, readers },
		{ read_partial, readers },
		{ compare_delivered, readers },
	};

	if (!open_plain_oss(race, &readers->shared))
		return;
	readers->status = pcm_proc_open(&readers->shared.dev, 0, "status",
					O_RDONLY);
	if (!race_failed(race, "status in /proc", readers->status) &&
	    !race_failed(race, "GETISPACE",
			 pcm_ioctl(readers->shared.oss, SNDCTL_DSP_GETISPACE,
				   &readers->space)))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(oss_partial_fragments_of_two_readers)
{
	struct readers readers = {};

	if (race_device(_metadata, &readers.shared.dev,
			SNDRV_PCM_STREAM_CAPTURE, 1, &native, 1, "Dummy"))
		race_test(_metadata, two_readers, &readers);
}

/* What GETOPTR tells of a mapped stream is one position, in two ways. */
static bool compare_positions(struct race *race, void *ctx, unsigned int thread)
{
	struct shared_stream *shared = ctx;
	audio_buf_info space;
	count_info now;

	if (race_failed(race, "GETOSPACE",
			pcm_ioctl(shared->oss, SNDCTL_DSP_GETOSPACE, &space)) ||
	    race_failed(race, "GETOPTR",
			pcm_ioctl(shared->oss, SNDCTL_DSP_GETOPTR, &now)))
		return false;
	if (now.bytes % (space.fragstotal * space.fragsize) != now.ptr)
		race_hit(race, "position %d in a buffer of %d after %d bytes",
			 now.ptr, space.fragstotal * space.fragsize, now.bytes);
	return true;
}

static void positions_of_mapped(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	const struct race_loop loops[] = {
		{ compare_positions, shared },
		{ compare_positions, shared },
	};
	void *map;

	if (!open_plain_oss(race, shared))
		return;
	map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		   MAP_SHARED, shared->oss, 0);
	if (map == MAP_FAILED) {
		race_skip(race, "OSS mmap: %s", strerror(errno));
		return;
	}
	if (!race_failed(race, "SETTRIGGER",
			 oss_set(shared->oss, SNDCTL_DSP_SETTRIGGER, 0)) &&
	    !race_failed(race, "SETTRIGGER",
			 oss_set(shared->oss, SNDCTL_DSP_SETTRIGGER,
				 PCM_ENABLE_OUTPUT)))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(oss_position_torn)
{
	run_shared(_metadata, positions_of_mapped);
}

/*
 * The first call after RESET prepares the stream.  Who comes while another one
 * does so must not do it again: the stream runs by then.
 */
struct first_calls {
	struct shared_stream shared;
	audio_buf_info space;
	char *samples;			/* of a fragment: it starts the stream */
	ssize_t written;		/* bytes, or an error */
	int delay_err;
};

static bool reset_stream(struct race *race, void *ctx)
{
	struct first_calls *first = ctx;

	return !race_failed(race, "RESET",
			    pcm_call(first->shared.oss, SNDCTL_DSP_RESET));
}

static void write_fragment(void *ctx)
{
	struct first_calls *first = ctx;

	first->written = write(first->shared.oss, first->samples,
			       first->space.fragsize);
	if (first->written < 0)
		first->written = -errno;
}

static void ask_for_delay(void *ctx)
{
	struct first_calls *first = ctx;
	int delay;

	first->delay_err = pcm_ioctl(first->shared.oss, SNDCTL_DSP_GETODELAY,
				     &delay);
}

static void check_first_calls(struct race *race, void *ctx)
{
	struct first_calls *first = ctx;

	if (first->delay_err)
		race_hit(race, "GETODELAY beside the first write: %s",
			 strerror(-first->delay_err));
	else if (first->written != first->space.fragsize)
		race_hit(race, "the first write, beside GETODELAY: %zd",
			 first->written);
}

static void first_write_and_delay(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = reset_stream,
		.a = write_fragment,
		.b = ask_for_delay,
		.check = check_first_calls,
	};
	struct first_calls *first = ctx;

	if (!open_plain_oss(race, &first->shared) ||
	    race_failed(race, "GETOSPACE",
			pcm_ioctl(first->shared.oss, SNDCTL_DSP_GETOSPACE,
				  &first->space)))
		return;
	first->samples = calloc(1, first->space.fragsize);
	if (!race_failed(race, "calloc", first->samples ? 0 : -ENOMEM))
		race_duel(race, &ops, first);
}

TEST(oss_first_write_vs_getodelay)
{
	struct first_calls first = {};

	if (race_device(_metadata, &first.shared.dev,
			SNDRV_PCM_STREAM_PLAYBACK, 1, &native, 1, "Dummy"))
		race_test(_metadata, first_write_and_delay, &first);
}

/*
 * Two writers, and fragments that are passed on before they are full: what
 * reaches the stream must not be more than what was written.
 */
struct fragments {
	struct shared_stream shared;
	int status;			/* of the stream, in /proc */
	unsigned long submitted;	/* bytes, counted before the write */
};

static bool write_partial(struct race *race, void *ctx, unsigned int thread)
{
	static const char samples[FRAGMENT];
	struct fragments *fragments = ctx;
	unsigned int size = 4 * (1 + rand_r(&fragments->shared.seed[thread]) %
				 (FRAGMENT / 4));
	ssize_t len;

	__atomic_fetch_add(&fragments->submitted, size, __ATOMIC_RELAXED);
	len = write(fragments->shared.oss, samples, size);
	if (len < 0 && !race_may_lose(-errno))
		race_hit(race, "OSS write: %s", strerror(errno));
	return true;
}

static bool compare_amounts(struct race *race, void *ctx, unsigned int thread)
{
	struct fragments *fragments = ctx;
	unsigned long submitted, frames;
	char text[1024];

	if (pcm_proc_read(fragments->status, text, sizeof(text)) < 0 ||
	    !pcm_proc_value(text, "appl_ptr", &frames))
		return true;
	submitted = __atomic_load_n(&fragments->submitted, __ATOMIC_RELAXED);
	if (frames * 4 > submitted)
		race_hit(race, "%lu bytes written, %lu in the stream",
			 submitted, frames * 4);
	race_sleep_ms(1);
	return true;
}

static void partial_fragments(struct race *race, void *ctx)
{
	struct fragments *fragments = ctx;
	struct shared_stream *shared = &fragments->shared;
	const struct race_loop loops[] = {
		{ write_partial, fragments },
		{ write_partial, fragments },
		{ compare_amounts, fragments },
	};
	unsigned int i;

	for (i = 0; i < RACE_THREADS; i++)
		shared->seed[i] = race->start_ns + i;
	if (!open_plain_oss(race, shared))
		return;
	fragments->status = pcm_proc_open(&shared->dev, 0, "status", O_RDONLY);
	if (race_failed(race, "status in /proc", fragments->status))
		return;
	race_loops(race, loops, ARRAY_SIZE(loops));
}

static int set_quirk(const struct pcm_dev *dev, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/asound/card%u/pcm%up/oss",
		 dev->card, dev->device);
	return text_file_write(path, text);
}

static void run_partial(struct __test_metadata *_metadata,
			void (*body)(struct race *race, void *ctx))
{
	struct fragments fragments = {};

	if (geteuid())
		SKIP(return, "needs root");
	if (!race_device(_metadata, &fragments.shared.dev,
			 SNDRV_PCM_STREAM_PLAYBACK, 1, &native, 1, "Dummy"))
		return;
	if (set_quirk(&fragments.shared.dev, "pcm-oss-race 0 0 partial-frag\n"))
		SKIP(return, "no OSS quirks in /proc/asound");
	race_test(_metadata, body, &fragments);
	set_quirk(&fragments.shared.dev, "erase\n");
}

TEST(oss_partial_fragments_of_two_writers)
{
	run_partial(_metadata, partial_fragments);
}

/*
 * A write that finds an xrun prepares the stream, which empties the fragment
 * it is in.  The next one must not go on from where this one got to.
 */
static void write_past_xrun(struct race *race, void *ctx)
{
	static const size_t sizes[] = { FRAGMENT, FRAGMENT / 8, FRAGMENT / 16 };
	static const char samples[FRAGMENT];
	struct fragments *fragments = ctx;
	struct shared_stream *shared = &fragments->shared;
	unsigned int i;

	if (!open_plain_oss(race, shared))
		return;
	race->rounds++;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (write(shared->oss, samples, sizes[i]) != (ssize_t)sizes[i])
			race_hit(race, "OSS write of %zu bytes: %s", sizes[i],
				 strerror(errno));
		/* Much longer than the first one lasts. */
		if (!i)
			race_sleep_ms(200);
	}
}

TEST(oss_partial_fragment_after_xrun)
{
	ksft_print_msg("without KASAN only a hang or a crash shows the bug\n");
	run_partial(_metadata, write_past_xrun);
}

/*
 * A read that finds an xrun drains the capture.  A non-blocking one has to come
 * back from that, as it always did.
 */
static void read_past_xrun(struct race *race, void *ctx)
{
	const struct pcm_dev *dev = ctx;
	char samples[64];
	int fd, err;

	if (!have_oss(race))
		return;
	fd = oss_open(dev, O_RDONLY | O_NONBLOCK);
	if (race_failed(race, "open OSS device", fd) ||
	    race_failed(race, "OSS setup", oss_configure_plain(fd)))
		return;
	/* Starts the capture, which has nothing yet. */
	if (read(fd, samples, sizeof(samples)) >= 0 || errno != EAGAIN)
		race_broken(race, "the first OSS read");
	err = pcm_proc_write(dev, 0, "xrun_injection", "1");
	if (err) {
		race_skip(race, "xrun_injection (CONFIG_SND_PCM_XRUN_DEBUG): %s",
			  strerror(-err));
		return;
	}
	race->rounds++;
	err = read(fd, samples, sizeof(samples)) < 0 ? -errno : 0;
	if (err != -EAGAIN)
		race_hit(race, "a non-blocking OSS read after an xrun: %s",
			 strerror(-err));
	close(fd);
}

TEST(oss_nonblocking_read_after_xrun)
{
	struct pcm_dev dev;

	if (race_device(_metadata, &dev, SNDRV_PCM_STREAM_CAPTURE, 1, &native,
			1, "Dummy"))
		race_test(_metadata, read_past_xrun, &dev);
}

/*
 * Everything at once: writes, parameters, mmap and close through OSS, and a
 * native descriptor that joins and leaves.
 */
static bool write_step(struct race *race, void *ctx, unsigned int thread)
{
	static const char samples[FRAGMENT];
	struct shared_stream *shared = ctx;
	ssize_t len;

	len = write(shared->oss, samples,
		    rand_r(&shared->seed[thread]) % sizeof(samples) + 1);
	if (len < 0 && errno == EFAULT)
		race_hit(race, "OSS write of good memory: %s",
			 strerror(errno));
	return true;
}

static bool params_step(struct race *race, void *ctx, unsigned int thread)
{
	struct shared_stream *shared = ctx;
	unsigned int pick = rand_r(&shared->seed[thread]);
	int err = 0;

	switch (pick % 4) {
	case 0:
		err = oss_set(shared->oss, SNDCTL_DSP_SPEED,
			      pick & 16 ? 8000 : 48000);
		break;
	case 1:
		err = oss_set(shared->oss, SNDCTL_DSP_CHANNELS,
			      1 + (pick / 16) % 2);
		break;
	case 2:
		err = oss_set(shared->oss, SNDCTL_DSP_SETFMT,
			      pick & 16 ? AFMT_U8 : AFMT_S16_LE);
		break;
	case 3:
		err = pcm_call(shared->oss, SNDCTL_DSP_RESET);
		break;
	}
	if (err == -EFAULT)
		race_hit(race, "OSS ioctl: %s", strerror(-err));
	return true;
}

static bool map_step(struct race *race, void *ctx, unsigned int thread)
{
	struct shared_stream *shared = ctx;
	size_t page = sysconf(_SC_PAGESIZE);
	void *map;

	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, shared->oss,
		   0);
	if (map != MAP_FAILED)
		munmap(map, page);
	return true;
}

static bool join_step(struct race *race, void *ctx, unsigned int thread)
{
	struct shared_stream *shared = ctx;
	int fd;

	fd = pcm_join(&shared->dev, 0);
	if (fd >= 0) {
		pcm_state(fd);
		pcm_call(fd, SNDRV_PCM_IOCTL_PREPARE);
		pcm_call(fd, SNDRV_PCM_IOCTL_DROP);
		close(fd);
	}
	return true;
}

static void oss_hammer(struct race *race, void *ctx)
{
	struct shared_stream *shared = ctx;
	const struct race_loop loops[] = {
		{ write_step, shared },
		{ params_step, shared },
		{ map_step, shared },
		{ join_step, shared },
	};
	unsigned int i;

	for (i = 0; i < RACE_THREADS; i++)
		shared->seed[i] = race->start_ns + i;
	if (!open_oss(race, shared))
		return;
	race_loops(race, loops, ARRAY_SIZE(loops));
	/* Close plays what is left, for eight seconds at worst. */
	pcm_call(shared->oss, SNDCTL_DSP_RESET);
}

TEST(oss_and_native_hammer)
{
	run_shared(_metadata, oss_hammer);
}

TEST_HARNESS_MAIN
