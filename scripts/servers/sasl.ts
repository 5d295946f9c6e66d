/**
 * The server's half of three SASL mechanisms: PLAIN (RFC 4616), SCRAM-SHA-1 (RFC 5802,
 * without channel binding) and ANONYMOUS (RFC 4505). For tests and the demo only.
 */

import { createHash, createHmac, pbkdf2Sync, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

/** What a step leads to: another challenge, a user let in, or a refusal. */
export type Step =
  { readonly challenge: string } | { readonly username: string; readonly proof?: string } | { readonly refused: true };

/** One attempt to log in: call it with each message of the client, decoded. */
export type Attempt = (message: string) => Step;

export type Passwords = ReadonlyMap<string, string>;

const REFUSED: Step = { refused: true };
const ITERATIONS = 4096;

/** In the order in which they are offered. */
export const MECHANISMS: Record<string, (passwords: Passwords) => Attempt> = {
  "SCRAM-SHA-1": scram,
  PLAIN: plain,
  ANONYMOUS: () => () => ({ username: randomUUID() }),
};

function plain(passwords: Passwords): Attempt {
  return (message) => {
    const [, username = "", password = ""] = message.split("\0");
    return passwords.get(username) === password ? { username } : REFUSED;
  };
}

function scram(passwords: Passwords): Attempt {
  const salt = randomBytes(16);
  let first: { bare: string; challenge: string; username: string; nonce: string } | undefined;

  return (message) => {
    if (first !== undefined) return judge(message, first);
    const bare = message.replace(/^n,[^,]*,/, "");
    const { n: username = "", r: nonce = "" } = fields(bare);
    const combined = nonce + randomUUID();
    const challenge = `r=${combined},s=${salt.toString("base64")},i=${ITERATIONS}`;
    first = { bare, challenge, username, nonce: combined };
    return { challenge };
  };

  function judge(message: string, { bare, challenge, username, nonce }: NonNullable<typeof first>): Step {
    const password = passwords.get(username);
    const { r, p = "" } = fields(message);
    if (password === undefined || r !== nonce) return REFUSED;
    const signed = [bare, challenge, message.replace(/,p=.*$/, "")].join(",");
    const salted = pbkdf2Sync(password, salt, ITERATIONS, 20, "sha1");
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash("sha1").update(clientKey).digest(), signed);
    const expected = clientKey.map((byte, at) => byte ^ signature[at]!);
    const proof = Buffer.from(p, "base64");
    if (proof.length !== expected.length || !timingSafeEqual(proof, expected)) return REFUSED;
    return { username, proof: `v=${hmac(hmac(salted, "Server Key"), signed).toString("base64")}` };
  }
}

function fields(message: string): Record<string, string | undefined> {
  return Object.fromEntries(message.split(",").map((field) => [field.slice(0, 1), field.slice(2)]));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha1", key).update(text).digest();
}
