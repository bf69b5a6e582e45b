/*
 * PREPARE through two of three linked streams while a third task takes one of
 * them out of the group and puts it back, which changes the order of the list.
 */
#define STREAMS 3
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"
#include "../actors/relink.pml"

#define ACTORS run Prepare(0); run Prepare(1); run Relink(1, 0)
#include "../init.pml"
