"""The functions that scripts have at their top, each with those that it needs: a script has only what it uses.

Questions are asked in the very words of `core.tools`, so that a proof of the guard and the one in a script stay one.
"""

from collections.abc import Iterable
from typing import NamedTuple

from core.command import Command
from core.tools import blkid, blockdev, cmp, files, find, losetup, mount, wipefs
from svcprov.script.words import Words, argument

MEBIBYTE = "1048576"


class Function(NamedTuple):
    """A function of a script: its text, the functions and the programs that it needs."""

    text: str
    functions: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


_WORDS = Words({})


def question(command: Command) -> str:
    """How a question is asked: `ask CODES PROGRAM [WORD...]`."""
    return f"ask {codes(command)} {_WORDS.line(command.argv)}"


def codes(command: Command) -> str:
    """The return codes that are answers, as one word."""
    return _WORDS.word(" ".join(map(str, command.accepts)))


FIRST, SECOND, THIRD = argument(1), argument(2), argument(3)

FUNCTIONS: dict[str, Function] = {
    "fail": Function(
        """\
# fail TEXT [CODE]: say what is wrong, and end.
fail() {
    printf '%s: %s%s\\n' "$service" "$step" "$1" >&2
    exit "${2:-1}"
}"""
    ),
    "say": Function(
        """\
say() {
    printf '%s\\n' "$1"
}"""
    ),
    "is_answer": Function(
        """\
# is_answer PROGRAM...: end, unless $code is one of $codes: a question that failed is not a "no".
is_answer() {
    case " $codes " in
        *" $code "*) ;;
        *) fail "$1 has ended with the return code $code" ;;
    esac
}""",
        ("fail",),
    ),
    "ask": Function(
        """\
# ask CODES PROGRAM [WORD...]: ask a question; its answer is in $said, its return code, one of CODES, in $code.
ask() {
    codes=$1
    shift
    code=0
    if [ "$codes" = 0 ]; then
        said=$("$@" </dev/null 9>&-) || code=$?
    else
        said=$("$@" </dev/null 2>/dev/null 9>&-) || code=$?
    fi
    is_answer "$@"
}""",
        ("is_answer",),
    ),
    "run": Function(
        """\
# run CODES PROGRAM [WORD...]: make a change; what it said is in $said. Any other code than CODES is a failure.
run() {
    codes=$1
    shift
    code=0
    said=$(umask "$mask"; "$@" </dev/null 9>&-) || code=$?
    [ -z "$said" ] || say "$said"
    is_answer "$@"
}""",
        ("is_answer", "say"),
    ),
    "run_public": Function(
        """\
# run_public CODES PROGRAM [WORD...]: the same, of what others have to reach, too.
run_public() {
    mask=022
    run "$@"
    mask=077
}""",
        ("run",),
    ),
    "run_with_input": Function(
        """\
# run_with_input TEXT CODES PROGRAM [WORD...]: the same, with a text as its input.
run_with_input() {
    input=$1
    codes=$2
    shift 2
    code=0
    said=$(printf '%s' "$input" | (umask "$mask"; "$@" 9>&-)) || code=$?
    [ -z "$said" ] || say "$said"
    is_answer "$@"
}""",
        ("is_answer", "say"),
    ),
    "run_anyway": Function(
        """\
# run_anyway PROGRAM [WORD...]: a trigger that does not block: its failure is only said.
run_anyway() {
    "$@" </dev/null 9>&- || printf '%s: %s%s\\n' "$service" "$step" "a trigger failed: $1" >&2
}"""
    ),
    "run_daemon": Function(
        """\
# run_daemon LOG PROGRAM [WORD...]: start a daemon, which outlives this script; what it says goes to LOG.
run_daemon() {
    log=$1
    shift
    (umask 022; mkdir -p "${log%/*}")
    (umask 027; : >>"$log")
    (umask 022; exec setsid "$@" </dev/null >>"$log" 2>&1 9>&-) &
    daemon=$!
    sleep 1
    kill -0 "$daemon" 2>/dev/null || fail "$1 has ended at once; the end of $log says why"
}""",
        ("fail",),
        ("setsid", "sleep", "mkdir"),
    ),
    "pick": Function(
        """\
# pick HOW: the texts that are meant in an answer, one on each line: all of it, its lines, one of its words.
pick() {
    case $1 in
        .) sed -e '/[^[:space:]]/,$!d' | sed -e '1s/^[[:space:]]*//' -e '$s/[[:space:]]*$//' ;;
        lines) sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^$/d' ;;
        *) awk -v wanted="${1#word }" '{ for (i = 1; i <= NF; i++) if (++seen == wanted) print $i }' ;;
    esac
}""",
        (),
        ("sed", "awk"),
    ),
    "pick_json": Function(
        """\
# pick_json FILTER: the texts that are meant in an answer that is JSON, one on each line.
pick_json() {
    jq -r "$1"
}""",
        (),
        ("jq",),
    ),
    "holds": Function(
        """\
# holds HOW TEXT CODES PROGRAM [WORD...]: ask; it is so when the code is 0 and, with HOW, what is meant in the answer
# is not empty or, with TEXT, has that text.
holds() {
    how=$1
    text=$2
    shift 2
    ask "$@"
    [ "$code" -eq 0 ] || return 1
    [ -n "$how" ] || return 0
    found=$(printf '%s\\n' "$said" | pick "$how")
    is_found
}""",
        ("ask", "pick", "is_found"),
    ),
    "holds_json": Function(
        """\
# holds_json FILTER TEXT CODES PROGRAM [WORD...]: the same, where the answer is JSON.
holds_json() {
    how=$1
    text=$2
    shift 2
    ask "$@"
    [ "$code" -eq 0 ] || return 1
    found=$(printf '%s\\n' "$said" | pick_json "$how") || fail "$1 has not answered with the JSON it should"
    is_found
}""",
        ("ask", "pick_json", "is_found"),
    ),
    "is_found": Function(
        """\
is_found() {
    if [ -z "$text" ]; then
        [ -n "$found" ]
    elif [ "$how" = . ]; then
        [ "$found" = "$text" ]
    else
        printf '%s\\n' "$found" | grep -Fxq -e "$text"
    fi
}""",
        (),
        ("grep",),
    ),
    "in_place": Function(
        """\
in_place() {
    say "    is in place"
}""",
        ("say",),
    ),
    "recalled": Function(
        """\
# recalled NAME: what this script noted of NAME when it was run before.
recalled() {
    sed -n "s/^$1=//p" "$memory" | tail -n 1
}""",
        (),
        ("sed", "tail"),
    ),
    "remember": Function(
        """\
# remember NAME VALUE: note it, so that it outlives this machine's power.
remember() {
    printf '%s=%s\\n' "$1" "$2" >>"$memory"
    sync "$memory"
}""",
        (),
        ("sync",),
    ),
    "made_up": Function(
        """\
# made_up NAME KIND: a value that nobody has had before, and the same when this script is run again.
made_up() {
    value=$(recalled "$1")
    if [ -z "$value" ]; then
        case $2 in
            tmpdir) value=$(mktemp -u /tmp/tmpXXXXXXXXXXXX) ;;
            *) value=$(cat /proc/sys/kernel/random/uuid) ;;
        esac
        remember "$1" "$value"
    fi
    printf '%s\\n' "$value"
}""",
        ("recalled", "remember"),
        ("mktemp", "cat"),
    ),
    "ours": Function(
        """\
# ours NAME: end, unless this script has begun to make what is there.
ours() {
    [ "$(recalled "$1.begun")" = yes ] ||
        fail "this is there already, and this script did not make it: make a new plan" 4
    in_place
}""",
        ("recalled", "fail", "in_place"),
    ),
    "only": Function(
        """\
# only PATTERN: end, unless $found is one identity of the kind that it has to be.
only() {
    [ -n "$found" ] || fail "nothing is found of what was made"
    [ "$(printf '%s\\n' "$found" | wc -l)" -eq 1 ] ||
        fail "what was made may be any of these: $(printf '%s\\n' "$found" | tr '\\n' ' ')"
    printf '%s\\n' "$found" | grep -Eqx -e "$1" || fail "'$found' cannot be what was made"
}""",
        ("fail",),
        ("grep", "tr", "wc"),
    ),
    "without": Function(
        """\
# without WORDS: take what was there before out of $found.
without() {
    for known in $1; do
        found=$(printf '%s\\n' "$found" | grep -Fxv -e "$known" || true)
    done
}""",
        (),
        ("grep",),
    ),
    "set_key": Function(
        """\
# set_key KEY VALUE: write it into the service file of the svcprov of this node.
set_key() {
    [ "$("$svcmgr" -s "$service" get --param "$1" 2>/dev/null)" = "$2" ] ||
        "$svcmgr" -s "$service" set --param "$1" --value "$2" </dev/null 9>&- ||
        fail "the service file did not get $1"
}""",
        ("fail",),
    ),
    "unset_key": Function(
        """\
# unset_key KEY: take it out of the service file of the svcprov of this node.
unset_key() {
    if "$svcmgr" -s "$service" get --param "$1" >/dev/null 2>&1; then
        "$svcmgr" -s "$service" unset --param "$1" </dev/null 9>&- || fail "the service file still has $1"
    fi
}""",
        ("fail",),
    ),
    "refuse": Function(
        """\
# refuse TEXT: end before anything is lost.
refuse() {
    fail "$1; nothing was changed by this step" 3
}""",
        ("fail",),
    ),
    "users_of": Function(
        f"""\
# users_of DEVICE: who uses it, in $users: mount points, swap, and what is made of it.
users_of() {{
    {question(blockdev.uses(FIRST))}
    users=$(printf '%s\\n' "$said" | awk 'NF > 1 {{ print $2 }} NF == 1 && NR > 1 {{ print $1 }}' | tr '\\n' ' ')
}}""",
        ("ask",),
        ("lsblk", "awk", "tr"),
    ),
    "users_of_place": Function(
        f"""\
# users_of_place PLACE: who uses a device, or any of the loop devices of a file, in $users.
users_of_place() {{
    {question(blockdev.is_block_device(FIRST))}
    if [ "$code" -eq 0 ]; then
        users_of "$1"
        return
    fi
    {question(losetup.associated(FIRST))}
    all=
    for loop in $said; do
        users_of "$loop"
        all=$all$users
    done
    users=$all
}}""",
        ("ask", "users_of"),
        ("losetup",),
    ),
    "signature_of": Function(
        f"""\
# signature_of PLACE: what a device or a file holds, in $signature, and its uuid in $uuid.
signature_of() {{
    {question(blkid.probe(FIRST))}
    uuid=$(printf '%s\\n' "$said" | sed -n 's/^UUID=//p')
    signature=$(printf '%s\\n' "$said" | sed -n 's/^TYPE=//p')
    [ -n "$signature" ] || signature=$(printf '%s\\n' "$said" | sed -n 's/^PTTYPE=/a partition table: /p')
    [ "$code" -ne {blkid.AMBIVALENT} ] || signature='several signatures at once'
    [ -z "$signature" ] || [ -z "$uuid" ] || signature="$signature, uuid $uuid"
}}""",
        ("ask",),
        ("blkid", "sed"),
    ),
    "zero": Function(
        f"""\
# zero PLACE OFFSET LENGTH: $residue becomes what is there, unless it is zero.
zero() {{
    if [ "$2" -eq 0 ]; then
        {question(cmp.zeroes(FIRST, 0, THIRD))}
    else
        {question(cmp.zeroes(FIRST, SECOND, THIRD))}
    fi
    [ "$code" -ne {cmp.UNREADABLE} ] || refuse "$1 cannot be read, so nobody knows what it holds"
    [ "$code" -eq 0 ] || residue='bytes without a signature'
}}""",
        ("ask", "refuse"),
        ("cmp",),
    ),
    "is_named": Function(
        f"""\
# is_named PLACE NAME [ALLOWED...]: whether --allow-destroy named it: by this name, its path, or its real path.
is_named() {{
    {question(files.read_link(FIRST))}
    place=$1
    name=$2
    shift 2
    for allowed in "$@"; do
        case $allowed in "$place" | "$name" | "$said") return 0 ;; esac
    done
    return 1
}}""",
        ("ask",),
        ("readlink",),
    ),
    "prove_device": Function(
        f"""\
# prove_device NAME DEVICE COUNTS [ALLOWED...]: prove that nobody uses it, that it can be read, and that it is blank, or
# that --allow-destroy named it. What COUNTS as blank must not have got a signature since.
prove_device() {{
    users_of "$2"
    [ -z "$users" ] || refuse "$1 is in use ($users)"
    {question(blockdev.size(SECOND))}
    size=$said
    residue=
    if [ "$size" -le {MEBIBYTE} ]; then
        zero "$2" 0 "$size"
    else
        zero "$2" 0 {MEBIBYTE}
        zero "$2" "$((size - {MEBIBYTE}))" {MEBIBYTE}
    fi
    {question(wipefs.signatures(SECOND))}
    signatures=$(printf '%s\\n' "$said" | tail -n 1)
    signature_of "$2"
    [ -n "$signature" ] || signature=$signatures
    name=$1
    device=$2
    counts=$3
    shift 3
    [ "$counts" != blank ] || [ -z "$signature" ] || refuse "$name was blank, and now holds $signature"
    [ -n "$signature" ] || signature=$residue
    [ -z "$signature" ] || is_named "$device" "$name" "$@" || refuse "$name is not blank: it holds $signature"
}}""",
        ("ask", "users_of", "zero", "signature_of", "is_named", "refuse"),
        ("blockdev", "wipefs", "tail"),
    ),
    "prove_other": Function(
        f"""\
# prove_other PLACE WANTED [ALLOWED...]: it holds something else than wanted: that --allow-destroy named it, is proven.
prove_other() {{
    residue=
    {question(cmp.zeroes(FIRST, 0, MEBIBYTE))}
    [ "$code" -ne {cmp.UNREADABLE} ] || refuse "$1 cannot be read, so nobody knows what it holds"
    place=$1
    wanted=$2
    shift 2
    is_named "$place" "${{uuid:-$place}}" "$@" ||
        refuse "$place holds ${{signature:-no filesystem any more}}, and $wanted was to be destroyed there"
}}""",
        ("ask", "refuse", "is_named"),
        ("cmp",),
    ),
    "prove_filesystem": Function(
        """\
# prove_filesystem UUID PLACE [ALLOWED...]: prove that a device or a loop file holds this filesystem, and nobody uses it.
prove_filesystem() {
    users_of_place "$2"
    [ -z "$users" ] || refuse "$2 is in use ($users)"
    signature_of "$2"
    if [ "$uuid" != "$1" ]; then
        wanted="filesystem $1"
        other=$2
        shift 2
        prove_other "$other" "$wanted" "$@"
    fi
}""",
        ("users_of_place", "signature_of", "prove_other", "refuse"),
    ),
    "prove_subvolume": Function(
        f"""\
# prove_subvolume UUID NAME DIRECTORY PATH [ALLOWED...]: prove that PATH is the subvolume, or lies in it, and that the
# filesystem which is mounted on DIRECTORY has this uuid.
prove_subvolume() {{
    {question(mount.at(THIRD))}
    device=$(printf '%s\\n' "$said" | tail -n 1 | sed -n 's/^SOURCE="\\([^"]*\\)".*/\\1/p')
    case $device in '' | *'['*) refuse "subvolume $1:$2 was to be deleted in $3, where ${{device:-nothing}} is mounted" ;; esac
    case "$4/" in "$3/$2/"*) ;; *) refuse "$4 is not in the subvolume $2" ;; esac
    signature_of "$device"
    if [ "$uuid" != "$1" ]; then
        wanted="subvolume $1:$2"
        shift 4
        prove_other "$device" "$wanted" "$@"
    fi
}}""",
        ("ask", "signature_of", "prove_other", "refuse"),
        ("findmnt", "sed", "tail"),
    ),
    "prove_file": Function(
        f"""\
# prove_file PATH: prove that no loop device and no process has a file open.
prove_file() {{
    {question(losetup.associated(FIRST))}
    [ -z "$said" ] || refuse "$1 is in use ($said)"
    {question(files.read_link(FIRST))}
    real=$(printf '%s\\n' "${{said:-$1}}" | sed 's/[*?[\\\\]/\\\\&/g')
    {question(find.openers("«real»"))}
    pids=$(printf '%s\\n' "$said" | cut -d / -f 3 | sort -u | tr '\\n' ' ')
    [ -z "$said" ] || refuse "$1 is in use (pid $pids)"
}}""",
        ("ask", "refuse"),
        ("losetup", "readlink", "find", "sed", "cut", "sort", "tr"),
    ),
}


def wanted(names: Iterable[str]) -> list[Function]:
    """These functions with all that they need, in the order in which they stand above."""
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += FUNCTIONS[name].functions
    return [function for name, function in FUNCTIONS.items() if name in found]
