/*
 * What every scenario is made of. A, B and C are the streams 0, 1 and 2.
 * -DUPSTREAM: the protocol of today's kernel instead of that of the series.
 */

/* what a scenario may ask for before it includes this */
#ifndef CONFIGURATION
#define CONFIGURATION 1		/* parameters and buffer at the start */
#endif
#ifndef LINKED
#define LINKED false		/* all streams in one group at the start */
#endif
#ifndef PAGE_FAULTS
#define PAGE_FAULTS false	/* copies may take mmap_lock */
#endif
#ifndef STALLS
#define STALLS false		/* copies may never return (userfaultfd) */
#endif
#ifndef DRIVER_FAILS
#define DRIVER_FAILS false	/* the hw_params callback may fail */
#endif
#ifndef PERIOD_PENDING
#define PERIOD_PENDING false	/* a period thread is under way at the start */
#endif
#ifndef WRITER_CHUNKS
#define WRITER_CHUNKS 1
#endif
#ifndef WRITER_WAITS
#define WRITER_WAITS false	/* writers may sleep in wait_for_avail() */
#endif
#ifndef WRITER_STARTS
#define WRITER_STARTS false	/* writers start the stream (start_threshold) */
#endif

#include "locks.pml"
#include "stream.pml"
#include "group.pml"
#ifdef UPSTREAM
#include "upstream.pml"
#else
#include "series.pml"
#endif
