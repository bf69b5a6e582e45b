// SPDX-License-Identifier: GPL-2.0-only
/// params_lock comes before the stream lock, which may be a spinlock.
// Options: --no-includes

virtual report

@locked@
identifier lock =~ "^pcm_stream_lock";
expression s, t;
position p;
@@

(
snd_pcm_stream_lock(s)
|
snd_pcm_stream_lock_irq(s)
|
snd_pcm_stream_lock_irqsave(s, ...)
|
guard(lock)(s)
)
... when != snd_pcm_stream_unlock(s)
    when != snd_pcm_stream_unlock_irq(s)
    when != snd_pcm_stream_unlock_irqrestore(s, ...)
(
snd_pcm_params_lock@p(t, ...)
|
snd_pcm_params_lock_shared@p(t, ...)
|
down_write@p(&t->params_lock)
|
down_write_killable@p(&t->params_lock)
|
down_read@p(&t->params_lock)
|
down_read_killable@p(&t->params_lock)
)

@scoped@
iterator name scoped_guard;
identifier lock =~ "^pcm_stream_lock";
expression s, t;
position p;
@@

scoped_guard(lock, s) {
<+...
(
snd_pcm_params_lock@p(t, ...)
|
snd_pcm_params_lock_shared@p(t, ...)
|
down_write@p(&t->params_lock)
|
down_write_killable@p(&t->params_lock)
|
down_read@p(&t->params_lock)
|
down_read_killable@p(&t->params_lock)
)
...+>
}

@script:python depends on report@
p << locked.p;
@@

coccilib.report.print_report(p[0], "params_lock is taken with the stream lock held")

@script:python depends on report@
p << scoped.p;
@@

coccilib.report.print_report(p[0], "params_lock is taken with the stream lock held")
