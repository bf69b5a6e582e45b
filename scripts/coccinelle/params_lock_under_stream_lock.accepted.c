static int snd_pcm_hw_free(struct snd_pcm_substream *substream, struct file *file)
{
	int err;

	err = snd_pcm_params_lock(substream, file);
	if (err)
		return err;
	scoped_guard(pcm_stream_lock_irq, substream)
		use(substream);
	snd_pcm_params_unlock(substream);
	return 0;
}

static void snd_pcm_settle(struct snd_pcm_substream *substream)
{
	snd_pcm_stream_lock_irq(substream);
	use(substream);
	snd_pcm_stream_unlock_irq(substream);
	down_write(&substream->params_lock);
	use(substream);
	up_write(&substream->params_lock);
}
