/*
 * An identity: one private key and its certificate chain. Made here (P-256,
 * self-signed, subjectAltName xmppAddr) or parsed from PEM (EC or RSA).
 * Reference-counted: an engine keeps its identity alive.
 */
#ifndef XTLS_IDENTITY_H
#define XTLS_IDENTITY_H

#include <stddef.h>

typedef struct xtls_identity xtls_identity;

/*
 * A fresh P-256 key with a certificate valid from yesterday until `days` days (1 to 36500) from now:
 * otherName xmppAddr = jid (UTF-8 bare JID, borrowed), keyUsage digitalSignature, CA:FALSE,
 * a random serial number and a random CN. *output is owned by the caller.
 * XTLS_OK, XTLS_ERR_JID, XTLS_ERR_RANDOM, XTLS_ERR_MEMORY, XTLS_ERR_ARGUMENT.
 */
int xtls_identity_create(const char *jid, size_t jid_length, unsigned days, xtls_identity **output);

/*
 * PEM (borrowed, no terminating NUL needed): one unencrypted private key
 * (PKCS#8 of RFC 5958, SEC1, PKCS#1) and one or more certificates, the key's own first, that fit into a handshake.
 * XTLS_OK, XTLS_ERR_IDENTITY, XTLS_ERR_KEY (of any of the certificates), XTLS_ERR_MEMORY.
 */
int xtls_identity_parse(const char *pem, size_t length, xtls_identity **output);

/*
 * The same from parts: the private key as PKCS#8 in DER, the certificates as PEM (both borrowed).
 * XTLS_OK, XTLS_ERR_IDENTITY, XTLS_ERR_KEY, XTLS_ERR_MEMORY, XTLS_ERR_ARGUMENT.
 */
int xtls_identity_join(const unsigned char *key, size_t key_length, const char *pem, size_t length,
                       xtls_identity **output);

/* The private key as PKCS#8 in DER: its length, or XTLS_ERR_SPACE, XTLS_ERR_MEMORY. Secret. */
int xtls_identity_key(const xtls_identity *identity, unsigned char *output, size_t max);

/* DER of the chain's certificate `index`, own first: its length, 0 past the end, or XTLS_ERR_SPACE. */
int xtls_identity_certificate(const xtls_identity *identity, unsigned index, unsigned char *output, size_t max);

/* Private key (PKCS#8) and chain as PEM text: its length (no NUL), or XTLS_ERR_SPACE, XTLS_ERR_MEMORY. Secret. */
int xtls_identity_pem(const xtls_identity *identity, unsigned char *output, size_t max);

/* Drops the caller's reference; the last one zeroes the key. NULL is allowed. */
void xtls_identity_free(xtls_identity *identity);

/* --- inside the core ---------------------------------------------------------- */

struct mbedtls_ssl_config;

/* SHA-256 of its certificate, 32 bytes, as long as it lives. */
const unsigned char *xtls_identity_digest(const xtls_identity *identity);

/* One reference more, given back by xtls_identity_free. */
xtls_identity *xtls_identity_retain(xtls_identity *identity);

/* Authenticates whoever uses `config` with this identity, which must outlive it. XTLS_OK, XTLS_ERR_MEMORY. */
int xtls_identity_present(xtls_identity *identity, struct mbedtls_ssl_config *config);

#endif
