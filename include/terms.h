/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * terms.h - the vocabulary: each term once, for the counters of the data path,
 * JSON, metrics and the command line alike.
 *
 * X(id, "text"): the enumerator is PREFIX_id, the field in a counter block is
 * `id`, the text is what people and scripts read.  The texts are a contract.
 */
#ifndef HG_TERMS_H
#define HG_TERMS_H

#include "types.h"

/* Coverage: the partition of flows.  The order is the precedence. */
#define HG_BUCKETS(X)                                                                              \
	X(conflicting_overlap, "conflicting_overlap")                                              \
	X(ambiguous, "ambiguous")                                                                  \
	X(hello_too_large, "hello_too_large")                                                      \
	X(malformed, "malformed")                                                                  \
	X(truncated, "truncated")                                                                  \
	X(evicted, "evicted")                                                                      \
	X(reassembled, "reassembled")                                                              \
	X(single_segment, "single_segment")                                                        \
	X(not_tls, "not_tls")                                                                      \
	X(no_data, "no_data")                                                                      \
	X(tcp_refused, "tcp_refused")

/* Flags of a flow: bit numbers. */
#define HG_FLAGS(X)                                                                                \
	X(missed_start, "missed_start")                                                            \
	X(out_of_order, "out_of_order")                                                            \
	X(record_fragmented, "record_fragmented")                                                  \
	X(odd_record_version, "odd_record_version")                                                \
	X(fast_open, "fast_open")                                                                  \
	X(urgent_data, "urgent_data")                                                              \
	X(decoy_checksum, "decoy_checksum")                                                        \
	X(decoy_ttl, "decoy_ttl")                                                                  \
	X(decoy_sequence, "decoy_sequence")                                                        \
	X(fragmented_ip, "fragmented_ip")                                                          \
	X(after_other_data, "after_other_data")                                                    \
	X(overlap, "overlap")                                                                      \
	X(retransmitted, "retransmitted")                                                          \
	X(empty_record, "empty_record")                                                            \
	X(leading_record, "leading_record")                                                        \
	X(sslv2_hello, "sslv2_hello")                                                              \
	X(trailing_bytes, "trailing_bytes")                                                        \
	X(one_sided, "one_sided")                                                                  \
	X(checksum_unknown, "checksum_unknown")

#define HG_VERSIONS(X)                                                                             \
	X(ssl2, "ssl2")                                                                            \
	X(ssl3, "ssl3")                                                                            \
	X(tls1_0, "1.0")                                                                           \
	X(tls1_1, "1.1")                                                                           \
	X(tls1_2, "1.2")                                                                           \
	X(tls1_3, "1.3")

#define HG_SNI_STATES(X)                                                                           \
	X(ok, "ok")                                                                                \
	X(none, "none")                                                                            \
	X(empty, "empty")                                                                          \
	X(ambiguous, "ambiguous")                                                                  \
	X(invalid, "invalid")

#define HG_ECH_STATES(X)                                                                           \
	X(none, "none")                                                                            \
	X(outer, "outer")                                                                          \
	X(inner, "inner")                                                                          \
	X(esni, "esni")

#define HG_OUTCOMES(X)                                                                             \
	X(unknown, "unknown")                                                                      \
	X(established, "established")                                                              \
	X(failed, "failed")                                                                        \
	X(reset, "reset")                                                                          \
	X(dropped, "dropped")

/* How a handshake ended, as `close.how`. */
#define HG_CLOSES(X)                                                                               \
	X(none, "none")                                                                            \
	X(fin, "fin")                                                                              \
	X(rst, "rst")                                                                              \
	X(our_reset, "our_reset")                                                                  \
	X(our_drop, "our_drop")                                                                    \
	X(idle, "idle")                                                                            \
	X(evicted, "evicted")                                                                      \
	X(superseded, "superseded")                                                                \
	X(end_of_capture, "end_of_capture")                                                        \
	X(lost, "lost")

#define HG_SIDES(X)                                                                                \
	X(client, "client")                                                                        \
	X(server, "server")                                                                        \
	X(path, "path")                                                                            \
	X(self, "self")

/* Why a handshake failed: JSON, table and metric label alike.  0 is "no cause". */
#define HG_CAUSES(X)                                                                               \
	X(none, "none")                                                                            \
	X(policy_reset, "policy_reset")                                                            \
	X(policy_drop, "policy_drop")                                                              \
	X(tcp_refused, "tcp_refused")                                                              \
	X(tcp_no_answer, "tcp_no_answer")                                                          \
	X(tcp_reset_before_hello, "tcp_reset_before_hello")                                        \
	X(hello_incomplete, "hello_incomplete")                                                    \
	X(large_hello_stalled, "large_hello_stalled")                                              \
	X(not_tls, "not_tls")                                                                      \
	X(server_silent, "server_silent")                                                          \
	X(server_reset_after_hello, "server_reset_after_hello")                                    \
	X(server_closed_after_hello, "server_closed_after_hello")                                  \
	X(middlebox_reset, "middlebox_reset")                                                      \
	X(version_unsupported, "version_unsupported")                                              \
	X(no_shared_cipher, "no_shared_cipher")                                                    \
	X(no_shared_group, "no_shared_group")                                                      \
	X(alpn_mismatch, "alpn_mismatch")                                                          \
	X(unrecognized_name, "unrecognized_name")                                                  \
	X(sni_missing, "sni_missing")                                                              \
	X(certificate_expired, "certificate_expired")                                              \
	X(certificate_revoked, "certificate_revoked")                                              \
	X(certificate_unknown_ca, "certificate_unknown_ca")                                        \
	X(certificate_bad, "certificate_bad")                                                      \
	X(certificate_name_mismatch, "certificate_name_mismatch")                                  \
	X(certificate_chain_too_large, "certificate_chain_too_large")                              \
	X(client_certificate_required, "client_certificate_required")                              \
	X(client_certificate_rejected, "client_certificate_rejected")                              \
	X(decrypt_error, "decrypt_error")                                                          \
	X(illegal_parameter, "illegal_parameter")                                                  \
	X(decode_error, "decode_error")                                                            \
	X(internal_error, "internal_error")                                                        \
	X(client_abandoned, "client_abandoned")                                                    \
	X(timeout, "timeout")                                                                      \
	X(unknown, "unknown")

#define HG_ACTIONS(X)                                                                              \
	X(allow, "allow")                                                                          \
	X(reset, "reset")                                                                          \
	X(drop, "drop")                                                                            \
	X(count, "count")

#define HG_MODES(X)                                                                                \
	X(monitor, "monitor")                                                                      \
	X(enforce, "enforce")

/* Bits: `both` is client | server. */
#define HG_RESET_TO(X)                                                                             \
	X(none, "none")                                                                            \
	X(client, "client")                                                                        \
	X(server, "server")                                                                        \
	X(both, "both")

#define HG_DECIDERS(X)                                                                             \
	X(kernel, "kernel")                                                                        \
	X(user, "user")                                                                            \
	X(timeout, "timeout")

/* What became of a packet. */
#define HG_RESULTS(X)                                                                              \
	X(passed, "passed")                                                                        \
	X(dropped, "dropped")                                                                      \
	X(reset_arm, "reset_arm")                                                                  \
	X(unparsed, "unparsed")

/* Why a packet could not be read, or belongs to no flow. */
#define HG_UNPARSED(X)                                                                             \
	X(truncated_header, "truncated_header")                                                    \
	X(bad_header, "bad_header")                                                                \
	X(fragment, "fragment")                                                                    \
	X(ipv6_headers, "ipv6_headers")                                                            \
	X(vlan_depth, "vlan_depth")                                                                \
	X(encapsulated, "encapsulated")                                                            \
	X(load_failed, "load_failed")

/* Packets and writes that were refused; each is a counter of its own. */
#define HG_REFUSALS(X)                                                                             \
	X(unknown_flow, "unknown_flow")                                                            \
	X(flow_table_full, "flow_table_full")                                                      \
	X(partial_pool_full, "partial_pool_full")                                                  \
	X(server_name_table_full, "server_name_table_full")                                        \
	X(flow_busy, "flow_busy")                                                                  \
	X(partial_share_full, "partial_share_full")                                                \
	X(attempt_untold, "attempt_untold")                                                        \
	X(certificate_pieces, "certificate_pieces")                                                \
	X(urgent_ahead, "urgent_ahead")

/* Why a reset that was decided did not go out. */
#define HG_RESET_FAILURES(X)                                                                       \
	X(shrink, "shrink")                                                                        \
	X(rewrite, "rewrite")                                                                      \
	X(clone, "clone")                                                                          \
	X(no_metadata, "no_metadata")                                                              \
	X(encapsulated, "encapsulated")

/* What became of an Initial: `would_drop` passed, and says that its policy is in monitor. */
#define HG_QUIC_ACTIONS(X)                                                                         \
	X(allow, "allow")                                                                          \
	X(drop, "drop")                                                                            \
	X(would_drop, "would_drop")

/* Tunnels that can be opened: bit numbers, and the words of --decap. */
#define HG_TUNNELS(X)                                                                              \
	X(pppoe, "pppoe")                                                                          \
	X(mpls, "mpls")                                                                            \
	X(vxlan, "vxlan")                                                                          \
	X(geneve, "geneve")                                                                        \
	X(gre, "gre")                                                                              \
	X(ipip, "ipip")

#define HG_TRANSPORTS(X)                                                                           \
	X(tcp, "tcp")                                                                              \
	X(quic, "quic")

#define HG_E_BUCKET(id, text) HG_BUCKET_##id,
#define HG_E_FLAG(id, text) HG_FLAG_##id,
#define HG_E_VERSION(id, text) HG_VERSION_##id,
#define HG_E_SNI(id, text) HG_SNI_##id,
#define HG_E_ECH(id, text) HG_ECH_##id,
#define HG_E_OUTCOME(id, text) HG_OUTCOME_##id,
#define HG_E_CLOSE(id, text) HG_CLOSE_##id,
#define HG_E_SIDE(id, text) HG_SIDE_##id,
#define HG_E_CAUSE(id, text) HG_CAUSE_##id,
#define HG_E_ACTION(id, text) HG_ACTION_##id,
#define HG_E_MODE(id, text) HG_MODE_##id,
#define HG_E_TO(id, text) HG_TO_##id,
#define HG_E_DECIDER(id, text) HG_DECIDER_##id,
#define HG_E_RESULT(id, text) HG_RESULT_##id,
#define HG_E_UNPARSED(id, text) HG_UNPARSED_##id,
#define HG_E_REFUSAL(id, text) HG_REFUSAL_##id,
#define HG_E_RESET_FAILURE(id, text) HG_RESET_FAILURE_##id,
#define HG_E_QUIC_ACTION(id, text) HG_QUIC_ACTION_##id,
#define HG_E_TUNNEL(id, text) HG_TUNNEL_##id,
#define HG_E_TRANSPORT(id, text) HG_TRANSPORT_##id,

enum hg_bucket { HG_BUCKETS(HG_E_BUCKET) HG_BUCKET_COUNT };
enum hg_flag { HG_FLAGS(HG_E_FLAG) HG_FLAG_COUNT };
enum hg_version { HG_VERSIONS(HG_E_VERSION) HG_VERSION_COUNT };
enum hg_sni_state { HG_SNI_STATES(HG_E_SNI) HG_SNI_COUNT };
enum hg_ech_state { HG_ECH_STATES(HG_E_ECH) HG_ECH_COUNT };
enum hg_outcome { HG_OUTCOMES(HG_E_OUTCOME) HG_OUTCOME_COUNT };
enum hg_close { HG_CLOSES(HG_E_CLOSE) HG_CLOSE_COUNT };
enum hg_side { HG_SIDES(HG_E_SIDE) HG_SIDE_COUNT };
enum hg_cause { HG_CAUSES(HG_E_CAUSE) HG_CAUSE_COUNT };
enum hg_action { HG_ACTIONS(HG_E_ACTION) HG_ACTION_COUNT };
enum hg_mode { HG_MODES(HG_E_MODE) HG_MODE_COUNT };
enum hg_to { HG_RESET_TO(HG_E_TO) HG_TO_COUNT };
enum hg_decider { HG_DECIDERS(HG_E_DECIDER) HG_DECIDER_COUNT };
enum hg_result { HG_RESULTS(HG_E_RESULT) HG_RESULT_COUNT };
enum hg_unparsed { HG_UNPARSED(HG_E_UNPARSED) HG_UNPARSED_COUNT };
enum hg_refusal { HG_REFUSALS(HG_E_REFUSAL) HG_REFUSAL_COUNT };
enum hg_reset_failure { HG_RESET_FAILURES(HG_E_RESET_FAILURE) HG_RESET_FAILURE_COUNT };
enum hg_quic_action { HG_QUIC_ACTIONS(HG_E_QUIC_ACTION) HG_QUIC_ACTION_COUNT };
enum hg_tunnel { HG_TUNNELS(HG_E_TUNNEL) HG_TUNNEL_COUNT };
enum hg_transport { HG_TRANSPORTS(HG_E_TRANSPORT) HG_TRANSPORT_COUNT };

#define HG_FLAG(id) (1U << HG_FLAG_##id)

#endif /* HG_TERMS_H */
