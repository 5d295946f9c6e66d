/**
 * The examples that need a server run as they stand, and say what they are meant to say.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { assert, suite } from "../suite.ts";

const run = promisify(execFile);
const test = suite("xmpp: examples");

async function linesOf(example: string): Promise<string[]> {
  const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", `examples/${example}.ts`], {
    timeout: 60_000,
  });
  assert.is(stderr, "");
  return stdout.trim().split("\n");
}

test("two clients", async () => {
  assert.equal(await linesOf("clients"), [
    "romeo's tunnel to juliet@verona.example/balcony is open: TLSv1.3, TLS_CHACHA20_POLY1305_SHA256",
    "juliet reads, verified: I take thee at thy word",
    "romeo is told: 1597-01-01T00:00:00Z",
    "juliet's tunnel closed: in order",
  ]);
});

test("a component", async () => {
  assert.equal(await linesOf("component"), ["echo@chorus.verona.example/tunnel answers: Romeo!"]);
});

test("a trust policy of one's own", async () => {
  const [question, first, second, impostor, ...more] = await linesOf("trust");
  assert.match(question!, /^is [0-9A-F:]{11}… juliet@verona\.example's\? yes$/);
  assert.is(first, "first meeting: verified");
  assert.is(second, "second meeting: verified");
  assert.match(impostor!, /^key-changed: juliet@verona\.example has another key than before\./);
  assert.is(more.length, 0);
});

test("a trust store in a file", async () => {
  const [first, seen, number, ...rest] = await linesOf("store");
  assert.equal([first, seen], ["first meeting: not-trusted", "juliet@verona.example: unknown"]);
  assert.match(number!, /^safety number:( \d{5}){12}$/);
  assert.equal(rest, ["second meeting: verified", "in the file: verified by user, safety number compared"]);
});

test("a password in common", async () => {
  assert.equal(await linesOf("password"), ["lark: not-authorized", ...meetings("srp")]);
});

test("a code to compare", async () => {
  const [his, hers, ...rest] = await linesOf("code");
  assert.match(his!, /^romeo sees( \d{5}){3}, or( [A-Za-z]+){6}, or /);
  assert.is(hers, his!.replace("romeo", "juliet"));
  assert.equal(rest, meetings("sas"));
});

test("OpenPGP keys", async () => {
  assert.equal(await linesOf("openpgp"), meetings("openpgp"));
});

/** A method introduces two people once; from then on their certificates will do. */
function meetings(method: string): readonly string[] {
  return [`first meeting: verified, by ${method}`, "second meeting: verified, by x509"];
}

test.run();
