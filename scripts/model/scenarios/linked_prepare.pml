/* Two linked streams, PREPARE through either of them (finding 1). */
#define STREAMS 2
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"

#define ACTORS run Prepare(0); run Prepare(1)
#include "../init.pml"
