/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __STUCK_TASK_H
#define __STUCK_TASK_H

#include <stddef.h>
#include <sys/types.h>

/* Return: the letter that /proc/<pid>/task/<tid>/stat shows, or '?'. */
char task_state(pid_t pid, pid_t tid);

/*
 * Say in one line what the tasks of @pid that are in one of @states do: the
 * system call and, where we may see it, the kernel function.
 * Return: their number.
 */
unsigned int describe_tasks(pid_t pid, const char *states, char *text,
			    size_t size);

#endif /* __STUCK_TASK_H */
