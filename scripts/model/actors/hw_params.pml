proctype HwParams(byte s; byte configuration)
{
	ACTOR_LOCALS;
	snd_pcm_hw_params(s, configuration)
}
