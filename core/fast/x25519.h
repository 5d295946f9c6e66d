/*
 * X25519 (RFC 7748): Diffie-Hellman on Curve25519 by a ladder that does the
 * same for every key. Strings of 32 bytes, as on the wire.
 */
#ifndef XTLS_X25519_H
#define XTLS_X25519_H

/* Makes 32 random bytes a private key as Mbed TLS wants it: what the functions below do to theirs anyway. */
void xtls_x25519_clamp(unsigned char private_key[32]);

/* The public key of a private one, of which any 32 random bytes are one. */
void xtls_x25519_public(unsigned char public_key[32], const unsigned char private_key[32]);

/* The secret shared with the owner of `public_key`: 0, or -1 if it is all zeros, as a point of small order makes it. */
int xtls_x25519_shared(unsigned char secret[32], const unsigned char private_key[32], const unsigned char public_key[32]);

#endif
