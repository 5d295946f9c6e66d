/**
 * What we say of chains beside what OpenSSL says of them: whatever may stand in an extension, at every depth.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EngineRole } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import {
  basicConstraints,
  extendedKeyUsage,
  extension,
  keyUsage,
  mint,
  octets,
  type Minted,
  type PURPOSES,
} from "./mint.ts";
import { pair, settle } from "./pair.ts";

const test = suite("chains of every kind");
const core = await loadCore();
const folder = mkdtempSync(join(tmpdir(), "xtls-chains-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

// --- the chains --------------------------------------------------------------------------

/** What one certificate has in place of the usual. */
interface Variation {
  readonly is: string;
  /** `undefined`: not at all. */
  readonly constraints?: Uint8Array | undefined;
  readonly usage?: Uint8Array | undefined;
  readonly extended?: Uint8Array | undefined;
  readonly other?: Uint8Array;
  /** What means the same to OpenSSL, if this does not. */
  readonly likewise?: Variation;
}

const CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;
const DIGITAL_SIGNATURE = 0x80;

const purposes = (isCritical: boolean, ...list: readonly (keyof typeof PURPOSES)[]): Variation => ({
  is: `for ${list.join(" and ")}${isCritical ? ", critical" : ""}`,
  extended: extendedKeyUsage(list, isCritical),
});

const NOTHING: Variation = { is: "usual" };

/** RFC 5280 §4.2.1.12: as good as no extension. OpenSSL asks for the purposes themselves. */
const anything = (isCritical: boolean, ...others: readonly (keyof typeof PURPOSES)[]): Variation => ({
  ...purposes(isCritical, "any", ...others),
  likewise: NOTHING,
});

const EXTENDED: readonly Variation[] = [
  purposes(false, "client"),
  purposes(false, "server"),
  purposes(false, "client", "server"),
  purposes(false, "mail"),
  purposes(false, "code"),
  purposes(false, "mail", "client"),
  purposes(true, "server"),
  purposes(true, "mail"),
  purposes(false, "mail", "code"),
  anything(false),
  anything(true, "mail"),
];

const FOR_ALL: readonly Variation[] = [
  { is: "without keyUsage", usage: undefined },
  { is: "without basicConstraints", constraints: undefined },
  { is: "with an unknown extension", other: extension("1.2.3.4", octets()) },
  { is: "with a critical unknown extension", other: extension("1.2.3.4", octets(), true) },
];

const FOR_AUTHORITIES: readonly Variation[] = [
  { is: "no CA", constraints: basicConstraints(false) },
  { is: "CA for no other CA", constraints: basicConstraints(true, 0) },
  { is: "CA for one more CA", constraints: basicConstraints(true, 1) },
  { is: "CA for two more", constraints: basicConstraints(true, 2) },
  { is: "not for certificates", usage: keyUsage(CRL_SIGN) },
  { is: "for signatures alone", usage: keyUsage(DIGITAL_SIGNATURE) },
];

const FOR_DEVICES: readonly Variation[] = [
  { is: "for key encipherment and certificates alone", usage: keyUsage(0x20 | CERT_SIGN) },
  { is: "for certificates alone", usage: keyUsage(CERT_SIGN) },
  { is: "CA, too", constraints: basicConstraints(true) },
];

/** From the authority down. */
const DEPTHS = ["root", "outer", "inner", "device"] as const;
const [ROOT, OUTER, INNER, DEVICE] = [0, 1, 2, 3] as const;

type Plan = readonly [Variation, Variation, Variation, Variation];

const planOf = (changes: Readonly<Record<number, Variation>>): Plan =>
  DEPTHS.map((_, depth) => changes[depth] ?? NOTHING) as unknown as Plan;

function plans(): Plan[] {
  const one = DEPTHS.flatMap((_, depth) =>
    [...EXTENDED, ...FOR_ALL, ...(depth === DEVICE ? FOR_DEVICES : FOR_AUTHORITIES)].map((variation) =>
      planOf({ [depth]: variation }),
    ),
  );
  const two = (
    [
      [ROOT, INNER],
      [OUTER, INNER],
      [OUTER, DEVICE],
      [INNER, DEVICE],
    ] as const
  ).flatMap(([upper, lower]) =>
    EXTENDED.flatMap((above) => EXTENDED.map((below) => planOf({ [upper]: above, [lower]: below }))),
  );
  return [planOf({}), ...one, ...two];
}

const describe = (plan: Plan): string =>
  plan
    .map(({ is }, depth) => (is === NOTHING.is ? "" : `${DEPTHS[depth]} ${is}`))
    .filter(Boolean)
    .join(", ") || "usual";

// All have the same key: what is asked here is what certificates say.
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/** Own certificate first. */
function chainOf(plan: Plan, number: number): Minted[] {
  const chain: Minted[] = [];
  for (const [depth, variation] of plan.entries()) {
    const isDevice = depth === DEVICE;
    const { constraints, usage, extended, other } = {
      constraints: basicConstraints(!isDevice),
      usage: keyUsage(isDevice ? DIGITAL_SIGNATURE : CERT_SIGN | CRL_SIGN),
      ...variation,
    };
    const extensions = [constraints, usage, extended, other].filter((one) => one !== undefined);
    const by = chain[0];
    chain.unshift(mint({ name: `${DEPTHS[depth]} ${number}`, key, extensions, ...(by && { by }) }));
  }
  return chain;
}

// --- the verdicts ------------------------------------------------------------------------

/** The purposes that OpenSSL finds each chain good for: one run for each purpose, all chains at once. */
function opensslVerdicts(chains: readonly (readonly Minted[])[]): Set<string>[] {
  const [roots, between] = ["roots.pem", "between.pem"].map((file) => join(folder, file)) as [string, string];
  writeFileSync(roots, chains.map((chain) => chain.at(-1)!.certificate).join(""));
  writeFileSync(between, chains.flatMap((chain) => chain.slice(1, -1).map(({ certificate }) => certificate)).join(""));
  const files = chains.map(([own], index) => {
    const file = join(folder, `${index}.pem`);
    writeFileSync(file, own!.certificate);
    return file;
  });
  const verdicts = chains.map(() => new Set<string>());
  for (const purpose of ["sslclient", "sslserver"]) {
    const { stdout } = spawnSync(
      "openssl",
      ["verify", "-purpose", purpose, "-CAfile", roots, "-untrusted", between, ...files],
      { encoding: "utf8", maxBuffer: 1 << 24 },
    );
    for (const [, index] of stdout.matchAll(/(\d+)\.pem: OK/g)) verdicts[Number(index)]!.add(purpose);
  }
  return verdicts;
}

const isGood = (chain: readonly Minted[]): boolean => {
  try {
    const authorities = core.authorities(chain.at(-1)!.certificate);
    return (
      core.verifyChain(
        chain.slice(0, -1).map(({ der }) => der),
        authorities,
      ).length === 0
    );
  } catch (error) {
    assert.is((error as { code?: string }).code, "invalid-certificate");
    return false;
  }
};

/** Whether whoever shows the chain in this part of a handshake is let in by the other end. */
function isLetIn(chain: readonly Minted[], role: EngineRole): boolean {
  const shown = chain.slice(0, -1);
  try {
    const identity = core.identityFromPEM(shown[0]!.key + shown.map(({ certificate }) => certificate).join(""));
    const judge = { authorities: chain.at(-1)!.certificate };
    const ends = role === "initiator" ? pair(core, {}, { identity }, judge) : pair(core, {}, judge, { identity });
    try {
      settle(ends);
    } catch {
      // It stays in the error of the end that it hit.
    }
    const other = role === "initiator" ? ends.responder : ends.initiator;
    const is = other.state === "open";
    for (const end of [ends.initiator, ends.responder]) end[Symbol.dispose]();
    return is;
  } catch {
    return false; // it, or its authority, cannot even be read
  }
}

interface Verdict {
  readonly plan: Plan;
  readonly is: string;
  readonly theirs: Set<string>;
  readonly chain: readonly Minted[];
}

const all: readonly Verdict[] = (() => {
  const planned = plans();
  const chains = planned.map(chainOf);
  const likewise = planned.map((plan) => plan.map((variation) => variation.likewise ?? variation) as unknown as Plan);
  const theirs = opensslVerdicts(likewise.map((plan, index) => chainOf(plan, index)));
  return planned.map((plan, index) => ({
    plan,
    is: describe(plan),
    chain: chains[index] as Minted[],
    theirs: theirs[index] as Set<string>,
  }));
})();

// --- the claims --------------------------------------------------------------------------

test("are all made, and OpenSSL has an opinion of each", () => {
  assert.is(all.length, 1 + 4 * (EXTENDED.length + 4) + 3 * 6 + 3 + 4 * EXTENDED.length ** 2);
  assert.equal([...all[0]!.theirs].sort(), ["sslclient", "sslserver"]);
  for (const purpose of ["sslclient", "sslserver"]) {
    const good = all.filter(({ theirs }) => theirs.has(purpose)).length;
    assert.ok(good > 50 && good < all.length - 50, `${purpose}: ${good}`);
  }
});

/** Where we are stricter: no CA is one for lack of a word, and keys of TLS 1.3 are for signatures. */
const REFUSED_BY_US = ["root without basicConstraints", "device for key encipherment and certificates alone"];

/** The chains of which we and OpenSSL say different things; those that we trust and OpenSSL does not, marked. */
const differences = (ours: (verdict: Verdict) => boolean, theirs: (verdict: Verdict) => boolean): string[] =>
  all
    .filter((verdict) => ours(verdict) !== theirs(verdict))
    .map((verdict) => (ours(verdict) ? `TRUSTED: ${verdict.is}` : verdict.is))
    .filter((is) => !REFUSED_BY_US.includes(is));

test("are good for verifyChain when OpenSSL finds them good for TLS clients, or for TLS servers", () => {
  assert.equal(
    differences(
      ({ chain }) => isGood(chain),
      ({ theirs }) => theirs.size > 0,
    ),
    [],
  );
});

/** Who dials is chance between two clients of XMPP: extendedKeyUsage must not depend on it. */
for (const role of ["initiator", "responder"] as const) {
  test(`are good for its ${role} under authorities when OpenSSL finds them good for TLS clients, or for TLS servers`, () => {
    assert.equal(
      differences(
        ({ chain }) => isLetIn(chain, role),
        ({ theirs }) => theirs.size > 0,
      ),
      [],
    );
  });
}

test("of an intermediate for mail or for signing code vouch for nobody", () => {
  for (const depth of ["root", "outer", "inner"])
    for (const purpose of ["mail", "code"]) {
      const { chain } = all.find(({ is }) => is === `${depth} for ${purpose}`) as Verdict;
      const own = chain.slice(0, -1).map(({ der }) => der);
      assert.equal(core.verifyChain(own, core.authorities(chain.at(-1)!.certificate)), [
        "extendedKeyUsage does not allow this",
      ]);
    }
});

test.run();
