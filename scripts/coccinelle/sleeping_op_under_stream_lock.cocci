// SPDX-License-Identifier: GPL-2.0-only
/// These callbacks may sleep, and wait for those who take the stream lock.
// Options: --no-includes

virtual report

@locked@
identifier lock =~ "^pcm_stream_lock";
expression s, t;
identifier op = {hw_params,hw_free,prepare,sync_stop};
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
t->ops->op@p(...)

@scoped@
iterator name scoped_guard;
identifier lock =~ "^pcm_stream_lock";
expression s, t;
identifier op = {hw_params,hw_free,prepare,sync_stop};
position p;
@@

scoped_guard(lock, s) {
<+...
t->ops->op@p(...)
...+>
}

@script:python depends on report@
p << locked.p;
op << locked.op;
@@

coccilib.report.print_report(p[0], "ops->%s() is called with the stream lock held" % op)

@script:python depends on report@
p << scoped.p;
op << scoped.op;
@@

coccilib.report.print_report(p[0], "ops->%s() is called with the stream lock held" % op)
