/*
 * Linked substreams: snd_pcm_group, LINK, UNLINK and the group actions that run
 * under stream locks. The same in both protocols, apart from the checks of
 * pre_action(), which each protocol defines.
 */

#define UNLINKED 0
#define GROUPS 2		/* a new one may come up while the old one dies */

byte group_of[STREAMS];
byte group_refs[GROUPS + 1];
bool group_lock[GROUPS + 1];
byte list_order[STREAMS];	/* LINK puts the newcomer first */

bool freed_group_used;

#define for_each_member(leader) \
	i = 0; \
	do \
	:: i < STREAMS -> \
		atomic { m = list_order[i]; i++ } \
		if \
		:: m == leader || \
		   (group_of[m] != UNLINKED && group_of[m] == group_of[leader]) ->

#define end_for_each_member \
		:: else \
		fi \
	:: else -> break \
	od

#define bit(s) (1 << (s))

inline snd_pcm_group_lock(group)
{
	spin_lock(group_lock, group);
	atomic { expect(freed_group_used, group_refs[group] > 0) }
}

inline snd_pcm_group_unref(group)
{
#ifndef NO_GROUP_REF
	group_refs[group]--;
#endif
	spin_unlock(group_lock, group)
}

/* with the stream lock of s held, which it may drop for a moment */
inline snd_pcm_stream_group_ref(s)
{
	do
	:: group_of[s] == UNLINKED -> g = UNLINKED; break
	:: else ->
		atomic {
			g = group_of[s];
#ifndef NO_GROUP_REF
			group_refs[g]++
#endif
		}
#ifdef NO_GROUP_LOCK
		break;
#endif
		atomic {
			if
			:: !group_lock[g] ->
				group_lock[g] = true;
				spins++;
				narrate(takes, group_lock, g)
				break
			:: else
			fi
		}
		spin_unlock(stream_lock, s);
		snd_pcm_group_lock(g);
		spin_lock(stream_lock, s);
		if
		:: group_of[s] == g -> break
		:: else -> snd_pcm_group_unref(g)
		fi
	od
}

#define START 1
#define DRAIN 2
#define STOP 3

#define starts_engine(action, s) \
	((action) == START || ((action) == DRAIN && state[s] == PREPARED))

inline do_action(action, s)
{
	atomic {
		if
		:: starts_engine(action, s) ->
			driver_trigger_start(s);
			state[s] = (action == START -> RUNNING : DRAINING)
		:: action == DRAIN && state[s] == RUNNING -> state[s] = DRAINING
		:: action == STOP && state[s] != OPEN ->
			engine[s] = false;
			state[s] = SETUP;
			narrate(stops, engine, s)
		:: else
		fi
	}
}

/* with the stream lock of s held */
inline snd_pcm_action(action, s)
{
	snd_pcm_stream_group_ref(s);
	taken = 0;
	ok = true;
	for_each_member(s)
		if
		:: m != s ->
			spin_lock(stream_lock, m);
			taken = taken | bit(m)
		:: else
		fi;
		pre_action(action, m);
		if
		:: !ok -> break
		:: else
		fi
	end_for_each_member;
	if
	:: ok ->
		for_each_member(s)
			do_action(action, m)
		end_for_each_member
	:: else
	fi;
	for_each_member(s)
		if
		:: taken & bit(m) -> spin_unlock(stream_lock, m)
		:: else
		fi
	end_for_each_member;
	taken = 0;
	if
#ifdef NO_GROUP_LOCK
	:: g != UNLINKED -> group_refs[g]--
#else
	:: g != UNLINKED -> snd_pcm_group_unref(g)
#endif
	:: else
	fi;
	g = UNLINKED
}

inline snd_pcm_action_lock_irq(action, s)
{
	spin_lock(stream_lock, s);
	snd_pcm_action(action, s);
	spin_unlock(stream_lock, s)
}

inline move_to_front(s)
{
	d_step {
		i = 0;
		do
		:: list_order[i] == s -> break
		:: else -> i++
		od;
		do
		:: i == 0 -> break
		:: else -> list_order[i] = list_order[i - 1]; i--
		od;
		list_order[0] = s
	}
}

inline group_assign(s, group)
{
	spin_lock(stream_lock, s);
	atomic {
		group_of[s] = group;
		if
		:: group != UNLINKED -> move_to_front(s)
		:: else
		fi
	}
	spin_unlock(stream_lock, s)
}

inline snd_pcm_link(s, other)
{
	down_write(link_rwsem, 0);
	if
	:: state[s] == OPEN || state[s] != state[other] ||
	   group_of[other] != UNLINKED
	:: else ->
		if
		:: group_of[s] == UNLINKED ->
			atomic {
				g = (group_refs[1] == 0 -> 1 : 2);
				group_refs[g] = 1
			}
			group_assign(s, g)
		:: else -> g = group_of[s]
		fi;
		snd_pcm_group_lock(g);
		group_assign(other, g);
		group_refs[g]++;
		spin_unlock(group_lock, g)
	fi;
	up_write(link_rwsem, 0)
}

/* number of members to i, one of them to m */
inline count_members(group)
{
	d_step {
		byte each;
		i = 0;
		each = 0;
		do
		:: each == STREAMS -> break
		:: else ->
			if
			:: group_of[each] == group -> i++; m = each
			:: else
			fi;
			each++
		od;
		each = 0
	}
}

inline unlink_locked(s)
{
	if
	:: group_of[s] == UNLINKED
	:: else ->
		g = group_of[s];
		snd_pcm_group_lock(g);
		group_assign(s, UNLINKED);
		group_refs[g]--;
		count_members(g);
		if
		:: i == 1 ->	/* m is left alone */
			group_assign(m, UNLINKED);
			group_refs[g]--
		:: else
		fi;
		spin_unlock(group_lock, g)
	fi
}

inline snd_pcm_unlink(s)
{
	down_write(link_rwsem, 0);
	unlink_locked(s);
	up_write(link_rwsem, 0)
}
