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
#   else a setting, the credentials or the plugin: see the log; trying again does not help
set -u
tries=${IDREC_TRIES:-3}
while :; do
	idrec recognize "$1" --out "$2"
	code=$?
	case $code in
	65)
		[ "${IDREC_FAILURES_OK:-0}" = 1 ] && code=0
		;;
	75)
		tries=$((tries - 1))
		if [ "$tries" -gt 0 ]; then
			sleep "${IDREC_PAUSE:-60}"
			continue
		fi
		;;
	esac
	exit "$code"
done
