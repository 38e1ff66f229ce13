#!/bin/sh
# Lets a person in, and later out, through REST, with curl. Nobody watches it: it asks again what may be asked again, and
# ends with 0 once it is done, also if it was done before. The server's answer, JSON, is on standard output.
#
#     export MAILADMIN_URL=https://mail.example.org
#     export MAILADMIN_TOKEN=...  # manage.py token add hr --scope onboardings:create --scope offboardings:create
#     onboard.sh arrive example.org 4711 Joe Doe joe@home.test
#     onboard.sh leave joe.doe@example.org ann.lee@example.org
set -eu

# A JSON string of $1.
quoted() {
    printf '"%s"' "$(printf %s "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# POST the body $2 to $1. One key for all tries: what was done, and its answer lost, is not done again. The token goes to
# curl by standard input, since everybody on the machine reads its arguments.
post() {
    printf 'header = "Authorization: Bearer %s"\n' "$MAILADMIN_TOKEN" |
        curl --config - --silent --show-error --max-time 30 --retry 6 --retry-all-errors \
            --header "Content-Type: application/json" --header "Prefer: wait=10" \
            --header "Idempotency-Key: $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" \
            --data-binary "$2" --write-out '\n%{http_code}\n' "$MAILADMIN_URL/api/v1/$1/"
}

case ${1-} in
arrive)
    person="{\"external_id\": $(quoted "$3"), \"given_name\": $(quoted "$4"), \"family_name\": $(quoted "$5")}"
    body="{\"domain\": $(quoted "$2"), \"person\": $person, \"recovery_address\": $(quoted "$6")}"
    path=onboardings done_before=person_exists
    ;;
leave)
    body="{\"address\": $(quoted "$2"), \"successor\": $(quoted "$3")}"
    path=offboardings done_before=offboarding_exists
    ;;
*)
    echo "usage: onboard.sh arrive DOMAIN ID GIVEN_NAME FAMILY_NAME RECOVERY_ADDRESS | leave ADDRESS SUCCESSOR" >&2
    exit 2
    ;;
esac

answer=$(post "$path" "$body")
status=${answer##*
}
answer=${answer%
*}
case $status:$answer in
2??:* | 409:*\""$done_before"\"*) printf '%s\n' "$answer" ;;
*)
    printf '%s\n' "$answer" >&2
    exit 1
    ;;
esac
