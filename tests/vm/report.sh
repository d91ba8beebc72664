# shellcheck shell=bash
# Results: the second serial port split into one TAP file per program, a table, and prove's
# judgement. Sourced by run.

# collect_results NAME KERNEL: $logs/NAME.PROGRAM.tap and .exit, and rows in $work/table.
collect_results() {
    local name=$1 version machine i
    version=$(<"$2/version")
    for ((i = 0; i < machines; i++)); do
        machine=$work/$(machine_of "$name" "$i")
        tr -d '\r' <"$machine/results" >"$machine/results.txt"
        cp "$machine/ended" "$machine/trouble"
    done
    for i in "${!programs[@]}"; do
        collect_program "$name" "$version" "$(machine_of "$name" "$i")" "${programs[i]}"
    done
    for ((i = 0; i < machines; i++)); do tell_of_machine "$(machine_of "$name" "$i")"; done
}

tap_file() { # NAME PROGRAM
    printf '%s/%s.%s.tap' "$logs" "$1" "${2//\//.}"
}

collect_program() { # NAME VERSION MACHINE PROGRAM
    local name=$1 version=$2 machine=$3 program=$4 tap code seconds note
    local results=$work/$3/results.txt
    tap=$(tap_file "$name" "$program")
    taps+=("${tap#"$top/"}")
    program_output "$results" "$program" >"$tap"
    read -r code seconds < <(program_end "$results" "$program")
    printf '%s\n' "$code" >"${tap%.tap}.exit"
    note=$(describe_program "$results" "$program" "$tap" "$code" "$(<"$work/$machine/ended")")
    table_row "$name ($version)" "$program" "$tap" "$seconds" "$note" >>"$work/table"
    printf '%s' "$note" >>"$work/$machine/trouble"
    show_failures "$tap"
}

tell_of_machine() {
    local machine=$work/$1
    [[ ! -s $machine/trouble ]] || show_console "$1"
    say "$1: up after $(time_of up "$machine/results.txt") s," \
        "done after $(time_of done "$machine/results.txt") s"
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
    local results=$1 program=$2 tap=$3 code=$4 ended=$5
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

# Tests that were planned and never reported count as failed. GROUP/NAME are two columns.
table_row() {
    awk -v kernel="$1" -v program="$2" -v seconds="$4" -v note="$5" '
        /^1[.][.][0-9]+/ { planned = substr($1, 4) + 0 }
        /^(not )?ok([ \t]|$)/ { tests++ }
        /^ok([ \t]|$)/ && /# *[Ss][Kk][Ii][Pp]/ { skipped++ }
        /^not ok([ \t]|$)/ && !/# *[Tt][Oo][Dd][Oo]/ { failed++ }
        END {
            if (planned > tests) { failed += planned - tests; tests = planned }
            if (sub("/", "\t", program) == 0) program = "\t" program
            printf "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", kernel, program, tests, failed, skipped, seconds, note
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
    { printf 'kernel\tcompiler\tsuite\ttests\tfailed\tskipped\tseconds\t\n'; cat "$work/table"; } |
        awk -F '\t' '
        {
            for (i = 1; i <= NF; i++) {
                cell[NR, i] = $i
                if (length($i) > width[i]) width[i] = length($i)
            }
        }
        END {
            for (row = 1; row <= NR; row++) {
                for (i = 1; i <= 3; i++) printf "%-*s  ", width[i], cell[row, i]
                for (i = 4; i <= 7; i++) printf "%*s  ", width[i], cell[row, i]
                print cell[row, 8]
            }
        }' | sed 's/ *$//'
}

# The exit code of the whole run. prove fails on a failed test, a wrong or missing plan and,
# through replay, on the exit code that a program had in its machine.
report() {
    local status=0
    show_table
    if ! awk -F '\t' '$4 { some = 1 } END { exit !some }' "$work/table"; then
        say "no test was run" # which prove alone would let pass
        status=1
    fi
    cd "$top"
    prove --norc --exec tests/vm/replay "${taps[@]}" || status=1
    ((machines_ended_badly == 0)) || status=1
    return "$status"
}
