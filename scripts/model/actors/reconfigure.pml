/* another program takes the stream over: DROP, HW_PARAMS, PREPARE */
proctype Reconfigure(byte s; byte configuration)
{
	ACTOR_LOCALS;
	snd_pcm_action_lock_irq(STOP, s);
	snd_pcm_hw_params(s, configuration);
	snd_pcm_prepare(s)
}
