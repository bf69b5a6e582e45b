// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "pcm-race.h"
#include "stream.h"

#define CALLS		40	/* of one seed */
#define MAX_PLAYS	25	/* of one seed */
#define PLAY_STEP_NS	230000	/* in a tick of a millisecond */
#define STUCK_SECONDS	30
#define ACCOUNT_SIZE	(32 * 1024)

static unsigned int state;
static char account[MAX_PLAYS][ACCOUNT_SIZE];
static char *text;			/* of the account that is written */
static size_t length;

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	length += vsnprintf(text + length, ACCOUNT_SIZE - length, format, args);
	va_end(args);
	if (length >= ACCOUNT_SIZE)
		die("the account is too long", -ENOSPC);
}

unsigned int choose(unsigned int below)
{
	return rand_r(&state) / 16 % below;
}

unsigned long pick(const unsigned long *values, unsigned int count)
{
	unsigned long value = values[choose(count)];

	say(" %ld", (long)value);
	return value;
}

unsigned int hash(const void *data, size_t size)
{
	const unsigned char *byte = data;
	unsigned int sum = 2166136261;

	while (size--)
		sum = (sum ^ *byte++) * 16777619;
	return sum & 0xffff;
}

void say_proc(const struct pcm_dev *dev, int subdevice, const char *name)
{
	char content[512];
	int fd, len;

	fd = pcm_proc_open(dev, subdevice, name, O_RDONLY);
	if (fd < 0)
		return;
	len = pcm_proc_read(fd, content, sizeof(content));
	close(fd);
	if (len >= 0)
		say(" %s %x", name, hash(content, len));
}

const struct operation *any_operation(const struct operation *operations,
				      unsigned int count)
{
	unsigned int i, turn, sum = 0;

	for (i = 0; i < count; i++)
		sum += operations[i].weight;
	turn = choose(sum);
	for (i = 0; turn >= operations[i].weight; i++)
		turn -= operations[i].weight;
	return &operations[i];
}

void perform(const struct operation *operation, void *object, int fd)
{
	long result;

	say(" %s", operation->name);
	alarm(STUCK_SECONDS);
	result = operation->run ? operation->run(object) :
		 pcm_call(fd, operation->request);
	alarm(0);
	if (result < 0)
		say(" = %s |", strerrorname_np(-result));
	else
		say(" = %ld |", result);
}

long poll_now(int fd)
{
	struct pollfd pollfd = {
		.fd = fd,
		.events = POLLIN | POLLOUT,
	};

	return poll(&pollfd, 1, 0) < 0 ? -errno : pollfd.revents;
}

long sleep_long(void *object)
{
	(void)object;
	sleep(3);
	return 0;
}

static void spin(unsigned long ns)
{
	unsigned long long end = race_now_ns() + ns;

	while (race_now_ns() < end)
		;
}

/* The same seed makes the same choices. */
static void play(const struct player *player, unsigned int seed, int number)
{
	int i;

	text = account[number];
	length = 0;
	state = seed;
	usleep(1000);		/* until a tick */
	spin(number * PLAY_STEP_NS);
	player->begin();
	for (i = 0; i < CALLS; i++) {
		player->call();
		say("\n");
	}
	player->end();
}

static void play_seed(const struct player *player, unsigned int seed, int plays)
{
	int number, other;

	for (number = 0; number < plays; number++) {
		play(player, seed, number);
		for (other = 0; strcmp(account[other], account[number]); other++)
			;
		if (other == number)
			printf("account %u\n%s", seed, account[number]);
	}
}

static void on_alarm(int number)
{
	(void)number;
}

int play_seeds(const struct player *player, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int first = atoi(argv[0]), count = atoi(argv[1]), plays = atoi(argv[2]);
	int i;

	if (count < 1 || plays < 1 || plays > MAX_PLAYS) {
		fprintf(stderr, "seeds, and 1 to %d plays of each\n", MAX_PLAYS);
		return 1;
	}
	setbuf(stdout, NULL);
	/* No restart: what would wait for ever gets EINTR. */
	sigaction(SIGALRM, &action, NULL);
	signal(SIGIO, SIG_IGN);
	for (i = 0; i < count; i++)
		play_seed(player, first + i, plays);
	return 0;
}
