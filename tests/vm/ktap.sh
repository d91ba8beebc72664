# shellcheck shell=bash
# Results as the kernel's selftests print them: per kernel one document of KTAP version 1, in
# which each program is a test, and what it tested are its subtests. Sourced by run.

# write_ktap NAME: $logs/NAME.ktap, from the TAP files and the exit codes.
write_ktap() {
    local i tap
    {
        printf 'KTAP version 1\n1..%d\n' "${#programs[@]}"
        for i in "${!programs[@]}"; do
            tap=$(tap_file "$1" "${programs[i]}")
            subtests "$tap" "${programs[i]}"
            ktap_result "$tap" $((i + 1)) "${programs[i]}"
        done
    } >"$logs/$1.ktap"
}

# Plan first: our programs know it last. One without a plan shows that by its result.
subtests() { # TAP PROGRAM
    awk -v program="$2" '/^1[.][.][1-9]/ { printf "KTAP version 1\n# Subtest: %s\n%s\n", program, $1 }' "$1" |
        sed 's/^/  /'
    sed -nE '/^(not )?ok |^#/s/^/  /p' "$1"
}

# A program passes if its tests and its exit code say so.
ktap_result() { # TAP NUMBER PROGRAM
    awk -v number="$2" -v program="$3" -v code="$(<"${1%.tap}.exit")" '
        /^1[.][.]0/ { skipped = $0; sub(/^1[.][.]0 *# *SKIP */, "", skipped) }
        /^1[.][.][0-9]+/ { planned = substr($1, 4) + 0; plan = 1 }
        /^(not )?ok / { tests++ }
        /^not ok / && !/# *TODO/ { failed++ }
        END {
            good = plan && !failed && tests == planned && code == 0
            printf "%sok %d %s%s\n", good ? "" : "not ", number, program,
                good && skipped ? " # SKIP " skipped : ""
        }' "$1"
}
