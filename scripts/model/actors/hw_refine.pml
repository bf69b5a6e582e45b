proctype HwRefine(byte s)
{
	ACTOR_LOCALS;
	snd_pcm_hw_refine(s)
}
