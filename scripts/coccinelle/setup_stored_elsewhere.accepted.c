static void snd_pcm_store_hw_params(struct snd_pcm_runtime *runtime,
				    struct snd_pcm_hw_params *params)
{
	runtime->rate = params_rate(params);
}

static int snd_pcm_look(struct snd_pcm_substream *substream)
{
	struct snd_pcm_runtime *runtime = substream->runtime;
	struct snd_pcm_channel_info info;

	info.rate = runtime->rate;
	runtime->start_threshold = 1;
	return use(&info);
}
