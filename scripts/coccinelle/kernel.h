/* What spatch, which reads no headers, has to know of the kernel's macros. */
#define scoped_guard YACFE_ITERATOR
#define for_each_pcm_substream YACFE_ITERATOR
#define snd_pcm_group_for_each_entry YACFE_ITERATOR
#define __free(x)
#define __guarded_by(...)
#define __pcm_setup
