"""The proofs of the guard as functions of a shell, in the very words of `core.tools`: guard and script stay one."""

from core.holes import hole
from core.tools import blkid, blockdev, cmp, files, find, losetup, mount, wipefs
from svcprov.script.functions import Function, question
from svcprov.script.words import argument

MEBIBYTE = "1048576"
FIRST, SECOND, THIRD = argument(1), argument(2), argument(3)

PROOFS: dict[str, Function] = {
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
# prove_filesystem UUID PLACE [ALLOWED...]: prove that a device or a loop file holds it, and that nobody uses it.
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
    case $device in
        '' | *'['*) refuse "subvolume $1:$2 was to be deleted in $3, where ${{device:-nothing}} is mounted" ;;
    esac
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
    {question(find.openers(hole("real")))}
    pids=$(printf '%s\\n' "$said" | cut -d / -f 3 | sort -u | tr '\\n' ' ')
    [ -z "$said" ] || refuse "$1 is in use (pid $pids)"
}}""",
        ("ask", "refuse"),
        ("losetup", "readlink", "find", "sed", "cut", "sort", "tr"),
    ),
}
