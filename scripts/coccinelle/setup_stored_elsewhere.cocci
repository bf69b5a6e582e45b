// SPDX-License-Identifier: GPL-2.0-only
/// What HW_PARAMS stores is published in one place, with params_lock and the
/// stream lock held.  Nothing else in the PCM core may write it, but for the OSS
/// mmap, which nobody shares a stream with.
// Options: --no-includes

virtual report

@stored@
identifier f != {snd_pcm_store_hw_params,__snd_pcm_hw_params,snd_pcm_oss_mmap_locked};
struct snd_pcm_runtime *r;
expression e;
identifier member =~ "^(access|format|subformat|rate|channels|period_size|periods|buffer_size|min_align|byte_align|frame_bits|sample_bits|info|rate_num|rate_den|no_period_wakeup|boundary)$";
assignment operator op;
position p;
@@

f(...)
{
<...
(
r->member@p op e
|
e->runtime->member@p op ...
)
...>
}

@script:python depends on report@
p << stored.p;
f << stored.f;
member << stored.member;
@@

coccilib.report.print_report(p[0], "%s is stored by %s()" % (member, f))
