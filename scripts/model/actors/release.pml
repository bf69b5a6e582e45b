proctype Release(byte s)
{
	ACTOR_LOCALS;
	mutex_lock(open_mutex, s);
	snd_pcm_release_substream(s);
	mutex_unlock(open_mutex, s)
}
