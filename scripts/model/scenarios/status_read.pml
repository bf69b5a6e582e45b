/* What reads under the stream lock (STATUS, SYNC_PTR, poll) against HW_PARAMS. */
#define STREAMS 1
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/status.pml"

#define ACTORS run Status(0); run HwParams(0, 2)
#include "../init.pml"
