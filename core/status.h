/*
 * Status codes: what every exported call returns when it does not return a
 * length. Zero or more is success. Values from -0x7FFF to -1 are Mbed TLS's
 * own codes, passed through; values below -0x10000 are ours. bindings/errors.ts
 * maps both to the one table of error codes.
 */
#ifndef XTLS_STATUS_H
#define XTLS_STATUS_H

#define XTLS_OK                     0
#define XTLS_ERR_ARGUMENT    (-0x10001) /* a pointer, length or value that the contract excludes */
#define XTLS_ERR_STATE       (-0x10002) /* the call does not fit the engine's state */
#define XTLS_ERR_MEMORY      (-0x10003) /* allocation failed, nothing changed */
#define XTLS_ERR_RANDOM      (-0x10004) /* the host has no randomness */
#define XTLS_ERR_LIMIT       (-0x10005) /* a bounded ring or list is full, nothing was taken */
#define XTLS_ERR_SPACE       (-0x10006) /* the caller's buffer is too small, nothing was written */
#define XTLS_ERR_JID         (-0x10007) /* not a bare JID that a certificate can carry */
#define XTLS_ERR_IDENTITY    (-0x10008) /* PEM without a certificate and its private key */
#define XTLS_ERR_CERTIFICATE (-0x10009) /* not an X.509 certificate */
#define XTLS_ERR_TRUNCATED   (-0x1000A) /* the transport ended without close_notify */
#define XTLS_ERR_CANCELED    (-0x1000B) /* the caller closed during the handshake, or aborted */
#define XTLS_ERR_PUBLIC      (-0x1000C) /* the peer's public value is one that must not be computed with */
#define XTLS_ERR_UNREQUESTED (-0x1000D) /* the server did not ask for our certificate */
#define XTLS_ERR_OVERFLOW    (-0x1000F) /* a record of the peer's is longer than any may be */
#define XTLS_ERR_MESSAGE     (-0x10010) /* a handshake message of the peer's is longer than those that are taken */
#define XTLS_ERR_KEY         (-0x1000E) /* a public key that must not be computed with: key.h */

/* --- inside the core ---------------------------------------------------------- */

/* Mbed TLS's code as a status: its many ways to say "no memory" and "no randomness" become ours. */
int xtls_status(int error);

#endif
