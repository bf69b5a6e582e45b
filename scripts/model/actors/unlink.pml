proctype Unlink(byte s)
{
	ACTOR_LOCALS;
	snd_pcm_unlink(s)
}
