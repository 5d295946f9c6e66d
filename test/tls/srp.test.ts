/** SRP in the module, against itself and against the formulas of RFC 5054 written down once more in big integers. */

import { createHash, createHmac, getDiffieHellman, randomBytes } from "node:crypto";

import { srpClient, srpServer, srpVerifier, SRP_LENGTH } from "../../bindings/tls/srp.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { codeThrownBy } from "./pair.ts";

const test = suite("srp in the core");
const core = await loadCore();

const utf8 = new TextEncoder();
const USER = utf8.encode("romeo@montague.lit");
const MESSAGE = utf8.encode("what is to be proved");

const credentials = (password: string) => ({ user: USER, password: utf8.encode(password), salt: utf8.encode("sixteen bytes...") });

/* RFC 5054 appendix A: the prime of RFC 3526, which OpenSSL knows as modp15, with another generator. */
const N = numberOf(getDiffieHellman("modp15").getPrime());
const g = 5n;
const k = numberOf(sha256(padded(N), padded(g)));

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function padded(number: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(number.toString(16).padStart(2 * SRP_LENGTH, "0"), "hex"));
}

function sha256(...pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash("sha256").update(Buffer.concat(pieces)).digest());
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, left] = [base % N, exponent]; left > 0n; square = (square * square) % N, left >>= 1n)
    if (left & 1n) result = (result * square) % N;
  return result;
}

function xOf({ user, password, salt }: ReturnType<typeof credentials>): bigint {
  return numberOf(sha256(salt, sha256(user, utf8.encode(":"), password)));
}

const proofUnder = (secret: bigint): Uint8Array =>
  new Uint8Array(createHmac("sha256", sha256(padded(secret))).update(MESSAGE).digest());

function pair(clientPassword: string, serverPassword = clientPassword) {
  const client = srpClient(core, credentials(clientPassword));
  const server = srpServer(core, srpVerifier(core, credentials(serverPassword)));
  client.agree(server.own);
  server.agree(client.own);
  return { client, server };
}

test("comes to one key at both ends of one password", () => {
  for (const password of ["Wherefore", "", "ø".repeat(400)]) {
    const { client, server } = pair(password);
    assert.equal(client.prove(MESSAGE), server.prove(MESSAGE));
    assert.not.equal(client.prove(MESSAGE), client.prove(USER));
  }
});

test("comes to two keys with two passwords", () => {
  const { client, server } = pair("Wherefore", "Therefore");
  assert.not.equal(client.prove(MESSAGE), server.prove(MESSAGE));
});

test("makes the verifier that the formula gives", () => {
  assert.equal(srpVerifier(core, credentials("Wherefore")), padded(power(g, xOf(credentials("Wherefore")))));
});

test("as client, agrees with a server of big integers", () => {
  const client = srpClient(core, credentials("Wherefore"));
  const [b, v] = [numberOf(randomBytes(32)), power(g, xOf(credentials("Wherefore")))];
  const B = (k * v + power(g, b)) % N;
  client.agree(padded(B));
  const u = numberOf(sha256(client.own, padded(B)));
  assert.equal(client.prove(MESSAGE), proofUnder(power(numberOf(client.own) * power(v, u), b)));
});

test("as server, agrees with a client of big integers", () => {
  const x = xOf(credentials("Wherefore"));
  const server = srpServer(core, padded(power(g, x)));
  const a = numberOf(randomBytes(32));
  server.agree(padded(power(g, a)));
  const u = numberOf(sha256(padded(power(g, a)), server.own));
  const base = (((numberOf(server.own) - k * power(g, x)) % N) + N) % N;
  assert.equal(server.prove(MESSAGE), proofUnder(power(base, a + u * x)));
});

test("refuses public values that are zero modulo N, or not as long as N", () => {
  const ends = [srpClient(core, credentials("p")), srpServer(core, padded(power(g, 7n)))];
  const twice = new Uint8Array(Buffer.from((2n * N).toString(16).padStart(2 * SRP_LENGTH + 2, "0"), "hex"));
  for (const end of ends)
    for (const bad of [padded(0n), padded(N), padded(N + 1n), twice, new Uint8Array(0), padded(g).subarray(1)]) {
      assert.is(codeThrownBy(() => end.agree(bad)), "method-violation");
      assert.is(codeThrownBy(() => end.prove(MESSAGE)), "invalid-state");
    }
});

test("refuses verifiers that would let anybody in", () => {
  for (const bad of [padded(0n), padded(N), new Uint8Array(0), padded(g).subarray(1)])
    assert.is(codeThrownBy(() => srpServer(core, bad)), "invalid-argument");
});

test("agrees once, and not after disposal", () => {
  const { client, server } = pair("p");
  assert.is(codeThrownBy(() => client.agree(server.own)), "invalid-state");
  client[Symbol.dispose]();
  assert.is(codeThrownBy(() => client.prove(MESSAGE)), "disposed");
});

test("gives back all memory", () => {
  const run = () => Object.values(pair("p")).forEach((end) => end[Symbol.dispose]());
  run();
  const before = core.heapUsed;
  run();
  assert.is(core.heapUsed, before);
});

test.run();
