/*
 * The protocol of Linux 7.3: runtime->buffer_mutex and runtime->buffer_accessing,
 * HW_PARAMS stores field by field, nobody notices a reconfiguration.
 */

bool buffer_mutex[STREAMS];
short buffer_accessing[STREAMS];	/* > 0: copies; < 0: reconfigurations */

inline snd_pcm_buffer_access_lock(s)
{
	atomic {
		ok = buffer_accessing[s] <= 0;
		if
		:: ok -> buffer_accessing[s]--
		:: else
		fi
	}
	if
	:: ok -> mutex_lock(buffer_mutex, s)
	:: else
	fi
}

inline snd_pcm_buffer_access_unlock(s)
{
	mutex_unlock(buffer_mutex, s);
	buffer_accessing[s]++
}

inline check_state(s, condition)
{
	spin_lock(stream_lock, s);
	ok = (condition);
	spin_unlock(stream_lock, s)
}

inline set_state(s, new_state)
{
	spin_lock(stream_lock, s);
	state[s] = new_state;
	spin_unlock(stream_lock, s)
}

inline snd_pcm_hw_params(s, configuration)
{
	snd_pcm_buffer_access_lock(s);
	if
	:: ok ->
		check_state(s, state[s] <= PREPARED && mmap_count[s] == 0);
		if
		:: ok ->
			snd_pcm_sync_stop(s);
			driver_free_buffer(s);
			if
			:: true ->
				driver_allocate_buffer(s, configuration);
				atomic {
					channels[s] = configuration;
					narrate(stores, channels, s)
				}
				atomic {
					buffer_size[s] = configuration;
					narrate(stores, buffer_size, s)
				}
				silence_threshold[s] = 0;
				set_state(s, SETUP)
			:: DRIVER_FAILS -> set_state(s, OPEN)
			fi
		:: else
		fi;
		snd_pcm_buffer_access_unlock(s)
	:: else
	fi
}

inline snd_pcm_hw_free(s)
{
	snd_pcm_buffer_access_lock(s);
	if
	:: ok ->
		check_state(s, (state[s] == SETUP || state[s] == PREPARED) &&
			       mmap_count[s] == 0);
		if
		:: ok ->
			snd_pcm_sync_stop(s);
			driver_free_buffer(s);
			set_state(s, OPEN)
		:: else
		fi;
		snd_pcm_buffer_access_unlock(s)
	:: else
	fi
}

/* snd_pcm_action_nonatomic() and snd_pcm_action_group(stream_lock = false) */
inline snd_pcm_prepare(leader)
{
	down_read(link_rwsem, 0);
	snd_pcm_buffer_access_lock(leader);
	if
	:: ok ->
		for_each_member(leader)
			if
			:: m != leader ->
				mutex_lock(buffer_mutex, m);
				taken = taken | bit(m)
			:: else
			fi;
			check_state(m, state[m] == SETUP || state[m] == PREPARED);
			if
			:: !ok -> break
			:: else
			fi
		end_for_each_member;
		if
		:: ok ->
			for_each_member(leader)
				snd_pcm_sync_stop(m);
				driver_prepare(m);
				spin_lock(stream_lock, m);
				resets[m]++;
				spin_unlock(stream_lock, m)
			end_for_each_member;
			for_each_member(leader)
				set_state(m, PREPARED)
			end_for_each_member
		:: else
		fi;
		for_each_member(leader)
			if
			:: taken & bit(m) -> mutex_unlock(buffer_mutex, m)
			:: else
			fi
		end_for_each_member;
		taken = 0;
		snd_pcm_buffer_access_unlock(leader)
	:: else
	fi;
	up_read(link_rwsem, 0)
}

inline pre_action(action, s)
{
	ok = (action != START ||
	      (state[s] == PREPARED && buffer_accessing[s] >= 0)) &&
	     state[s] != OPEN
}

inline snd_pcm_sw_params(s, threshold)
{
	check_state(s, state[s] != OPEN);
	if
	:: ok && threshold <= buffer_size[s] ->
		spin_lock(stream_lock, s);
		silence_threshold[s] = threshold;
		atomic {
			expect(threshold_over_buffer,
			       silence_threshold[s] <= buffer_size[s])
		}
		spin_unlock(stream_lock, s)
	:: else
	fi
}

inline snd_pcm_hw_refine(s)
{
	use_dma_object(s)
}

inline snd_pcm_mmap_data(s)
{
	atomic {
		ok = buffer_accessing[s] >= 0;
		if
		:: ok -> buffer_accessing[s]++
		:: else
		fi
	}
	if
	:: ok ->
		map_buffer(s);
		buffer_accessing[s]--
	:: else
	fi
}

inline proc_read_locked(s)
{
	read_parameters(s)
}

/* pcm_accessible_state() */
inline transfer_check(s)
{
	ok = state[s] == PREPARED || state[s] == RUNNING
}

/* snd_pcm_xfern_frames_ioctl() and the start of __snd_pcm_lib_xfer() */
inline transfer_begin(s)
{
	check_state(s, state[s] != OPEN);
	array_size = channels[s];
	user_access();
	if
	:: ok ->
		spin_lock(stream_lock, s);
		transfer_check(s)
	:: else -> spin_lock(stream_lock, s)
	fi
}

inline copy_begin(s)
{
	atomic {
		ok = buffer_accessing[s] >= 0;
		if
		:: ok -> buffer_accessing[s]++
		:: else
		fi
	}
}

inline copy_end(s)
{
	buffer_accessing[s]--
}

inline snd_pcm_release_substream(s)
{
	snd_pcm_action_lock_irq(STOP, s);
	if
	:: state[s] != OPEN ->
		atomic { closing[s] = true; narrate(closes, substream, s) }
		driver_free_buffer(s)
	:: else
	fi;
	atomic { closing[s] = true; narrate(closes, driver, s) }
	snd_pcm_unlink(s);
	runtime_attached[s] = false
}
