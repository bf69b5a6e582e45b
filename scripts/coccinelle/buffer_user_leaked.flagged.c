static int snd_pcm_fill(struct snd_pcm_substream *substream)
{
	int err;

	snd_pcm_stream_lock_irq(substream);
	err = snd_pcm_buffer_get(substream);
	if (err)
		goto unlock;
	snd_pcm_stream_unlock_irq(substream);
	if (!use(substream))
		return -EFAULT;
	snd_pcm_stream_lock_irq(substream);
	snd_pcm_buffer_put(substream);
 unlock:
	snd_pcm_stream_unlock_irq(substream);
	return err;
}
