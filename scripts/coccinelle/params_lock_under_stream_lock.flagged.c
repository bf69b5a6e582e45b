static int snd_pcm_hw_free(struct snd_pcm_substream *substream, struct file *file)
{
	int err;

	guard(pcm_stream_lock_irq)(substream);
	err = snd_pcm_params_lock(substream, file);
	if (err)
		return err;
	use(substream);
	snd_pcm_params_unlock(substream);
	return 0;
}

static void snd_pcm_group_lock_all(struct snd_pcm_substream *substream)
{
	scoped_guard(pcm_stream_lock_irq, substream) {
		prepare(substream);
		down_write(&substream->params_lock);
	}
}
