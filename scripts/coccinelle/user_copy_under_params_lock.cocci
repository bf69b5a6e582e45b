// SPDX-License-Identifier: GPL-2.0-only
/// A page fault takes mmap_lock, and mmap comes with mmap_lock held to
/// params_lock.  So user memory must not be accessed under params_lock.
// Options: --no-includes

virtual report

@taken@
expression s;
identifier copy = {copy_from_user,copy_to_user,get_user,put_user,memdup_user,memdup_array_user,copy_from_iter,copy_to_iter};
position p;
@@

(
snd_pcm_params_lock(s, ...)
|
snd_pcm_params_lock_shared(s, ...)
|
snd_pcm_params_trylock_shared(s)
|
down_write(&s->params_lock)
|
down_read(&s->params_lock)
|
down_write_killable(&s->params_lock)
|
down_read_killable(&s->params_lock)
)
... when != snd_pcm_params_unlock(s)
    when != snd_pcm_params_unlock_shared(s)
    when != up_write(&s->params_lock)
    when != up_read(&s->params_lock)
copy@p(...)

@script:python depends on report@
p << taken.p;
copy << taken.copy;
@@

coccilib.report.print_report(p[0], "%s() with params_lock held" % copy)
