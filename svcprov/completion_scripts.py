"""The scripts that `svcmgr completion SHELL` prints: each asks the program that is typed, and shows its answer."""

BASH = r"""# TAB for svcmgr and nodemgr in bash. In ~/.bashrc: source <(svcmgr completion bash)
_svcprov() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files)
                compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$2")
                ;;
            :nospace) compopt -o nospace 2>/dev/null ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${1/#\~/$HOME}" --complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _svcprov svcmgr nodemgr
"""

ZSH = r"""#compdef svcmgr nodemgr
# TAB for svcmgr and nodemgr in zsh. In ~/.zshrc, below compinit: source <(svcmgr completion zsh)
_svcprov() {
    local line word text now
    local -a found texts blank
    local -i files=0
    now=${(Q)PREFIX}
    while IFS= read -r line; do
        case $line in
            (:files) files=1 ;;
            (:nospace) blank=(-S '') ;;
            (*)
                word=${line%%$'\t'*}
                text=${line#"$word"}
                found+=("$word")
                texts+=("$word${text:+  (${text#$'\t'})}")
                ;;
        esac
    done < <("${(Q)words[1]}" --complete zsh "${(@Q)words[2,CURRENT-1]}" "$now" 2>/dev/null)
    [[ $now == --*=* ]] && compset -P 1 '*='
    (( $#found )) && compadd -l "${blank[@]}" -d texts -- "${found[@]}"
    (( files )) && _files
    return 0
}
compdef _svcprov svcmgr nodemgr
# As a file called _svcmgr in $fpath, this is read at the first TAB, which has to be answered as well.
if [[ ${funcstack[1]} == _svcmgr ]]; then _svcprov; fi
"""

FISH = r"""# TAB for svcmgr and nodemgr in fish: svcmgr completion fish > ~/.config/fish/completions/svcmgr.fish
function __svcprov_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l now (commandline -ct)
    for line in ($program --complete fish $words "$now" 2>/dev/null)
        switch $line
            case ':files'
                set -l option (string match -r -- '^--[a-z-]+=' "$now")
                for path in (__fish_complete_path (string replace -r -- '^--[a-z-]+=' '' "$now"))
                    echo "$option$path"
                end
            case ':nospace'
            case '*'
                echo $line
        end
    end
end
complete -c svcmgr -f -a '(__svcprov_complete)'
complete -c nodemgr -f -a '(__svcprov_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
