#!/usr/bin/env bash
# A forbidden name is reset at both ends: --hook xdp-generic.
. "$(dirname "$0")/reset_suite.sh"
reset_suite xdp-generic
