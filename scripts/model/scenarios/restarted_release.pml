/*
 * As member_release, and START through A restarts B between its stop and its
 * unlinking.
 */
#define STREAMS 2
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"
#include "../actors/release.pml"
#include "../actors/start.pml"

#define ACTORS run Prepare(0); run Start(0); run Release(1)
#include "../init.pml"
