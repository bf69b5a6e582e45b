/*
 * START through two of three linked streams while UNLINK and LINK change the
 * group: group lock, stream locks and the life of the group object.
 */
#define STREAMS 3
#define LINKED true
#include "../model.pml"
#include "../actors/relink.pml"
#include "../actors/start.pml"

#define ACTORS run Start(0); run Start(1); run Relink(2, 1)
#include "../init.pml"
