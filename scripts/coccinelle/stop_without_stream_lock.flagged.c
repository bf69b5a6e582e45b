static irqreturn_t bus_error(int irq, void *data)
{
	struct snd_pcm_substream *substream = data;

	snd_pcm_stop(substream, SNDRV_PCM_STATE_XRUN);
	scoped_guard(pcm_stream_lock_irqsave, substream)
		use(substream);
	return IRQ_HANDLED;
}
