/* START of a group against HW_PARAMS (which may fail) and PREPARE of a member. */
#define STREAMS 2
#define LINKED true
#define DRIVER_FAILS true
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/prepare.pml"
#include "../actors/start.pml"

#define ACTORS run Start(0); run HwParams(1, 2); run Prepare(1)
#include "../init.pml"
