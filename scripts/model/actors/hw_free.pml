proctype HwFree(byte s)
{
	ACTOR_LOCALS;
	snd_pcm_hw_free(s)
}
