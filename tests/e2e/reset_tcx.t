#!/usr/bin/env bash
# A forbidden name is reset at both ends: --hook tcx.
. "$(dirname "$0")/reset_suite.sh"
reset_suite tcx
