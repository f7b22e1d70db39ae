"""The functions of scripts that ask, change, learn and remember, each with those that it needs."""

from typing import NamedTuple

from core.command import Command
from svcprov.script.words import Words


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
    "unfinished": Function(
        """\
unfinished() {
    printf '%s: not finished; run it again to go on (what was made is noted in %s)\\n' "$service" "$memory" >&2
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
    "run_anyway_with_input": Function(
        """\
# run_anyway_with_input PROGRAM [WORD...]: the same, with a text as its input.
run_anyway_with_input() {
    "$@" 9>&- || printf '%s: %s%s\\n' "$service" "$step" "a trigger failed: $1" >&2
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
    jq -r "def of(\\$name): objects | .[\\$name]; def each: arrays | .[]; def number(\\$index): arrays | .[\\$index];
        $1 | select(. != null and . != \\"\\") | if type == \\"string\\" then . else tojson end"
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
        # grep would take the lines of a text for several texts.
        printf '%s\\n' "$found" | text=$text awk '$0 "" == ENVIRON["text"] { so = 1 } END { exit !so }'
    fi
}""",
        (),
        ("awk",),
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
            array) value=$(tr -d - </proc/sys/kernel/random/uuid | sed 's/......../&:/g; s/:$//') ;;
            *) value=$(cat /proc/sys/kernel/random/uuid) ;;
        esac
        remember "$1" "$value"
    fi
    printf '%s\\n' "$value"
}""",
        ("recalled", "remember"),
        ("mktemp", "cat", "tr", "sed"),
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
}
