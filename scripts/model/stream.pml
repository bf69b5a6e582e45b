/*
 * What a substream is, what its driver does, and what must never happen.
 * A configuration is one number: whoever sees two different ones at the same
 * time sees the parameters of two callers.
 */

#define OPEN 0
#define SETUP 1
#define PREPARED 2
#define RUNNING 3
#define DRAINING 4

#define NO_BUFFER 0

byte state[STREAMS];
byte channels[STREAMS];		/* two of the fields that HW_PARAMS stores ... */
byte buffer_size[STREAMS];	/* ... and that belong together */
byte silence_threshold[STREAMS];
byte mmap_count[STREAMS];
bool runtime_attached[STREAMS];

/* the driver's view */
byte buffer[STREAMS];		/* configuration it was allocated for */
bool engine[STREAMS];
bool in_prepare[STREAMS];
bool closing[STREAMS];

bool period_pending[STREAMS];	/* a period thread that sync_stop waits for */

/* bookkeeping of the checks */
byte buffer_in_use[STREAMS];	/* tasks between first and last access */
byte resets[STREAMS];		/* how often positions were reset */

/* locks that both protocols know */
bool stream_lock[STREAMS];
bool open_mutex[STREAMS];
bool oss_params_lock[STREAMS];
rwsem link_rwsem[1];
rwsem mmap_lock[1];

/* what must never happen */
bool torn_parameters;
bool freed_in_use;
bool freed_in_prepare;
bool engine_on_freed_buffer;
bool stale_channel_array;
bool stale_position;
bool prepared_while_closing;
bool threshold_over_buffer;
bool foreign_buffer;

inline snd_pcm_sync_stop(s)
{
	may_sleep();
	!period_pending[s]
}

inline driver_free_buffer(s)
{
	atomic {
		expect(freed_in_use,
		       !engine[s] && buffer_in_use[s] == 0 && mmap_count[s] == 0);
		expect(prepared_while_closing, !(closing[s] && in_prepare[s]));
		expect(freed_in_prepare, !in_prepare[s]);
		buffer[s] = NO_BUFFER;
		narrate(frees, buffer, s)
	}
}

inline driver_allocate_buffer(s, configuration)
{
	atomic {
		buffer[s] = configuration;
		narrate(allocates, buffer, s)
	}
}

inline driver_prepare(s)
{
	atomic {
		expect(prepared_while_closing, !closing[s]);
		expect(foreign_buffer, buffer[s] == channels[s] &&
				       buffer[s] == buffer_size[s]);
		in_prepare[s] = true;
		narrate(enters, prepare callback, s)
	}
	atomic {
		in_prepare[s] = false;
		narrate(leaves, prepare callback, s)
	}
}

inline driver_trigger_start(s)
{
	expect(engine_on_freed_buffer, buffer[s] != NO_BUFFER && !in_prepare[s]);
	engine[s] = true;
	narrate(starts, engine, s)
}

/* HW_REFINE looks at the DMA buffer object, if there is one */
inline use_dma_object(s)
{
	if
	:: atomic { buffer[s] != NO_BUFFER -> buffer_in_use[s]++ };
		buffer_in_use[s]--
	:: buffer[s] == NO_BUFFER
	fi
}

inline access_buffer_begin(s)
{
	atomic {
		expect(freed_in_use, buffer[s] != NO_BUFFER);
		buffer_in_use[s]++
	}
}

/* the driver's mmap callback */
inline map_buffer(s)
{
	if
	:: state[s] != OPEN ->
		access_buffer_begin(s);
		atomic { buffer_in_use[s]--; mmap_count[s]++ }
	:: else
	fi
}

inline read_parameters(s)
{
	if
	:: state[s] != OPEN ->
		atomic { seen = channels[s]; narrate(reads, channels, s) }
		atomic {
			narrate(reads, buffer_size, s)
			expect(torn_parameters, seen == buffer_size[s])
		}
	:: else
	fi
}

/* copy_from_user() and copy_to_user(): a fault needs mmap_lock ... */
inline user_access()
{
	if
	:: true
	:: PAGE_FAULTS ->
		down_read(mmap_lock, 0);
		up_read(mmap_lock, 0)
	fi
}

/* ... and with userfaultfd it may never return; once per proctype (label) */
inline user_access_may_stall()
{
	user_access();
	if
	:: true
	:: STALLS ->
end_stalled:	false
	fi
}
