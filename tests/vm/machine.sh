# shellcheck shell=bash
# The virtual machine: started, watched, ended. Sourced by run.

# Two serial ports: a kernel message must never land in the middle of a TAP line. The first
# is the console (kernel, init, the programs' stderr), the second carries the results.
#
# The watchdogs are off because a guest CPU stands still whenever the host is busy. An oops
# ends the machine; a panic asks for a reboot, which -no-reboot turns into an exit.
qemu_command() {
    local kernel=$1 initramfs=$2 parameters=$3
    qemu=(qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 2G
        -nodefaults -display none -no-reboot
        -kernel "$kernel/vmlinuz" -initrd "$initramfs"
        -append "console=ttyS0 loglevel=5 oops=panic panic=-1 nowatchdog \
rcupdate.rcu_cpu_stall_suppress=1 $parameters")
}

# run_machine NAME KERNEL INITRAMFS: leaves $logs/NAME.log, $work/NAME/results and ended,
# which says how it ended: "" or a reason.
run_machine() {
    local name=$1 log=$logs/$1.log results=$work/$1/results status=0
    qemu_command "$2" "$3" ''
    qemu+=(-serial "file:$log" -serial "file:$results")
    : >"$log"
    : >"$results"
    say "$name: Linux $(<"$2/version")"
    ((!keep)) || say "${qemu[*]@Q}"
    # timeout passes on a TERM, and still ends the machine should this script be killed.
    timeout --kill-after=5 "$timeout" "${qemu[@]}" </dev/null >"$work/$name/qemu.log" 2>&1 9>&- &
    machine_pid=$!
    start_following "$log" "$results"
    wait "$machine_pid" || status=$?
    machine_pid=
    ((${#followers[@]} == 0)) || wait "${followers[@]}" || true
    ended=$(describe_end "$status" "$results")
    [[ -z $ended ]] || machines_ended_badly=$((machines_ended_badly + 1))
}

describe_end() {
    if (($1 == 124 || $1 == 137)); then
        printf 'timed out after %s s' "$timeout"
    elif (($1)); then
        printf 'qemu: exit %s' "$1"
    elif ! grep -q '^@@vm done' "$2"; then
        printf 'machine died'
    fi
}

# For whoever watches. The markers are in both files, so one of them leaves them out.
start_following() {
    followers=()
    [[ -t 2 ]] || return 0
    follow "$1" '/^$/d'
    follow "$2" '/^$/d; /^@@vm/d'
}

# The tails end with the machine.
follow() {
    tail -n +1 -f --pid="$machine_pid" "$1" 9>&- 2>/dev/null | sed -u "s/\r\$//; $2" >&2 9>&- &
    followers+=("$!")
}

show_console() {
    {
        printf 'vm: %s: the last lines of %s:\n' "$1" "$logs/$1.log"
        cat "$work/$1/qemu.log"
        tail -n 40 "$logs/$1.log" | tr -d '\r'
    } >&2
}

stop_machine() {
    [[ -n ${machine_pid:-} ]] || return 0
    kill "$machine_pid" 2>/dev/null || true
    wait "$machine_pid" 2>/dev/null || true
    machine_pid=
}

# The operator's terminal is the console. Ctrl-A X ends the machine, Ctrl-A C is QEMU's prompt.
open_shell() {
    qemu_command "$1" "$2" 'vm_shell=1'
    qemu+=(-serial mon:stdio -serial "file:$work/results")
    "${qemu[@]}" 9>&-
}
