/*
 * WRITEN sizes its array of channel pointers, then HW_PARAMS and PREPARE of
 * another task change the number of channels (finding 2).
 */
#define STREAMS 1
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/prepare.pml"
#include "../actors/write.pml"

#define ACTORS run Write(0); run HwParams(0, 2); run Prepare(0)
#include "../init.pml"
