/* Three linked streams, PREPARE through each of them (finding 1). */
#define STREAMS 3
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"

#define ACTORS run Prepare(0); run Prepare(1); run Prepare(2)
#include "../init.pml"
