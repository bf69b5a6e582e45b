/* PREPARE through A while linked B's writer copies (finding 8). */
#define STREAMS 2
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"
#include "../actors/write.pml"

#define ACTORS run Prepare(0); run Write(1)
#include "../init.pml"
