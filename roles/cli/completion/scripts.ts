/** Supported shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

/**
 * The script with which a shell completes `flwr`. It calls `flwr completion suggest` for each completion, so it never
 * has to be updated. A suggestion is a value, a tab and a summary; the value ":files" means file names.
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

// bash splits COMP_WORDS at ":" and "=", so words such as 127.0.0.1:8000 are joined again.
const BASH = String.raw`# Completes flwr in bash (3.2 and later).
_flwr() {
  local word value summary last=-1
  local -a words=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if ((last >= 0)) && [[ $word == [:=]* || \${words[last]} == *[:=] ]]; then
      words[last]+=$word
    else
      words+=("$word")
      last=$((last + 1))
    fi
  done
  COMPREPLY=()
  while IFS=$'\t' read -r value summary; do
    if [[ $value == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("$value")
    fi
  done < <(command "\${COMP_WORDS[0]}" completion suggest -- "\${words[@]}" 2>/dev/null)
}
complete -F _flwr flwr`;

const ZSH = String.raw`#compdef flwr
# Completes flwr in zsh.
_flwr() {
  local value summary
  local -a values
  while IFS=$'\t' read -r value summary; do
    if [[ $value == :files ]]; then
      _files
    else
      values+=("\${value//:/\\:}:$summary")
    fi
  done < <(command "\${words[1]}" completion suggest -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  ((\${#values})) && _describe flwr values
}
if [[ $funcstack[1] == _flwr ]]; then
  _flwr "$@"
else
  compdef _flwr flwr
fi`;

const FISH = String.raw`# Completes flwr in fish.
function __flwr_suggestions
    set -l words (commandline -opc) (commandline -ct)
    for line in (command $words[1] completion suggest -- $words[2..-1] 2>/dev/null)
        if string match -q ':files*' -- $line
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c flwr -f -a '(__flwr_suggestions)'`;

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH.replaceAll("\\${", "${"),
  zsh: ZSH.replaceAll("\\${", "${"),
  fish: FISH,
};
