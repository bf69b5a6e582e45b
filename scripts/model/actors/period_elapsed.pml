/* the period thread of a nonatomic driver: sync_stop waits for its end */
proctype PeriodElapsed(byte s)
{
	ACTOR_LOCALS;
#ifdef PERIOD_TAKES_PARAMS_LOCK
	down_read(params_lock, s);
	up_read(params_lock, s);
#endif
	spin_lock(stream_lock, s);
	spin_unlock(stream_lock, s);
	period_pending[s] = false
}
