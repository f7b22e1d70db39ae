#!/bin/sh
# aws, played by the machine outside: the words go there, an answer comes back, each part on a line of base64.
answer=$(
    {
        for word; do
            printf '%s' "$word" | base64 -w 0
            echo
        done
        echo .
    } | busybox nc "$AWS_SVCPROV_OUTSIDE" "$AWS_SVCPROV_PORT"
)
# shellcheck disable=SC2086 # three words
set -- $answer
[ $# -eq 3 ] || {
    echo "aws: nobody answers outside" >&2
    exit 255
}
printf '%s' "${2#-}" | base64 -d
printf '%s' "${3#-}" | base64 -d >&2
exit "$1"
