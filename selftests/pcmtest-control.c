// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "kselftest.h"
#include "pcm-race.h"
#include "pcmtest-control.h"
#include "text-file.h"

#define DEBUGFS		"/sys/kernel/debug/pcmtest/"
#define PARAMETERS	"/sys/module/snd_pcmtest/parameters/"
#define DRIVER		"/sys/bus/platform/drivers/pcmtest/"
#define DEVICE		"pcmtest.0"
#define TIMELINE_SIZE	262144

/* A parameter that this test changes. */
struct parameter {
	const char *path;
	char saved[2];
};

static struct parameter parameters[] = {
	{ .path = PARAMETERS "nonatomic" },
	{ .path = PARAMETERS "use_ack" },
	{ .path = PARAMETERS "explicit_sync" },
	{ .path = PARAMETERS "use_copy" },
};

static pid_t owner;

/* It may be unbound already, if it could not be bound the last time. */
static int rebind(void)
{
	text_file_write(DRIVER "unbind", DEVICE);
	return text_file_write(DRIVER "bind", DEVICE);
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
		text_file_write(parameters[i].path, parameters[i].saved);
	rebind();
}

/* The device can't be unbound while there is a descriptor. */
static void restore_and_exit(int signal)
{
	if (owner == getpid()) {
		race_abort();
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
		text_file_read(parameters[i].path, parameters[i].saved,
			       sizeof(parameters[i].saved));
	owner = getpid();
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], restore_and_exit);
	for (i = 0; !err && i < ARRAY_SIZE(parameters); i++)
		err = text_file_write(parameters[i].path, values[i]);
	if (!err)
		err = rebind();
	if (err)
		pcmtest_restore();
	return err;
}

int pcmtest_set(const char *parameter, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), PARAMETERS "%.32s", parameter);
	return text_file_write(path, value);
}

int pcmtest_delay(const char *callback, unsigned int us)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), DEBUGFS "delay_us/%.32s", callback);
	snprintf(text, sizeof(text), "%u", us);
	return text_file_write(path, text);
}

void pcmtest_calm(void)
{
	DIR *delays = opendir(DEBUGFS "delay_us");
	struct dirent *entry;

	if (!delays)
		return;
	while ((entry = readdir(delays)))
		if (entry->d_name[0] != '.')
			pcmtest_delay(entry->d_name, 0);
	closedir(delays);
	pcmtest_set(PCMTEST_FAILING_HW_PARAMS, "N");
	pcmtest_set(PCMTEST_FAILING_PREPARE, "N");
	pcmtest_set(PCMTEST_FAILING_TRIGGER, "N");
}

int pcmtest_forget_calls(void)
{
	return text_file_write(DEBUGFS "timeline", "0");
}

struct tally {
	int entered, left;
	bool wanted;			/* whether a call had the value */
};

/* Fields: seq time_us cpu pid comm stream callback event value ... */
static struct tally tally_calls(const char *callback, int wanted)
{
	char *text = malloc(TIMELINE_SIZE);
	struct tally tally = {};
	char name[32], event[32], *save, *line;
	int value;

	if (!text ||
	    text_file_read(DEBUGFS "timeline", text, TIMELINE_SIZE) <= 0)
		goto out;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %31s %31s %d", name,
			   event, &value) != 3 || strcmp(name, callback))
			continue;
		if (!strcmp(event, "enter")) {
			tally.entered++;
			tally.wanted = tally.wanted || value == wanted;
		} else if (!strcmp(event, "exit")) {
			tally.left++;
		}
	}
out:
	free(text);
	return tally;
}

static bool is_inside(struct tally tally)
{
	return tally.entered > tally.left;
}

bool pcmtest_called(const char *callback, bool unfinished)
{
	struct tally tally = tally_calls(callback, 0);

	return unfinished ? is_inside(tally) : tally.entered;
}

bool pcmtest_triggered(int cmd)
{
	return tally_calls("trigger", cmd).wanted;
}

static bool was_called(struct tally tally)
{
	return tally.entered;
}

static bool has_returned(struct tally tally)
{
	return tally.left;
}

static bool wait_for(const char *callback, bool (*reached)(struct tally tally))
{
	unsigned long long end = race_now_ns() + 2000000000ULL;

	do {
		if (reached(tally_calls(callback, 0)))
			return true;
		race_sleep_us(200);
	} while (race_now_ns() < end);
	return false;
}

bool pcmtest_wait_inside(const char *callback)
{
	return wait_for(callback, was_called) && pcmtest_called(callback, true);
}

bool pcmtest_wait_return(const char *callback)
{
	return wait_for(callback, has_returned);
}

/* The first line is "total N", each other one names a kind. */
unsigned int pcmtest_violations(char *text, size_t size)
{
	char file[4096], *kinds, *end;
	unsigned int total;

	if (text_file_read(DEBUGFS "violations", file, sizeof(file)) <= 0 ||
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
	return text_file_write(DEBUGFS "suspend", "1");
}
