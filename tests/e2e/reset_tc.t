#!/usr/bin/env bash
# A forbidden name is reset at both ends: --hook tc.
. "$(dirname "$0")/reset_suite.sh"
reset_suite tc
