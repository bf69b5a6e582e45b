/* mmap() of the buffer against HW_FREE and a writer in a page fault. */
#define STREAMS 1
#define PAGE_FAULTS true
#include "../model.pml"
#include "../actors/hw_free.pml"
#include "../actors/mmap.pml"
#include "../actors/write.pml"

#define ACTORS run Mmap(0); run HwFree(0); run Write(0)
#include "../init.pml"
