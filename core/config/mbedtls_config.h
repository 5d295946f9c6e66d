/*
 * Mbed TLS 3.6, configured for this product alone: TLS 1.3 over memory BIOs,
 * mutual certificates, AEAD suites with ephemeral ECDH. What is not named here
 * is not in the module. Each option has its reason.
 *
 * To compile: every C file of core (host_native.c only natively) and of Mbed
 * TLS's library folder, nothing of its 3rdparty, with
 *   -DMBEDTLS_CONFIG_FILE='<mbedtls_config.h>' -Icore -Icore/config -I$MBEDTLS/include -I$MBEDTLS/library
 * In angle brackets: with quotes Mbed TLS would find its own default, which lies nearer; status.c refuses that.
 */
#ifndef XTLS_MBEDTLS_CONFIG_H
#define XTLS_MBEDTLS_CONFIG_H

/* --- platform: the host gives randomness and time, memory.c the heap -------- */

#define MBEDTLS_PLATFORM_C                              /* lets the functions below stand in for libc's */
#define MBEDTLS_PLATFORM_MEMORY                         /* ... for the heap: */
#define MBEDTLS_PLATFORM_CALLOC_MACRO xtls_calloc       /* memory.c, so that */
#define MBEDTLS_PLATFORM_FREE_MACRO xtls_free           /* every freed block is zeroed */
#define MBEDTLS_HAVE_TIME                               /* ticket ages */
#define MBEDTLS_HAVE_TIME_DATE                          /* validity of certificates */
#define MBEDTLS_PLATFORM_TIME_MACRO xtls_time           /* seconds, from the host (calendar.c) */
#define MBEDTLS_PLATFORM_MS_TIME_ALT                    /* milliseconds, likewise */
#define MBEDTLS_PLATFORM_GMTIME_R_ALT                   /* libc's would bring time zones and imports */
/* No MBEDTLS_HAVE_ASM: wasm has no assembler, and the native build is to run the same code. */

/* --- PSA: TLS 1.3's key schedule and key exchange go through it -------------- */

#define MBEDTLS_PSA_CRYPTO_C                            /* TLS 1.3 of Mbed TLS 3.6 needs it */
#define MBEDTLS_PSA_CRYPTO_CONFIG                       /* only the mechanisms of the next file, */
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE <psa_config.h>   /* not everything the rest enables */
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG                 /* the host's randomness, no DRBG in between */
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC                   /* any number of engines: no 32 fixed key slots */
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS            /* one address space, one thread: no defensive copies */

/* --- arithmetic and curves ----------------------------------------------------- */

#define MBEDTLS_BIGNUM_C                                /* ECC and RSA */
#define MBEDTLS_ECP_C                                   /* ECC */
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED               /* X25519, the preferred group */
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED                /* our own certificates; group */
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED                /* others' certificates; group */
#define MBEDTLS_ECP_NIST_OPTIM                          /* fast reduction for the two NIST primes */
#define MBEDTLS_ECDH_C                                  /* key exchange */
#define MBEDTLS_ECDSA_C                                 /* signatures */
#define MBEDTLS_ECDSA_DETERMINISTIC                     /* RFC 6979: weak randomness must not give the key away */
#define MBEDTLS_HMAC_DRBG_C                             /* RFC 6979's generator; nothing else uses it */

/* --- RSA: other people's certificates ------------------------------------------- */

#define MBEDTLS_RSA_C                                   /* verify and sign */
#define MBEDTLS_MPI_MAX_SIZE 512                        /* 4096 bits, the most that key.c takes */
#define MBEDTLS_PKCS1_V15                               /* certificate signatures */
#define MBEDTLS_PKCS1_V21                               /* PSS: TLS 1.3 allows nothing else */
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT                 /* certificates signed with PSS */

/* --- ciphers and hashes ------------------------------------------------------------ */

#define MBEDTLS_CIPHER_C                                /* the layer that records are protected through */
#define MBEDTLS_AES_C                                   /* AES-GCM */
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT                 /* GCM only ever encrypts a block */
#define MBEDTLS_GCM_C                                   /* TLS_AES_*_GCM */
#define MBEDTLS_CHACHA20_C                              /* ChaCha20-Poly1305: */
#define MBEDTLS_POLY1305_C                              /* preferred between two wasm ends, */
#define MBEDTLS_CHACHAPOLY_C                            /* constant time without hardware */
#define MBEDTLS_MD_C                                    /* hashes by name, HMAC */
#define MBEDTLS_SHA256_C                                /* suites, fingerprints, signatures */
#define MBEDTLS_SHA384_C                                /* AES-256 suites, P-384 */
#define MBEDTLS_SHA512_C                                /* signatures of others */
#define MBEDTLS_SHA1_C                                  /* XEP-0250's key names only; no signature with it is accepted */
#define MBEDTLS_HKDF_C                                  /* TLS 1.3 key schedule */

#if !defined(XTLS_STOCK) /* core/fast's, but for the build that the benchmarks compare with */
#define MBEDTLS_CHACHA20_ALT                            /* four blocks at a time */
#define MBEDTLS_POLY1305_ALT                            /* 32-bit limbs, 64-bit products */
#define MBEDTLS_CHACHAPOLY_ALT                          /* the two at once */
#define MBEDTLS_AES_ALT                                 /* no table that a secret indexes */
#define MBEDTLS_GCM_ALT                                 /* nor here; four blocks at a time */
#else
#define MBEDTLS_AES_ROM_TABLES                          /* constant tables: no mutable state, none to build at the first use */
#endif

/* --- X.509 --------------------------------------------------------------------------- */

#define MBEDTLS_ASN1_PARSE_C                            /* certificates, keys */
#define MBEDTLS_ASN1_WRITE_C                            /* making ours, ECDSA signatures */
#define MBEDTLS_OID_C                                   /* names of algorithms and extensions */
#define MBEDTLS_BASE64_C                                /* PEM */
#define MBEDTLS_PEM_PARSE_C                             /* identities and authorities come as PEM */
#define MBEDTLS_PEM_WRITE_C                             /* and are kept as PEM */
#define MBEDTLS_PK_C                                    /* EC and RSA keys under one name */
#define MBEDTLS_PK_PARSE_C                              /* reading keys; PKCS#8, SEC1, PKCS#1 */
#define MBEDTLS_PK_WRITE_C                              /* writing keys, SubjectPublicKeyInfo */
#define MBEDTLS_X509_USE_C                              /* the base of what follows */
#define MBEDTLS_X509_CRT_PARSE_C                        /* certificates of peers and authorities */
#define MBEDTLS_X509_CRL_PARSE_C                        /* revocation lists of authorities */
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 8              /* between a peer and an authority; more are refused */
#define MBEDTLS_X509_CREATE_C                           /* the base of the next */
#define MBEDTLS_X509_CRT_WRITE_C                        /* self-signed certificates */

/* --- TLS ------------------------------------------------------------------------------- */

#define MBEDTLS_SSL_TLS_C                               /* TLS */
#define MBEDTLS_SSL_CLI_C                               /* initiator */
#define MBEDTLS_SSL_SRV_C                               /* responder */
#define MBEDTLS_SSL_PROTO_TLS1_3                        /* the one version */
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED     /* certificates with ECDHE */
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED /* resumption with ECDHE; psk_ke has no forward secrecy and stays out */
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE               /* the trust policy judges it after the handshake */
#define MBEDTLS_SSL_SESSION_TICKETS                     /* resumption (no ssl_ticket.c: tickets.c keeps state) */
#define MBEDTLS_SSL_TLS1_3_TICKET_NONCE_LENGTH 8        /* wolfSSL's clients take no longer ones; one ticket a handshake needs none at all */
#define MBEDTLS_SSL_ALPN                                /* "xtls/1" */
#define MBEDTLS_SSL_KEYING_MATERIAL_EXPORT              /* methods bind their proofs to the handshake */
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT                   /* RFC 8449, for small peers */
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES                  /* alerts are worth more than silence */

/*
 * Left out on purpose: TLS 1.2 (no peer needs it, and it takes part in half of a
 * year's advisories) with renegotiation, compression, CBC, static RSA and
 * finite-field suites; early data (replays), DTLS, server names (an address is a
 * JID, judged by the caller), middlebox compatibility mode (none sees these records), file system, sockets, entropy pool, CTR_DRBG, debug output, error
 * strings, self-tests, encrypted keys (PBES2 needs CBC, which decrypts blocks:
 * the platform does that, bindings/tls/pbes2.ts).
 */

#include <stddef.h>
#include <time.h>
void *xtls_calloc(size_t count, size_t size);
void xtls_free(void *block);
time_t xtls_time(time_t *output);

#endif
