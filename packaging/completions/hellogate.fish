# SPDX-License-Identifier: BSD-2-Clause
#
# Completion for fish: the program itself says what may come next.

function __hellogate_complete
    set -l words (commandline -opc)
    set -l begun (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] "$begun" 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path "$begun"
            case :dir
                __fish_complete_directories "$begun"
            case '*'
                echo $line
        end
    end
end

complete -c hellogate -f -a '(__hellogate_complete)'
