/*
 * Two linked streams: PREPARE through A, a writer in a page fault on B, OSS mmap()
 * of B, UNLINK of A. All sleeping locks of the model meet.
 */
#define STREAMS 2
#define LINKED true
#define PAGE_FAULTS true
#include "../model.pml"
#include "../actors/oss_mmap.pml"
#include "../actors/prepare.pml"
#include "../actors/unlink.pml"
#include "../actors/write.pml"

#define ACTORS run Prepare(0); run Write(1); run OssMmap(1, 2); run Unlink(0)
#include "../init.pml"
