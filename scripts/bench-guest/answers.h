/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random calls by one thread, and what each of them answered.  One thread must
 * get the same answers on every kernel, unless a change is meant.
 *
 * A seed is played several times, at other moments within a tick of the clock:
 * where a stream is in its buffer may differ then, and with it the answers.
 * Each account that a seed gave is printed once: a line with the seed, then one
 * per call:
 *
 *   account <seed>
 *   <object> <call> <arguments> = <result> | <what is to be seen then>
 */
#ifndef __ANSWERS_H
#define __ANSWERS_H

#include "kselftest.h"
#include "pcm-raw.h"

/*
 * @run: returns a result or -errno.
 * @request: if there is no @run, an ioctl without argument.
 * @weight: how often, in comparison with the others.
 */
struct operation {
	const char *name;
	long (*run)(void *object);
	unsigned long request;
	unsigned int weight;
};

struct player {
	void (*begin)(void);
	void (*call)(void);
	void (*end)(void);
};

/*
 * @argv: the first seed, the number of seeds, how often each is played.
 * Return: what the program returns.
 */
int play_seeds(const struct player *player, char **argv);

/* Choices; pick() also says what it chose. */
unsigned int choose(unsigned int below);
unsigned long pick(const unsigned long *values, unsigned int count);
#define PICK(values) pick(values, ARRAY_SIZE(values))
const struct operation *any_operation(const struct operation *operations,
				      unsigned int count);

/* For the account. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned int hash(const void *data, size_t size);
void say_proc(const struct pcm_dev *dev, int subdevice, const char *name);

/* Operations on any file, or on none; sleeping, all that runs runs out, if it does. */
long poll_now(int fd);
long sleep_long(void *object);

/* Perform an operation and say how it ended. */
void perform(const struct operation *operation, void *object, int fd);

#endif /* __ANSWERS_H */
