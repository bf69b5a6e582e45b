proctype Status(byte s)
{
	ACTOR_LOCALS;
	byte seen;

	spin_lock(stream_lock, s);
	read_parameters(s);
	spin_unlock(stream_lock, s)
}
