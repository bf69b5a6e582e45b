/*
 * HW_PARAMS, HW_FREE and PREPARE wait in sync_stop for a period thread, which
 * takes the stream lock.
 */
#define STREAMS 1
#define PERIOD_PENDING true
#include "../model.pml"
#include "../actors/hw_free.pml"
#include "../actors/hw_params.pml"
#include "../actors/period_elapsed.pml"
#include "../actors/prepare.pml"

#define ACTORS run HwParams(0, 2); run HwFree(0); run Prepare(0); run PeriodElapsed(0)
#include "../init.pml"
