# shellcheck shell=bash
# Results: the second serial port split into one TAP file per program, a table, and prove's
# judgement. Sourced by run.

# collect_results NAME KERNEL: $logs/NAME.PROGRAM.tap and .exit, and a row in $work/table.
collect_results() {
    local name=$1 version path program tap code seconds note
    local results=$work/$1/results trouble=$ended
    version=$(<"$2/version")
    tr -d '\r' <"$results" >"$results.txt"
    for path in "${programs[@]}"; do
        program=${path##*/}
        tap=$logs/$name.$program.tap
        taps+=("${tap#"$top/"}")
        program_output "$results.txt" "$program" >"$tap"
        read -r code seconds < <(program_end "$results.txt" "$program")
        printf '%s\n' "$code" >"${tap%.tap}.exit"
        note=$(describe_program "$results.txt" "$program" "$tap" "$code")
        table_row "$name ($version)" "$program" "$tap" "$seconds" "$note" >>"$work/table"
        trouble+=$note
        show_failures "$tap"
    done
    [[ -z $trouble ]] || show_console "$name"
    say "$name: up after $(time_of up "$results.txt") s," \
        "done after $(time_of done "$results.txt") s"
}

program_output() {
    awk -v program="$2" '
        $1 == "@@vm" { inside = $2 == "begin" && $3 == program; next }
        inside && NF' "$1"
}

# program_end RESULTS PROGRAM: "EXIT SECONDS"; 255 for one that never said how it ended.
program_end() {
    awk -v program="$2" '
        BEGIN { end = "255 -" }
        $1 == "@@vm" && $2 == "end" && $3 == program { end = $4 " " $5 }
        END { print end }' "$1"
}

# What is wrong besides failed tests, in a word or two.
describe_program() {
    local results=$1 program=$2 tap=$3 code=$4
    if ! grep -qxF "@@vm begin $program" "$results"; then
        printf 'not run: %s' "$ended"
    elif ! grep -qF "@@vm end $program " "$results"; then
        printf '%s' "$ended"
    elif ((code > 128)); then
        printf 'killed by signal %d' $((code - 128))
    elif ! grep -q '^1[.][.][0-9]' "$tap"; then
        printf 'no plan'
    elif ((code)); then
        printf 'exit %d' "$code"
    fi
}

# Tests that were planned and never reported count as failed.
table_row() {
    awk -v kernel="$1" -v program="$2" -v seconds="$4" -v note="$5" '
        /^1[.][.][0-9]+/ { planned = substr($1, 4) + 0 }
        /^(not )?ok([ \t]|$)/ { tests++ }
        /^not ok([ \t]|$)/ && !/# *[Tt][Oo][Dd][Oo]/ { failed++ }
        END {
            if (planned > tests) { failed += planned - tests; tests = planned }
            printf "%s\t%s\t%d\t%d\t%s\t%s\n", kernel, program, tests, failed, seconds, note
        }' "$3"
}

# prove names failed tests by number only; say what they were, with the comments that follow.
show_failures() {
    awk -v tap="${1#"$top/"}" '
        /^(not )?ok([ \t]|$)/ { failing = /^not/ && !/# *[Tt][Oo][Dd][Oo]/ }
        failing && ++lines <= 40 { if (lines == 1) print "vm: " tap ":"; print }' "$1" >&2
}

# time_of MARK RESULTS: the machine's own clock, for people; nothing is judged by it.
time_of() {
    awk -v mark="$1" '
        BEGIN { time = "-" }
        $1 == "@@vm" && $2 == mark { time = $3 }
        END { print time }' "$2"
}

show_table() {
    { printf 'kernel\tprogram\ttests\tfailed\tseconds\t\n'; cat "$work/table"; } | awk -F '\t' '
        {
            for (i = 1; i <= NF; i++) {
                cell[NR, i] = $i
                if (length($i) > width[i]) width[i] = length($i)
            }
        }
        END {
            for (row = 1; row <= NR; row++) {
                printf "%-*s  %-*s", width[1], cell[row, 1], width[2], cell[row, 2]
                for (i = 3; i <= 5; i++) printf "  %*s", width[i], cell[row, i]
                print (cell[row, 6] == "" ? "" : "  " cell[row, 6])
            }
        }'
}

# The exit code of the whole run. prove fails on a failed test, a wrong or missing plan and,
# through replay, on the exit code that a program had in its machine.
report() {
    local status=0
    show_table
    if ! awk -F '\t' '$3 { some = 1 } END { exit !some }' "$work/table"; then
        say "no test was run" # which prove alone would let pass
        status=1
    fi
    cd "$top"
    prove --norc --exec tests/vm/replay "${taps[@]}" || status=1
    ((machines_ended_badly == 0)) || status=1
    return "$status"
}
