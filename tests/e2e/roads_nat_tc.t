#!/usr/bin/env bash
# A gateway with NAT, hook tcx (tc before Linux 6.6).
. "$(dirname "$0")/roads_nat.sh"
nat_suite "$TCX"
