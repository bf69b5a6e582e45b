proctype Relink(byte s; byte other)
{
	ACTOR_LOCALS;
	snd_pcm_unlink(other);
	snd_pcm_link(s, other)
}
