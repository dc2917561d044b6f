#!/bin/sh
# One step of a workflow: the pictures of a folder become a file of records.
#
#   step.sh FOLDER RECORDS.ndjson
#
# It prints no name, number or file name: idrec's last line is a summary of counts. What it exits with:
#   0    every picture has been read
#   65   every picture has its record, and some records are errors that stay; 0 with IDREC_FAILURES_OK=1
#   75   something may succeed later, after IDREC_TRIES tries with IDREC_PAUSE seconds in between:
#        run the step again, and it goes on where it was
#   143  it was told to stop, and what was begun is settled: run the step again
#   else a setting, the credentials or the plugin: see the log; trying again does not help
set -u
tries=${IDREC_TRIES:-3}
child=
stopped=
# As the first process of a container a shell heeds no signal, and a program in front would get none: so
# programs run behind, and are told. Elsewhere engines tell the whole group, and a second signal would
# make idrec give up what it waits for.
[ $$ -ne 1 ] || trap 'stopped=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP

# await waits for the end of the child; a signal ends only the waiting.
await() {
	while :; do
		wait "$child"
		code=$?
		kill -0 "$child" 2>/dev/null || break
	done
	child=
}

while :; do
	idrec recognize --out "$2" -- "$1" &
	child=$!
	await
	case $code in
	65)
		[ "${IDREC_FAILURES_OK:-0}" = 1 ] && code=0
		;;
	75)
		tries=$((tries - 1))
		if [ "$tries" -gt 0 ] && [ -z "$stopped" ]; then
			sleep "${IDREC_PAUSE:-60}" &
			child=$!
			await
			[ -z "$stopped" ] && continue
			code=143
		fi
		;;
	esac
	exit "$code"
done
