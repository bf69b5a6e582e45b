proctype Mmap(byte s)
{
	ACTOR_LOCALS;
	down_write(mmap_lock, 0);
	snd_pcm_mmap_data(s);
	up_write(mmap_lock, 0)
}
