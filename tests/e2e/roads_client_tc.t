#!/usr/bin/env bash
# A client host, hook tc.
. "$(dirname "$0")/roads_client.sh"
client_suite tc
