/* holds oss.params_lock while it copies, as upstream does */
proctype OssWrite(byte s)
{
	ACTOR_LOCALS;
	mutex_lock(oss_params_lock, s);
	user_access_may_stall();
	mutex_unlock(oss_params_lock, s)
}
