/*
 * A writer starts its linked stream after the first chunk.
 * snd_pcm_stream_group_ref() may drop the stream lock there, when the group is
 * contended: another task takes the stream over and the second chunk follows.
 */
#define STREAMS 2
#define LINKED true
#define WRITER_CHUNKS 2
#define WRITER_STARTS true
#include "../model.pml"
#include "../actors/reconfigure.pml"
#include "../actors/start.pml"
#include "../actors/write.pml"

#define ACTORS run Write(0); run Reconfigure(0, 2); run Start(1)
#include "../init.pml"
