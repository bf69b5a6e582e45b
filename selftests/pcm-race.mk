# SPDX-License-Identifier: GPL-2.0
# The PCM race tests, and what every one of them is linked with.
PCM_RACE_PROGS := pcm-params-race pcm-link-race pcm-oss-race pcm-misc-race \
	pcm-trigger-race pcm-hammer pcm-window-race

PCM_RACE_PARTS := pcm-raw.c pcm-race.c pcm-duel.c pcm-loops.c pcm-preempt.c \
	kmsg-watch.c stuck-task.c slow-page.c pcmtest-control.c text-file.c

PCM_RACE_HEADERS := pcm-raw.h pcm-race.h pcm-race-test.h kmsg-watch.h \
	stuck-task.h slow-page.h pcmtest-control.h text-file.h
