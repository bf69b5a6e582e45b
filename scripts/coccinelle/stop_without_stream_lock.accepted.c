static irqreturn_t bus_error(int irq, void *data)
{
	struct snd_pcm_substream *substream = data;

	scoped_guard(pcm_stream_lock_irqsave, substream)
		snd_pcm_stop(substream, SNDRV_PCM_STATE_XRUN);
	return IRQ_HANDLED;
}

static void unplugged(struct snd_pcm_substream *substream)
{
	snd_pcm_stream_lock_irq(substream);
	if (snd_pcm_running(substream))
		snd_pcm_stop(substream, SNDRV_PCM_STATE_DISCONNECTED);
	snd_pcm_stream_unlock_irq(substream);
}

static void full(struct snd_pcm_substream *substream)
{
	guard(pcm_stream_lock)(substream);
	snd_pcm_stop(substream, SNDRV_PCM_STATE_XRUN);
}
