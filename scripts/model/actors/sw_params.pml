proctype SwParams(byte s; byte threshold)
{
	ACTOR_LOCALS;
	snd_pcm_sw_params(s, threshold)
}
