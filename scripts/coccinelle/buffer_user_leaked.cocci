// SPDX-License-Identifier: GPL-2.0-only
/// Who counts itself with snd_pcm_buffer_get() has to count itself out before
/// it returns, or the stream can't be configured any more.
// Options: --no-includes

virtual report

@leaked exists@
expression s, e;
statement failed;
position p;
@@

e = snd_pcm_buffer_get(s);
if (\(e\|e < 0\)) failed
... when != snd_pcm_buffer_put(s)
return@p ...;

@script:python depends on report@
p << leaked.p;
@@

coccilib.report.print_report(p[0], "returns without snd_pcm_buffer_put()")
