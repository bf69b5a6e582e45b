/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What older kernels lack in kselftest.h.
 */
#ifndef __OLDER_KSELFTEST_H
#define __OLDER_KSELFTEST_H

#include <errno.h>
#include <string.h>

#include_next "kselftest.h"

#define __printf(a, b)	__attribute__((format(printf, a, b)))

#define ksft_perror(text)	ksft_print_msg("%s: %s\n", text, strerror(errno))

#endif /* __OLDER_KSELFTEST_H */
