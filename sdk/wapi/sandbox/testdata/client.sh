#!/bin/sh
# A client of the recognition API with nothing but curl and openssl, written to the page's words.
#
#   IDREC_SECRET=… client.sh API-URL APPID PICTURE [json|xml] [front|back]
#
# PICTURE is a file, which is sent in base64, or a URL, which is handed on. The secret comes by the
# environment, so that no process listing shows it.
set -eu

api=$1 appid=$2 picture=$3 format=${4:-json} side=${5:-}
time=$(date +%s)

# The value of url_image: a URL as it is, a file in base64 without line breaks.
image() {
	case $picture in
	http://* | https://*) printf %s "$picture" ;;
	*) openssl base64 -A -in "$picture" ;;
	esac
}

# Every parameter that is not empty, name and value, in the order of the names; then the secret.
sign=$({
	printf %s "appid$appid"
	printf %s "format$format"
	[ -z "$side" ] || printf %s "id_card_side$side"
	printf %s "time$time"
	printf %s url_image
	image
	printf %s "$IDREC_SECRET"
} | openssl md5 | sed 's/.* //')

# curl percent-encodes each value; sign goes last.
image | curl --silent --show-error --max-time 60 "$api" \
	--data-urlencode "appid=$appid" \
	--data-urlencode "format=$format" \
	--data-urlencode "id_card_side=$side" \
	--data-urlencode "time=$time" \
	--data-urlencode "url_image@-" \
	--data-urlencode "sign=$sign"
