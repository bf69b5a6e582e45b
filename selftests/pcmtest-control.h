/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What snd-pcmtest offers to tests through debugfs and its parameters: delays in
 * its callbacks, a timeline of them, another kind of device.
 */
#ifndef __PCMTEST_CONTROL_H
#define __PCMTEST_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#define PCMTEST_DRIVER	"PCM-TEST Driver"

/* Whether it is there and has delays; only root can tell. */
bool pcmtest_can_delay(void);

/*
 * Make the device anew: with a mutex or a spinlock as the stream lock, an ack
 * and a copy callback, and a buffer that needs explicit sync.  What was set before comes
 * back with pcmtest_restore(), or when SIGINT, SIGTERM or SIGHUP ends the test.
 * Return: 0 or -errno.
 */
int pcmtest_remake(bool nonatomic);
void pcmtest_restore(void);

/* Set a parameter of the module.  Return: 0 or -errno. */
int pcmtest_set(const char *parameter, const char *value);
#define PCMTEST_FAILING_HW_PARAMS	"inject_hwpars_err"
#define PCMTEST_FAILING_PREPARE		"inject_prepare_err"
#define PCMTEST_FAILING_TRIGGER		"inject_trigger_err"

/* Hold up each further call of @callback by @us.  Return: 0 or -errno. */
int pcmtest_delay(const char *callback, unsigned int us);

/* Take back delays and errors that a test which was killed has left behind. */
void pcmtest_calm(void);

/* Forget what was called until now.  Return: 0 or -errno. */
int pcmtest_forget_calls(void);
/* Whether @callback was called and, with @unfinished, has not returned yet. */
bool pcmtest_called(const char *callback, bool unfinished);
/* Whether the trigger callback was called with @cmd. */
bool pcmtest_triggered(int cmd);
/*
 * Wait for the first call of @callback since pcmtest_forget_calls(): until it is
 * being called, or until it has returned.  Return: false after two seconds, and
 * if it is too late to be inside.
 */
bool pcmtest_wait_inside(const char *callback);
bool pcmtest_wait_return(const char *callback);

/*
 * What the driver has to complain about the callbacks, all in all; @text gets
 * the kinds.  Return: their number; 0 also if this can't be told.
 */
unsigned int pcmtest_violations(char *text, size_t size);

/* Suspend all streams, as before the machine sleeps, which takes CONFIG_PM. */
bool pcmtest_can_suspend(void);
/* Return: 0 or -errno. */
int pcmtest_suspend(void);

#endif /* __PCMTEST_CONTROL_H */
