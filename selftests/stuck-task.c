// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stuck-task.h"
#include "text-file.h"

#define STACK_FRAMES 3

static bool read_task_file(pid_t pid, pid_t tid, const char *name, char *text,
			   size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%.16s", pid, tid, name);
	return text_file_read(path, text, size) > 0;
}

/* The state letter follows the command name, which may contain anything. */
char task_state(pid_t pid, pid_t tid)
{
	char stat[256];
	char *paren;

	if (!read_task_file(pid, tid, "stat", stat, sizeof(stat)))
		return '?';
	paren = strrchr(stat, ')');
	return paren && paren[1] == ' ' ? paren[2] : '?';
}

/* "[<0>] function+0x12/0x34" lines become "function < caller < ...". */
static void append_stack(char *stack, char *text, size_t size)
{
	unsigned int frames = 0;
	char *save, *line, *name;
	size_t len;

	for (line = strtok_r(stack, "\n", &save);
	     line && frames < STACK_FRAMES; line = strtok_r(NULL, "\n", &save)) {
		name = strstr(line, "] ");
		if (!name)
			continue;
		name += 2;
		name[strcspn(name, "+")] = '\0';
		len = strlen(text);
		snprintf(text + len, size - len, "%s%s",
			 frames ? " < " : " ", name);
		frames++;
	}
}

static void describe_task(pid_t pid, pid_t tid, char *text, size_t size)
{
	char file[2048];
	size_t len = strlen(text);
	unsigned long fd, request;
	long nr;

	snprintf(text + len, size - len, "%stask %d", len ? "; " : "", tid);

	if (!read_task_file(pid, tid, "syscall", file, sizeof(file)))
		file[0] = '\0';
	len = strlen(text);
	/* its stack would tell where it has slept at some time */
	if (!strcmp(file, "running\n")) {
		snprintf(text + len, size - len, " running");
		return;
	}
	if (sscanf(file, "%ld %lx %lx", &nr, &fd, &request) == 3)
		snprintf(text + len, size - len,
			 " in system call %ld (fd %lu, request 0x%lx)", nr, fd,
			 request);

	if (read_task_file(pid, tid, "stack", file, sizeof(file))) {
		append_stack(file, text, size);
	} else if (read_task_file(pid, tid, "wchan", file, sizeof(file))) {
		len = strlen(text);
		snprintf(text + len, size - len, " %s", file);
	}
}

unsigned int describe_tasks(pid_t pid, const char *states, char *text,
			    size_t size)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[32];
	pid_t tid;
	DIR *dir;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		tid = atoi(entry->d_name);
		if (!tid || !strchr(states, task_state(pid, tid)))
			continue;
		describe_task(pid, tid, text, size);
		count++;
	}
	closedir(dir);
	return count;
}
