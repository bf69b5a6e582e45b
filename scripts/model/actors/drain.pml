proctype Drain(byte s)
{
	ACTOR_LOCALS;
	snd_pcm_action_lock_irq(DRAIN, s)
}
