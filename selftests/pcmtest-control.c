// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/close_range.h>
#include <sys/syscall.h>

#include "kselftest.h"
#include "pcm-race.h"
#include "pcmtest-control.h"

#define DEBUGFS		"/sys/kernel/debug/pcmtest/"
#define PARAMETERS	"/sys/module/snd_pcmtest/parameters/"
#define DRIVER		"/sys/bus/platform/drivers/pcmtest/"
#define DEVICE		"pcmtest.0"
#define TIMELINE_SIZE	262144

/* A parameter that this test changes. */
struct parameter {
	const char *path;
	char saved;
};

static struct parameter parameters[] = {
	{ .path = PARAMETERS "nonatomic" },
	{ .path = PARAMETERS "use_ack" },
	{ .path = PARAMETERS "explicit_sync" },
	{ .path = PARAMETERS "use_copy" },
};

static pid_t owner;

static int write_file(const char *path, const char *text, size_t length)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) < 0)
		err = -errno;
	close(fd);
	return err;
}

static char read_letter(const char *path)
{
	char letter = '\0';
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return letter;
	if (read(fd, &letter, 1) != 1)
		letter = '\0';
	close(fd);
	return letter;
}

static int rebind(void)
{
	int err;

	err = write_file(DRIVER "unbind", DEVICE, strlen(DEVICE));
	return err ? err : write_file(DRIVER "bind", DEVICE, strlen(DEVICE));
}

bool pcmtest_can_delay(void)
{
	return !access(DEBUGFS "delay_us", F_OK);
}

/* Only calls what a signal handler may call. */
void pcmtest_restore(void)
{
	unsigned int i;

	if (!owner)
		return;
	owner = 0;
	for (i = 0; i < ARRAY_SIZE(parameters); i++)
		write_file(parameters[i].path, &parameters[i].saved, 1);
	rebind();
}

/* The device can't be unbound while there is a descriptor. */
static void restore_and_exit(int signal)
{
	if (owner == getpid()) {
		syscall(__NR_close_range, 3, UINT_MAX, 0);
		pcmtest_restore();
	}
	_exit(128 + signal);
}

int pcmtest_remake(bool nonatomic)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const char *values[ARRAY_SIZE(parameters)] = {
		nonatomic ? "Y" : "N", "Y", "Y", "Y",
	};
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(parameters); i++)
		parameters[i].saved = read_letter(parameters[i].path);
	owner = getpid();
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], restore_and_exit);
	for (i = 0; !err && i < ARRAY_SIZE(parameters); i++)
		err = write_file(parameters[i].path, values[i], 1);
	return err ? err : rebind();
}

void pcmtest_delay(const char *callback, unsigned int us)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), DEBUGFS "delay_us/%.32s", callback);
	snprintf(text, sizeof(text), "%u", us);
	write_file(path, text, strlen(text));
}

void pcmtest_forget_calls(void)
{
	write_file(DEBUGFS "timeline", "0", 1);
}

static ssize_t read_file(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (length < size - 1 &&
	       (got = read(fd, text + length, size - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = '\0';
	return length;
}

/* Fields: seq time_us cpu pid comm stream callback event ... */
static int balance_of(char *text, const char *callback, bool unfinished)
{
	char name[32], event[32], *save, *line;
	int balance = 0;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %31s %31s", name,
			   event) != 2 || strcmp(name, callback))
			continue;
		if (!strcmp(event, "enter"))
			balance++;
		else if (unfinished && !strcmp(event, "exit"))
			balance--;
	}
	return balance;
}

bool pcmtest_called(const char *callback, bool unfinished)
{
	char *text = malloc(TIMELINE_SIZE);
	bool called = false;

	if (text && read_file(DEBUGFS "timeline", text, TIMELINE_SIZE) > 0)
		called = balance_of(text, callback, unfinished) > 0;
	free(text);
	return called;
}

bool pcmtest_wait_inside(const char *callback)
{
	unsigned long long end = race_now_ns() + 2000000000ULL;

	do {
		if (pcmtest_called(callback, true))
			return true;
		race_sleep_us(200);
	} while (race_now_ns() < end);
	return false;
}

/* The first line is "total N", each other one names a kind. */
unsigned int pcmtest_violations(char *text, size_t size)
{
	char file[4096], *kinds, *end;
	unsigned int total;

	if (read_file(DEBUGFS "violations", file, sizeof(file)) <= 0 ||
	    sscanf(file, "total %u", &total) != 1)
		return 0;
	kinds = strchrnul(file, '\n');
	while ((end = strchr(kinds, '\n')))
		*end = ' ';
	if (text)
		snprintf(text, size, "%s", kinds);
	return total;
}

bool pcmtest_can_suspend(void)
{
	return !access(DEBUGFS "suspend", F_OK);
}

int pcmtest_suspend(void)
{
	return write_file(DEBUGFS "suspend", "1", 1);
}
