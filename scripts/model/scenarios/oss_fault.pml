/* An OSS writer holds oss.params_lock in a page fault against an OSS mmap(). */
#define STREAMS 1
#define PAGE_FAULTS true
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/oss_mmap.pml"
#include "../actors/oss_write.pml"

#define ACTORS run OssWrite(0); run OssMmap(0, 2); run HwParams(0, 2)
#include "../init.pml"
