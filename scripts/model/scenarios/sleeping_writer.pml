/*
 * A writer sleeps in wait_for_avail() while another task takes the stream over
 * (finding 5).
 */
#define STREAMS 1
#define WRITER_WAITS true
#include "../model.pml"
#include "../actors/reconfigure.pml"
#include "../actors/write.pml"

#define ACTORS run Write(0); run Reconfigure(0, 2)
#include "../init.pml"
