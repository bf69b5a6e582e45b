static int snd_pcm_do_prepare(struct snd_pcm_substream *substream)
{
	guard(pcm_stream_lock_irq)(substream);
	return substream->ops->prepare(substream);
}

static void snd_pcm_settle(struct snd_pcm_substream *substream)
{
	scoped_guard(pcm_stream_lock_irq, substream) {
		if (substream->ops->sync_stop)
			substream->ops->sync_stop(substream);
	}
}
