#!/usr/bin/env bash
# Does what the README says first, with its own words, and says how many seconds it is from
# the first command to the first event whose signature was verified. It needs Go, Node,
# a clone, and the ports that the README names.
#
#   scripts/first-event.sh
#
# It leaves nothing behind: data and receiver are in a folder of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in go node; do
	command -v "$tool" >/dev/null || { echo "first-event: $tool is needed" >&2; exit 1; }
done

work=$(mktemp -d)
set -m # each command is a process group, and ends with its children
cleanup() {
	# As by Ctrl-C: each waits for what it has started.
	for group in $(jobs -p); do kill -INT -- "-$group" 2>/dev/null || true; done
	wait 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# The section's blocks: 1 serve, 2 the receiver, 3 how to start it, 4 register and emit.
awk -v out="$work/block" '
	/^## / { in_section = /first event/ }
	in_section && /^```[a-z]/ { n++; inside = 1; next }
	/^```$/ { inside = 0 }
	inside { print > (out n) }' README.md
for n in 1 2 3 4; do
	test -s "$work/block$n" || { echo "first-event: the README has no block $n" >&2; exit 1; }
done

fail() {
	echo "first-event: $1" >&2
	tail -n 20 "$work"/*.log >&2
	exit 1
}
# await waits until a file has the words, for as long as the program that writes it runs.
await() {
	until grep -q "$2" "$work/$1.log"; do
		kill -0 "$3" 2>/dev/null || fail "$1 has ended"
		[ "$SECONDS" -lt "${FIRST_EVENT_LIMIT:-600}" ] || fail "$1 has not said \"$2\""
		sleep 0.05
	done
}

cp "$work/block2" "$work/receiver.mjs"
began=$(date +%s%N)
SECONDS=0
# As a reader would: the receiver is started while the service is built.
BILLHOOK_DATA="$work/data" bash "$work/block1" >"$work/serve.log" 2>&1 &
serve=$!
(cd "$work" && exec bash "$work/block3") >"$work/receiver.log" 2>&1 &
receiver=$!
await receiver "waiting for events" "$receiver"
await serve "Emit a first event" "$serve"
built=$(date +%s%N)
bash -euo pipefail "$work/block4" >"$work/calls.log" 2>&1 || fail "the calls fail"
await receiver "^verified " "$receiver"
ended=$(date +%s%N)
grep '^verified ' "$work/receiver.log"
printf 'first verified event after %d.%03d s, %d.%03d s of them until the service was built and ready\n' \
	$(((ended - began) / 1000000000)) $(((ended - began) / 1000000 % 1000)) \
	$(((built - began) / 1000000000)) $(((built - began) / 1000000 % 1000))
