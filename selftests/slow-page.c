// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "slow-page.h"

#define PATIENCE_MS 500

static struct timespec deadline(unsigned int ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += ms % 1000 * 1000000L;
	if (ts.tv_nsec >= 1000000000L) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000L;
	}
	return ts;
}

static void wait_for(struct slow_page *slow, bool *flag, unsigned int ms)
{
	struct timespec until = deadline(ms);

	while (!*flag)
		if (pthread_cond_timedwait(&slow->cond, &slow->mutex, &until))
			break;
}

static void serve_fault(struct slow_page *slow)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)slow->page,
		.src = (uintptr_t)slow->content,
		.len = slow->size,
	};

	pthread_mutex_lock(&slow->mutex);
	slow->faulted = true;
	pthread_cond_broadcast(&slow->cond);
	wait_for(slow, &slow->released, PATIENCE_MS);
	slow->armed = false;
	ioctl(slow->uffd, UFFDIO_COPY, &copy);
	pthread_cond_broadcast(&slow->cond);
	pthread_mutex_unlock(&slow->mutex);
}

static void *serve(void *arg)
{
	struct slow_page *slow = arg;
	struct pollfd pfds[] = {
		{ .fd = slow->uffd, .events = POLLIN },
		{ .fd = slow->stop_pipe[0], .events = POLLIN },
	};
	struct uffd_msg msg;

	while (poll(pfds, 2, -1) >= 0 || errno == EINTR) {
		if (pfds[1].revents)
			break;
		if (read(slow->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			serve_fault(slow);
	}
	return NULL;
}

static int register_page(struct slow_page *slow)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = {
			.start = (uintptr_t)slow->page,
			.len = slow->size,
		},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(slow->uffd, UFFDIO_API, &api) ||
	    ioctl(slow->uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	return 0;
}

static int set_up(struct slow_page *slow)
{
	pthread_condattr_t attr;
	int err;

	memset(slow, 0, sizeof(*slow));
	slow->size = sysconf(_SC_PAGESIZE);
	slow->before = mmap(NULL, 2 * slow->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slow->content = mmap(NULL, slow->size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slow->before == MAP_FAILED || slow->content == MAP_FAILED)
		return -ENOMEM;
	slow->page = (char *)slow->before + slow->size;

	slow->uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (slow->uffd < 0)
		return -errno;
	err = register_page(slow);
	if (!err && pipe2(slow->stop_pipe, O_CLOEXEC))
		err = -errno;
	if (err) {
		close(slow->uffd);
		return err;
	}

	pthread_mutex_init(&slow->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&slow->cond, &attr);
	return -pthread_create(&slow->thread, NULL, serve, slow);
}

bool slow_page_init(struct race *race, struct slow_page *slow)
{
	int err = set_up(slow);

	if (err)
		race_skip(race, "userfaultfd: %s", strerror(-err));
	return !err;
}

void slow_page_destroy(struct slow_page *slow)
{
	close(slow->stop_pipe[1]);
	pthread_join(slow->thread, NULL);
	close(slow->stop_pipe[0]);
	close(slow->uffd);
	munmap(slow->before, 2 * slow->size);
	munmap(slow->content, slow->size);
}

void slow_page_arm(struct slow_page *slow)
{
	pthread_mutex_lock(&slow->mutex);
	slow->armed = true;
	slow->faulted = false;
	slow->released = false;
	madvise(slow->page, slow->size, MADV_DONTNEED);
	pthread_mutex_unlock(&slow->mutex);
}

bool slow_page_wait(struct slow_page *slow, unsigned int ms)
{
	bool faulted;

	pthread_mutex_lock(&slow->mutex);
	wait_for(slow, &slow->faulted, ms);
	faulted = slow->faulted;
	pthread_mutex_unlock(&slow->mutex);
	return faulted;
}

bool slow_page_release(struct slow_page *slow)
{
	bool in_time;

	pthread_mutex_lock(&slow->mutex);
	in_time = slow->armed;
	slow->released = true;
	pthread_cond_broadcast(&slow->cond);
	pthread_mutex_unlock(&slow->mutex);
	return in_time;
}
