proctype OssMmap(byte s; byte configuration)
{
	ACTOR_LOCALS;
	down_write(mmap_lock, 0);
#ifdef OSS_MMAP_WAITS
	mutex_lock(oss_params_lock, s);
#else
	mutex_trylock(oss_params_lock, s);
#endif
	if
	:: ok ->
		snd_pcm_hw_params(s, configuration);
		mutex_unlock(oss_params_lock, s);
		snd_pcm_mmap_data(s)
	:: else
	fi;
	up_write(mmap_lock, 0)
}
