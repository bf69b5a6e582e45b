/*
 * As restarted_release, and A is unlinked meanwhile, so that B has no link left
 * when it comes to unlink itself.
 */
#define STREAMS 2
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"
#include "../actors/release.pml"
#include "../actors/start.pml"
#include "../actors/unlink.pml"

#define ACTORS run Prepare(0); run Start(0); run Unlink(0); run Release(1)
#include "../init.pml"
