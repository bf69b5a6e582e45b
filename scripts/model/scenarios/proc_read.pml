/* /proc hw_params against HW_PARAMS (finding 3). */
#define STREAMS 1
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/proc_read.pml"

#define ACTORS run ProcRead(0); run HwParams(0, 2)
#include "../init.pml"
