static int snd_pcm_do_prepare(struct snd_pcm_substream *substream)
{
	int err;

	err = substream->ops->prepare(substream);
	guard(pcm_stream_lock_irq)(substream);
	if (!err)
		err = substream->ops->trigger(substream, 1);
	return err;
}

static void snd_pcm_settle(struct snd_pcm_substream *substream)
{
	snd_pcm_stream_lock_irq(substream);
	use(substream);
	snd_pcm_stream_unlock_irq(substream);
	substream->ops->sync_stop(substream);
}
