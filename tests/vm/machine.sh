# shellcheck shell=bash
# The virtual machines: started, watched, ended. Sourced by run.

# Two serial ports: a kernel message must never land in the middle of a TAP line. The first
# is the console (kernel, init, the programs' stderr), the second carries the results.
#
# The watchdogs are off, and so is the check at boot that the timer ticks, because a guest CPU
# stands still whenever the host is busy. An oops ends the machine; a panic asks for a reboot,
# which -no-reboot turns into an exit.
#
# Without fast string instructions: the kernel copies by them where it finds them, and
# emulation copies byte by byte then; the verifier takes twice as long.
qemu_command() {
    local kernel=$1 initramfs=$2 parameters=$3
    qemu=(qemu-system-x86_64 -accel tcg -cpu max,erms=off,fsrm=off -smp "$cpus" -m 2G
        -nodefaults -display none -no-reboot
        -kernel "$kernel/vmlinuz" -initrd "$initramfs"
        -append "console=ttyS0 loglevel=5 oops=panic panic=-1 nowatchdog no_timer_check \
rcupdate.rcu_cpu_stall_suppress=1 $parameters")
}

# start_machine MACHINE KERNEL INITRAMFS: its console goes to $logs/MACHINE.log, what init
# says to $work/MACHINE/results. Adds to machine_pids.
start_machine() {
    local machine=$1 log=$logs/$1.log results=$work/$1/results
    qemu_command "$2" "$3" ''
    qemu+=(-serial "file:$log" -serial "file:$results")
    : >"$log"
    : >"$results"
    say "$machine: Linux $(<"$2/version")"
    ((!keep)) || say "${qemu[*]@Q}"
    # timeout passes on a TERM, and still ends the machine should this script be killed.
    timeout --kill-after=5 "$timeout" "${qemu[@]}" </dev/null >"$work/$machine/qemu.log" 2>&1 9>&- &
    machine_pids[$machine]=$!
    start_following "$machine" "$log" "$results"
}

# await_machine MACHINE: leaves $work/MACHINE/ended, which says how it ended: "" or a reason.
await_machine() {
    local machine=$1 status=0 ended
    wait "${machine_pids[$machine]}" || status=$?
    unset "machine_pids[$machine]"
    ended=$(describe_end "$status" "$work/$machine/results")
    printf '%s' "$ended" >"$work/$machine/ended"
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
start_following() { # MACHINE LOG RESULTS
    [[ -t 2 ]] || return 0
    follow "$1" "$2" '/^$/d'
    follow "$1" "$3" '/^$/d; /^@@vm/d'
}

# The tails end with the machine.
follow() { # MACHINE FILE SED
    tail -n +1 -f --pid="${machine_pids[$1]}" "$2" 9>&- 2>/dev/null |
        sed -u "s/\r\$//; $3; s/^/$1: /" >&2 9>&- &
    followers+=("$!")
}

show_console() {
    {
        printf 'vm: %s: the last lines of %s:\n' "$1" "$logs/$1.log"
        cat "$work/$1/qemu.log"
        tail -n 40 "$logs/$1.log" | tr -d '\r'
    } >&2
}

stop_machines() {
    local pid
    for pid in "${machine_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    machine_pids=()
}

# The operator's terminal is the console. Ctrl-A X ends the machine, Ctrl-A C is QEMU's prompt.
open_shell() {
    qemu_command "$1" "$2" 'vm_shell=1'
    qemu+=(-serial mon:stdio -serial "file:$work/results")
    "${qemu[@]}" 9>&-
}
