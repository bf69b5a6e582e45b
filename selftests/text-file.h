/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Short text files, as in /sys and /proc.  A signal handler may call these.
 */
#ifndef __TEXT_FILE_H
#define __TEXT_FILE_H

#include <stddef.h>

/* Return: 0 or -errno, also if it is close() that fails. */
int text_file_write(const char *path, const char *text);

/* Return: the length of @text, which may be cut to fit @size, or -errno. */
int text_file_read(const char *path, char *text, size_t size);

#endif /* __TEXT_FILE_H */
