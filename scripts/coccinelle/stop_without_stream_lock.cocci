// SPDX-License-Identifier: GPL-2.0-only
/// snd_pcm_stop() has to be called with the stream lock held.  The helpers of
/// the core that are called with it are left to the context analysis.
// Options: --no-includes

virtual report

@scoped@
iterator name scoped_guard;
identifier lock =~ "^pcm_stream_lock";
expression s;
position p;
@@

scoped_guard(lock, s) {
<+...
snd_pcm_stop@p(...)
...+>
}

@unlocked exists@
identifier f != {__snd_pcm_xrun,__snd_pcm_drop,pcm_xfer};
identifier lock =~ "^pcm_stream_lock";
position p != scoped.p;
@@

f(...)
{
... when != snd_pcm_stream_lock(...)
    when != snd_pcm_stream_lock_irq(...)
    when != snd_pcm_stream_lock_irqsave(...)
    when != guard(lock)(...)
snd_pcm_stop@p(...)
... when any
}

@script:python depends on report@
p << unlocked.p;
f << unlocked.f;
@@

coccilib.report.print_report(p[0], "%s() stops a stream without its lock" % f)
