proctype Prepare(byte s)
{
	ACTOR_LOCALS;
	snd_pcm_prepare(s)
}
