// SPDX-License-Identifier: GPL-2.0
/*
 * Linked PCM streams: an action on one of them is an action on all, from any
 * thread, at any time, and leaves no stream behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcm-race-test.h"
#include "pcmtest-control.h"
#include "slow-page.h"
#include "text-file.h"

#define MAX_STREAMS	9
#define CHUNK		512

struct group {
	struct pcm_dev playback, capture;
	unsigned int captures;		/* of them, the last ones */
	unsigned int count;
	int fd[MAX_STREAMS];
	unsigned long request;		/* what the threads repeat */
	int err_a, err_b;
};

static bool open_group(struct race *race, struct group *group)
{
	const struct pcm_dev *dev;
	unsigned int i;

	for (i = 0; i < group->count; i++) {
		dev = i < group->count - group->captures ? &group->playback :
			&group->capture;
		group->fd[i] = pcm_open(dev, O_NONBLOCK);
		if (race_failed(race, "open", group->fd[i]) ||
		    race_failed(race, "configure",
				pcm_configure(group->fd[i], &pcm_slow_setup)))
			return false;
	}
	return true;
}

static bool open_linked(struct race *race, struct group *group)
{
	unsigned int i;

	if (!open_group(race, group))
		return false;
	for (i = 1; i < group->count; i++)
		if (race_failed(race, "LINK",
				pcm_link(group->fd[0], group->fd[i])))
			return false;
	return true;
}

static bool fill_playback(struct race *race, struct group *group)
{
	unsigned int i;

	for (i = 0; i < group->count - group->captures; i++)
		if (race_failed(race, "FORWARD",
				pcm_forward(group->fd[i],
					    pcm_slow_setup.buffer_size)))
			return false;
	return true;
}

/* Find devices for @count streams, the last @captures of them capture. */
static bool group_devices(struct __test_metadata *_metadata,
			  struct group *group, unsigned int count,
			  unsigned int captures, const char *driver)
{
	group->count = count;
	group->captures = captures;
	return race_device(_metadata, &group->playback,
			   SNDRV_PCM_STREAM_PLAYBACK, count - captures,
			   &pcm_slow_setup, 1, driver) &&
	       (!captures ||
		race_device(_metadata, &group->capture,
			    SNDRV_PCM_STREAM_CAPTURE, captures, &pcm_slow_setup,
			    1, driver));
}

/*
 * Each thread repeats a request that prepares the whole group through another
 * member.  They must not wait for each other for ever.
 */
static bool repeat_request(struct race *race, void *ctx, unsigned int thread)
{
	struct group *group = ctx;
	int err;

	err = pcm_call(group->fd[thread % group->count], group->request);
	if (err && !race_may_lose(err)) {
		race_hit(race, "thread %u: %s", thread, strerror(-err));
		return false;
	}
	return true;
}

static void same_request_on_all(struct race *race, void *ctx)
{
	struct group *group = ctx;
	const struct race_loop loops[] = {
		{ repeat_request, group },
		{ repeat_request, group },
		{ repeat_request, group },
		{ repeat_request, group },
	};

	if (open_linked(race, group))
		race_loops(race, loops, group->count);
}

static void run_same_request(struct __test_metadata *_metadata,
			     unsigned long request, unsigned int streams)
{
	struct group group = {
		.request = request,
	};

	if (group_devices(_metadata, &group, streams, 0, NULL))
		race_test(_metadata, same_request_on_all, &group);
}

TEST(linked_prepare_deadlock)
{
	run_same_request(_metadata, SNDRV_PCM_IOCTL_PREPARE, 2);
}

TEST(linked_reset_deadlock)
{
	run_same_request(_metadata, SNDRV_PCM_IOCTL_RESET, 2);
}

TEST(linked_prepare_deadlock_of_four)
{
	run_same_request(_metadata, SNDRV_PCM_IOCTL_PREPARE, 4);
}

/*
 * A write into one stream is held up in the middle of its copy.  If the stream
 * gets prepared through the other one meanwhile, the write must not move the
 * pointer on from where it was before.  If that is refused, nothing becomes of
 * the other one, either.
 */
struct interrupted_writer {
	struct group group;
	struct slow_page slow;
	int fd;				/* each member in turn */
	long result;
};

static void *write_slow_samples(void *arg)
{
	struct interrupted_writer *writer = arg;

	writer->result = pcm_writei(writer->fd, writer->slow.page, CHUNK);
	return NULL;
}

static bool interrupted_round(struct race *race,
			      struct interrupted_writer *writer)
{
	struct pcm_pointers pointers;
	unsigned int turn = race->rounds % 2;
	int other = writer->group.fd[turn];
	pthread_t thread;
	bool held;
	int err;

	race_beat(race, 0);
	writer->fd = writer->group.fd[!turn];
	if (race_failed(race, "PREPARE",
			pcm_call(other, SNDRV_PCM_IOCTL_PREPARE)) ||
	    race_failed(race, "FORWARD", pcm_forward(writer->fd, 7 * CHUNK)))
		return false;

	slow_page_arm(&writer->slow);
	err = -pthread_create(&thread, NULL, write_slow_samples, writer);
	if (race_failed(race, "pthread_create", err))
		return false;
	if (!slow_page_wait(&writer->slow, 2000))
		race_broken(race, "WRITEI did not read the samples");
	err = pcm_call(other, SNDRV_PCM_IOCTL_PREPARE);
	held = slow_page_release(&writer->slow);
	pthread_join(thread, NULL);

	race->rounds++;
	if (err && !race_may_lose(err))
		race_hit(race, "PREPARE: %s", strerror(-err));
	else if (err && pcm_forward(other, 1))
		race_hit(race, "PREPARE was refused and yet keeps FORWARD from a linked stream");
	if (writer->result < 0 && !race_may_lose(writer->result))
		race_hit(race, "WRITEI: %s", strerror(-writer->result));
	if (race_failed(race, "SYNC_PTR",
			pcm_pointers(writer->fd, &pointers)))
		return false;
	if (!err && pointers.appl_ptr != 0 && pointers.appl_ptr != CHUNK)
		race_hit(race, "appl_ptr %lu, hw_ptr %lu in a stream that was just prepared, %s",
			 pointers.appl_ptr, pointers.hw_ptr,
			 pcm_state_name(pointers.state));
	else if (!err && held)
		race_hit(race, "PREPARE succeeds while a linked stream is being written to");
	return true;
}

static void prepare_during_write(struct race *race, void *ctx)
{
	struct interrupted_writer *writer = ctx;

	if (!slow_page_init(race, &writer->slow) ||
	    !open_linked(race, &writer->group))
		return;
	while (race_on(race) && interrupted_round(race, writer))
		;
	slow_page_destroy(&writer->slow);
}

TEST(linked_prepare_during_write)
{
	struct interrupted_writer writer = {};

	if (group_devices(_metadata, &writer.group, 2, 0, NULL))
		race_test(_metadata, prepare_during_write, &writer);
}

/*
 * One stream is prepared, which prepares the other one too, while that one is
 * closed.  The driver must not see a stream that it has closed.
 */
static bool setup_closing(struct race *race, void *ctx)
{
	struct group *group = ctx;

	group->fd[1] = pcm_open(&group->playback, O_NONBLOCK);
	return !race_failed(race, "open", group->fd[1]) &&
	       !race_failed(race, "PREPARE",
			    pcm_call(group->fd[0],
				     SNDRV_PCM_IOCTL_PREPARE)) &&
	       !race_failed(race, "configure",
			    pcm_configure(group->fd[1], &pcm_slow_setup)) &&
	       !race_failed(race, "LINK",
			    pcm_link(group->fd[0], group->fd[1]));
}

static void do_request(void *ctx)
{
	struct group *group = ctx;

	group->err_a = pcm_call(group->fd[0], group->request);
}

static void do_close(void *ctx)
{
	struct group *group = ctx;

	group->err_b = close(group->fd[1]) ? -errno : 0;
}

static void check_closing(struct race *race, void *ctx)
{
	struct group *group = ctx;

	if (group->err_a && !race_may_lose(group->err_a))
		race_hit(race, "request against close: %s",
			 strerror(-group->err_a));
	if (group->err_b)
		race_hit(race, "close: %s", strerror(-group->err_b));
}

static void request_during_close(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_closing,
		.a = do_request,
		.b = do_close,
		.check = check_closing,
	};
	struct group *group = ctx;

	group->count = 1;
	if (open_group(race, group))
		race_duel(race, &ops, group);
}

TEST(linked_prepare_vs_close)
{
	struct group group = {
		.request = SNDRV_PCM_IOCTL_PREPARE,
	};

	ksft_print_msg("without KASAN only a crash shows the bug\n");
	if (group_devices(_metadata, &group, 2, 0, NULL))
		race_test(_metadata, request_during_close, &group);
}

/*
 * Both streams drain, the second one is done early and gives up its buffer.
 * DROP on the first one still has to stop it.
 */
static void stop_with_open_member(struct race *race, void *ctx)
{
	struct group *group = ctx;
	int err, state;
	bool freed;

	if (!open_linked(race, group) ||
	    race_failed(race, "FORWARD",
			pcm_forward(group->fd[0],
				    pcm_slow_setup.buffer_size)) ||
	    race_failed(race, "FORWARD",
			pcm_forward(group->fd[1], CHUNK)))
		return;
	err = pcm_call(group->fd[0], SNDRV_PCM_IOCTL_DRAIN);
	if (err != -EAGAIN) {
		race_failed(race, "DRAIN", err ? err : -EINVAL);
		return;
	}
	do {
		race_sleep_ms(10);
		race_beat(race, 0);
		state = pcm_state(group->fd[1]);
	} while (race_on(race) && state == SNDRV_PCM_STATE_DRAINING);
	err = pcm_call(group->fd[1], SNDRV_PCM_IOCTL_HW_FREE);
	freed = !err;
	if (err)
		ksft_print_msg("HW_FREE of a member is refused: %s\n",
			       strerror(-err));
	if (pcm_state(group->fd[0]) != SNDRV_PCM_STATE_DRAINING) {
		race_broken(race, "the long stream is done before the short one");
		return;
	}

	race->rounds++;
	err = pcm_call(group->fd[0], SNDRV_PCM_IOCTL_DROP);
	state = pcm_state(group->fd[0]);
	if (err || state != SNDRV_PCM_STATE_SETUP)
		race_hit(race, "DROP returned %d, the stream is %s because a linked one is OPEN",
			 err, pcm_state_name(state));

	state = pcm_state(group->fd[1]);
	if (!race->hits && freed && state != SNDRV_PCM_STATE_OPEN)
		race_hit(race, "DROP turned a linked stream without a setup to %s",
			 pcm_state_name(state));

	/* To close a stream that still runs would crash an unpatched kernel. */
	while (pcm_state(group->fd[0]) == SNDRV_PCM_STATE_DRAINING) {
		race_sleep_ms(10);
		race_beat(race, 0);
	}
}

TEST(drop_with_open_member)
{
	struct group group = {};

	if (group_devices(_metadata, &group, 2, 0, NULL))
		race_test(_metadata, stop_with_open_member, &group);
}

/* PREPARE, START and DROP reach every member of a large group. */
static bool all_in_state(struct race *race, struct group *group,
			 const char *after, int wanted)
{
	unsigned int i;
	int state;

	for (i = 0; i < group->count; i++) {
		state = pcm_state(group->fd[i]);
		if (state != wanted) {
			race_hit(race, "after %s, stream %u of %u is %s", after,
				 i, group->count, pcm_state_name(state));
			return false;
		}
	}
	return true;
}

static bool group_request(struct race *race, struct group *group,
			  const char *name, unsigned long request, int state)
{
	int err = pcm_call(group->fd[0], request);

	if (err)
		race_hit(race, "%s of %u linked streams: %s", name,
			 group->count, strerror(-err));
	return !err && all_in_state(race, group, name, state);
}

static void large_group(struct race *race, void *ctx)
{
	struct group *group = ctx;

	if (!open_linked(race, group))
		return;
	while (race_on(race) && race->rounds < 20) {
		race_beat(race, 0);
		if (!group_request(race, group, "PREPARE",
				   SNDRV_PCM_IOCTL_PREPARE,
				   SNDRV_PCM_STATE_PREPARED) ||
		    !fill_playback(race, group) ||
		    !group_request(race, group, "START", SNDRV_PCM_IOCTL_START,
				   SNDRV_PCM_STATE_RUNNING) ||
		    !group_request(race, group, "DROP", SNDRV_PCM_IOCTL_DROP,
				   SNDRV_PCM_STATE_SETUP))
			return;
		race->rounds++;
	}
}

static void note_lockdep(void)
{
	char text[4096];
	const char *line;
	int on = 0;

	if (text_file_read("/proc/lockdep_stats", text, sizeof(text)) > 0) {
		line = strstr(text, "debug_locks:");
		if (line)
			sscanf(line, "debug_locks: %d", &on);
	}
	ksft_print_msg("lockdep is %s; it sees what else is only tried here\n",
		       on ? "on" : "not there or switched off");
}

TEST(nine_linked_streams)
{
	struct group group = {};

	note_lockdep();
	if (group_devices(_metadata, &group, 9, 4, NULL))
		race_test(_metadata, large_group, &group);
}

/* DROP on both members at once; group lock and stream lock cross. */
static bool drop_member(struct race *race, void *ctx, unsigned int thread)
{
	struct group *group = ctx;
	int fd = group->fd[thread % group->count];
	int err;

	err = pcm_call(fd, SNDRV_PCM_IOCTL_DROP);
	if (err && !race_may_lose(err))
		race_hit(race, "DROP: %s", strerror(-err));
	return true;
}

static void contended_group(struct race *race, void *ctx)
{
	struct group *group = ctx;
	const struct race_loop loops[] = {
		{ drop_member, group },
		{ drop_member, group },
	};

	if (open_linked(race, group))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

TEST(linked_drop_contended)
{
	struct group group = {};

	note_lockdep();
	if (group_devices(_metadata, &group, 2, 0, NULL))
		race_test(_metadata, contended_group, &group);
}

/* Streams that are linked while one of them starts are in one state then. */
static bool setup_unlinked(struct race *race, void *ctx)
{
	struct group *group = ctx;
	unsigned int i;
	int err = pcm_call(group->fd[0], SNDRV_PCM_IOCTL_UNLINK);

	if (err && err != -EALREADY)
		return !race_failed(race, "UNLINK", err);
	for (i = 0; i < group->count; i++)
		if (race_failed(race, "DROP",
				pcm_call(group->fd[i], SNDRV_PCM_IOCTL_DROP)) ||
		    race_failed(race, "PREPARE",
				pcm_call(group->fd[i], SNDRV_PCM_IOCTL_PREPARE)))
			return false;
	return true;
}

static void do_link(void *ctx)
{
	struct group *group = ctx;

	group->err_a = pcm_link(group->fd[0], group->fd[1]);
}

static void do_start_other(void *ctx)
{
	struct group *group = ctx;

	group->err_b = pcm_call(group->fd[1], SNDRV_PCM_IOCTL_START);
}

static void check_linked(struct race *race, void *ctx)
{
	struct group *group = ctx;
	int first = pcm_state(group->fd[0]);
	int second = pcm_state(group->fd[1]);

	if ((group->err_a && group->err_a != -EBADFD) || group->err_b)
		race_hit(race, "LINK: %s, START: %s", strerror(-group->err_a),
			 strerror(-group->err_b));
	else if (!group->err_a && first != second)
		race_hit(race, "after LINK and START, the streams are %s and %s",
			 pcm_state_name(first), pcm_state_name(second));
}

/* START came first if the states were found to differ. */
static int link_or_start(void *ctx)
{
	struct group *group = ctx;

	return group->err_a ? 1 : -1;
}

static void start_during_link(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_unlinked,
		.a = do_link,
		.b = do_start_other,
		.check = check_linked,
		.order = link_or_start,
	};

	if (open_group(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST(link_vs_start)
{
	struct group group = {};

	if (group_devices(_metadata, &group, 2, 2, NULL))
		race_test(_metadata, start_during_link, &group);
}

/*
 * A write starts the playback and a read the capture, if the other one has not
 * started both.  It is the same to the reader.  There is enough to play for the
 * writer to be in time on a busy machine.
 */
#define A_SECOND	8000

static bool setup_duplex(struct race *race, void *ctx)
{
	struct group *group = ctx;

	return !race_failed(race, "DROP",
			    pcm_call(group->fd[0], SNDRV_PCM_IOCTL_DROP)) &&
	       !race_failed(race, "PREPARE",
			    pcm_call(group->fd[0], SNDRV_PCM_IOCTL_PREPARE)) &&
	       !race_failed(race, "FORWARD",
			    pcm_forward(group->fd[0], A_SECOND));
}

static void do_write(void *ctx)
{
	static const short samples[2 * CHUNK];
	struct group *group = ctx;

	group->err_a = pcm_writei(group->fd[0], samples, CHUNK);
}

static void do_read(void *ctx)
{
	short sample[2];
	struct snd_xferi xfer = {
		.buf = sample,
		.frames = 1,
	};
	struct group *group = ctx;

	group->err_b = pcm_ioctl(group->fd[1], SNDRV_PCM_IOCTL_READI_FRAMES,
				 &xfer);
}

static void check_transfers(struct race *race, void *ctx)
{
	struct group *group = ctx;

	if (group->err_a < 0 || (group->err_b && group->err_b != -EAGAIN))
		race_hit(race, "WRITEI and READI of linked streams, which both start: %s, %s",
			 strerror(group->err_a < 0 ? -group->err_a : 0),
			 strerror(-group->err_b));
}

static void read_against_write(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_duplex,
		.a = do_write,
		.b = do_read,
		.check = check_transfers,
	};
	struct group *group = ctx;

	if (open_linked(race, group) &&
	    !race_failed(race, "SW_PARAMS",
			 pcm_sw_params(group->fd[0], &pcm_slow_setup,
				       A_SECOND + CHUNK, 0)) &&
	    !race_failed(race, "SW_PARAMS",
			 pcm_sw_params(group->fd[1], &pcm_slow_setup, 1, 0)))
		race_duel(race, &ops, group);
}

TEST(read_vs_start_of_group)
{
	struct group group = {};

	if (group_devices(_metadata, &group, 2, 1, NULL))
		race_test(_metadata, read_against_write, &group);
}

/* Who is stopped by DROP through a linked stream does not get an xrun then. */
static bool setup_running(struct race *race, void *ctx)
{
	struct group *group = ctx;

	return !race_failed(race, "PREPARE",
			    pcm_call(group->fd[0],
				     SNDRV_PCM_IOCTL_PREPARE)) &&
	       fill_playback(race, group) &&
	       !race_failed(race, "START",
			    pcm_call(group->fd[0], SNDRV_PCM_IOCTL_START));
}

static void do_drop_other(void *ctx)
{
	struct group *group = ctx;

	group->err_b = pcm_call(group->fd[1], SNDRV_PCM_IOCTL_DROP);
}

static void check_dropped(struct race *race, void *ctx)
{
	struct group *group = ctx;

	if ((group->err_a && !race_may_lose(group->err_a)) || group->err_b)
		race_hit(race, "XRUN: %s, DROP: %s", strerror(-group->err_a),
			 strerror(-group->err_b));
	else
		all_in_state(race, group, "XRUN and DROP",
			     SNDRV_PCM_STATE_SETUP);
}

/* XRUN came first if it succeeded. */
static int xrun_or_drop(void *ctx)
{
	struct group *group = ctx;

	return group->err_a ? 1 : -1;
}

static void xrun_during_drop(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_running,
		.a = do_request,
		.b = do_drop_other,
		.check = check_dropped,
		.order = xrun_or_drop,
	};

	if (open_linked(race, ctx))
		race_duel(race, &ops, ctx);
}

TEST(linked_drop_vs_xrun)
{
	struct group group = {
		.request = SNDRV_PCM_IOCTL_XRUN,
	};

	if (group_devices(_metadata, &group, 2, 0, NULL))
		race_test(_metadata, xrun_during_drop, &group);
}

/*
 * Streams run dry between two interrupts.  PAUSE finds that, and stops them, or
 * it does not look; the xrun is not lost, then.
 */
#define TWO_CHUNKS_MS	128

static bool run_dry(struct race *race, struct group *group)
{
	unsigned int i;

	pcm_call(group->fd[0], SNDRV_PCM_IOCTL_DROP);
	if (race_failed(race, "PREPARE",
			pcm_call(group->fd[0], SNDRV_PCM_IOCTL_PREPARE)))
		return false;
	for (i = 0; i < group->count; i++)
		if (race_failed(race, "FORWARD",
				pcm_forward(group->fd[i], CHUNK)))
			return false;
	if (race_failed(race, "START",
			pcm_call(group->fd[0], SNDRV_PCM_IOCTL_START)))
		return false;
	race_sleep_ms(TWO_CHUNKS_MS);
	return true;
}

static bool pause_and_go_on(struct race *race, struct group *group)
{
	int err = pcm_ioctl(group->fd[0], SNDRV_PCM_IOCTL_PAUSE, (void *)1);

	if (!err) {
		err = pcm_ioctl(group->fd[0], SNDRV_PCM_IOCTL_PAUSE, NULL);
		race_sleep_ms(TWO_CHUNKS_MS);
	}
	if (err && err != -EBADFD)
		race_hit(race, "PAUSE of a stream that has run dry: %s",
			 strerror(-err));
	pcm_call(group->fd[0], SNDRV_PCM_IOCTL_HWSYNC);
	return all_in_state(race, group, "PAUSE of streams that have run dry",
			    SNDRV_PCM_STATE_XRUN);
}

static void pause_when_dry(struct race *race, void *ctx)
{
	struct group *group = ctx;

	if (!open_linked(race, group))
		return;
	while (race_on(race) && race->rounds < 5) {
		race_beat(race, 0);
		if (!run_dry(race, group) || !pause_and_go_on(race, group))
			return;
		race->rounds++;
	}
}

static void run_pause_when_dry(struct __test_metadata *_metadata,
			       unsigned int streams)
{
	struct group group = {};

	if (group_devices(_metadata, &group, streams, 0, "Loopback"))
		race_test(_metadata, pause_when_dry, &group);
}

TEST(pause_of_dry_stream)
{
	run_pause_when_dry(_metadata, 1);
}

TEST(pause_of_dry_group)
{
	run_pause_when_dry(_metadata, 2);
}

/*
 * Groups form and dissolve, members come and go, and actions run on all of
 * them at the same time.
 */
struct changing_group {
	struct group group;
	unsigned int seed[RACE_THREADS];
};

static bool act_on_member(struct race *race, void *ctx, unsigned int thread)
{
	static const unsigned long requests[] = {
		SNDRV_PCM_IOCTL_PREPARE, SNDRV_PCM_IOCTL_START,
		SNDRV_PCM_IOCTL_DRAIN, SNDRV_PCM_IOCTL_DROP,
		SNDRV_PCM_IOCTL_RESET, SNDRV_PCM_IOCTL_XRUN,
	};
	struct changing_group *changing = ctx;
	unsigned int pick = rand_r(&changing->seed[thread]);
	int fd = changing->group.fd[pick / 64 % changing->group.count];
	unsigned long request = requests[pick % ARRAY_SIZE(requests)];
	int err;

	pcm_forward(fd, CHUNK);
	err = pcm_call(fd, request);
	if (err && !race_may_lose(err))
		race_hit(race, "request 0x%lx: %s", request, strerror(-err));
	return true;
}

static bool relink_member(struct race *race, void *ctx, unsigned int thread)
{
	struct changing_group *changing = ctx;
	struct group *group = &changing->group;
	unsigned int pick = rand_r(&changing->seed[thread]);
	unsigned int i = pick / 64 % group->count;
	int err;

	if (pick % 2)
		err = pcm_call(group->fd[i], SNDRV_PCM_IOCTL_UNLINK);
	else
		err = pcm_link(group->fd[i],
			       group->fd[(i + 1) % group->count]);
	if (err && err != -EALREADY && !race_may_lose(err))
		race_hit(race, "LINK or UNLINK: %s", strerror(-err));
	return true;
}

/* A member of its own, so that nobody else uses its descriptor. */
static bool come_and_go(struct race *race, void *ctx, unsigned int thread)
{
	struct changing_group *changing = ctx;
	struct group *group = &changing->group;
	int fd, err;

	fd = pcm_open(&group->playback, O_NONBLOCK);
	if (race_failed(race, "open", fd))
		return false;
	err = pcm_configure(fd, &pcm_slow_setup);
	if (!err) {
		err = pcm_link(group->fd[0], fd);
		if (err && !race_may_lose(err))
			race_hit(race, "LINK: %s", strerror(-err));
	} else if (!race_may_lose(err)) {
		race_hit(race, "configure: %s", strerror(-err));
	}
	close(fd);
	return true;
}

static void run_changing_group(struct race *race, struct changing_group *changing,
			       bool closing)
{
	const struct race_loop loops[] = {
		{ act_on_member, changing },
		{ act_on_member, changing },
		{ closing ? come_and_go : relink_member, changing },
	};
	unsigned int i;

	for (i = 0; i < RACE_THREADS; i++)
		changing->seed[i] = race->start_ns + i;
	if (open_linked(race, &changing->group))
		race_loops(race, loops, ARRAY_SIZE(loops));
}

static void relinking(struct race *race, void *ctx)
{
	run_changing_group(race, ctx, false);
}

static void closing_members(struct race *race, void *ctx)
{
	run_changing_group(race, ctx, true);
}

TEST(link_unlink_vs_actions)
{
	struct changing_group changing = {};

	if (group_devices(_metadata, &changing.group, 3, 0, NULL))
		race_test(_metadata, relinking, &changing);
}

TEST(close_member_vs_actions)
{
	struct changing_group changing = {};

	if (group_devices(_metadata, &changing.group, 3, 0, NULL)) {
		changing.group.count = 2;
		race_test(_metadata, closing_members, &changing);
	}
}

/* Who waits in DRAIN for a linked stream gets away when that one is closed. */
static void *blocking_drain(void *arg)
{
	struct group *group = arg;

	group->err_a = pcm_call(group->fd[0], SNDRV_PCM_IOCTL_DRAIN);
	return NULL;
}

static bool drain_in_thread(struct race *race, struct group *group,
			    pthread_t *thread)
{
	return !race_failed(race, "FORWARD",
			    pcm_forward(group->fd[1],
					pcm_slow_setup.buffer_size)) &&
	       !race_failed(race, "pthread_create",
			    -pthread_create(thread, NULL, blocking_drain,
					    group));
}

static bool drain_and_close(struct race *race, struct group *group)
{
	pthread_t thread;

	race_beat(race, 0);
	if (!setup_closing(race, group) ||
	    race_failed(race, "FORWARD",
			pcm_forward(group->fd[0], CHUNK)) ||
	    !drain_in_thread(race, group, &thread))
		return false;
	/* Half of the rounds the first stream is done before the close. */
	race_sleep_ms(race->rounds % 2 ? 200 : 5);
	close(group->fd[1]);
	pthread_join(thread, NULL);
	race->rounds++;
	if (group->err_a && !race_may_lose(group->err_a))
		race_hit(race, "DRAIN while a linked stream closes: %s",
			 strerror(-group->err_a));
	return true;
}

static void drain_member_closed(struct race *race, void *ctx)
{
	struct group *group = ctx;

	group->count = 1;
	if (!open_group(race, group))
		return;
	pcm_blocking(group->fd[0], true);
	while (race_on(race) && drain_and_close(race, group))
		;
}

TEST(drain_vs_close_of_member)
{
	struct group group = {};

	if (group_devices(_metadata, &group, 2, 0, NULL))
		race_test(_metadata, drain_member_closed, &group);
}

/*
 * Who waits in DRAIN for a linked stream gets a signal.  Before he can run, that
 * stream leaves the group.  All on one CPU, so that it is sure to be before.
 */
static void ignore(int signal)
{
}

static bool interrupt_and_unlink(struct race *race, struct group *group)
{
	pthread_t thread;
	int err;

	race_beat(race, 0);
	if (!setup_closing(race, group) ||
	    !drain_in_thread(race, group, &thread))
		return false;
	race_sleep_ms(20);
	pthread_kill(thread, SIGUSR1);
	err = pcm_call(group->fd[1], SNDRV_PCM_IOCTL_UNLINK);
	pthread_join(thread, NULL);

	/* Let the kernel forget that thread, then wake up who still waits. */
	race_sleep_ms(100);
	if (!err)
		err = pcm_call(group->fd[1], SNDRV_PCM_IOCTL_DROP);
	close(group->fd[1]);
	race->rounds++;
	if (err || group->err_a != -EINTR)
		race_hit(race, "DRAIN: %s instead of %s, UNLINK and DROP: %s",
			 strerror(-group->err_a), strerror(EINTR),
			 strerror(-err));
	return true;
}

static void drain_interrupted(struct race *race, void *ctx)
{
	static const struct sched_param realtime = { .sched_priority = 1 };
	static const struct sigaction action = { .sa_handler = ignore };
	struct group *group = ctx;

	race_stay_on_this_cpu();
	if (sched_setscheduler(0, SCHED_FIFO, &realtime)) {
		race_skip(race, "SCHED_FIFO: %s", strerror(errno));
		return;
	}
	sigaction(SIGUSR1, &action, NULL);
	group->count = 1;
	if (!open_group(race, group))
		return;
	pcm_blocking(group->fd[0], true);
	while (race_on(race) && race->rounds < 5 &&
	       interrupt_and_unlink(race, group))
		;
}

TEST(interrupted_drain_vs_unlink)
{
	struct group group = {};

	if (group_devices(_metadata, &group, 2, 0, NULL))
		race_test(_metadata, drain_interrupted, &group);
}

/*
 * A loopback playback that starts with other parameters stops the capture at
 * the far end of its cable.  That one is linked, and its group is busy.
 */
struct cable {
	struct group group;		/* capture of the cable, another one */
	struct pcm_dev playback;
	int fd;
	int err_a, err_b;
};

/* What can be set though the far end is set up, and differs from that. */
static struct pcm_setup unlike_stream(void)
{
	struct pcm_setup setup = pcm_slow_setup;

	setup.access = SNDRV_PCM_ACCESS_RW_NONINTERLEAVED;
	return setup;
}

static bool setup_cable(struct race *race, void *ctx)
{
	const struct pcm_setup unlike = unlike_stream();
	struct cable *cable = ctx;
	int capture = cable->group.fd[0];

	/* The capture would not start with an unlike playback in place. */
	pcm_call(cable->fd, SNDRV_PCM_IOCTL_DROP);
	pcm_call(cable->fd, SNDRV_PCM_IOCTL_HW_FREE);
	pcm_call(capture, SNDRV_PCM_IOCTL_DROP);
	return !race_failed(race, "PREPARE of the captures",
			    pcm_call(capture, SNDRV_PCM_IOCTL_PREPARE)) &&
	       !race_failed(race, "START of the captures",
			    pcm_call(capture, SNDRV_PCM_IOCTL_START)) &&
	       !race_failed(race, "configure the playback",
			    pcm_configure(cable->fd, &unlike)) &&
	       !race_failed(race, "FORWARD", pcm_forward(cable->fd, CHUNK));
}

static void start_playback(void *ctx)
{
	struct cable *cable = ctx;

	cable->err_a = pcm_call(cable->fd, SNDRV_PCM_IOCTL_START);
}

static void drop_other_capture(void *ctx)
{
	struct cable *cable = ctx;

	cable->err_b = pcm_call(cable->group.fd[1], SNDRV_PCM_IOCTL_DROP);
}

static void check_cable(struct race *race, void *ctx)
{
	struct cable *cable = ctx;

	if ((cable->err_a && !race_may_lose(cable->err_a)) ||
	    (cable->err_b && !race_may_lose(cable->err_b)))
		race_hit(race, "START: %s, DROP: %s", strerror(-cable->err_a),
			 strerror(-cable->err_b));
	if (pcm_state(cable->group.fd[0]) == SNDRV_PCM_STATE_RUNNING)
		race_hit(race, "capture still runs after DROP");
}

static void stop_of_peer(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_cable,
		.a = start_playback,
		.b = drop_other_capture,
		.check = check_cable,
	};
	struct cable *cable = ctx;

	if (!open_linked(race, &cable->group))
		return;
	cable->fd = pcm_open(&cable->playback, O_NONBLOCK);
	if (!race_failed(race, "open", cable->fd))
		race_duel(race, &ops, cable);
}

static bool find_cable(struct __test_metadata *_metadata, struct cable *cable,
		       unsigned int captures, const struct pcm_setup *setups,
		       unsigned int count)
{
	if (!race_device(_metadata, &cable->playback, SNDRV_PCM_STREAM_PLAYBACK,
			 1, setups, count, "Loopback"))
		return false;
	/* Playback on device 0 comes out of device 1, and vice versa. */
	cable->group.capture = cable->playback;
	cable->group.capture.device = !cable->playback.device;
	cable->group.capture.stream = SNDRV_PCM_STREAM_CAPTURE;
	cable->group.count = captures;
	cable->group.captures = captures;
	return true;
}

static bool find_unlike_cable(struct __test_metadata *_metadata,
			      struct cable *cable, unsigned int captures)
{
	const struct pcm_setup setups[] = { pcm_slow_setup, unlike_stream() };

	return find_cable(_metadata, cable, captures, setups,
			  ARRAY_SIZE(setups));
}

TEST(loopback_stop_of_linked_peer)
{
	struct cable cable = {};

	note_lockdep();
	if (find_unlike_cable(_metadata, &cable, 2))
		race_test(_metadata, stop_of_peer, &cable);
}

/*
 * A capture is paused while the far end starts to play something else, for
 * which it was configured before the capture was prepared.
 */
static void resume_after_change(struct race *race, void *ctx)
{
	struct pcm_setup mono = pcm_slow_setup;
	struct cable *cable = ctx;
	int err, capture;

	mono.channels = 1;
	cable->fd = pcm_open(&cable->playback, O_NONBLOCK);
	if (race_failed(race, "open", cable->fd) ||
	    race_failed(race, "configure the playback",
			pcm_hw_params(cable->fd, &mono)) ||
	    !open_linked(race, &cable->group))
		return;
	capture = cable->group.fd[0];
	if (race_failed(race, "START of the capture",
			pcm_call(capture, SNDRV_PCM_IOCTL_START)) ||
	    race_failed(race, "PAUSE",
			pcm_ioctl(capture, SNDRV_PCM_IOCTL_PAUSE, (void *)1)) ||
	    race_failed(race, "PREPARE of the playback",
			pcm_call(cable->fd, SNDRV_PCM_IOCTL_PREPARE)) ||
	    race_failed(race, "FORWARD",
			pcm_forward(cable->fd, CHUNK)) ||
	    race_failed(race, "START of the playback",
			pcm_call(cable->fd, SNDRV_PCM_IOCTL_START)))
		return;

	race->rounds++;
	err = pcm_ioctl(capture, SNDRV_PCM_IOCTL_PAUSE, NULL);
	pcm_call(capture, SNDRV_PCM_IOCTL_DROP);
	if (!err)
		race_hit(race, "a capture resumes though the playback has another format now");
}

TEST(loopback_resume_after_change)
{
	struct cable cable = {};

	if (find_cable(_metadata, &cable, 1, &pcm_slow_setup, 1))
		race_test(_metadata, resume_after_change, &cable);
}

/*
 * A loopback playback starts with another layout while the capture is between
 * its trigger callback and the state that goes with it.  A linked stream of
 * snd-pcmtest, whose callback is slow, holds it there.
 */
#define SLOW_US		100000
#define ROUNDS		5

struct slow_group {
	struct cable cable;
	struct pcm_dev slow;
	int fd;				/* linked with the capture */
};

/* The one that is linked last is triggered first. */
static bool open_slow_group(struct race *race, struct slow_group *slow)
{
	struct cable *cable = &slow->cable;

	if (!open_linked(race, &cable->group))
		return false;
	cable->fd = pcm_open(&cable->playback, O_NONBLOCK);
	slow->fd = pcm_open(&slow->slow, O_NONBLOCK);
	return !race_failed(race, "open", cable->fd) &&
	       !race_failed(race, "open", slow->fd) &&
	       !race_failed(race, "configure",
			    pcm_configure(slow->fd, &pcm_slow_setup)) &&
	       !race_failed(race, "LINK",
			    pcm_link(slow->fd, cable->group.fd[0]));
}

static void close_slow_group(struct slow_group *slow)
{
	close(slow->cable.group.fd[0]);
	close(slow->cable.fd);
	close(slow->fd);
}

static bool configure_unlike(struct race *race, int fd)
{
	const struct pcm_setup unlike = unlike_stream();

	return !race_failed(race, "configure the playback",
			    pcm_configure(fd, &unlike)) &&
	       !race_failed(race, "FORWARD",
			    pcm_forward(fd, pcm_slow_setup.buffer_size));
}

static void *request_of_captures(void *arg)
{
	struct group *group = arg;

	group->err_a = pcm_call(group->fd[0], group->request);
	return NULL;
}

/* Return: whether the playback was started with the captures in their trigger. */
static bool start_within_trigger(struct race *race, struct slow_group *slow,
				 unsigned long request)
{
	struct cable *cable = &slow->cable;
	pthread_t thread;
	bool inside;

	cable->group.request = request;
	pcmtest_forget_calls();
	pcmtest_delay("trigger", SLOW_US);
	if (race_failed(race, "pthread_create",
			-pthread_create(&thread, NULL, request_of_captures,
					&cable->group)))
		return false;
	inside = pcmtest_wait_inside("trigger") &&
		 (request == SNDRV_PCM_IOCTL_DROP ||
		  configure_unlike(race, cable->fd)) &&
		 pcmtest_called("trigger", true);
	if (inside)
		race_failed(race, "START of the playback",
			    pcm_call(cable->fd, SNDRV_PCM_IOCTL_START));
	pcmtest_delay("trigger", 0);
	pthread_join(thread, NULL);
	race_failed(race, "START or DROP of the captures", cable->group.err_a);
	return inside;
}

static void judge_unlike_capture(struct race *race, int capture)
{
	unsigned int ms;

	for (ms = 0; ms < 1000; ms += 10) {
		if (pcm_state(capture) != SNDRV_PCM_STATE_RUNNING)
			return;
		race_sleep_ms(10);
	}
	race_hit(race, "a capture runs though the playback has another format");
}

static bool start_of_peer_round(struct race *race, struct slow_group *slow)
{
	bool inside;

	race_beat(race, 0);
	if (!open_slow_group(race, slow))
		return false;
	inside = start_within_trigger(race, slow, SNDRV_PCM_IOCTL_START);
	if (inside)
		judge_unlike_capture(race, slow->cable.group.fd[0]);
	race->rounds += inside;
	close_slow_group(slow);
	return true;
}

/* Without its buffer there is nothing that the driver could copy to. */
static bool drop_of_peer_round(struct race *race, struct slow_group *slow)
{
	int capture;
	bool inside;

	race_beat(race, 0);
	if (!open_slow_group(race, slow))
		return false;
	capture = slow->cable.group.fd[0];
	if (race_failed(race, "START of the captures",
			pcm_call(capture, SNDRV_PCM_IOCTL_START)) ||
	    !configure_unlike(race, slow->cable.fd))
		return false;
	inside = start_within_trigger(race, slow, SNDRV_PCM_IOCTL_DROP);
	race_failed(race, "HW_FREE",
		    pcm_call(capture, SNDRV_PCM_IOCTL_HW_FREE));
	race_sleep_ms(50);
	pcm_call(slow->cable.fd, SNDRV_PCM_IOCTL_HWSYNC);
	race->rounds += inside;
	close_slow_group(slow);
	return true;
}

static void repeat_slow_group(struct race *race, struct slow_group *slow,
			      bool (*round)(struct race *race,
					    struct slow_group *slow))
{
	unsigned int tries;

	/* Late as it may be, one round is what it takes. */
	for (tries = 0; tries < 2 * ROUNDS && race->rounds < ROUNDS &&
	     (race_on(race) || !race->rounds) && round(race, slow); tries++)
		;
	if (!race->rounds)
		race_skip(race, "the playback never started with the capture in its trigger");
}

static void start_while_peer_starts(struct race *race, void *ctx)
{
	repeat_slow_group(race, ctx, start_of_peer_round);
}

static void start_while_peer_stops(struct race *race, void *ctx)
{
	repeat_slow_group(race, ctx, drop_of_peer_round);
}

static void run_slow_group(struct __test_metadata *_metadata,
			   void (*body)(struct race *race, void *ctx))
{
	struct slow_group slow = {};

	if (!pcmtest_can_delay())
		SKIP(return, "needs root and snd-pcmtest with delay_us in debugfs");
	/* streams of the loopback have a spinlock */
	ASSERT_EQ(0, pcmtest_remake(false));
	if (find_unlike_cable(_metadata, &slow.cable, 1) &&
	    race_device(_metadata, &slow.slow, SNDRV_PCM_STREAM_CAPTURE, 1,
			&pcm_slow_setup, 1, PCMTEST_DRIVER))
		race_test(_metadata, body, &slow);
	pcmtest_restore();
}

TEST(loopback_start_while_peer_starts)
{
	run_slow_group(_metadata, start_while_peer_starts);
}

TEST(loopback_start_while_peer_stops)
{
	run_slow_group(_metadata, start_while_peer_stops);
}

/* The far end is closed while it is to be stopped. */
static bool setup_closing_cable(struct race *race, void *ctx)
{
	struct cable *cable = ctx;

	return open_linked(race, &cable->group) && setup_cable(race, ctx);
}

static void close_capture(void *ctx)
{
	struct cable *cable = ctx;

	cable->err_b = close(cable->group.fd[0]) ? -errno : 0;
}

static void check_closed_cable(struct race *race, void *ctx)
{
	struct cable *cable = ctx;

	if (cable->err_a && !race_may_lose(cable->err_a))
		race_hit(race, "START: %s", strerror(-cable->err_a));
}

static void stop_against_close(struct race *race, void *ctx)
{
	static const struct race_duel_ops ops = {
		.setup = setup_closing_cable,
		.a = start_playback,
		.b = close_capture,
		.check = check_closed_cable,
	};
	struct cable *cable = ctx;

	cable->fd = pcm_open(&cable->playback, O_NONBLOCK);
	if (!race_failed(race, "open", cable->fd))
		race_duel(race, &ops, cable);
}

TEST(loopback_stop_vs_close_of_peer)
{
	struct cable cable = {};

	ksft_print_msg("without KASAN only a crash shows a bug\n");
	if (find_unlike_cable(_metadata, &cable, 1))
		race_test(_metadata, stop_against_close, &cable);
}

TEST_HARNESS_MAIN
