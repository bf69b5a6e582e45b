static int snd_pcm_hw_params_user(struct snd_pcm_substream *substream,
				  struct file *file,
				  struct snd_pcm_hw_params __user *_params)
{
	struct snd_pcm_hw_params params;
	int err;

	err = snd_pcm_params_lock(substream, file);
	if (err)
		return err;
	if (copy_from_user(&params, _params, sizeof(params)))
		err = -EFAULT;
	snd_pcm_params_unlock(substream);
	return err;
}
