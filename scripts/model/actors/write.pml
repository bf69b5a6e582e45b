/* WRITEN: the array of channel pointers is sized by what the start saw */
proctype Write(byte s)
{
	ACTOR_LOCALS;
	byte array_size, generation, resets_seen;
	byte chunks = 0;

	transfer_begin(s);
	do
	:: !ok || chunks == WRITER_CHUNKS -> break
	:: else ->
		chunks++;
		if
		:: true
		:: WRITER_WAITS ->	/* wait_for_avail() */
			spin_unlock(stream_lock, s);
			spin_lock(stream_lock, s);
			transfer_check(s)
		fi;
		if
		:: ok -> copy_begin(s)
		:: else
		fi;
		if
		:: ok ->
			resets_seen = resets[s];
			spin_unlock(stream_lock, s);
			access_buffer_begin(s);
			atomic {
				narrate(copies by array of, channels, s)
				expect(stale_channel_array,
				       array_size == channels[s])
			}
			user_access_may_stall();
			buffer_in_use[s]--;
			spin_lock(stream_lock, s);
			copy_end(s);
			transfer_check(s)
		:: else
		fi;
		if
		:: ok ->
			atomic {
				expect(stale_position, resets_seen == resets[s])
			}
			if
			:: WRITER_STARTS && state[s] == PREPARED ->
				snd_pcm_action(START, s)
			:: else
			fi
		:: else
		fi
	od;
	spin_unlock(stream_lock, s)
}
