/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reasons.h - what an inferred cause is inferred from.
 */
#ifndef HG_REASONS_H
#define HG_REASONS_H

/* X(id, what it says, behind "because") */
#define HG_REASONS(X)                                                                              \
	X(alert_in_clear, "an alert says so, though not in so many words")                         \
	X(closed_before_answer, "the client closed before the server said anything")               \
	X(alert_40, "the server said handshake_failure (40), which names no cause")                \
	X(alert_40_only, "handshake_failure (40) is all that the server said")                     \
	X(alert_40_after_client_certificate,                                                       \
	  "handshake_failure (40) came right behind the client's certificate")                     \
	X(alert_42, "the client said bad_certificate (42)")                                        \
	X(alert_46, "the client said certificate_unknown (46)")                                    \
	X(alert_46_only, "certificate_unknown (46) is what clients say of an unknown CA")          \
	X(alert_109, "the client sent no extension that the server needs (109)")                   \
	X(certificate_expired, "a certificate of the chain has expired")                           \
	X(certificate_not_yet_valid, "a certificate of the chain is not valid yet")                \
	X(name_not_in_certificate, "the certificate does not have the name that was asked for")    \
	X(intermediate_missing, "the server does not send the issuer of its certificate")          \
	X(self_signed, "the certificate is signed by itself")                                      \
	X(weak_key, "a key of the chain is weak")                                                  \
	X(weak_digest, "a signature of the chain uses a weak digest")                              \
	X(client_sent_no_certificate, "the client answered the request with an empty list")        \
	X(empty_certificate_sized_record,                                                          \
	  "the client sent a record of the size of an empty certificate list")                     \
	X(certificate_sized_flight, "the client's flight is large enough to hold a certificate")   \
	X(alert_sized_record, "an encrypted record of the size of an alert ended it")              \
	X(after_server_flight, "it came right behind the server's flight, with its certificate")   \
	X(certificate_seen_before, "this server's certificate was seen in clear before")           \
	X(encrypted_alert, "an encrypted alert ended it")                                          \
	X(encrypted_alert_after_client_certificate,                                                \
	  "an encrypted alert came behind the client's certificate")                               \
	X(small_dh_prime, "the server's Diffie-Hellman prime is short of 2048 bits")               \
	X(hello_not_acknowledged, "the server never acknowledged the whole hello")                 \
	X(segment_retransmitted, "the client sent a segment of the hello again")                   \
	X(rest_of_hello_missing, "the rest of the hello never came here")                          \
	X(reset_after_first_segment, "a RST came right behind its first segment")                  \
	X(no_sni, "the hello names no server")                                                     \
	X(closed_behind_hello, "the server closed right behind the hello")                         \
	X(server_answers_with_sni, "this server answers hellos that do")                           \
	X(server_answers_newer, "all hellos that this server answered offer a newer version")      \
	X(server_picks_others, "this server picks what the client does not offer")                 \
	X(client_offers_ssl3_at_best, "SSL 3.0 is the most that the client offers")                \
	X(client_offers_ssl2, "SSL 2.0 is the most that the client offers")                        \
	X(larger_than_any_taken, "no client went on from a chain of this size so far")             \
	X(certificate_grew, "the server's chain has grown")                                        \
	X(over_4kb, "the chain is larger than 4 KB, the room that small clients have")             \
	X(root_included, "the chain has the root in it, which no client needs")                    \
	X(closed_behind_certificate, "the client closed right behind the server's certificate")    \
	X(closed_without_alert, "the client closed without a word")                                \
	X(ttl_differs, "the RST has another TTL than its sender's packets")                        \
	X(sooner_than_a_round_trip, "the RST came sooner than its sender could answer")            \
	X(sequence_is_off, "the RST's sequence number is not the one that was due")                \
	X(ip_id_is_off, "the RST's IP-ID does not go on from its sender's packets")                \
	X(window_is_off, "the RST has another window than its sender's packets")                   \
	X(syn_unanswered, "the client's SYN came three times, and no answer")

#define HG_REASON_ID(id, text) HG_REASON_##id,
enum hg_reason { HG_REASONS(HG_REASON_ID) HG_REASON_COUNT };

/* The term, as in events, and the sentence. */
const char *hg_reason_text(unsigned int reason);
const char *hg_reason_sentence(unsigned int reason);

#endif /* HG_REASONS_H */
