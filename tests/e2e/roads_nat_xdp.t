#!/usr/bin/env bash
# A gateway with NAT, hook xdp.
. "$(dirname "$0")/roads_nat.sh"
nat_suite xdp
