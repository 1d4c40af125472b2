#!/bin/sh
# sounds.sh OUT: prompts and music of the Debian packages, converted from 16-bit wav to what
# callers speak (ulaw, alaw). Run while the image is built.
# The prompts' and the music's licences are copied beside them.
set -eu
out=$1
prompts=/usr/share/asterisk/sounds/en_US_f_Allison
mkdir -p "$out/sounds/en" "$out/moh/default"

# convert IN OUT-without-suffix EFFECT...
convert() {
	in=$1 to=$2
	shift 2
	mkdir -p "$(dirname "$to")"
	sox "$in" -t raw -r 8000 -c 1 -e u-law "$to.ulaw" "$@"
	sox "$in" -t raw -r 8000 -c 1 -e a-law "$to.alaw" "$@"
}

cd "$prompts"
find . -name '*.wav' | while read -r file; do
	convert "$file" "$out/sounds/en/${file%.wav}"
done
cp /usr/share/doc/asterisk-core-sounds-en-wav/copyright "$out/sounds/en/LICENSE"

# Music starts at once, at one loudness, and has no quiet stretches (pauses and fades of more
# than 0.3 s below 1 % are cut out): a caller who hears nothing hangs up.
cd /usr/share/asterisk/moh
for file in *.wav; do
	name=${file%.wav}
	trim="norm -6 silence -l 1 0.05 1% -1 0.3 1% norm -9"
	# shellcheck disable=SC2086
	convert "$file" "$out/moh/default/$name" $trim
done
cp /usr/share/doc/asterisk-moh-opsound-wav/copyright "$out/moh/LICENSE"
