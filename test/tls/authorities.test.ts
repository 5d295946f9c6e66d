import type {
  AuthoritySources,
  EngineOptions,
  EngineRole,
  XtlsError,
} from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { xmppAddr, type Issued } from "./issuer.ts";
import {
  AUTHORITY,
  derOf,
  DEVICE,
  listDer,
  OpensslCa,
  type CertificateTerms,
} from "./openssl-ca.ts";
import { codeThrownBy, openPair, pair, settle, thrown } from "./pair.ts";

const test = suite("authorities");
const core = await loadCore();

const root = OpensslCa.root("Root of Verona");
const verona = root.authority("Verona");
const mantua = OpensslCa.root("Root of Mantua");
test.after(() => [root, mantua].forEach((ca) => ca.dispose()));

const NAMES = [xmppAddr("romeo@montague.example")];
const device = (by: OpensslCa, terms: CertificateTerms = {}): Issued =>
  by.issue("romeo", { names: NAMES, ...terms });
const romeo = device(verona);

const ROLES = ["initiator", "responder"] as const;
const TRUSTED = "";

/** Everything that is said of a chain: by `verifyChain`, and in a handshake where its owner has that part. */
function opinions(
  chain: readonly Issued[],
  sources: AuthoritySources,
): Record<EngineRole | "chain", string> {
  const problems = core.verifyChain(
    chain.map(derOf),
    core.authorities(sources),
  );
  const [initiator, responder] = ROLES.map((role) =>
    refusal(chain, sources, role),
  ) as [string, string];
  return { chain: problems.join(", "), initiator, responder };
}

/** What the other end says to whoever shows the chain in this part. */
function refusal(
  chain: readonly Issued[],
  sources: AuthoritySources,
  role: EngineRole,
): string {
  const shown = {
    identity: core.identityFromPEM(
      chain.map(({ certificate }) => certificate).join("") + chain[0]!.key,
    ),
  };
  const judge: Partial<EngineOptions> = { authorities: sources };
  const ends =
    role === "initiator"
      ? pair(core, {}, shown, judge)
      : pair(core, {}, judge, shown);
  const other = role === "initiator" ? ends.responder : ends.initiator;
  try {
    settle(ends);
  } catch {
    // It stays in the error of the end that it hit.
  }
  if (other.state === "open") return TRUSTED;
  const { code, message } = other.error as XtlsError;
  return `${code}: ${message}`;
}

function assertTrusted(
  chain: readonly Issued[],
  sources: AuthoritySources,
): void {
  assert.equal(opinions(chain, sources), {
    chain: TRUSTED,
    initiator: TRUSTED,
    responder: TRUSTED,
  });
}

/** All three say so. */
function assertRefused(
  chain: readonly Issued[],
  sources: AuthoritySources,
  problem: string,
): void {
  const { chain: problems, initiator, responder } = opinions(chain, sources);
  assert.match(problems, problem);
  for (const said of [initiator, responder])
    assert.match(said, new RegExp(`^certificate-refused: .*${problem}`));
}

// --- chains ----------------------------------------------------------------------

test("follow a chain over an authority in between, sent along", () => {
  assertTrusted([romeo, verona.own], root.own.certificate);
  assertTrusted([romeo, verona.own, root.own], root.own.certificate);
  assertRefused(
    [romeo],
    root.own.certificate,
    "not issued by a configured authority",
  );
  assertRefused(
    [romeo, verona.own],
    mantua.own.certificate,
    "not issued by a configured authority",
  );
});

test("may be an authority under another", () =>
  assertTrusted([romeo], verona.own.certificate));

test("are read from PEM and DER, one or more", () => {
  assertTrusted([romeo, verona.own], derOf(root.own));
  assertTrusted([romeo, verona.own], [mantua.own.certificate, derOf(root.own)]);
  assertTrusted(
    [romeo, verona.own],
    `Ours:\r\n${mantua.own.certificate}\r\n${root.own.certificate.replaceAll("\n", "\r\n")}`,
  );
});

for (const [when, problem, dates] of [
  ["expired", "expired", { from: -20, to: -10 }],
  ["not yet valid", "not yet valid", { from: 10, to: 20 }],
] as const) {
  test(`refuse what is ${when}, at the end and in between`, () => {
    assertRefused(
      [device(verona, dates), verona.own],
      root.own.certificate,
      problem,
    );
    const late = root.authority("Late", dates);
    assertRefused([device(late), late.own], root.own.certificate, problem);
    assertRefused([device(late)], late.own.certificate, problem);
  });
}

test("refuse an issuer that is none: no CA, not for certificates, beyond its path length", () => {
  const notIssued = "not issued by a configured authority";
  for (const extensions of [
    DEVICE,
    [],
    ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,cRLSign"],
  ]) {
    const quack = root.authority("Quack", { extensions });
    assertRefused([device(quack), quack.own], root.own.certificate, notIssued);
  }
  const last = root.authority("Last", {
    extensions: [
      "basicConstraints=critical,CA:TRUE,pathlen:0",
      "keyUsage=keyCertSign",
    ],
  });
  const beyond = last.authority("Beyond");
  assertTrusted([device(last), last.own], root.own.certificate);
  assertRefused(
    [device(beyond), beyond.own, last.own],
    root.own.certificate,
    notIssued,
  );
});

test("refuse a device's certificate that is not for signatures", () => {
  for (const extensions of [
    ["keyUsage=critical,keyEncipherment,keyAgreement"],
    AUTHORITY,
  ])
    assertRefused(
      [device(verona, { extensions }), verona.own],
      root.own.certificate,
      "keyUsage does not allow this",
    );
});

test("refuse a device's certificate that is not for TLS", () => {
  const mailing = device(verona, {
    extensions: [...DEVICE, "extendedKeyUsage=emailProtection"],
  });
  assertRefused(
    [mailing, verona.own],
    root.own.certificate,
    "extendedKeyUsage does not allow this",
  );
});

test("take a certificate for TLS clients or servers; a handshake under authorities is stricter", () => {
  const said = (purpose: string) => {
    const one = device(verona, {
      extensions: [...DEVICE, `extendedKeyUsage=${purpose}`],
    });
    openPair(core, {}, {}, { identity: core.identityFromPEM(one.pem) });
    return opinions([one, verona.own], root.own.certificate);
  };
  const client = said("clientAuth");
  assert.equal([client.chain, client.initiator], [TRUSTED, TRUSTED]);
  assert.match(client.responder, "extendedKeyUsage does not allow this");
  const server = said("serverAuth");
  assert.equal([server.chain, server.responder], [TRUSTED, TRUSTED]);
  assert.match(server.initiator, "extendedKeyUsage does not allow this");
  for (const both of ["clientAuth,serverAuth", "anyExtendedKeyUsage"])
    assert.equal(said(both), {
      chain: TRUSTED,
      initiator: TRUSTED,
      responder: TRUSTED,
    });
});

test("refuse SHA-1 and RSA under 2048 bits, at the end and in between", () => {
  assertRefused(
    [device(verona, { hash: "sha1" }), verona.own],
    root.own.certificate,
    "weak hash",
  );
  assertRefused(
    [device(verona, { kind: "RSA-1024" }), verona.own],
    root.own.certificate,
    "weak key or curve",
  );
  const old = root.authority("Old", { hash: "sha1" });
  assertRefused([device(old), old.own], root.own.certificate, "weak hash");
  const small = root.authority("Small", { kind: "RSA-1024" });
  assertRefused(
    [device(small), small.own],
    root.own.certificate,
    "weak key or curve",
  );
  const strong = root.authority("Strong", { kind: "RSA-2048", hash: "sha512" });
  assertTrusted(
    [device(strong, { kind: "P-384", hash: "sha384" }), strong.own],
    root.own.certificate,
  );
});

test("refuse whoever is under name constraints, which nobody can check for XMPP addresses", () => {
  const words = "issued under name constraints, which cannot be checked";
  const constrained = (extension: string) => [
    ...AUTHORITY,
    `nameConstraints=${extension}`,
  ];
  const mild = root.authority("Mild", {
    extensions: constrained("permitted;DNS:.montague.example"),
  });
  assertRefused([device(mild), mild.own], root.own.certificate, words);
  for (const extension of [
    "permitted;DNS:.montague.example",
    "critical,permitted;DNS:.montague.example",
  ]) {
    const own = OpensslCa.root("Root of Padua", {
      extensions: constrained(extension),
    });
    assertRefused([device(own)], own.own.certificate, words);
    own.dispose();
  }
});

test("cannot even read a chain with critical extensions that nobody knows", () => {
  for (const extension of [
    "nameConstraints=critical,permitted;DNS:.montague.example",
    "1.2.3.4=critical,ASN1:NULL",
  ]) {
    const strict = root.authority("Strict", {
      extensions: [...AUTHORITY, extension],
    });
    const chain = [device(strict), strict.own].map(derOf);
    assert.is(
      codeThrownBy(() =>
        core.verifyChain(chain, core.authorities(root.own.certificate)),
      ),
      "invalid-certificate",
    );
  }
});

test("follow eight authorities in between and not nine; a chain has ten certificates at most", () => {
  const line = [root];
  while (line.length < 11)
    line.push(line.at(-1)!.authority(`Under ${line.length}`));
  const under = (count: number) => [
    device(line[count]!),
    ...line
      .slice(1, count + 1)
      .map(({ own }) => own)
      .reverse(),
  ];
  assertTrusted(under(8), root.own.certificate);
  assert.match(
    opinions(under(9).slice(0, 9), root.own.certificate).chain,
    "not issued",
  );
  const authorities = core.authorities(root.own.certificate);
  assert.equal(core.verifyChain(under(9).map(derOf), authorities), [
    "too far from an authority",
  ]);
  assert.is(
    refusal(under(9), root.own.certificate, "initiator").split(":")[0],
    "certificate-refused",
  );
  assert.is(
    codeThrownBy(() => core.verifyChain(under(10).map(derOf), authorities)),
    "invalid-certificate",
  );
  assert.is(
    codeThrownBy(() =>
      core.identityFromPEM(
        under(10)
          .map(({ pem }) => pem)
          .join(""),
      ),
    ),
    "invalid-identity",
  );
});

// --- revocation lists -------------------------------------------------------------

/** An authority of one's own under the root, for each test its own list. */
function place(name = "Place") {
  const ca = root.authority(name);
  return {
    ca,
    chain: [device(ca), ca.own] as const,
    below: () => [root.own.certificate, root.list()],
  };
}

test("take lists of theirs beside certificates: in the same PEM, as further PEM, as DER", () => {
  const { ca, chain, below } = place();
  const list = ca.list();
  assertTrusted(chain, [...below(), list]);
  assertTrusted(chain, [...below(), list].join(""));
  assertTrusted(chain, [list + below().join("")]);
  assertTrusted(chain, [derOf(root.own), listDer(root.list()), listDer(list)]);
});

test("refuse a revoked device, and everybody under a revoked authority", () => {
  const { ca, chain, below } = place();
  ca.revoke(chain[0]);
  assertRefused(chain, [...below(), ca.list()], "revoked");
  assertTrusted([device(ca), ca.own], [...below(), ca.list()]);
  root.revoke(ca.own);
  assertRefused([device(ca), ca.own], [...below(), ca.list()], "revoked");
});

test("tell of the revocation by its own alert", () => {
  const { ca, chain, below } = place();
  ca.revoke(chain[0]);
  const identity = core.identityFromPEM(chain[0].pem + ca.own.certificate);
  const ends = pair(
    core,
    {},
    { identity },
    { authorities: [...below(), ca.list()] },
  );
  thrown(() => settle(ends));
  assert.is(ends.responder.alerts.sent?.name, "certificate_revoked");
});

test("want, once there is any list, one of each issuer", () => {
  const { ca, chain, below } = place();
  const words = "without a revocation list of its issuer";
  assertRefused(chain, below(), words);
  assertRefused(chain, [root.own.certificate, ca.list()], words);
  assertRefused(chain, [...below(), mantua.list()], words);
  assertTrusted(chain, root.own.certificate);
});

test("refuse by a list that is expired, not yet valid, weak or altered", () => {
  const { ca, chain, below } = place();
  assertRefused(
    chain,
    [...below(), ca.list({ from: -20, to: -10 })],
    "revocation list expired",
  );
  assertRefused(
    chain,
    [...below(), ca.list({ from: 10, to: 20 })],
    "revocation list not yet valid",
  );
  assertRefused(
    chain,
    [...below(), ca.list({ hash: "sha1" })],
    "revocation list with a weak hash",
  );
  assertRefused(
    chain,
    [...below(), ca.list({ from: -20, to: -10 }), ca.list()],
    "revocation list expired",
  );
  const altered = listDer(ca.list());
  altered[altered.length - 1]! ^= 1;
  assertRefused(chain, [...below(), altered], "revocation list not trusted");
});

test("refuse by a list of a namesake, or of one that may not issue lists", () => {
  const { ca, chain, below } = place("Doubtful");
  const namesake = mantua.authority("Doubtful");
  assertRefused(
    chain,
    [...below(), namesake.list()],
    "revocation list not trusted",
  );
  assertTrusted(chain, [...below(), ca.list()]);
  const mute = root.authority("Mute", {
    extensions: [
      "basicConstraints=critical,CA:TRUE",
      "keyUsage=critical,keyCertSign",
    ],
  });
  assertRefused(
    [device(mute), mute.own],
    [...below(), mute.list()],
    "revocation list not trusted",
  );
});

test("refuse to begin with lists that cannot be read whole", () => {
  const { ca, below } = place();
  const list = ca.list();
  const partial = ca.list({
    extensions: [
      "issuingDistributionPoint=critical,@part",
      "[part]",
      "onlyuser=TRUE",
    ],
  });
  for (const wrong of [
    "<html>Not found</html>",
    "",
    new Uint8Array(0),
    new Uint8Array(500),
    list.slice(0, -20),
    list.replace(/A/g, "B"),
    listDer(list).subarray(0, -1),
    Uint8Array.of(...listDer(list), 0),
    partial,
    romeo.key,
  ])
    assert.is(
      codeThrownBy(() => core.authorities([...below(), wrong])),
      "invalid-certificate",
      String(wrong).slice(0, 60),
    );
});

test("are no authorities without a certificate in the first source", () => {
  const list = root.list();
  for (const sources of [
    list,
    [list, root.own.certificate],
    listDer(list),
    "",
    `${root.own.certificate}${list.slice(0, 200)}`,
  ])
    assert.is(
      codeThrownBy(() => core.authorities(sources)),
      "invalid-certificate",
    );
  for (const sources of [[], 7, [undefined]])
    assert.is(
      codeThrownBy(() =>
        core.authorities(sources as unknown as AuthoritySources),
      ),
      "invalid-argument",
    );
});

test("resume no session of a peer revoked meanwhile", () => {
  const { ca, chain, below } = place();
  const identity = core.identityFromPEM(chain[0].pem + ca.own.certificate);
  const tickets = core.tickets();
  const meet = (authorities: AuthoritySources, session?: Uint8Array) => {
    const ends = pair(
      core,
      {},
      { identity, ...(session ? { session } : {}) },
      { tickets, authorities },
    );
    settle(ends);
    return ends;
  };
  const session = meet([...below(), ca.list()]).initiator.session;
  assert.ok(session);
  const again = meet([...below(), ca.list()], session);
  assert.ok(again.responder.negotiated?.resumed);
  const later = again.initiator.session;
  ca.revoke(chain[0]);
  const error = thrown(() => meet([...below(), ca.list()], later)) as XtlsError;
  assert.is(error.code, "certificate-refused");
});

test.run();
