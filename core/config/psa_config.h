/*
 * The PSA mechanisms that TLS 1.3 of Mbed TLS 3.6 calls: hashes, HMAC, HKDF and
 * ephemeral ECDH. Signatures, certificates and records go through the older
 * interface (mbedtls_config.h), so nothing else is wanted here.
 */
#ifndef XTLS_PSA_CONFIG_H
#define XTLS_PSA_CONFIG_H

#define PSA_WANT_ALG_SHA_256 1                   /* key schedule of the -SHA256 suites */
#define PSA_WANT_ALG_SHA_384 1                   /* key schedule of the -SHA384 suites */
#define PSA_WANT_ALG_HMAC 1                      /* Finished, binders */
#define PSA_WANT_ALG_HKDF_EXTRACT 1              /* RFC 8446 7.1 */
#define PSA_WANT_ALG_HKDF_EXPAND 1               /* RFC 8446 7.1 */
#define PSA_WANT_ALG_ECDH 1                      /* RFC 8446 7.4.2 */
#define PSA_WANT_ECC_MONTGOMERY_255 1            /* X25519 */
#define PSA_WANT_ECC_SECP_R1_256 1               /* P-256 */
#define PSA_WANT_ECC_SECP_R1_384 1               /* P-384 */
#define PSA_WANT_KEY_TYPE_DERIVE 1               /* HKDF's inputs */
#define PSA_WANT_KEY_TYPE_HMAC 1                 /* HMAC's keys */
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC 1    /* key shares: hold, */
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1 /* make, */
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_IMPORT 1   /* (Mbed TLS asks for import */
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_EXPORT 1   /* and export with the others) */
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY 1       /* send */

#endif
