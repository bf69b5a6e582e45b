static int snd_pcm_hw_params_user(struct snd_pcm_substream *substream,
				  struct file *file,
				  struct snd_pcm_hw_params __user *_params)
{
	struct snd_pcm_hw_params params;
	int err;

	if (copy_from_user(&params, _params, sizeof(params)))
		return -EFAULT;
	err = snd_pcm_params_lock(substream, file);
	if (err)
		return err;
	err = use(substream, &params);
	snd_pcm_params_unlock(substream);
	if (copy_to_user(_params, &params, sizeof(params)))
		return -EFAULT;
	return err;
}
