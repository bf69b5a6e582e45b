/*
 * A writer takes a page fault in its copy, which needs mmap_lock, while HW_PARAMS
 * comes from an ioctl and from an OSS mmap(), which holds mmap_lock.
 */
#define STREAMS 1
#define PAGE_FAULTS true
#define DRIVER_FAILS true
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/oss_mmap.pml"
#include "../actors/write.pml"

#define ACTORS run Write(0); run HwParams(0, 2); run OssMmap(0, 2)
#include "../init.pml"
