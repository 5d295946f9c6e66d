/**
 * The demo as a reader sees it: each method through the embedded router, and what may differ with a real
 * server through Prosody.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { ServerName } from "../../scripts/servers/server.ts";
import { assert, suite } from "../suite.ts";

const run = promisify(execFile);
const test = suite("servers: demo");

/** What it prints, when it ends well. */
async function play(server: ServerName | "federated", method = ""): Promise<string> {
  const env = { ...process.env, SERVER: server, METHOD: method, NO_COLOR: "1" };
  const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "scripts/demo.ts"], { env, timeout: 120_000 });
  assert.is(stderr, "");
  return stdout;
}

/** Each of these, in this order, each on a line of its own. */
function landmarks(output: string, ...marks: readonly RegExp[]): void {
  const lines = output.split("\n");
  for (const mark of marks) {
    const at = lines.findIndex((line) => mark.test(line));
    assert.ok(at >= 0, `${mark} is not where it should be in\n${output}`);
    lines.splice(0, at + 1);
  }
}

const SAFETY_NUMBER = /Safety number at both ends:(?: \d{5}){6}$/;
const QR_CODE = /^ +█▀▀▀▀▀█ .* █▀▀▀▀▀█/;
/** What every method's play ends with, from the first tunnel on. */
const known = (by: string, method = by): readonly RegExp[] => [
  new RegExp(`Open at both ends: by ${method}, verified`),
  /juliet read +I take thee at thy word/,
  new RegExp(`romeo knows +juliet@verona\\.example: verified by ${by}`),
  new RegExp(`juliet knows +romeo@verona\\.example: verified by ${by}`),
  SAFETY_NUMBER,
  /Both ends said close_notify/,
  /They meet again/,
  /Open at both ends: by x509, verified/,
  new RegExp(`The server takes ${method} out of Romeo's offer`),
  /romeo caught +downgraded/,
  /juliet caught +downgraded/,
  /^demo: ok$/,
];

test("two who have compared fingerprints", async () => {
  landmarks(await play("router"), /TLSv1\.3 .* verified$/, SAFETY_NUMBER, /balcony/, /close_notify/, /juliet caught her tunnel: bad-record/, /^demo: ok$/);
});

test("two who live on two domains, with different servers", async () => {
  landmarks(await play("federated"), /Prosody at montague\.example and ejabberd at capulet\.example/, /TLSv1\.3 .* verified$/, /balcony/, /close_notify/, /bad-record/, /^demo: ok$/);
});

test("by x509, strangers scan each other's codes", async () => {
  const output = await play("router", "x509");
  const early = [/start +offers x509$/, /romeo caught/, /juliet caught/, /awaits a decision/];
  landmarks(output, ...early, QR_CODE, /romeo scans +xmpp:juliet@/, /juliet scans +xmpp:romeo@/, ...known("user", "x509"));
});

test("by srp, strangers use a password, at the second attempt", async () => {
  const output = await play("router", "srp");
  const wrong = [/start +offers srp$/, /romeo caught +not-authorized/, /juliet caught +not-authorized/, /romeo knows +nobody/, /juliet knows +nobody/];
  landmarks(output, ...wrong, /Romeo remembers/, ...known("srp"));
  landmarks(output, SAFETY_NUMBER, QR_CODE);
});

test("by sas, strangers see the same code, and confirm it at the second attempt", async () => {
  const output = await play("router", "sas");
  const no = [/start +offers sas$/, /juliet says +no/, /romeo caught +handshake-canceled/, /juliet caught +not-confirmed/, /romeo knows +nobody/];
  landmarks(output, ...no, /juliet says +yes/, ...known("sas"));
  const codes = [...output.matchAll(/sees +(\d{5} \d{5} \d{5})$/gm)].map(([, code]) => code);
  assert.is(codes.length, 4);
  assert.equal([codes[0], codes[2]], [codes[1], codes[3]]);
  assert.is.not(codes[0], codes[2]);
});

for (const server of ["router", "prosody"] as const) {
  test(`by openpgp, strangers sign, through ${server}`, async () => {
    const output = await play(server, "openpgp");
    landmarks(output, /start +offers openpgp$/, ...known("openpgp"));
    const [, key] = /juliet has +([0-9A-F]{40})/.exec(output) ?? [];
    landmarks(output, new RegExp(`romeo knows .*verified by openpgp, OpenPGP key`), new RegExp(key ?? "no key"), /demo: ok/);
  });
}

test("fails by a method or through a server that is none, and names those that are", async () => {
  const refusal = (server: string, method: string) =>
    play(server as ServerName, method).then(() => undefined, ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }));
  assert.equal(await refusal("router", "telepathy"), { code: 1, stderr: 'No method "telepathy": choose x509, srp, sas, openpgp\n' });
  assert.equal(await refusal("nginx", ""), { code: 1, stderr: 'No server "nginx": choose router, prosody, ejabberd, federated\n' });
});

test.run();
