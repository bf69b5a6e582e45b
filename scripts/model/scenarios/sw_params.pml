/* SW_PARAMS validates against a buffer that HW_PARAMS shrinks (finding 6). */
#define STREAMS 1
#define CONFIGURATION 2
#include "../model.pml"
#include "../actors/hw_params.pml"
#include "../actors/sw_params.pml"

#define ACTORS run SwParams(0, 2); run HwParams(0, 1)
#include "../init.pml"
