/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watch the kernel log for reports of kernel bugs that appear from now on.
 */
#ifndef __KMSG_WATCH_H
#define __KMSG_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Return: a pollable descriptor positioned at the end of the log, or -errno. */
int kmsg_watch_open(void);

/*
 * Read what is new.
 * Return: true if a record reports a bug, its text then is in @title.
 */
bool kmsg_watch_splat(int fd, char *title, size_t size);

#endif /* __KMSG_WATCH_H */
