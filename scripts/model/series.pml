/*
 * The protocol of the series. Each #ifdef takes one step out of it: a mutation,
 * which at least one scenario has to notice.
 */

rwsem params_lock[STREAMS];
/* the next three are protected by the stream lock */
bool params_busy[STREAMS];
byte buffer_users[STREAMS];
byte params_gen[STREAMS];

inline snd_pcm_params_lock(s)
{
#ifndef NO_PARAMS_LOCK
	down_write(params_lock, s)
#else
	skip
#endif
}

inline snd_pcm_params_unlock(s)
{
#ifndef NO_PARAMS_LOCK
	up_write(params_lock, s)
#else
	skip
#endif
}

#ifdef NO_USERS_CHECK
#define no_copy_in_flight(s) true
#else
#define no_copy_in_flight(s) (buffer_users[s] == 0)
#endif

/* state check, copy check and params_busy in one stream-lock section */
inline snd_pcm_params_begin(s, condition)
{
	spin_lock(stream_lock, s);
#ifdef WAIT_FOR_USERS
	spin_unlock(stream_lock, s);
	buffer_users[s] == 0;
	spin_lock(stream_lock, s);
#endif
	ok = (condition) && no_copy_in_flight(s);
#ifdef CHECK_BEFORE_BUSY
	spin_unlock(stream_lock, s);
	spin_lock(stream_lock, s);
#endif
#ifndef NO_BUSY
	if
	:: ok -> params_busy[s] = true
	:: else
	fi;
#endif
	spin_unlock(stream_lock, s)
}

inline snd_pcm_params_end(s)
{
	params_busy[s] = false
}

/* every field, the state and the generation in one stream-lock section */
inline snd_pcm_params_commit(s, configuration)
{
	spin_lock(stream_lock, s);
	channels[s] = configuration;
#ifdef SPLIT_COMMIT
	spin_unlock(stream_lock, s);
	spin_lock(stream_lock, s);
#endif
	buffer_size[s] = configuration;
	silence_threshold[s] = 0;
	state[s] = SETUP;
	params_gen[s]++;
	snd_pcm_params_end(s);
	spin_unlock(stream_lock, s)
}

inline snd_pcm_params_commit_open(s)
{
	spin_lock(stream_lock, s);
	state[s] = OPEN;
	params_gen[s]++;
	snd_pcm_params_end(s);
	spin_unlock(stream_lock, s)
}

inline snd_pcm_hw_params(s, configuration)
{
	snd_pcm_params_lock(s);
	snd_pcm_params_begin(s, state[s] <= PREPARED && mmap_count[s] == 0);
	if
	:: ok ->
		snd_pcm_sync_stop(s);
		driver_free_buffer(s);
		if
		:: true ->
			driver_allocate_buffer(s, configuration);
			snd_pcm_params_commit(s, configuration)
		:: DRIVER_FAILS -> snd_pcm_params_commit_open(s)
		fi
	:: else
	fi;
	snd_pcm_params_unlock(s)
}

inline snd_pcm_hw_free(s)
{
	snd_pcm_params_lock(s);
	snd_pcm_params_begin(s, (state[s] == SETUP || state[s] == PREPARED) &&
				mmap_count[s] == 0);
	if
	:: ok ->
		snd_pcm_sync_stop(s);
		driver_free_buffer(s);
		snd_pcm_params_commit_open(s)
	:: else
	fi;
	snd_pcm_params_unlock(s)
}

inline snd_pcm_group_params_lock(leader)
{
#ifdef LEADER_FIRST
	snd_pcm_params_lock(leader);
#endif
	for_each_member(leader)
#ifdef LEADER_FIRST
		if
		:: m != leader -> snd_pcm_params_lock(m)
		:: else
		fi
#else
		snd_pcm_params_lock(m)
#endif
	end_for_each_member
}

inline snd_pcm_group_params_unlock(leader)
{
	for_each_member(leader)
		snd_pcm_params_unlock(m)
	end_for_each_member
}

#ifdef LEADER_ONLY
#define begins(m, leader) (m == leader)
#else
#define begins(m, leader) true
#endif

/* taken: whom snd_pcm_params_begin() marked; all of them or, if !ok, none */
inline snd_pcm_group_params_begin(leader)
{
	for_each_member(leader)
		if
		:: begins(m, leader) ->
			snd_pcm_params_begin(m, state[m] == SETUP ||
						state[m] == PREPARED)
		:: else
		fi;
		if
		:: ok -> taken = taken | bit(m)
		:: else -> break
		fi
	end_for_each_member;
	if
	:: !ok ->
		for_each_member(leader)
			if
			:: taken & bit(m) ->
				spin_lock(stream_lock, m);
				snd_pcm_params_end(m);
				spin_unlock(stream_lock, m)
			:: else
			fi
		end_for_each_member
	:: else
	fi;
	taken = 0
}

inline snd_pcm_prepare(leader)
{
#ifndef NO_LINK_READ
	down_read(link_rwsem, 0);
#endif
#ifdef NESTED_LINK_READ
	down_read(link_rwsem, 0);
	up_read(link_rwsem, 0);
#endif
	ok = true;
	snd_pcm_group_params_lock(leader);
	snd_pcm_group_params_begin(leader);
	if
	:: ok ->
		for_each_member(leader)
			snd_pcm_sync_stop(m);
			driver_prepare(m)
		end_for_each_member;
		for_each_member(leader)
			spin_lock(stream_lock, m);
			resets[m]++;
			state[m] = PREPARED;
			snd_pcm_params_end(m);
			spin_unlock(stream_lock, m)
		end_for_each_member
	:: else
	fi;
	snd_pcm_group_params_unlock(leader);
#ifndef NO_LINK_READ
	up_read(link_rwsem, 0)
#else
	skip
#endif
}

inline pre_action(action, s)
{
#ifdef START_SLEEPS
	down_read(params_lock, s);
	up_read(params_lock, s);
#endif
	ok = (action != START || state[s] == PREPARED) &&
	     (action != DRAIN || state[s] != OPEN) &&
	     !(starts_engine(action, s) && params_busy[s])
}

inline snd_pcm_sw_params(s, threshold)
{
	spin_lock(stream_lock, s);
	ok = state[s] != OPEN && threshold <= buffer_size[s];
#ifdef SPLIT_SW_PARAMS
	spin_unlock(stream_lock, s);
	spin_lock(stream_lock, s);
#endif
	if
	:: ok ->
		silence_threshold[s] = threshold;
		atomic {
			expect(threshold_over_buffer,
			       silence_threshold[s] <= buffer_size[s])
		}
	:: else
	fi;
	spin_unlock(stream_lock, s)
}

inline snd_pcm_hw_refine(s)
{
#ifdef NO_SHARED_LOCK
	use_dma_object(s)
#else
	down_read(params_lock, s);
	use_dma_object(s);
	up_read(params_lock, s)
#endif
}

inline snd_pcm_mmap_data(s)
{
#ifdef MMAP_UNLOCKED
	map_buffer(s)
#else
	down_read_trylock(params_lock, s);
	if
	:: ok ->
		map_buffer(s);
		up_read(params_lock, s)
	:: else
	fi
#endif
}

inline proc_read_locked(s)
{
#ifdef PROC_UNLOCKED
	read_parameters(s)
#else
	spin_lock(stream_lock, s);
	read_parameters(s);
	spin_unlock(stream_lock, s)
#endif
}

#ifdef NO_GENERATION
#define same_generation(s) true
#else
#define same_generation(s) (generation == params_gen[s])
#endif

inline transfer_check(s)
{
	ok = (state[s] == PREPARED || state[s] == RUNNING) && same_generation(s)
}

#ifdef NO_CHANNELS
#define same_channels(s) true
#else
#define same_channels(s) (array_size == channels[s])
#endif

inline transfer_begin(s)
{
	ok = state[s] != OPEN;
	array_size = channels[s];
	user_access();
	spin_lock(stream_lock, s);
	generation = params_gen[s];
	if
	:: ok && same_channels(s) -> transfer_check(s)
	:: else -> ok = false
	fi
}

#ifdef GENERATION_AT_WAKE_ONLY
#define copy_allowed(s) (!params_busy[s])
#else
#define copy_allowed(s) (!params_busy[s] && same_generation(s))
#endif

inline copy_begin(s)
{
	ok = copy_allowed(s);
	if
	:: ok ->
#ifndef NO_USERS
		buffer_users[s]++;
#endif
#ifdef COPY_HOLDS_LOCK
		spin_unlock(stream_lock, s);
		down_read(params_lock, s);
		spin_lock(stream_lock, s)
#else
		skip
#endif
	:: else
	fi
}

inline copy_end(s)
{
#ifdef COPY_HOLDS_LOCK
	up_read(params_lock, s);
#endif
#ifndef NO_USERS
	buffer_users[s]--
#else
	skip
#endif
}

inline free_under_params_lock(s)
{
	snd_pcm_params_lock(s);
	atomic { closing[s] = true; narrate(closes, substream, s) }
	if
	:: buffer[s] != NO_BUFFER -> driver_free_buffer(s)
	:: else
	fi;
#ifdef UNLINK_INSIDE
	snd_pcm_unlink(s);
#endif
	snd_pcm_params_unlock(s)
}

inline snd_pcm_release_substream(s)
{
	snd_pcm_action_lock_irq(STOP, s);
#ifdef SECOND_STOP_IF_LINKED
	if
	:: group_of[s] != UNLINKED ->
		snd_pcm_unlink(s);
		snd_pcm_action_lock_irq(STOP, s)
	:: else
	fi;
#else
#if !defined(UNLINK_LAST) && !defined(UNLINK_INSIDE)
	snd_pcm_unlink(s);
#endif
#ifndef NO_SECOND_STOP
	snd_pcm_action_lock_irq(STOP, s);
#endif
#endif
	free_under_params_lock(s);
#ifdef UNLINK_LAST
	snd_pcm_unlink(s);
#endif
	spin_lock(stream_lock, s);
	runtime_attached[s] = false;
	spin_unlock(stream_lock, s)
}
