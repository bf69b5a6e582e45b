/* PREPARE through A while linked B is closed (finding 9); B is read in /proc. */
#define STREAMS 3
#define LINKED true
#include "../model.pml"
#include "../actors/prepare.pml"
#include "../actors/proc_read.pml"
#include "../actors/release.pml"

#define ACTORS run Prepare(0); run Release(1); run ProcRead(1)
#include "../init.pml"
