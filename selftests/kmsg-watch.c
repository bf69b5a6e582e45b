// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "kmsg-watch.h"

static const char * const splat_marks[] = {
	"BUG:",
	"WARNING:",
	"KASAN:",
	"KCSAN:",
	"UBSAN:",
	"Oops:",
	"general protection fault",
	"kernel BUG at",
	"refcount_t:",
	"INFO: task",
	"INFO: trying to register non-static key",
	"possible recursive locking",
	"possible circular locking",
	"possible irq lock inversion",
	"inconsistent lock state",
	"invalid subclass",
	"bad unlock balance",
	"lock held when returning to user space",
	"held lock freed",
	"suspicious RCU usage",
	"rcu_preempt detected stalls",
	"soft lockup",
};

/* Not as a part of another word: "DEBUG:" is no "BUG:". */
static bool has_mark(const char *text, const char *mark)
{
	const char *at;

	for (at = strstr(text, mark); at; at = strstr(at + 1, mark))
		if (at == text || !isalpha((unsigned char)at[-1]))
			return true;
	return false;
}

static bool is_splat(const char *text)
{
	size_t i;

	/* Data races of others have nothing to do with what we run. */
	if (strstr(text, "KCSAN:") && !strstr(text, "snd_"))
		return false;
	for (i = 0; i < ARRAY_SIZE(splat_marks); i++)
		if (has_mark(text, splat_marks[i]))
			return true;
	return false;
}

int kmsg_watch_open(void)
{
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return -ESPIPE;
	}
	return fd;
}

bool kmsg_watch_splat(int fd, char *title, size_t size)
{
	char record[8192];
	char *text;
	ssize_t len;

	for (;;) {
		len = read(fd, record, sizeof(record) - 1);
		/* EPIPE: records were overwritten before we read them. */
		if (len < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (len <= 0)
			return false;
		record[len] = '\0';
		/* What follows the first line is a dictionary, not text. */
		record[strcspn(record, "\n")] = '\0';
		/* Above the level: the facility, 0 is the kernel's own. */
		if (strtoul(record, NULL, 10) > 7)
			continue;
		text = strchr(record, ';');
		if (text && is_splat(text + 1)) {
			snprintf(title, size, "%s", text + 1);
			return true;
		}
	}
}
