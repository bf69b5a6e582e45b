/*
 * Two HW_PARAMS and a PREPARE: parameters and buffer come from one caller
 * (the report of 2007).
 */
#define STREAMS 1
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/prepare.pml"

#define ACTORS run HwParams(0, 2); run HwParams(0, 3); run Prepare(0)
#include "../init.pml"
