/* All streams prepared, with a buffer, linked or not; then the actors. */
init {
	atomic {
		byte s = 0;
		do
		:: s < STREAMS ->
			state[s] = PREPARED;
			channels[s] = CONFIGURATION;
			buffer_size[s] = CONFIGURATION;
			buffer[s] = CONFIGURATION;
			runtime_attached[s] = true;
			period_pending[s] = PERIOD_PENDING;
			list_order[s] = s;
			if
			:: LINKED -> group_of[s] = 1; group_refs[1]++
			:: else
			fi;
			s++
		:: else -> break
		od;
		s = 0;
		ACTORS
	}
}
