/*
 * DRAIN starts a prepared stream, alone or through its group, against HW_FREE
 * (finding 4).
 */
#define STREAMS 2
#define LINKED true
#include "../model.pml"
#include "../actors/drain.pml"
#include "../actors/hw_free.pml"

#define ACTORS run Drain(0); run HwFree(1); run Drain(1)
#include "../init.pml"
