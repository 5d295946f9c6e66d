/*
 * P-256 keys and key agreement (SEC 1 2.0, 3.2 and 3.3.1) on strings: a private key is
 * 32 bytes, a public one x and y, 32 bytes each, big end first. Knows no container.
 */
#ifndef XTLS_P256_H
#define XTLS_P256_H

/* Everywhere: 0, or -1 for a private key that is not from 1 to n - 1 or a public one that is no point. */

int xtls_p256_check_private(const unsigned char private_key[32]);
int xtls_p256_check_public(const unsigned char public_key[64]);
int xtls_p256_public(unsigned char public_key[64], const unsigned char private_key[32]);

/* The private key's multiple of the public one. Its first half is the shared secret. */
int xtls_p256_shared(unsigned char product[64], const unsigned char private_key[32], const unsigned char public_key[64]);

#endif
