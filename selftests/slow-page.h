/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page of memory that the kernel has to wait for: access to it stalls until it
 * is released.  This holds a system call open inside copy_from_user() or
 * copy_to_user().
 */
#ifndef __SLOW_PAGE_H
#define __SLOW_PAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "pcm-race.h"

struct slow_page {
	void *before;		/* an ordinary page, right in front of it */
	void *page;		/* what the kernel is slow to read or write */
	void *content;		/* fill this before arming */
	size_t size;
	int uffd;
	int stop_pipe[2];
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool armed, faulted, released;
};

/* Return: false if userfaultfd is not for us, which skips the race. */
bool slow_page_init(struct race *race, struct slow_page *slow);
void slow_page_destroy(struct slow_page *slow);

void slow_page_arm(struct slow_page *slow);

/* Wait until somebody stalls on the page. */
bool slow_page_wait(struct slow_page *slow, unsigned int ms);

/*
 * Let him go on.  It happens by itself half a second after the fault, so that
 * a kernel that rightly waits for him does not wait for ever.
 * Return: false if that had to be.
 */
bool slow_page_release(struct slow_page *slow);

#endif /* __SLOW_PAGE_H */
