/*
 * START through both of two linked streams while UNLINK frees the group under
 * them and LINK makes a new one.
 */
#define STREAMS 2
#define LINKED true
#include "../model.pml"
#include "../actors/relink.pml"
#include "../actors/start.pml"

#define ACTORS run Start(0); run Start(1); run Relink(0, 1)
#include "../init.pml"
