static int snd_pcm_tweak(struct snd_pcm_substream *substream)
{
	struct snd_pcm_runtime *runtime = substream->runtime;

	runtime->boundary = runtime->buffer_size;
	substream->runtime->rate /= 2;
	return 0;
}
