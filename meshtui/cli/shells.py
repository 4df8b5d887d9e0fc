"""Completion in bash, zsh and fish: the scripts, and what they are answered.

click's own scripts hand over words as the shell has cut them. bash cuts at ``:`` and ``=``, of which the names of
contexts are full (``arn:aws:eks:…``), and what stands behind the cursor is lost. These hand over the line itself.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

_BASH: Final = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case $type in
            plain)
                COMPREPLY+=("$value")
                if [[ $value == */ ]]; then compopt -o nospace; fi ;;
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
        esac
    done < <(COMP_BEFORE="${COMP_LINE:0:COMP_POINT}" COMP_AFTER="${COMP_LINE:COMP_POINT}" COMP_PART="$2" \\
        %(complete_var)s=bash_complete "${1/#\\~/$HOME}" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
"""``$2`` is the part of the word that bash puts the answer in the place of. ``nosort`` and ``compopt`` are of 4.4."""

_ZSH: Final = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a found part values folders described
    local line before="${(j: :)words[1,CURRENT-1]} $PREFIX" after="$SUFFIX ${(j: :)words[CURRENT+1,-1]}"
    found=("${(@f)$(COMP_BEFORE=$before COMP_AFTER=$after \\
        %(complete_var)s=zsh_complete ${~words[1]} 2>/dev/null)}")
    for line in $found; do
        part=("${(@ps:\\t:)line}")
        case $part[1] in
            plain)
                if [[ -n $part[3] ]]; then described+=("${part[2]//:/\\\\:}:$part[3]")
                elif [[ $part[2] == */ ]]; then folders+=("$part[2]")
                else values+=("$part[2]"); fi ;;
            file) [[ $PREFIX == --*=* ]] && compset -P '*='; _path_files -f ;;
            dir) [[ $PREFIX == --*=* ]] && compset -P '*='; _path_files -/ ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described
    (( $#folders )) && compadd -S '' -V unsorted -a folders
    (( $#values )) && compadd -V unsorted -a values
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH: Final = """\
function %(complete_func)s
    set -l words (commandline -opc)
    set -l option (string match -r -- '^--[^=]*=' (commandline -ct))
    set -l value (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l before (commandline -cp | string collect)
    for line in (env COMP_BEFORE="$before" %(complete_var)s=fish_complete $words[1] 2>/dev/null)
        set -l part (string split \\t -- $line)
        switch $part[1]
            case plain
                string join \\t -- $part[2..]
            case file
                for found in (__fish_complete_path $value); echo "$option$found"; end
            case dir
                for found in (__fish_complete_directories $value); echo "$option$found"; end
        end
    end
end
complete --no-files --keep-order --command %(prog_name)s --arguments "(%(complete_func)s)"
"""
"""fish shows a completion what is before the cursor, and no more."""


@dataclass(frozen=True, slots=True)
class After:
    """The words behind the cursor; the context of the command that is completed has them as its object."""

    words: tuple[str, ...]


class _WholeLine(ShellComplete):
    """What is before and behind the cursor is in ``COMP_BEFORE`` and ``COMP_AFTER``, as it stands on the line."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The whole words before the cursor without the program's name, and the one that is begun."""
        behind = os.environ.get("COMP_AFTER", "")
        words = split_arg_string(behind)
        rest_of_word = bool(behind) and not behind[0].isspace()
        self.ctx_args = {**self.ctx_args, "obj": After(tuple(words[1:] if rest_of_word else words))}
        # Something behind the cursor, so that a word that has not begun is there as well.
        *args, begun = split_arg_string(f"{os.environ.get('COMP_BEFORE', '')}x")
        return args[1:], begun[:-1]

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """The whole words: behind ``--context=`` click gives the values alone."""
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("--"):
            for item in found:
                item.value = f"{option}={item.value}" if item.type == "plain" else item.value
        return [item for item in found if item.value.isprintable()]

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Type, word and help."""
        return "\t".join((item.type, item.value, item.help or ""))


class _Bash(_WholeLine):
    name = "bash"
    source_template = _BASH

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """The part of each word that bash asks for, as it has to stand on the line."""
        part, line = os.environ.get("COMP_PART", ""), os.environ.get("COMP_BEFORE", "")
        is_quoted = line.count('"') % 2 == 1 or line.count("'") % 2 == 1
        skipped = len(incomplete) - len(part) if incomplete.endswith(part) else 0
        found = super().get_completions(args, incomplete)
        for item in found:
            item.value = item.value[skipped:] if is_quoted or item.type != "plain" else _escaped(item.value[skipped:])
        return [item for item in found if not (is_quoted and _SPECIAL.search(item.value))]

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Type and word."""
        return f"{item.type},{item.value}"


class _Zsh(_WholeLine):
    name = "zsh"
    source_template = _ZSH


class _Fish(_WholeLine):
    name = "fish"
    source_template = _FISH


_SPECIAL: Final = re.compile(r"[^\w@%+=:,./-]")
"""What a shell may take for something else than a letter of a word."""


def _escaped(word: str) -> str:
    """A word as it is typed. A name is somebody else's text, and would be run by whoever presses Enter."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", word)


def install() -> None:
    """Have click answer shells by these."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)
