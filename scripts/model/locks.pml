/*
 * The kernel's locks. Macros, not inlines: a lock is passed by name, and with
 * -DNARRATE its name is printed when a trail is replayed.
 *
 * Every proctype declares ACTOR_LOCALS.
 */

#define ACTOR_LOCALS \
	bool ok = true; \
	byte spins = 0;		/* spinlocks held: no sleeping lock meanwhile */ \
	byte i, m;		/* iteration over the members of a group */ \
	byte taken = 0;		/* members locked so far, one bit each */ \
	byte g = 0		/* group locked by snd_pcm_stream_group_ref() */

/* name: what the narration calls it; who reads the trail sees no other step */
#ifdef NARRATE
#define narrate(verb, name, s) \
	printf("@%d ", _pid); printf(#verb); printf(" "); printf(#name); \
	printf(" %d\n", s);
#define wants(name, s) atomic { narrate(wants, name, s) }
#else
#define narrate(verb, name, s)
#define wants(name, s)
#endif

/* A broken expectation shows in pan's output as "assertion violated !(name)". */
#define expect(name, condition) \
	if \
	:: (condition) \
	:: else -> narrate(breaks, name, 255) name = true; assert(!name) \
	fi

bool sleeps_under_spinlock;

#define may_sleep() atomic { expect(sleeps_under_spinlock, spins == 0) }

/* mutexes */
#define mutex_lock(lock, s) \
	may_sleep(); \
	wants(lock, s) \
	atomic { !lock[s] -> lock[s] = true; narrate(takes, lock, s) }

#define mutex_trylock(lock, s) \
	atomic { \
		ok = !lock[s]; \
		if \
		:: ok -> lock[s] = true; narrate(takes, lock, s) \
		:: else -> narrate(does not get, lock, s) skip \
		fi \
	}

#define mutex_unlock(lock, s) \
	atomic { lock[s] = false; narrate(drops, lock, s) }

/* spinlocks; of a nonatomic PCM they are mutexes, which only permits more */
#define spin_lock(lock, s) \
	wants(lock, s) \
	atomic { !lock[s] -> lock[s] = true; spins++; narrate(takes, lock, s) }

#define spin_unlock(lock, s) \
	atomic { lock[s] = false; spins--; narrate(drops, lock, s) }

/* rwsems: a waiting writer keeps new readers out */
typedef rwsem {
	byte readers;
	byte writers_waiting;
	bool writer
}

#define readable(lock, s) (!lock[s].writer && lock[s].writers_waiting == 0)
#define writable(lock, s) (!lock[s].writer && lock[s].readers == 0)

#define down_read(lock, s) \
	may_sleep(); \
	wants(lock, s) \
	atomic { \
		readable(lock, s) -> lock[s].readers++; \
		narrate(takes for reading, lock, s) \
	}

#define down_read_trylock(lock, s) \
	atomic { \
		ok = readable(lock, s); \
		if \
		:: ok -> lock[s].readers++; narrate(takes for reading, lock, s) \
		:: else -> narrate(does not get, lock, s) skip \
		fi \
	}

#define up_read(lock, s) \
	atomic { lock[s].readers--; narrate(drops, lock, s) }

#define down_write(lock, s) \
	may_sleep(); \
	atomic { lock[s].writers_waiting++; narrate(queues for, lock, s) } \
	atomic { \
		writable(lock, s) -> lock[s].writers_waiting--; \
		lock[s].writer = true; narrate(takes for writing, lock, s) \
	}

#define up_write(lock, s) \
	atomic { lock[s].writer = false; narrate(drops, lock, s) }
