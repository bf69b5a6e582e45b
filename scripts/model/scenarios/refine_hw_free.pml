/*
 * HW_REFINE looks at the DMA buffer object that HW_PARAMS and HW_FREE free
 * (finding 21).
 */
#define STREAMS 1
#include "../model.pml"
#include "../actors/hw_free.pml"
#include "../actors/hw_params.pml"
#include "../actors/hw_refine.pml"

#define ACTORS run HwRefine(0); run HwFree(0); run HwParams(0, 2)
#include "../init.pml"
