/* A writer sleeps in its copy for ever (userfaultfd): nobody may wait for it. */
#define STREAMS 1
#define STALLS true
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/mmap.pml"
#include "../actors/oss_mmap.pml"
#include "../actors/write.pml"

#define ACTORS run Write(0); run HwParams(0, 2); run OssMmap(0, 2); run Mmap(0)
#include "../init.pml"
