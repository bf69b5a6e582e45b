proctype ProcRead(byte s)
{
	ACTOR_LOCALS;
	byte seen;

	mutex_lock(open_mutex, s);
	if
	:: runtime_attached[s] -> proc_read_locked(s)
	:: else
	fi;
	mutex_unlock(open_mutex, s)
}
